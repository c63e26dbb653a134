/** An invented inventory, the same at every start: for the page's development and for its speed tests. */
import type {
  ApiDetail,
  ApiRow,
  Change,
  DeadLetter,
  EndpointRow,
  Finding,
  Origin,
  SensorRow,
} from "../../src/server/contract.ts";

export interface World {
  readonly nowMs: number;
  readonly apis: ApiDetail[];
  readonly endpoints: ReadonlyMap<string, EndpointRow[]>;
  readonly changes: Change[];
  readonly findings: Finding[];
  readonly sensors: SensorRow[];
  readonly letters: DeadLetter[];
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Numbers from 0 to 1 that look random (mulberry32). */
const randomFrom = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

const nouns = ["orders", "users", "carts", "invoices", "stock", "shipments", "payments", "reviews"];
const namespaces = ["shop", "billing", "warehouse", "identity", "platform"];
const words = ["api", "gateway", "service", "public", "internal", "admin", "edge", "core"];
const auths = ["bearer-jwt", "api-key", "basic", "cookie", "none"];
const secrets = ["email", "card", "phone", "iban", "name"];

export const makeWorld = (apiCount: number, endpointCount: number, nowMs: number): World => {
  const random = randomFrom(7);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const apis: ApiDetail[] = [];
  const endpoints = new Map<string, EndpointRow[]>();
  // The first API is far larger than the others, as it is in life.
  const large = apiCount > 100 ? 10_000 : 40;
  const each = apiCount > 1 ? Math.max(1, Math.round((endpointCount - large) / (apiCount - 1))) : 0;
  for (let index = 0; index < apiCount; index += 1) {
    const noun = nouns[index % nouns.length]!;
    const word = words[Math.floor(index / nouns.length) % words.length]!;
    const serial = index < nouns.length * words.length ? "" : `-${index}`;
    const row = makeApi({
      index,
      host: `${noun}-${word}${serial}.example.com`,
      random,
      pick,
      nowMs,
    });
    const rows = makeEndpoints(row, index === 0 ? large : each, random, nowMs);
    endpoints.set(row.id, rows);
    apis.push({
      ...row,
      endpoints: rows.length,
      note: "",
      sources: row.workloads.map((workload, place) => ({
        id: `s${index}-${place}`,
        workload,
        host: row.hosts[0]!,
        port: row.ports[0]!,
        scheme: "http" as const,
        calls: Math.round(row.calls / row.workloads.length),
      })),
      services: [],
      servers: row.hosts.map((host) => `http://${host}:${row.ports[0]}`),
      securitySchemes: { bearerAuth: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
      limits: index === 0 ? { endpointsMax: 12 } : {},
      imported: row.hasImported
        ? { title: row.name, version: "2.1.0", importedMs: nowMs - dayMs }
        : null,
    });
  }
  const told = apis.slice(0, 40);
  return {
    nowMs,
    apis,
    endpoints,
    changes: makeChanges(told, endpoints, random, nowMs),
    findings: makeFindings(told, endpoints, random, nowMs),
    sensors: makeSensors(nowMs),
    letters: makeLetters(nowMs),
  };
};

const makeApi = ({
  index,
  host,
  random,
  pick,
  nowMs,
}: {
  index: number;
  host: string;
  random: () => number;
  pick: <T>(from: readonly T[]) => T;
  nowMs: number;
}): ApiRow => {
  const calls = Math.round(10 ** (1 + random() * 5));
  const high = random() < 0.1 ? 1 : 0;
  return {
    id: `a${index}`,
    name: host,
    title: `${host}:8080`,
    status: pick(["new", "active", "active", "active", "changed", "unused", "ignored"] as const),
    confirmed: random() < 0.5,
    cluster: null,
    owner: random() < 0.4 ? `team-${pick(namespaces)}` : null,
    namespace: pick(namespaces),
    workloads: [host.split(".")[0]!, ...(random() < 0.2 ? [`${host.split(".")[0]}-canary`] : [])],
    hosts: [host],
    ports: [8080],
    origin: pick<Origin>(["internal", "external", "both"]),
    endpoints: 0,
    calls,
    errorShare: random() < 0.7 ? random() * 0.01 : random() * 0.2,
    firstMs: nowMs - Math.round(random() * 90 * dayMs),
    lastMs: nowMs - Math.round(random() ** 4 * 20 * dayMs),
    auth: random() < 0.15 ? [] : [pick(auths)],
    sensitive:
      random() < 0.35 ? [pick(secrets), "email"].filter((x, i, all) => all.indexOf(x) === i) : [],
    score: Math.round(random() * 100) / 10,
    findings: { info: 1, low: Math.round(random() * 3), medium: Math.round(random()), high },
    labels: random() < 0.2 ? ["pci"] : [],
    version: 1 + Math.floor(random() * 9),
    recent: Array.from({ length: 24 }, (_, hour) =>
      Math.round((calls / 200) * (1.2 + Math.sin((hour - 8) / 3.8)) * (0.6 + random() * 0.8)),
    ),
    hasImported: index % 3 === 0,
  };
};

const verbs = ["GET", "POST", "GET", "PUT", "DELETE", "PATCH"];

const makeEndpoints = (
  api: ApiRow,
  howMany: number,
  random: () => number,
  nowMs: number,
): EndpointRow[] =>
  Array.from({ length: howMany }, (_, index) => {
    const group = Math.floor(index / 12);
    const noun = nouns[group % nouns.length]!;
    const area = group < nouns.length ? "" : `/area${Math.floor(group / nouns.length)}`;
    const one = `${noun.slice(0, -1)}Id`;
    const tail = ["", "", `/{${one}}`, `/{${one}}`, `/{${one}}`, `/{${one}}`][index % 6]!;
    const sub = index % 12 >= 6 ? "/items" : "";
    const method = verbs[index % 6]!;
    const path = `/api/v1${area}/${noun}${tail}${sub}`;
    const calls = Math.round((api.calls / howMany) * (0.2 + random() * 1.6)) + 1;
    const errorShare = random() < 0.8 ? 0 : random() * 0.15;
    const p50Ms = Math.round(4 + random() * 60);
    return {
      id: `e${index}`,
      api: api.id,
      apiName: api.title,
      method,
      path,
      operationId: `${method.toLowerCase()}${noun}${index}`,
      summary: `${method === "GET" ? "Get" : method === "POST" ? "Create" : "Change"} ${noun}`,
      calls,
      errorShare,
      statusClasses: [
        0,
        Math.round(calls * (1 - errorShare)),
        0,
        Math.round(calls * errorShare),
        0,
      ],
      p50Ms,
      p95Ms: p50Ms * 3,
      p99Ms: p50Ms * 7,
      firstMs: api.firstMs,
      lastMs: nowMs - Math.round(random() * dayMs),
      auth: index % 9 === 8 ? [] : api.auth,
      sensitive: index % 11 === 3 ? ["email"] : [],
      findings: index % 17 === 5 ? 1 : 0,
      deprecated: false,
      compared: api.hasImported
        ? (
            [
              "documented",
              "documented",
              "documented",
              "shadow",
              "drift",
              "zombie",
              "orphan",
            ] as const
          )[index % 7]!
        : null,
      recent: Array.from({ length: 24 }, () => Math.round((calls / 100) * random())),
    };
  });

const messages = [
  ["endpoint-new", "endpoint-added", false, "is new"],
  ["field-new", "response-field-added", false, "answers with a new field `discount`"],
  ["auth-changed", "security-removed", true, "was called without credentials"],
  ["breaking", "response-field-removed", true, "no longer answers with `legacyCode`"],
  ["status-new", "status-added", false, "answers with 409 now"],
] as const;

const makeChanges = (
  apis: readonly ApiDetail[],
  endpoints: ReadonlyMap<string, EndpointRow[]>,
  random: () => number,
  nowMs: number,
): Change[] =>
  Array.from({ length: 400 }, (_, index) => {
    const api = apis[Math.floor(random() * apis.length)]!;
    const of = endpoints.get(api.id)!;
    const endpoint = of[Math.floor(random() * of.length)]!;
    const [kind, code, breaking, text] = messages[index % messages.length]!;
    return {
      id: `c${index}`,
      atMs: nowMs - index * 0.7 * hourMs,
      api: api.id,
      apiName: api.title,
      kind,
      code,
      breaking,
      method: endpoint.method,
      path: endpoint.path,
      where: kind === "field-new" ? "responses.200.discount" : "",
      message: `${endpoint.method} ${endpoint.path} ${text}`,
      version: api.version,
    };
  });

const rules = [
  ["unauthenticated-sibling", "No credentials, while its siblings need them", "high"],
  ["sensitive-in-query", "Sensitive data in the query string", "medium"],
  ["basic-over-plain", "Basic credentials over plain HTTP", "high"],
  ["unused-endpoint", "Not called for 30 days", "info"],
  ["many-server-errors", "Many answers are server errors", "low"],
] as const;

const makeFindings = (
  apis: readonly ApiDetail[],
  endpoints: ReadonlyMap<string, EndpointRow[]>,
  random: () => number,
  nowMs: number,
): Finding[] =>
  Array.from({ length: 120 }, (_, index) => {
    const api = apis[Math.floor(random() * apis.length)]!;
    const endpoint = endpoints.get(api.id)![0]!;
    const [rule, title, severity] = rules[index % rules.length]!;
    return {
      id: `f${index}`,
      rule,
      title,
      severity,
      api: api.id,
      apiName: api.title,
      method: endpoint.method,
      path: endpoint.path,
      endpoint: endpoint.id,
      evidence: [
        "212 of 214 calls came without an Authorization header.",
        "5 siblings need bearerAuth.",
      ],
      advice:
        "Ask for the same credentials as the endpoints beside it, or accept this with a reason.",
      state: index % 9 === 8 ? ("accepted" as const) : ("open" as const),
      reason: index % 9 === 8 ? "Meant to be public." : null,
      firstMs: nowMs - 9 * dayMs,
      lastMs: nowMs - hourMs * random() * 40,
    };
  });

const reasons = [
  "summaries[0]: not a text, or too long",
  "of a newer version: v 2 is not known here",
  "20 tries failed: the store has no room",
];

/** More than the page lists. */
const makeLetters = (nowMs: number): DeadLetter[] =>
  Array.from({ length: 53 }, (_, index) => ({
    id: `l${index}`,
    name: index % 5 === 4 ? null : `node-${index % 3}/1795399200/${index % 64}/${1_200 + index}`,
    atMs: nowMs - index * 7 * 60_000,
    bytes: 900 + index * 411,
    reason: reasons[index % reasons.length]!,
  }));

const makeSensors = (nowMs: number): SensorRow[] => [
  {
    name: "node-1",
    kind: "tap",
    version: "0.1.0",
    firstMs: nowMs - 20 * dayMs,
    lastMs: nowMs - 4_000,
    health: "healthy",
    calls: 1_203_411,
    deltas: 88_120,
    duplicates: 3,
    coverage: {
      packets: 41_231_991,
      "drop.ring": 0,
      "refused.noise": 20_133,
      "refused.status": 9_981,
    },
    status: null,
    explanation: ["It hears HTTP on 3 interfaces and teaches 97 % of what it hears."],
  },
  {
    name: "node-2",
    kind: "tap",
    version: "0.1.0",
    firstMs: nowMs - 20 * dayMs,
    lastMs: nowMs - 6_000,
    health: "losing",
    calls: 402_112,
    deltas: 80_004,
    duplicates: 0,
    coverage: {
      packets: 91_231_991,
      "drop.ring": 212_030,
      "drop.gap": 4_112,
      "refused.noise": 133,
    },
    status: null,
    explanation: [
      "0.2 % of the packets were lost because the ring was full.",
      "Name fewer --interfaces or --ports, or give it more CPU.",
    ],
  },
  {
    name: "edge",
    kind: "tap",
    version: "0.1.0",
    firstMs: nowMs - 3 * dayMs,
    lastMs: nowMs - 9 * hourMs,
    health: "silent",
    calls: 0,
    deltas: 12,
    duplicates: 0,
    coverage: { packets: 991, "flows.tls": 412 },
    status: null,
    explanation: [
      "It hears TLS only: 412 connections, none of them readable.",
      "Listen behind the proxy that ends TLS.",
    ],
  },
];
