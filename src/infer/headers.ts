/** Which request headers belong to the API, and which to HTTP, browsers, proxies and tracing. */

/** Standard and de-facto standard request headers (IANA's registry, browsers, proxies, meshes, tracing). */
const COMMON = new Set(
  `accept accept-charset accept-datetime accept-encoding accept-language access-control-request-headers
access-control-request-method access-control-request-private-network age alt-used authorization baggage
cache-control cdn-loop client-ip connection content-disposition content-encoding content-language content-length
content-location content-md5 content-range content-type cookie cookie2 correlation-id date depth dnt early-data etag
expect forwarded from front-end-https host http2-settings if-match if-modified-since if-none-match if-range
if-unmodified-since keep-alive last-modified link location max-forwards newrelic origin pragma prefer priority
proxy-authorization proxy-connection purpose range referer request-id save-data server server-timing surrogate-capability
te tracestate traceparent trailer transfer-encoding true-client-ip ua-cpu upgrade upgrade-insecure-requests user-agent
vary via warning x-att-deviceid x-client-data x-client-ip x-cluster-client-ip x-correlation-id x-csrf-token
x-csrftoken x-device-user-agent x-forwarded x-http-method-override x-https x-moz x-operamini-features x-original-host
x-original-uri x-original-url x-purpose x-real-ip x-request-id x-request-start x-requested-with x-rewrite-url
x-scheme x-trace-id x-ua-device x-wap-profile x-xsrf-token b3 uber-trace-id x-request-received x-queue-start
x-nginx-proxy x-proxy-id x-proxyuser-ip x-ssl x-url-scheme x-varnish elastic-apm-traceparent grpc-timeout
x-remote-addr x-remote-ip x-original-forwarded-for x-host x-appengine-country x-accel-internal`.split(
    /\s+/,
  ),
);

const COMMON_PREFIXES = [
  "sec-",
  "x-forwarded-",
  "x-b3-",
  "x-envoy-",
  "x-amzn-",
  "x-amz-cf-",
  "x-datadog-",
  "x-dynatrace",
  "x-newrelic-",
  "x-instana-",
  "x-ot-span-",
  "x-cloud-trace-",
  "x-appengine-",
  "x-google-",
  "x-arr-",
  "x-azure-",
  "x-ms-client-",
  "x-akamai-",
  "x-istio-",
  "x-kong-",
  "cf-",
  "fastly-",
  "fly-",
  "proxy-",
  "ot-tracer-",
  "uberctx-",
  "sentry-",
];

/** Response headers of servers, caches, browsers' protections and proxies. */
const COMMON_RESPONSE = new Set(
  `accept-ranges allow alt-svc clear-site-data content-security-policy content-security-policy-report-only
cross-origin-embedder-policy cross-origin-opener-policy cross-origin-resource-policy expect-ct expires feature-policy
nel origin-agent-cluster p3p permissions-policy pragma proxy-authenticate referrer-policy refresh report-to
reporting-endpoints server set-cookie sourcemap status strict-transport-security timing-allow-origin www-authenticate
x-aspnet-version x-aspnetmvc-version x-cache x-cache-hits x-content-type-options x-dns-prefetch-control
x-download-options x-frame-options x-generator x-permitted-cross-domain-policies x-powered-by x-robots-tag x-runtime
x-served-by x-timer x-ua-compatible x-xss-protection`.split(/\s+/),
);

/** Standard headers of a response that tell a caller what to do next. */
const TELLING = new Set(["location", "link", "retry-after"]);

/** Cookies of analytics and load balancers, by how their names begin. */
const COMMON_COOKIES =
  /^(_ga|_gid|_gat|_gcl|_fbp|_fbc|_hj|_pk_|_clck|_clsk|__utm|__cf|cf_|ajs_|amplitude|mp_|intercom|optanon|awsalb|bigip|incap_|visid_|utm_|_dd_s|sentry)/i;

/** True for a response header that says something of the API's own. */
export function isOwnResponseHeader(name: string, ownHeaders: readonly string[]): boolean {
  if (TELLING.has(name)) return true;
  if (COMMON_RESPONSE.has(name) || name.startsWith("access-control-")) return false;
  return isOwnHeader(name, ownHeaders);
}

export function isOwnCookie(name: string): boolean {
  return !COMMON_COOKIES.test(name);
}

/** True for a header that the API itself asks for. A hint overrides the table. */
export function isOwnHeader(name: string, ownHeaders: readonly string[]): boolean {
  if (ownHeaders.includes(name)) return true;
  if (name === "" || name.startsWith(":") || COMMON.has(name)) return false;
  return !COMMON_PREFIXES.some((prefix) => name.startsWith(prefix));
}
