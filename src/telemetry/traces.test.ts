import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { telemetryLimits } from "../base/limits.ts";
import { play, type Written } from "./exchange.fixture.ts";
import { defaultPrivacy, type PrivacyRules } from "./privacy.ts";
import type { PathNode } from "./summary.ts";
import { Telemetry } from "./telemetry.ts";
import { addTrace, mergeTraces, type Trace, type TraceSample } from "./traces.ts";

const PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const ID = "6f1c2d3e-0000-4000-8000-000000000001";

function tracesOf(exchange: Written, privacy: PrivacyRules = defaultPrivacy): Trace[] {
  const telemetry = new Telemetry({
    selection: { statuses: ["2xx"], ports: [], excludeHeaders: [], noise: true },
    privacy,
    hashKey: new Uint8Array(8).fill(3),
  });
  play(telemetry, exchange);
  const found: Trace[] = [];
  const walk = ({ operations, children }: PathNode): void => {
    for (const { traces } of operations.values())
      for (const day of traces?.values() ?? []) found.push(...day);
    for (const child of children.values()) walk(child);
  };
  for (const { root } of telemetry.take()) walk(root);
  return found;
}

const hashesOf = (exchange: Written): number[] => tracesOf(exchange).map(({ hash }) => hash);
const id = { requestHeaders: { "x-request-id": ID } };

test("the same request at the next hop has the same hash, a request that it caused has not", () => {
  const [hash] = hashesOf({ target: "/shop/orders", ...id });
  const rows: readonly (readonly [string, Written, boolean])[] = [
    ["another client and server", { target: "/shop/orders", ...id, client: "10.0.0.9" }, true],
    ["a prefix taken off", { target: "/orders?page=2", ...id }, true],
    ["a slash at the end", { target: "/v2/orders/", ...id }, true],
    ["told by the response", { target: "/orders", responseHeaders: { "X-Request-Id": ID } }, true],
    ["another method", { target: "/orders", method: "POST", ...id }, false],
    ["another path", { target: "/stock", ...id }, false],
    ["no id", { target: "/orders" }, false],
    ["what is no id", { target: "/orders", requestHeaders: { "x-request-id": "-" } }, false],
  ];
  for (const [name, exchange, isSame] of rows)
    assert.equal(hashesOf(exchange).includes(hash!), isSame, name);
});

test("of a traceparent the trace counts, not the parent, which each hop changes", () => {
  const next = PARENT.replace("b7ad6b7169203331", "00f067aa0ba902b7");
  const [one] = hashesOf({ requestHeaders: { traceparent: PARENT } });
  assert.deepEqual(hashesOf({ requestHeaders: { traceparent: next } }), [one]);
  assert.deepEqual(
    hashesOf({ requestHeaders: { "x-b3-traceid": "0af7651916cd43dd8448eb211c80319c" } }),
    [one],
  );
  assert.deepEqual(hashesOf({ requestHeaders: { traceparent: "00-" } }), []);
});

test("nothing is kept where hashes or callers are switched off, or a long id would fill memory", () => {
  for (const off of ["hashes", "callers"] as const)
    assert.deepEqual(tracesOf(id, { ...defaultPrivacy, [off]: false }), []);
  const long = { requestHeaders: { "x-request-id": "a".repeat(5_000) } };
  assert.deepEqual(tracesOf(long), []);
  assert.equal(tracesOf({ ...id, target: `/${"b".repeat(6_000)}` }).length, 1);
});

const entries = fc.array(fc.tuple(fc.nat(4), fc.nat(60), fc.constantFrom("10.0.0.1", "10.0.0.2")), {
  maxLength: 120,
});

const sampleOf = (list: readonly (readonly [number, number, string])[]): TraceSample => {
  const sample: TraceSample = new Map();
  for (const [day, hash, caller] of list) addTrace(sample, day, { hash, caller });
  return sample;
};

const sorted = (sample: TraceSample | null): unknown =>
  [...(sample ?? [])].sort(([a], [b]) => a - b);

test("a sample holds the least hashes of the latest days, whatever the order and the parts", () => {
  fc.assert(
    fc.property(entries, entries, (some, others) => {
      const all = [...some, ...others];
      const days = [...new Set(all.map(([day]) => day))]
        .sort((a, b) => a - b)
        .slice(-telemetryLimits.traceDaysMax);
      const expected = days.map((day) => {
        const texts = new Set(
          all.filter((each) => each[0] === day).map(([, hash, caller]) => `${hash} ${caller}`),
        );
        const traces = [...texts].map((text) => ({
          hash: Number(text.split(" ")[0]),
          caller: text.split(" ")[1]!,
        }));
        traces.sort((a, b) => a.hash - b.hash || (a.caller < b.caller ? -1 : 1));
        return [day, traces.slice(0, telemetryLimits.tracesMax)];
      });
      assert.deepEqual(sorted(sampleOf(all)), expected);
      assert.deepEqual(sorted(sampleOf(all.toReversed())), expected);
      assert.deepEqual(sorted(mergeTraces(sampleOf(some), sampleOf(others))), expected);
      assert.deepEqual(sorted(mergeTraces(sampleOf(others), sampleOf(some))), expected);
    }),
  );
});

test("ids of one day make room for those of the next", () => {
  const sample: TraceSample = new Map();
  for (let day = 0; day < 10; day += 1) addTrace(sample, day, { hash: 1, caller: "10.0.0.1" });
  assert.deepEqual([...sample.keys()], [8, 9]);
});
