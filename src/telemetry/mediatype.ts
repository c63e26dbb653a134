import type { Head } from "../http/head.ts";
import { HeaderName } from "../http/headername.ts";
import { FieldCache } from "./fieldcache.ts";
import { namePattern } from "./segment.ts";
import type { BodyKind } from "./summary.ts";

/** What a Content-Type says, normalised: lower case, no parameters but the multipart boundary. */
export interface MediaType {
  /** `application/json`; empty where there is none or it is malformed. */
  readonly name: string;
  /** How to read the body; `null` where only its first bytes can tell. */
  readonly kind: BodyKind | null;
  /** RFC 2046, section 5.1.1; empty where there is none. */
  readonly boundary: string;
  /** All parameters, from their semicolon on, as sent. */
  readonly parameters: string;
}

const NONE: MediaType = { name: "", kind: null, boundary: "", parameters: "" };
/** Parses a Content-Type field value (RFC 9110, section 8.3); null is no field. */
export const mediaTypeOf = (value: string | null): MediaType =>
  value === null ? NONE : parse(value);

const ofHeads = new FieldCache<MediaType>(HeaderName.ContentType, mediaTypeOf);

/** The media type of the body behind a head. */
export const mediaTypeOfHead = (head: Head): MediaType => ofHeads.of(head);

function parse(value: string): MediaType {
  const semicolon = value.indexOf(";");
  const comma = value.indexOf(",");
  let end = semicolon < 0 ? value.length : semicolon;
  if (comma >= 0 && comma < end) end = comma;
  const text = value.slice(0, end).trim().toLowerCase();
  if (!isMediaType(text)) return NONE;
  const name = patternOf(text);
  const boundary = text.startsWith("multipart/") ? boundaryOf(value.slice(end)) : "";
  return { name, kind: kindOf(text), boundary, parameters: value.slice(end) };
}

const typeBytesMax = 100;

function isMediaType(text: string): boolean {
  if (text.length > typeBytesMax) return false;
  let slashes = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const alnum = (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39);
    if (code === 0x2f) slashes += 1;
    else if (!alnum && !"!#$&-^_.+*".includes(text.charAt(at))) return false;
  }
  return slashes === 1 && !text.startsWith("/") && !text.endsWith("/");
}

/** A media type is text of the peer's choosing: what looks like a value in it becomes its class. */
function patternOf(text: string): string {
  return text
    .split("/")
    .map((part) => {
      const bytes = Buffer.from(part);
      return namePattern(bytes, 0, bytes.length) ?? part;
    })
    .join("/");
}

const LINES = new Set([
  "application/x-ndjson",
  "application/ndjson",
  "application/jsonl",
  "application/x-jsonlines",
  "application/jsonlines",
  "application/json-lines",
  "application/json-seq",
  "application/x-json-stream",
  "application/stream+json",
]);
const TEXTS = new Set([
  "application/javascript",
  "application/x-javascript",
  "application/ecmascript",
  "application/yaml",
  "application/x-yaml",
  "application/toml",
  "application/graphql",
  "application/sql",
  "application/x-sh",
  "application/jwt",
  "application/jose",
  "application/pem-certificate-chain",
  "application/openmetrics-text",
]);
/** Types under which JSON is often sent, or that say nothing: the first bytes tell. */
const UNSURE = new Set([
  "text/plain",
  "text/html",
  "text/javascript",
  "application/octet-stream",
  "*/*",
]);

function kindOf(text: string): BodyKind | null {
  if (LINES.has(text)) return "json-lines";
  if (text.endsWith("/json") || text.endsWith("+json")) return "json";
  if (text.endsWith("/x-json") || text === "application/csp-report") return "json";
  if (text === "application/x-www-form-urlencoded") return "form";
  if (text.startsWith("multipart/")) return "multipart";
  if (text.startsWith("image/")) return "binary";
  if (text.endsWith("/xml") || text.endsWith("+xml")) return "xml";
  if (UNSURE.has(text)) return null;
  if (text.startsWith("text/") || TEXTS.has(text) || text.endsWith("+yaml")) return "text";
  return "binary";
}

const boundaryBytesMax = 70;

function boundaryOf(parameters: string): string {
  const at = parameters.toLowerCase().indexOf("boundary=");
  if (at < 0) return "";
  let value = parameters.slice(at + 9).trimStart();
  if (value.startsWith('"')) {
    const close = value.indexOf('"', 1);
    value = close < 0 ? "" : value.slice(1, close);
  } else {
    const stop = value.indexOf(";");
    value = (stop < 0 ? value : value.slice(0, stop)).trim();
  }
  return value.length <= boundaryBytesMax ? value : "";
}

/** How to read a body whose media type does not say: by its first byte that is no white space. */
export function sniffKind(
  mediaType: MediaType,
  bytes: Uint8Array,
  start: number,
  end: number,
): BodyKind {
  let at = start;
  while (at < end && (bytes[at] === 0x20 || (bytes[at]! >= 0x09 && bytes[at]! <= 0x0d))) at += 1;
  const first = at < end ? bytes[at]! : 0x20;
  if (first === 0x7b || first === 0x5b) return "json";
  if (mediaType.name === "application/octet-stream") return "binary";
  if (first === 0x3c && mediaType.name === "") return "xml";
  if (mediaType.name !== "") return "text";
  for (let index = at; index < end && index < at + 64; index += 1) {
    const byte = bytes[index]!;
    if (byte < 0x09 || (byte > 0x0d && byte < 0x20) || byte === 0x7f) return "binary";
  }
  return "text";
}
