import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { play, type Written } from "./exchange.fixture.ts";
import { absorbSummary, apiKeyText, emptySummary, mergeSummaries } from "./merge.ts";
import { defaultPrivacy } from "./privacy.ts";
import type { ApiSummary } from "./summary.ts";
import { Telemetry } from "./telemetry.ts";
import { decodeSummary, encodeSummary } from "./wire.ts";

const newTelemetry = (): Telemetry =>
  new Telemetry({
    selection: { statuses: ["2xx", "4xx"], ports: [], excludeHeaders: [], noise: true },
    privacy: defaultPrivacy,
    hashKey: new Uint8Array(16).fill(9),
  });

const name = fc.constantFrom("id", "type", "name", "status", "email", "items", "created_at", "x");
const leaf = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom("active", "pending", "2024-01-02", "a b c", "USD", "alice", null, true),
  fc.uuid(),
  fc.string({ maxLength: 8 }),
);
const { json } = fc.letrec((tie) => ({
  json: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie("json"), { maxLength: 3 }), tie("object")),
  object: fc.dictionary(name, tie("json"), { maxKeys: 5, noNullPrototype: true }),
}));
const segment = fc.oneof(
  fc.constantFrom("users", "orders", "v1", "1", "1.0", "me", "", "a,b", "x%2Fy", "2024-01-02"),
  fc.nat(300).map(String),
  fc.uuid(),
  fc.constantFrom("report-17.pdf", "report-2024.pdf", "alice", "cus_9s6XKzkNRiz8i3"),
);
const body = fc.oneof(
  fc.constant(undefined),
  json.map((value) => JSON.stringify(value)),
  json.map((value) => `${JSON.stringify(value)}\n${JSON.stringify(value)}`),
  fc.constantFrom("<a><b>1</b></a>", "{broken", "plain text"),
);
const exchange: fc.Arbitrary<Written> = fc.record({
  method: fc.constantFrom("GET", "POST", "DELETE"),
  target: fc
    .tuple(
      fc.array(segment, { maxLength: 4 }),
      fc.constantFrom("", "?page=2&sort=name", "?api_key=abcdef0123456789", "?tag=a&tag=b"),
    )
    .map(([segments, query]) => `/${segments.join("/")}${query}`),
  status: fc.constantFrom(200, 200, 201, 204, 404, 500),
  requestHeaders: fc.constantFrom(
    {},
    { authorization: "Bearer eyJhbGciOiJIUzI1NiJ9.e30.abc", cookie: "sid=1; theme=dark" },
    { host: "other.test:8080", "x-tenant": "acme", "content-type": "application/json" },
    { "x-request-id": "6f1c2d3e-0000-4000-8000-000000000001" },
    { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
  ),
  responseHeaders: fc.constantFrom(
    { "content-type": "application/json" },
    { "content-type": "text/plain" },
    { "content-type": "application/problem+json; charset=utf-8", etag: '"abc"' },
  ),
  requestBody: body as fc.Arbitrary<string>,
  responseBody: body as fc.Arbitrary<string>,
  responseWhole: fc.constantFrom(true, true, true, false),
  timeMs: fc.nat(100_000_000).map((at) => 1_700_000_000_000 + at),
  client: fc.constantFrom("10.0.0.1", "10.0.0.2", "203.0.113.7"),
});

function learn(exchanges: readonly Written[], chunkBytes = 1_448): Map<string, ApiSummary> {
  const telemetry = newTelemetry();
  for (const each of exchanges) play(telemetry, each, chunkBytes);
  return byKey(telemetry.take());
}

const byKey = (summaries: readonly ApiSummary[]): Map<string, ApiSummary> =>
  new Map(summaries.map((summary) => [apiKeyText(summary.key), summary]));

/** What two summaries must have in common to be equal: their bytes on the wire. */
const textOf = (summaries: ReadonlyMap<string, ApiSummary>): string =>
  JSON.stringify(
    [...summaries]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, summary]) => encodeSummary(summary)),
  );

function mergeAll(parts: readonly ReadonlyMap<string, ApiSummary>[]): Map<string, ApiSummary> {
  const merged = new Map<string, ApiSummary>();
  for (const part of parts) {
    for (const [key, summary] of part) {
      const known = merged.get(key) ?? emptySummary(summary.key);
      merged.set(key, mergeSummaries(known, summary));
    }
  }
  return merged;
}

test("the same exchanges give the same summary, however they are split and ordered", () => {
  fc.assert(
    fc.property(
      fc.array(exchange, { minLength: 1, maxLength: 14 }),
      fc.array(fc.nat(3), { minLength: 14, maxLength: 14 }),
      fc.integer(),
      fc.integer({ min: 1, max: 40 }),
      (exchanges, shares, seed, chunkBytes) => {
        const whole = textOf(learn(exchanges));
        const shuffled = exchanges
          .map((each, at) => ({ each, at: Math.imul(at + 1, seed | 1) >>> 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ each }) => each);
        assert.equal(textOf(learn(shuffled, chunkBytes)), whole, "order or chunking matters");
        const parts = [0, 1, 2, 3].map((share) =>
          learn(exchanges.filter((_, at) => shares[at] === share)),
        );
        assert.equal(textOf(mergeAll(parts)), whole, "splitting matters");
        assert.equal(textOf(mergeAll(parts.reverse())), whole, "merging is not commutative");
        const [a, b, c, d] = parts;
        const grouped = mergeAll([mergeAll([a!, b!]), mergeAll([c!, d!])]);
        assert.equal(textOf(grouped), whole, "merging is not associative");
      },
    ),
    { numRuns: 120 },
  );
});

test("merging changes neither of its arguments; the empty summary is its identity", () => {
  fc.assert(
    fc.property(fc.array(exchange, { maxLength: 5 }), (exchanges) => {
      for (const [key, summary] of learn(exchanges)) {
        const before = textOf(new Map([[key, summary]]));
        const merged = mergeSummaries(summary, emptySummary(summary.key));
        assert.equal(textOf(new Map([[key, merged]])), before);
        const doubled = mergeSummaries(summary, summary);
        assert.equal(textOf(new Map([[key, summary]])), before);
        assert.notEqual(textOf(new Map([[key, doubled]])), before);
      }
    }),
    { numRuns: 40 },
  );
});

test("what goes over the wire comes back", () => {
  fc.assert(
    fc.property(fc.array(exchange, { minLength: 1, maxLength: 10 }), (exchanges) => {
      for (const summary of learn(exchanges).values()) {
        const text = JSON.stringify(encodeSummary(summary));
        const { value, problems } = decodeSummary(JSON.parse(text));
        assert.deepEqual(problems, []);
        assert.equal(JSON.stringify(encodeSummary(value!)), text);
        assert.deepEqual(value!.root, summary.root);
      }
    }),
    { numRuns: 60 },
  );
});

test("whatever a body holds, a server takes what was learned of it", () => {
  const nested = (open: string, close: string) => `${open.repeat(1000)}1${close.repeat(1000)}`;
  const part = `--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: application/json\r\n\r\n${nested('{"a":', "}")}\r\n--b--\r\n`;
  const bodies: readonly (readonly [type: string, body: string])[] = [
    ["application/json", nested("[", "]")],
    ["application/json", nested('{"a":', "}")],
    ["application/json", nested('[{"12":', "}]")],
    ["application/xml", nested("<a>", "</a>")],
    ["multipart/form-data; boundary=b", part],
    ["application/json", `{"${"\u{10ffff}".repeat(2000)}":1}`],
    ["application/json", `{${Array.from({ length: 5000 }, (_, i) => `"k${i}x":"w${i}"`)}}`],
    [
      "application/x-www-form-urlencoded",
      Array.from({ length: 5000 }, (_, i) => `a${i}=b`).join("&"),
    ],
  ];
  for (const [type, body] of bodies) {
    const written = { method: "POST", target: "/a", requestBody: body, responseBody: body };
    const headers = { "content-type": type };
    const summaries = learn([{ ...written, requestHeaders: headers, responseHeaders: headers }]);
    for (const summary of summaries.values()) {
      const { problems } = decodeSummary(JSON.parse(JSON.stringify(encodeSummary(summary))));
      assert.deepEqual([body.slice(0, 20), problems], [body.slice(0, 20), []]);
    }
  }
});

test("a peer that lies is refused, and never crashes the decoder", () => {
  const wires = [...learn(fc.sample(exchange, { numRuns: 30, seed: 1 })).values()].map((summary) =>
    JSON.stringify(encodeSummary(summary)),
  );
  const junk = fc.oneof(fc.jsonValue(), fc.constantFrom(-1, 1e308, 2 ** 53, [[[]]], "x", {}));
  fc.assert(
    fc.property(fc.constantFrom(...wires), fc.nat(), junk, (text, place, value) => {
      const wire = JSON.parse(text);
      const places: { holder: Record<string, unknown>; key: string }[] = [];
      const walk = (holder: unknown): void => {
        if (typeof holder !== "object" || holder === null) return;
        for (const key of Object.keys(holder)) {
          places.push({ holder: holder as Record<string, unknown>, key });
          walk((holder as Record<string, unknown>)[key]);
        }
      };
      walk(wire);
      const { holder, key } = places[place % places.length]!;
      holder[key] = value;
      const decoded = decodeSummary(wire);
      assert.ok(decoded.value === null ? decoded.problems.length === 1 : true);
      if (decoded.value !== null) absorbSummary(emptySummary(decoded.value.key), decoded.value);
    }),
    { numRuns: 600 },
  );
  let nested: unknown = [0];
  for (let depth = 0; depth < 5_000; depth += 1) nested = [1 << 13, nested];
  assert.equal(
    decodeSummary({
      v: 1,
      key: { host: "a", port: 1, scheme: "http" },
      dictionary: [nested],
      root: { c: [] },
    }).problems.length,
    0,
  );
  assert.deepEqual(decodeSummary(null).problems, ["not an object"]);
  assert.deepEqual(decodeSummary({ v: 2 }).problems, ["unknown version"]);
});
