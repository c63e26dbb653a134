/** The invented inventory at `/api/v1`: as much of the contract as the page asks for. */

import { parse } from "yaml";
import {
  API_PREFIX,
  type Hints,
  type Preferences,
  type Traffic,
} from "../../src/server/contract.ts";
import { components, operationOf } from "./operation.ts";
import type { World } from "./world.ts";

type Asked = { readonly ids: string[]; readonly query: URLSearchParams; readonly body: unknown };
type Route = readonly [method: string, path: string, answer: (asked: Asked) => unknown];

const pageOf = <T>(items: readonly T[], query: URLSearchParams, usual = 100) => {
  const start = Number(query.get("cursor") ?? 0);
  const limit = Number(query.get("limit") ?? usual);
  const end = start + limit;
  return {
    items: items.slice(start, end),
    next: end < items.length ? String(end) : null,
    total: items.length,
  };
};

const sorted = <T>(items: readonly T[], sort: string | null): readonly T[] => {
  if (sort === null) return items;
  const key = sort.replace("-", "") as keyof T;
  const sign = sort.startsWith("-") ? -1 : 1;
  return items.toSorted((a, b) => (a[key] < b[key] ? -sign : a[key] > b[key] ? sign : 0));
};

const matches = (row: object, name: string, wanted: string | null): boolean => {
  if (wanted === null) return true;
  const value = (row as Record<string, unknown>)[name];
  const all = Array.isArray(value) ? value : [value];
  return wanted.split(",").some((word) => all.includes(word));
};

/** As many as the server tells. */
const mapApisMax = 1_000;

/** Takes away the one of that id; undefined where there is none. */
const without = (rows: { readonly id: string }[], id: string): unknown => {
  const at = rows.findIndex((row) => row.id === id);
  return at < 0 ? undefined : rows.splice(at, 1)[0];
};

const facetFields = ["status", "namespace", "auth", "sensitive", "owner", "origin"] as const;

const traffic = (nowMs: number): Traffic => ({
  widthMs: 3_600_000,
  buckets: Array.from({ length: 168 }, (_, index) => {
    const calls = Math.round(800 * (1.2 + Math.sin(index / 3.8)) + (index % 7) * 30);
    return {
      startMs: nowMs - (168 - index) * 3_600_000,
      calls,
      statusClasses: [
        0,
        Math.round(calls * 0.95),
        0,
        Math.round(calls * 0.04),
        Math.round(calls * 0.01),
      ],
      requestBytes: calls * 320,
      responseBytes: calls * 2_100,
      p50Ms: 20 + (index % 5),
      p95Ms: 80 + (index % 11) * 4,
      p99Ms: 240 + (index % 13) * 9,
    };
  }),
});

const documentText = (version: number): string =>
  [
    "openapi: 3.1.0",
    `info:\n  title: orders\n  version: 0.0.${version}`,
    "paths:",
    ...Array.from(
      { length: 60 },
      (_, index) =>
        `  /api/v1/thing${index}:\n    get:\n      operationId: getThing${index}\n      responses:\n        "200":\n          description: ${index % 9 === version % 9 ? "Changed" : "OK"}`,
    ),
  ].join("\n");

const documentJson = (version: number): string =>
  JSON.stringify(parse(documentText(version)), null, 2);

export const makeRoutes = (world: World): readonly Route[] => {
  const hints = new Map<string, Hints>();
  let preferences: Preferences = {
    unusedAfterDays: 30,
    newForDays: 7,
    trafficRetentionDays: 90,
    changeRetentionDays: 365,
    forwardMinEndpoints: 1,
    weights: { unauthenticated: 8, sensitive: 6, external: 4, errors: 2, unused: 1 },
  };
  const apiOf = (id: string | undefined) => world.apis.find((api) => api.id === id);
  const endpointOf = (api: string, id: string) =>
    world.endpoints.get(api)?.find((endpoint) => endpoint.id === id);
  const previewed = (api: string, after: Hints) => {
    const before = world.endpoints
      .get(api)!
      .map(({ method, path, calls }) => ({ method, path, calls }));
    const renamed = before.map((row) => ({
      ...row,
      path: (after.renames ?? []).reduce(
        (path, { from, to }) => path.replaceAll(`{${from}}`, `{${to}}`),
        row.path,
      ),
    }));
    return {
      before,
      after: renamed.filter(({ path }) => !(after.ignores ?? []).includes(path)),
    };
  };
  const overview = () => ({
    apis: world.apis.length,
    endpoints: [...world.endpoints.values()].reduce((sum, { length }) => sum + length, 0),
    calls: world.apis.reduce((sum, { calls }) => sum + calls, 0),
    errorShare: 0.021,
    byStatus: Object.fromEntries(
      ["new", "active", "changed", "unused", "ignored"].map((status) => [
        status,
        world.apis.filter((api) => api.status === status).length,
      ]),
    ),
    findings: { info: 20, low: 12, medium: 9, high: 4 },
    recent: traffic(world.nowMs).buckets.map(({ startMs, calls }) => ({
      startMs,
      calls,
      errors: Math.round(calls * 0.03),
    })),
    lastHour: [],
    newApis: world.apis.filter(({ status }) => status === "new").slice(0, 6),
    changes: world.changes.slice(0, 8),
    topFindings: world.findings.slice(0, 6),
    sensors: { total: 3, healthy: 1, silent: 1, losing: 1 },
  });
  const apis = (query: URLSearchParams) => {
    const q = query.get("q")?.toLowerCase() ?? "";
    const found = world.apis.filter(
      (api) =>
        api.name.includes(q) && facetFields.every((field) => matches(api, field, query.get(field))),
    );
    return pageOf(sorted(found, query.get("sort")), query);
  };
  const facets = () =>
    Object.fromEntries(
      [...facetFields, "host", "label"].map((field) => {
        const counts = new Map<string, number>();
        for (const api of world.apis)
          for (const value of [(api as Record<string, unknown>)[field]].flat())
            if (typeof value === "string") counts.set(value, (counts.get(value) ?? 0) + 1);
        return [field, [...counts].map(([value, count]) => ({ value, count }))];
      }),
    );
  const map = () => ({
    nodes: [
      ...world.apis.slice(0, mapApisMax).map((api) => ({
        id: api.id,
        label: api.title,
        kind: "api" as const,
        namespace: api.namespace,
        api: api.id,
        calls: api.calls,
        errorShare: api.errorShare,
        findings: api.findings.high,
      })),
      ...["web", "mobile", "batch"].map((label) => ({
        id: `w-${label}`,
        label,
        kind: "workload" as const,
        namespace: "shop",
        api: null,
        calls: 0,
        errorShare: 0,
        findings: 0,
      })),
    ],
    edges: world.apis.slice(0, mapApisMax).map((api, index) => ({
      from: `w-${["web", "mobile", "batch"][index % 3]}`,
      to: api.id,
      via: index % 8 === 7 ? world.apis[0]!.id : null,
      calls: api.calls,
      errorShare: api.errorShare,
    })),
  });
  const empty = ({ query }: Asked) => pageOf([], query);
  return [
    [
      "GET",
      "me",
      () => ({ role: "editor", name: "you", version: "0.1.0", by: "open", signInPath: null }),
    ],
    ["GET", "overview", overview],
    ["GET", "map", map],
    ["GET", "apis", ({ query }) => apis(query)],
    ["GET", "apis/facets", facets],
    ["GET", "apis/:api", ({ ids }) => apiOf(ids[0])],
    ["PATCH", "apis/:api", ({ ids, body }) => Object.assign(apiOf(ids[0])!, body)],
    ["POST", "apis/triage", ({ body }) => body],
    [
      "GET",
      "apis/:api/endpoints",
      ({ ids, query }) =>
        pageOf(sorted(world.endpoints.get(ids[0]!)!, query.get("sort")), query, 500),
    ],
    [
      "GET",
      "endpoints",
      ({ query }) =>
        pageOf(
          [...world.endpoints.values()]
            .flat()
            .filter(({ path }) => path.includes(query.get("q") ?? "")),
          query,
        ),
    ],
    [
      "GET",
      "apis/:api/endpoints/:endpoint",
      ({ ids }) => {
        const row = endpointOf(ids[0]!, ids[1]!);
        return row === undefined
          ? undefined
          : {
              ...row,
              operation: operationOf(row),
              components,
              decisions: [{ segment: "{orderId}", reason: "212 different values, all UUIDs." }],
              callers: [{ address: "10.0.0.4", workload: "web", calls: 200 }],
            };
      },
    ],
    ["GET", "apis/:api/traffic", () => traffic(world.nowMs)],
    ["GET", "apis/:api/endpoints/:endpoint/traffic", () => traffic(world.nowMs)],
    [
      "GET",
      "apis/:api/series",
      ({ ids }) => ({
        startMs: world.nowMs - 24 * 3_600_000,
        widthMs: 3_600_000,
        count: 24,
        endpoints: (world.endpoints.get(ids[0]!) ?? []).map(
          ({ id, recent, errorShare, p95Ms }) => ({
            id,
            calls: recent,
            errors: recent.map((calls) => Math.round(calls * errorShare)),
            p95Ms: recent.map((calls, hour) =>
              calls === 0 ? null : (p95Ms ?? 20) * (1 + (hour % 5) / 10),
            ),
          }),
        ),
      }),
    ],
    ["GET", "apis/:api/callers", () => [{ address: "10.0.0.4", workload: "web", calls: 200 }]],
    [
      "GET",
      "apis/:api/document",
      ({ query }) => (query.get("format") === "json" ? documentJson(3) : documentText(3)),
    ],
    [
      "GET",
      "apis/:api/versions",
      ({ ids, query }) =>
        pageOf(
          Array.from({ length: apiOf(ids[0])!.version }, (_, index) => ({
            version: index + 1,
            createdMs: world.nowMs - (9 - index) * 86_400_000,
            endpoints: 20 + index,
            hash: `${index}f31a0`,
            changes: index,
            breaking: index % 3,
          })).reverse(),
          query,
        ),
    ],
    [
      "GET",
      "apis/:api/versions/:from/diff/:to",
      ({ ids }) => ({
        from: Number(ids[1]),
        to: Number(ids[2]),
        differences: [
          {
            code: "response-field-removed",
            breaking: true,
            method: "GET",
            path: "/api/v1/thing3",
            where: "responses.200",
            message: "`legacyCode` is gone",
          },
        ],
        fromText: documentText(Number(ids[1])),
        toText: documentText(Number(ids[2])),
      }),
    ],
    ["GET", "apis/:api/hints", ({ ids }) => hints.get(ids[0]!) ?? {}],
    [
      "PUT",
      "apis/:api/hints",
      ({ ids, body }) => {
        hints.set(ids[0]!, body as Hints);
        return body;
      },
    ],
    ["POST", "apis/:api/hints/preview", ({ ids, body }) => previewed(ids[0]!, body as Hints)],
    [
      "GET",
      "apis/:api/comparison",
      ({ ids }) => ({
        api: ids[0],
        title: "Shop",
        importedMs: world.nowMs - 86_400_000,
        documented: 21,
        rows: world.endpoints.get(ids[0]!)!.flatMap((row) =>
          row.compared === null || row.compared === "documented"
            ? []
            : [
                {
                  kind: row.compared,
                  code: row.compared,
                  method: row.method,
                  path: row.path,
                  where: "",
                  message: `${row.compared} endpoint`,
                  count: row.calls,
                  firstMs: row.firstMs,
                  lastMs: row.lastMs,
                },
              ],
        ),
      }),
    ],
    [
      "GET",
      "changes",
      ({ query }) =>
        pageOf(
          world.changes.filter((change) => matches(change, "kind", query.get("kind"))),
          query,
        ),
    ],
    [
      "GET",
      "findings",
      ({ query }) =>
        pageOf(
          world.findings.filter(
            (row) =>
              matches(row, "state", query.get("state")) &&
              matches(row, "severity", query.get("severity")),
          ),
          query,
        ),
    ],
    [
      "PATCH",
      "findings/:finding",
      ({ ids, body }) => Object.assign(world.findings.find(({ id }) => id === ids[0])!, body),
    ],
    ["GET", "sensors", ({ query }) => pageOf(world.sensors, query)],
    ["GET", "dead-letters", ({ query }) => pageOf(world.letters, query)],
    ["POST", "dead-letters/:letter/send-again", ({ ids }) => without(world.letters, ids[0]!)],
    ["DELETE", "dead-letters/:letter", ({ ids }) => without(world.letters, ids[0]!)],
    ["GET", "uploads", empty],
    ["GET", "tokens", empty],
    ["GET", "forwarders", empty],
    ["GET", "deliveries", empty],
    ["GET", "audit", empty],
    ["GET", "preferences", () => preferences],
    ["PUT", "preferences", ({ body }) => (preferences = body as Preferences)],
  ];
};

/** The answer of the route that fits, undefined where there is none. */
export const answerOf = (
  routes: readonly Route[],
  method: string,
  url: URL,
  body: unknown,
): unknown => {
  const parts = url.pathname.slice(API_PREFIX.length + 1).split("/");
  for (const [verb, path, answer] of routes) {
    const names = path.split("/");
    if (verb !== method || names.length !== parts.length) continue;
    if (!names.every((name, index) => name.startsWith(":") || name === parts[index])) continue;
    const ids = parts.filter((_, index) => names[index]!.startsWith(":"));
    return answer({ ids, query: url.searchParams, body });
  }
  return undefined;
};
