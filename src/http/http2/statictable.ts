/** A header field as HPACK knows it: bytes as latin1 text. */
export interface Field {
  readonly name: string;
  readonly value: string;
}

/** `name` or `name=value`, in the order of RFC 7541, appendix A. */
const FIELDS =
  ":authority|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https|:status=200|" +
  ":status=204|:status=206|:status=304|:status=400|:status=404|:status=500|accept-charset|" +
  "accept-encoding=gzip, deflate|accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|" +
  "authorization|cache-control|content-disposition|content-encoding|content-language|content-length|" +
  "content-location|content-range|content-type|cookie|date|etag|expect|expires|from|host|if-match|" +
  "if-modified-since|if-none-match|if-range|if-unmodified-since|last-modified|link|location|max-forwards|" +
  "proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|server|set-cookie|" +
  "strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate";

/** Entry `index - 1` is what the index means. */
export const STATIC_TABLE: readonly Field[] = FIELDS.split("|").map((text) => {
  const end = text.includes("=") ? text.indexOf("=") : text.length;
  return { name: text.slice(0, end), value: text.slice(end + 1) };
});
