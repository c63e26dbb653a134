import assert from "node:assert/strict";
import { test } from "node:test";
import { ExchangeFlag } from "../http/exchange.ts";
import { exchangeOf, type Written } from "./exchange.fixture.ts";
import { noiseRules } from "./noise.ts";
import { defaultSelection, REASONS, type Selection, Selector } from "./selection.ts";

const verdict = (written: Written, selection: Partial<Selection> = {}): string => {
  const exchange = exchangeOf(written);
  return REASONS[new Selector({ ...defaultSelection, ...selection }).select(exchange)]!;
};
const type = (contentType: string): Written => ({
  responseHeaders: { "content-type": contentType },
});
const agent = (userAgent: string): Written => ({ requestHeaders: { "user-agent": userAgent } });

test("the operator's rules", () => {
  const cases: readonly (readonly [Written, Partial<Selection>, string])[] = [
    [{ target: "/a" }, {}, "selected"],
    [{ target: "/a", status: 302 }, {}, "status"],
    [{ target: "/a", status: 302 }, { statuses: ["3xx"] }, "selected"],
    [{ target: "/a", status: 204 }, { statuses: ["20x"] }, "selected"],
    [{ target: "/a", status: 214 }, { statuses: ["20x"] }, "status"],
    [{ target: "/a", status: 200 }, { statuses: ["201", "404"] }, "status"],
    [{ target: "/a", status: 404 }, { statuses: ["201", "404"] }, "selected"],
    [{ target: "/a", status: 200 }, { statuses: [] }, "status"],
    [{ target: "/a", status: 599 }, { statuses: ["xxx"] }, "selected"],
    [{ target: "/a", status: 604 }, { statuses: ["xxx"] }, "status"],
    [{ target: "/a", status: 999 }, { statuses: ["9xx"] }, "status"],
    [{ target: "/a", status: 99 }, { statuses: ["xxx"] }, "status"],
    [{ target: "/a", port: 8080 }, { ports: [{ first: 80, last: 80 }] }, "port"],
    [{ target: "/a", port: 8080 }, { ports: [{ first: 8000, last: 8080 }] }, "selected"],
    [
      { target: "/a", requestHeaders: { "X-Internal": "1" } },
      { excludeHeaders: ["x-internal"] },
      "excluded-header",
    ],
    [
      { target: "/a", responseHeaders: { "x-INTERNAL": "1" } },
      { excludeHeaders: ["X-Internal"] },
      "excluded-header",
    ],
    [{ target: "/a", flags: ExchangeFlag.badFraming }, {}, "bad-framing"],
    [{ target: "/a", flags: ExchangeFlag.headCut }, {}, "cut-head"],
    [{ target: "/a", flags: ExchangeFlag.noRequest }, {}, "no-request"],
    [{ target: "/a", flags: ExchangeFlag.noResponse }, {}, "no-response"],
    [{ method: "OPTIONS", target: "*" }, {}, "bad-target"],
  ];
  for (const [written, selection, expected] of cases) {
    assert.equal(verdict(written, selection), expected, JSON.stringify([written, selection]));
  }
});

const PAGE = { requestHeaders: { accept: "text/html,application/xhtml+xml" } };

test("noise is dropped, and what only resembles it is not", () => {
  const cases: readonly (readonly [Written, string])[] = [
    [{ method: "CONNECT", target: "a.test:443" }, "noise-tunnels"],
    [
      {
        method: "OPTIONS",
        target: "/a",
        requestHeaders: { "access-control-request-method": "PUT" },
      },
      "noise-preflights",
    ],
    [{ method: "OPTIONS", target: "/a" }, "selected"],
    [{ target: "/ws", status: 101 }, "noise-upgrades"],
    [{ target: "/socket.io/?EIO=4&transport=polling" }, "noise-upgrades"],
    [{ target: "/a", ...agent("kube-probe/1.29") }, "noise-probes"],
    [{ target: "/a", ...agent("ELB-HealthChecker/2.0") }, "noise-probes"],
    [{ target: "/metrics", ...agent("Prometheus/2.51.0") }, "noise-probes"],
    [{ target: "/a", ...agent("prometheus-client-lib") }, "noise-probes"],
    [{ target: "/a", ...agent("curl/8.0") }, "selected"],
    [{ target: "/healthz" }, "noise-health-checks"],
    [{ target: "/actuator/health/liveness" }, "noise-health-checks"],
    [{ target: "/health", requestHeaders: { accept: "application/json" } }, "selected"],
    [{ target: "/health", requestHeaders: { authorization: "Bearer x" } }, "selected"],
    [{ target: "/v1/health/records" }, "selected"],
    [{ method: "POST", target: "/health" }, "selected"],
    [{ target: "/metrics", ...type("text/plain; version=0.0.4") }, "noise-metrics"],
    [{ target: "/metrics", ...type("application/json") }, "selected"],
    [{ target: "/favicon.ico", ...type("image/x-icon") }, "noise-browser-files"],
    [{ target: "/.well-known/security.txt" }, "noise-browser-files"],
    [{ target: "/.well-known/openid-configuration" }, "selected"],
    [{ target: "/api/openapi.json" }, "noise-descriptions"],
    [{ target: "/v3/api-docs/public?group=a" }, "noise-descriptions"],
    [{ target: "/swagger/v1/swagger.json" }, "noise-descriptions"],
    [{ target: "/docs/openapi" }, "selected"],
    [{ target: "/docs", ...type("text/html; charset=utf-8") }, "noise-descriptions"],
    [{ target: "/api/v1/redoc/", ...type("text/html") }, "noise-descriptions"],
    [{ target: "/swagger-ui", ...type("text/html") }, "noise-descriptions"],
    [{ target: "/docs", ...type("application/json") }, "selected"],
    [{ target: "/teams/7/files/docs", ...type("text/html") }, "selected"],
    [{ method: "PUT", target: "/apis/7/openapi.json" }, "selected"],
    [{ target: "/static/app.12af.css", ...type("text/css") }, "noise-static-files"],
    [
      { target: "/static/app.js?v=2", ...type("application/javascript; charset=utf-8") },
      "noise-static-files",
    ],
    [{ target: "/logo.png", ...type("image/png") }, "noise-static-files"],
    [{ target: "/image/png", ...type("image/png") }, "selected"],
    [{ target: "/avatars/17.png", ...type("application/json") }, "selected"],
    [{ target: "/pkg/-/pkg-1.0.0.tgz", ...type("application/octet-stream") }, "selected"],
    [{ target: "/reports/17.csv", ...type("text/csv") }, "selected"],
    [{ target: "/data.json", ...type("application/json") }, "selected"],
    [{ target: "/index.html", ...type("text/html") }, "noise-static-files"],
    [{ target: "/a.js", status: 304, responseHeaders: {} }, "noise-static-files"],
    [
      { target: "/x", requestHeaders: { "sec-fetch-dest": "script" }, ...type("text/plain") },
      "noise-static-files",
    ],
    [{ target: "/.env" }, "noise-scanners"],
    [{ target: "/app/.git/config" }, "noise-scanners"],
    [{ target: "/wp-login.php" }, "noise-scanners"],
    [{ target: "/foo.php", status: 404 }, "noise-scanners"],
    [{ target: "/foo.php" }, "selected"],
    [{ target: "/wp-json/wp/v2/posts" }, "selected"],
    [{ target: "/", ...type("text/html; charset=utf-8") }, "noise-pages"],
    [{ target: "/", ...type("application/json") }, "selected"],
    [{ target: "/about", ...PAGE, ...type("text/html") }, "noise-pages"],
    [{ target: "/about", ...type("text/html") }, "selected"],
    [{ target: "/users", ...PAGE, ...type("application/json") }, "selected"],
    [{ target: "http://api.test/healthz" }, "noise-health-checks"],
  ];
  for (const [written, expected] of cases) {
    assert.equal(verdict(written, { statuses: ["xxx"] }), expected, JSON.stringify(written));
  }
});

test("each rule of noise can be switched off, and all at once", () => {
  const examples: Readonly<Record<string, Written>> = {
    tunnels: { method: "TRACE", target: "/a" },
    preflights: {
      method: "OPTIONS",
      target: "/a",
      requestHeaders: { "access-control-request-method": "PUT" },
    },
    descriptions: { target: "/openapi.yaml" },
    upgrades: { target: "/a", flags: ExchangeFlag.upgraded },
    probes: { target: "/a", ...agent("kube-probe/1") },
    "health-checks": { target: "/healthz" },
    metrics: { target: "/m", ...type("application/openmetrics-text") },
    "browser-files": { target: "/robots.txt" },
    "static-files": { target: "/a.css", ...type("text/css") },
    scanners: { target: "/.env" },
    pages: { target: "/", ...type("text/html") },
  };
  for (const { name } of noiseRules) {
    const written = examples[name]!;
    assert.equal(verdict(written), `noise-${name}`);
    assert.equal(verdict(written, { noiseOff: [name] }), "selected", name);
    assert.equal(verdict(written, { noise: false }), "selected", name);
  }
});

test("no path makes a rule slow", () => {
  const long = [
    "/".repeat(8_000),
    `/${"a/".repeat(4_000)}.env`,
    `/${".git".repeat(2_000)}`,
    `/${"wp-".repeat(2_600)}`,
    `/socket.io${"/".repeat(8_000)}`,
    `/health${"/live".repeat(1_600)}`,
  ];
  const before = process.hrtime.bigint();
  for (const target of long) for (let times = 0; times < 20; times += 1) verdict({ target });
  const milliseconds = Number(process.hrtime.bigint() - before) / 1e6;
  assert.ok(milliseconds < 2_000, `${milliseconds} ms`);
});
