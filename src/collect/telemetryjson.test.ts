import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { type Exchange, ExchangeFlag, type ExchangeObserver } from "../http/exchange.ts";
import { readTelemetry } from "./telemetryjson.ts";

interface Seen {
  readonly line: string;
  readonly flags: number;
  readonly bodies: string[];
}

/** What an observer gets, as text. */
function seen(record: unknown): Seen | string {
  const bodies: string[] = [];
  let found: Seen | null = null;
  const sink = () => {
    let text = "";
    return {
      data: (bytes: Uint8Array, start: number, end: number) => {
        text += Buffer.from(bytes.subarray(start, end)).toString();
      },
      end: (whole: boolean) => void bodies.push(`${text}${whole ? "" : "…"}`),
    };
  };
  const observer: ExchangeObserver = {
    requestHead: sink,
    responseHead: sink,
    exchange: ({ method, target, status, connection, flags, request }: Exchange) => {
      const { client, server } = connection;
      const line = `${client.ip}:${client.port} > ${server.ip}:${server.port} ${method} ${target} ${status} ${request?.startTimeMs}`;
      found = { line, flags, bodies };
    },
  };
  return readTelemetry(record, observer, 5) ?? found ?? "nothing";
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const record = (change: Record<string, unknown> = {}, common: Record<string, unknown> = {}) => ({
  requestID: "1",
  scheme: "http",
  destinationAddress: "10.0.0.7:8080",
  destinationNamespace: "shop",
  sourceAddress: "10.0.0.9:40000",
  request: {
    method: "post",
    path: "/orders?a=1",
    host: "shop.example",
    common: {
      version: "1.1",
      headers: [{ key: "Content-Type", value: "application/json" }],
      body: base64('{"a":1}'),
      truncatedBody: false,
      time: 1000,
      ...common,
    },
  },
  response: {
    statusCode: "201",
    common: { headers: [], body: base64("{}"), TruncatedBody: true, time: 1200 },
  },
  ...change,
});

test("a record is an exchange", () => {
  assert.deepEqual(seen(record()), {
    line: "10.0.0.9:40000 > 10.0.0.7:8080 POST /orders?a=1 201 1000",
    flags: ExchangeFlag.responseTruncated,
    bodies: ['{"a":1}', "{}…"],
  });
});

test("both spellings of truncatedBody", () => {
  for (const spelling of ["truncatedBody", "TruncatedBody"]) {
    const found = seen(record({}, { truncatedBody: false, [spelling]: true })) as Seen;
    assert.ok((found.flags & ExchangeFlag.requestTruncated) !== 0, spelling);
  }
});

test("https is told by the target, IPv6 and missing ports are understood", () => {
  const found = seen(record({ scheme: "https", destinationAddress: "[fd00::1]" })) as Seen;
  assert.equal(
    found.line,
    "10.0.0.9:40000 > fd00::1:443 POST https://shop.example/orders?a=1 201 1000",
  );
});

test("a coded body is decoded, one that was decoded already is taken as it is", () => {
  const headers = [{ key: "content-encoding", value: "gzip" }];
  const coded = gzipSync('{"b":2}').toString("base64");
  assert.equal((seen(record({}, { headers, body: coded })) as Seen).bodies[0], '{"b":2}');
  assert.equal((seen(record({}, { headers })) as Seen).bodies[0], '{"a":1}');
});

test("what cannot be an exchange is refused by a word", () => {
  assert.equal(seen([]), "no-object");
  assert.equal(seen({}), "no-request");
  assert.equal(seen(record({ response: {} })), "no-response");
  assert.equal(seen(record({ request: { method: "GE T", path: "/" } })), "bad-head");
  assert.equal(seen(record({ request: { method: "GET", path: "http://a:99999/" } })), "bad-url");
  assert.equal(seen(JSON.parse('{"__proto__": {"request": {"method": "GET"}}}')), "no-request");
});

test("whatever comes, nothing throws", () => {
  const noisy = fc.oneof(
    fc.jsonValue(),
    fc.record({ request: fc.jsonValue(), response: fc.jsonValue() }),
  );
  fc.assert(
    fc.property(noisy, (value) => void seen(value)),
    { numRuns: 300 },
  );
  const change = fc.record({
    scheme: fc.string(),
    destinationAddress: fc.string(),
    request: fc.record({ method: fc.string(), path: fc.string(), host: fc.string() }),
  });
  fc.assert(
    fc.property(change, (value) => void seen(record(value))),
    { numRuns: 300 },
  );
});
