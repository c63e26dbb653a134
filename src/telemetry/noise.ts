/**
 * What is heard on a port but is no call of an API: one table of rules, each of which can be switched off by its
 * name. A rule sees heads alone, and drops only what nobody would look for in an API's description: where a rule
 * and a real operation could meet (a file server's downloads, a document that is HTML), it asks for more than one
 * sign.
 */
import type { Head } from "../http/head.ts";
import { HeaderName } from "../http/headername.ts";
import { FieldCache } from "./fieldcache.ts";

/** What the rules look at. */
export interface Call {
  readonly method: string;
  /** Without query, in lower case. */
  readonly path: string;
  readonly hasQuery: boolean;
  readonly status: number;
  readonly upgraded: boolean;
  readonly request: Head;
  readonly response: Head;
  /** Of the response, without parameters, in lower case; empty where there is none. */
  readonly contentType: string;
  /** The parameters, from their semicolon on. */
  readonly contentTypeParameters: string;
}

export interface NoiseRule {
  readonly name: string;
  /** What it drops, for people. */
  readonly drops: string;
  test(call: Call): boolean;
}

export const noiseRules: readonly NoiseRule[] = [
  {
    name: "tunnels",
    drops: "CONNECT and TRACE",
    test: (call) => call.method === "CONNECT" || call.method === "TRACE",
  },
  {
    name: "preflights",
    drops: "OPTIONS that a browser asks before it calls from another origin",
    test: (call) =>
      call.method === "OPTIONS" && call.request.has(HeaderName.AccessControlRequestMethod),
  },
  {
    name: "upgrades",
    drops: "WebSocket and other changes of protocol, and the polling of Socket.IO and SockJS",
    test: (call) =>
      call.upgraded ||
      call.status === 101 ||
      (POLLING.test(call.path) && (call.hasQuery || call.path.startsWith("/sockjs"))),
  },
  {
    name: "probes",
    drops: "requests of health checkers, uptime monitors and metric scrapers, by user agent",
    test: (call) => isReading(call) && isProbe.of(call.request),
  },
  {
    name: "health-checks",
    drops:
      "GET and HEAD of the usual paths of health checks, by clients that ask for nothing special",
    test: (call) => isReading(call) && HEALTH.test(call.path) && isIndifferent(call.request),
  },
  {
    name: "metrics",
    drops: "metrics in the format of Prometheus",
    test: (call) =>
      isReading(call) &&
      (call.contentType === "application/openmetrics-text" ||
        (call.contentType === "text/plain" && call.contentTypeParameters.includes("version=0.0."))),
  },
  {
    name: "browser-files",
    drops: "files that browsers and crawlers ask for by themselves",
    test: (call) => isReading(call) && BROWSER_FILES.test(call.path),
  },
  {
    name: "descriptions",
    drops:
      "descriptions that an API serves of itself, and the HTML pages that show them, by their usual names",
    test: (call) =>
      call.method === "GET" &&
      (DESCRIPTIONS.test(call.path) ||
        (isHtml(call.contentType) && DESCRIPTION_PAGES.test(call.path))),
  },
  {
    name: "static-files",
    drops: "style sheets, scripts, images, fonts and pages, by extension and content type together",
    test: (call) => isReading(call) && isStaticFile(call),
  },
  {
    name: "scanners",
    drops: "what vulnerability scanners try on every host",
    test: (call) =>
      (SCANNED.test(call.path) && SCANNERS.test(call.path)) ||
      (call.status === 404 && SCRIPTS.test(call.path)),
  },
  {
    name: "pages",
    drops: "HTML pages that a browser navigates to, and the HTML page of the root",
    test: (call) => isHtml(call.contentType) && (call.path === "/" || isNavigation(call)),
  },
];

const isReading = (call: Call): boolean => call.method === "GET" || call.method === "HEAD";

/** A health checker neither says who it is nor which content type it wants; a client of an API does. */
function isIndifferent(head: Head): boolean {
  if (head.has(HeaderName.Authorization)) return false;
  const accept = head.value(HeaderName.Accept);
  return accept === null || accept === "*/*";
}

const POLLING = /^\/(?:[\w-]+\/)?(?:socket\.io|engine\.io|sockjs(?:-node)?)(?:\/|$)/;

const PROBES =
  /^(?:kube-probe|elb-healthchecker|googlehc|prometheus|vmagent|victoriametrics|grafana-agent|alloy|telegraf|envoy\/hc|consul health check|amazon-route53-health-check|azure traffic manager|alwayson|blackbox[ -]exporter|uptimerobot|better ?uptime|statuscake|pingdom|site24x7|zabbix|check_http|check_curl|nagios|uptime-kuma|haproxy|readynow|newrelicpinger|datadogsynthetics|checkly|freshping|hetrixtools)\b|(?:pingdom\.com_bot|uptimerobot|gce-?ingress|\bhealth-?check)/i;

const isProbe = new FieldCache<boolean>(HeaderName.UserAgent, (text) => PROBES.test(text ?? ""));

const HEALTH =
  /^\/(?:_?health(?:z|check|[-_]check|y)?|livez?|liveness|readyz?|readiness|startupz?|alive|heartbeat|__heartbeat__|__lbheartbeat__|lbheartbeat|health\/(?:live|liveness|ready|readiness|startup)|actuator\/health(?:\/[\w-]+)?|-\/(?:healthy|ready)|q\/health(?:\/\w+)?|_ping|server-status|nginx_status|stub_status|haproxy\?stats)\/?$/;

const BROWSER_FILES =
  /^\/(?:favicon(?:-[\w-]+)?\.(?:ico|png|svg)|robots\.txt|humans\.txt|ads\.txt|app-ads\.txt|security\.txt|sitemap[\w-]*\.xml(?:\.gz)?|apple-touch-icon[\w-]*\.png|browserconfig\.xml|crossdomain\.xml|clientaccesspolicy\.xml|site\.webmanifest|manifest\.webmanifest|\.well-known\/(?:security\.txt|change-password|apple-app-site-association|assetlinks\.json|traffic-advice|acme-challenge\/.*|appspecific\/.*))$/;

const DESCRIPTIONS =
  /\/(?:(?:openapi|swagger)(?:\.json|\.ya?ml)|swagger\/v\d+\/swagger\.(?:json|ya?ml)|v[23]\/api-docs(?:\/[\w-]+)?)$/;

/** Swagger UI, ReDoc, Scalar and their like, where frameworks put them. */
const DESCRIPTION_PAGES =
  /^\/(?:[\w.-]+\/){0,2}(?:docs|api-docs|docs\/oauth2-redirect|redoc|scalar|rapidoc|swagger|swagger-ui|swagger\/ui)\/?$/;

/** Something of this is in every path that `SCANNERS` accepts: sorts out nearly all others in one pass. */
const SCANNED =
  /\/(?:\.|wp-|xmlrpc|phpmyadmin|pma|adminer|phpinfo|eval-|vendor|cgi-|boaform|hnap|_ign|solr|manager|owa|autod|invoker|gponform|goform)/;

const SCANNERS =
  /^\/(?:.*\/)?(?:\.env(?:[.\w-]*)|\.git(?:\/.*|config|ignore)?|\.svn(?:\/.*)?|\.hg(?:\/.*)?|\.aws\/.*|\.ssh\/.*|\.ds_store|\.ht(?:access|passwd)|\.vscode\/.*|\.idea\/.*|wp-(?:login|admin|content|includes|config|cron|signup|trackback|comments-post)(?:\.php.*|\/.*)?|xmlrpc\.php|phpmyadmin(?:\/.*)?|pma(?:\/.*)?|adminer(?:\.php.*)?|phpinfo(?:\.php)?|eval-stdin\.php|vendor\/phpunit\/.*|cgi-bin\/.*|boaform\/.*|hnap1(?:\/.*)?|_ignition\/.*|solr\/admin\/.*|manager\/html|owa\/auth\/.*|autodiscover\/.*|invoker\/readonly|gponform\/.*|goform\/.*)$/;

const SCRIPTS = /\.(?:php\d?|phtml|asp|aspx|jsp|jspx|cgi|cfm|pl|do|action|bak|old|sql|swp)$/;

const STYLE_OR_SCRIPT = /\.(?:css|js|mjs|cjs|map|wasm|jsx|tsx)$/;
const PICTURE = /\.(?:png|jpe?g|gif|svg|webp|ico|bmp|avif|cur)$/;
const FONT = /\.(?:woff2?|ttf|otf|eot)$/;
const PAGE = /\.(?:html?|xhtml|shtml|php|aspx?|jsp)$/;
const MEDIA = /\.(?:mp4|webm|mp3|ogg|m4a|swf)$/;

/** The extension says what it is, and the content type agrees (or is not said, as in 304). */
function isStaticFile(call: Call): boolean {
  const { path, contentType } = call;
  if (isSubresource(call.request)) return !contentType.endsWith("json");
  if (path.lastIndexOf(".") <= path.lastIndexOf("/")) return false;
  const unsaid = contentType === "" && call.status !== 200;
  if (STYLE_OR_SCRIPT.test(path)) {
    return (
      unsaid ||
      contentType === "text/css" ||
      contentType.endsWith("javascript") ||
      contentType === "application/wasm" ||
      contentType === "text/plain" ||
      (path.endsWith(".map") && contentType !== "text/html")
    );
  }
  if (PICTURE.test(path)) return unsaid || contentType.startsWith("image/");
  if (FONT.test(path)) {
    return unsaid || contentType.includes("font") || contentType === "application/octet-stream";
  }
  if (PAGE.test(path)) return isHtml(contentType);
  if (MEDIA.test(path)) return contentType.startsWith("video/") || contentType.startsWith("audio/");
  return false;
}

const isHtml = (contentType: string): boolean =>
  contentType === "text/html" || contentType === "application/xhtml+xml";

const SUBRESOURCES =
  /^(?:style|script|image|font|manifest|track|worker|serviceworker|sharedworker)$/;

const isSubresource = (head: Head): boolean =>
  head.has(HeaderName.SecFetchDest) && SUBRESOURCES.test(head.value(HeaderName.SecFetchDest) ?? "");

/** Fetch metadata says so, or the request asks for HTML before anything else. */
function isNavigation(call: Call): boolean {
  if (call.request.value(HeaderName.SecFetchMode) === "navigate") return true;
  return (call.request.value(HeaderName.Accept) ?? "").startsWith("text/html");
}
