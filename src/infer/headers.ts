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

/** True for a header that the API itself asks for. A hint overrides the table. */
export function isOwnHeader(name: string, ownHeaders: readonly string[]): boolean {
  if (ownHeaders.includes(name)) return true;
  if (name === "" || name.startsWith(":") || COMMON.has(name)) return false;
  return !COMMON_PREFIXES.some((prefix) => name.startsWith(prefix));
}
