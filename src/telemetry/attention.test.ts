import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Attention, endpointOf, Look } from "./attention.ts";
import { exchangeOf, play, type Written } from "./exchange.fixture.ts";
import { defaultPrivacy } from "./privacy.ts";
import type { OperationSummary } from "./summary.ts";
import { Telemetry, type TelemetryOptions } from "./telemetry.ts";

class Watch implements Attention {
  isOpen = true;
  readonly told: boolean[] = [];
  readonly endpoints = new Set<number>();
  look: Look = Look.Heads;
  attend(endpoint: number): Look {
    this.endpoints.add(endpoint);
    return this.isOpen ? Look.Bodies : this.look;
  }
  learned(endpoint: number, novel: boolean): void {
    assert.ok(this.endpoints.has(endpoint), "an endpoint that was asked about");
    this.told.push(novel);
  }
}

const newTelemetry = (options: Partial<TelemetryOptions>): Telemetry =>
  new Telemetry({
    selection: { statuses: ["2xx", "404"], ports: [], excludeHeaders: [], noise: false },
    privacy: defaultPrivacy,
    hashKey: new Uint8Array(8).fill(3),
    ...options,
  });

const only = (
  telemetry: Telemetry,
): { operation: OperationSummary; limits: Map<string, number> } => {
  const [summary] = telemetry.summaries();
  const operation = summary!.root.children.get("things")!.operations.values().next().value!;
  return { operation, limits: summary!.limits };
};

test("exchanges of one endpoint have one number", () => {
  const number = (method: string, target: string): number =>
    endpointOf(exchangeOf({ method, target }));
  const same: readonly (readonly [string, string])[] = [
    ["/users/1", "/users/22?expand=all"],
    ["/users/0e4b0f5e-7f1c-4d0c-9a55-0c4a2f0f5a11/keys", "/users/17/keys"],
    [
      "/files/abcdefghijklmnopqrstuvwxyzabcdefghijkl",
      "/files/zbcdefghijklmnopqrstuvwxyzabcdefghijklm",
    ],
    ["/a#x", "/a"],
  ];
  for (const [one, other] of same) assert.equal(number("GET", one), number("GET", other), one);
  const targets = [
    "/",
    "/users",
    "/users/",
    "/users/1",
    "/users/1/",
    "/users/1/keys",
    "/users/me",
    "/v1/users",
    "/v2/users",
    "/users/1/2",
  ];
  const numbers = targets.flatMap((target) => [number("GET", target), number("PUT", target)]);
  assert.equal(new Set(numbers).size, numbers.length);
});

test("what is new is told, and stays known when all begins anew", () => {
  const watch = new Watch();
  const telemetry = newTelemetry({ attention: watch });
  const rows: readonly (readonly [Written, boolean])[] = [
    [{ responseBody: '{"a":1}' }, true],
    [{ responseBody: '{"a":2}' }, false],
    [{ responseBody: '{"a":2.5}' }, true],
    [{ responseBody: '{"a":2,"b":"x"}' }, true],
    [{ responseBody: '{"b":"y"}' }, false],
    [{ responseBody: '{"b":"2026-03-02"}' }, true],
    [{ responseBody: '{"b":["2026-03-02"]}' }, true],
    [{ responseBody: '{"b":["2026-03-02","2026-03-03"]}' }, false],
    [{ responseBody: '{"b":[[]]}' }, true],
    [{ responseBody: '{"b":[[]],"a":{}}' }, true],
    [{ responseBody: '{"a":{"a":1}}' }, true],
    [{ responseBody: '{"a":{"a":1},"b":[[]]}' }, false],
    [{ status: 404, responseBody: '{"a":1}' }, true],
    [{ status: 201, responseBody: '{"a":1}' }, true],
    [
      {
        status: 201,
        requestBody: '{"a":1}',
        requestHeaders: { "content-type": "application/json" },
      },
      true,
    ],
  ];
  for (const [written, novel] of rows) {
    play(telemetry, { target: "/things", ...written });
    assert.equal(watch.told.pop(), novel, JSON.stringify(written));
    telemetry.take();
  }
  play(telemetry, { target: "/things", status: 500 });
  assert.deepEqual(watch.told, [], "what teaches nothing is not told");
  assert.equal(watch.endpoints.size, 1);
});

test("bodies that are left out count as heads, and only scanned ones make a presence", () => {
  const watch = new Watch();
  const telemetry = newTelemetry({ attention: watch });
  play(telemetry, { target: "/things", responseBody: '{"a":1}' });
  watch.isOpen = false;
  for (let index = 0; index < 9; index += 1)
    play(telemetry, { target: "/things", responseBody: '{"b":1}' });
  assert.deepEqual(watch.told, [true]);
  play(telemetry, { target: "/things", status: 201, responseBody: "{}" });
  assert.deepEqual(watch.told, [true, true], "a status is seen in the head");
  const { operation, limits } = only(telemetry);
  assert.equal(operation.calls, 11);
  const body = operation.responses.get(200)!.bodies.get("application/json")!;
  assert.deepEqual([body.count, body.scanned], [10, 1]);
  assert.deepEqual([...body.shape!.fields!.fields.keys()], ["a"]);
  assert.equal(body.shape!.fields!.whole, 1);
  assert.equal(limits.get("sparedCalls"), 10);
  const counted = new Map(telemetry.counters.entries().map(({ name, count }) => [name, count]));
  assert.equal(counted.get("bodies-spared"), 10);
  assert.equal(counted.get("bodies-not-scanned") ?? 0, 0);
});

const names = ["a", "b", "token", "api_key", "x-tenant", "session"];
const values = ["1", "2026-03-02", "amber", "0123456789abcdef0123"];
const pairs = fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...values)), {
  maxLength: 4,
});
const joined = (given: readonly (readonly [string, string])[], by: string): string =>
  given.map(([name, value]) => `${name}=${value}`).join(by);

test("where only names are looked at, each still counts in every exchange", () => {
  const exchange = fc.record({
    query: pairs,
    cookies: pairs,
    headers: pairs,
    responseHeaders: pairs,
    look: fc.constantFrom(Look.Names, Look.Names, Look.Heads, Look.Bodies),
    status: fc.constantFrom(200, 201),
  });
  type Row = typeof exchange extends fc.Arbitrary<infer Value> ? Value : never;
  const told = (looks: boolean, rows: readonly Row[]): OperationSummary => {
    const watch = new Watch();
    watch.isOpen = false;
    const telemetry = newTelemetry({ attention: watch });
    for (const { query, cookies, headers, responseHeaders, look, status } of rows) {
      watch.look = looks ? look : Look.Bodies;
      play(telemetry, {
        target: `/things?${joined(query, "&")}`,
        status,
        requestHeaders: { ...Object.fromEntries(headers), cookie: joined(cookies, "; ") },
        responseHeaders: Object.fromEntries(responseHeaders),
      });
    }
    telemetry.summaries();
    return only(telemetry).operation;
  };
  fc.assert(
    fc.property(fc.array(exchange, { minLength: 1, maxLength: 30 }), (rows) => {
      const [sampled, whole] = [told(true, rows), told(false, rows)];
      assert.deepEqual(sampled.request.credentials, whole.request.credentials);
      const places = (operation: OperationSummary) => [
        ...(["query", "cookies", "headers"] as const).map((place) => operation.request[place]),
        ...[...operation.responses.values()].map(({ headers }) => headers),
      ];
      const wanted = places(whole);
      for (const [index, parameters] of places(sampled).entries()) {
        assert.equal(parameters.size, wanted[index]!.size);
        for (const [name, { calls, repeated, text }] of parameters) {
          const other = wanted[index]!.get(name)!;
          assert.deepEqual([calls, repeated], [other.calls, other.repeated], name);
          assert.equal(text.count > 0, other.text.count > 0, `a value of ${name}`);
        }
      }
    }),
    { numRuns: 200 },
  );
});

test("values of a path are looked at once a delta, and with the bodies", () => {
  const watch = new Watch();
  watch.isOpen = false;
  watch.look = Look.Names;
  const telemetry = newTelemetry({ attention: watch });
  const slotAfter = (first: number): readonly [number, number] => {
    for (let id = first; id < first + 20; id += 1) {
      watch.isOpen = id % 10 === 9;
      play(telemetry, { target: `/things/${id}` });
    }
    const node = telemetry.take()[0]!.root.children.get("things")!.children.get("{int}")!;
    return [node.operations.get("GET")!.calls, node.slots[0]!.text.count];
  };
  assert.deepEqual(slotAfter(100), [20, 3]);
  assert.deepEqual(slotAfter(200), [20, 3]);
});

test("requests that name the operation are always scanned", () => {
  const watch = new Watch();
  const telemetry = newTelemetry({ attention: watch });
  const ask = (name: string): void =>
    play(telemetry, {
      method: "POST",
      target: "/graphql",
      requestHeaders: { "content-type": "application/json" },
      requestBody: JSON.stringify({ query: `query ${name} { a }` }),
      responseBody: '{"data":{}}',
    });
  ask("First");
  watch.isOpen = false;
  ask("Second");
  const operations = telemetry.summaries()[0]!.root.children.get("graphql")!.operations;
  assert.deepEqual(
    [...operations.keys()],
    ["POST graphql:query:First", "POST graphql:query:Second"],
  );
});

test("an exchange counts as many as it stands for, its shape once", () => {
  const written: Written = {
    target: "/things?page=1",
    requestHeaders: { "x-tenant": "a", cookie: "theme=dark" },
    responseBody: '{"a":[1,2]}',
  };
  const telemetry = newTelemetry({ standsFor: () => 8 });
  play(telemetry, written);
  const { operation, limits } = only(telemetry);
  const plain = newTelemetry({});
  for (let index = 0; index < 8; index += 1) play(plain, written);
  const heard = only(plain).operation;
  for (const name of [
    "calls",
    "statusClasses",
    "buckets",
    "latency",
    "requestBytes",
    "responseBytes",
    "internalCalls",
    "callers",
  ] as const) {
    assert.deepEqual(operation[name], heard[name], name);
  }
  assert.deepEqual(operation.request.credentials, heard.request.credentials);
  assert.equal(operation.request.calls, 8);
  assert.equal(operation.request.bodiless, 8);
  for (const place of ["query", "headers", "cookies"] as const) {
    for (const { calls } of operation.request[place].values()) assert.equal(calls, 8, place);
  }
  const response = operation.responses.get(200)!;
  const body = response.bodies.get("application/json")!;
  assert.deepEqual([response.calls, body.count, body.scanned, body.shape!.objects], [8, 8, 1, 1]);
  assert.equal(body.bytes, 8 * 11);
  assert.equal(limits.get("shedCalls"), 7);
  assert.equal(only(plain).limits.size, 0);
});
