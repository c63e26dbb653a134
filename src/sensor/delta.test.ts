import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeSummary } from "../telemetry/wire.ts";
import {
  type DeltaFacts,
  type DeltaName,
  decodeBatch,
  decodeDelta,
  encodeBatch,
  freezeDelta,
  nameText,
  summaryText,
} from "./delta.ts";
import { call, learn } from "./summaries.fixture.ts";

const name: DeltaName = { sensor: "tap-1", epoch: "e1", shard: 7, sequence: 3 };
const facts: DeltaFacts = {
  ...{ keyId: "k1", fromMs: 1000.5, toMs: 2000, calls: 2, standsFor: 8 },
  coverage: new Map([["packets", 100]]),
};
const summaries = learn([call("a.test", "x"), call("a.test", "users/17")]);
const frozen = freezeDelta(name, facts, summaries.map(summaryText));

test("a delta is one line of JSON that carries all of it", () => {
  assert.doesNotMatch(frozen.text, /\n/);
  const delta = decodeDelta(JSON.parse(frozen.text));
  assert.ok(typeof delta !== "string", String(delta));
  const { summaries: read, ...rest } = delta;
  assert.deepEqual(rest, { ...name, ...facts });
  assert.deepEqual(read.map(encodeSummary), summaries.map(encodeSummary));
  assert.equal(nameText(frozen), "tap-1/e1/7/3");
});

test("a batch is its deltas, byte for byte", () => {
  const body = encodeBatch({ deltas: [frozen, frozen] }).toString();
  assert.equal(body, `{"v":1,"deltas":[${frozen.text},${frozen.text}]}`);
  assert.equal(decodeBatch(JSON.parse(body)).length, 2);
  assert.deepEqual(decodeBatch({ v: 1, deltas: [] }), []);
});

test("what is added later is ignored, what is wrong is named", () => {
  const value = JSON.parse(frozen.text);
  assert.ok(typeof decodeDelta({ ...value, later: [1], v: 1 }) !== "string");
  const check = (change: object, expected: RegExp): void => {
    const problem = decodeBatch({ v: 1, deltas: [value, { ...value, ...change }] });
    assert.ok(typeof problem === "string", JSON.stringify(change));
    assert.match(problem, /^deltas\[1\]: /);
    assert.match(problem, expected);
  };
  check({ v: 2 }, /v: this is version 1/);
  check({ sensor: "" }, /sensor/);
  check({ sensor: "x".repeat(129) }, /sensor/);
  check({ epoch: 7 }, /epoch/);
  for (const shard of [64, -1, 1.5, "7", null]) check({ shard }, /shard/);
  for (const sequence of [0, -1, 2 ** 53, null]) check({ sequence }, /sequence/);
  check({ key: null }, /key/);
  check({ from: null }, /from/);
  check({ to: "now" }, /to/);
  check({ calls: -1 }, /calls/);
  check({ standsFor: null }, /standsFor/);
  for (const coverage of [null, [], { packets: "1" }]) check({ coverage }, /coverage/);
  const many = Object.fromEntries(Array.from({ length: 257 }, (_, index) => [`r${index}`, 1]));
  check({ coverage: many }, /coverage/);
  check({ summaries: {} }, /summaries/);
  check({ summaries: [...value.summaries, {}] }, /summaries\[1\]/);
  assert.match(String(decodeBatch(null)), /version 1/);
  assert.match(String(decodeBatch({ v: 1 })), /deltas/);
});

test("no input makes the reader throw", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => void decodeBatch(value)));
  const whole = JSON.parse(encodeBatch({ deltas: [frozen] }).toString());
  const places = placesIn(whole);
  fc.assert(
    fc.property(fc.nat({ max: places.length - 1 }), fc.jsonValue(), (place, value) => {
      const changed = structuredClone(whole);
      const path = places[place]!;
      let holder = changed;
      for (const key of path.slice(0, -1)) holder = holder[key];
      holder[path.at(-1)!] = value;
      const read = decodeBatch(changed);
      assert.ok(typeof read === "string" || read.length <= 1 || path.length === 1);
    }),
    { numRuns: 2000 },
  );
});

const placesIn = (value: unknown, path: string[] = []): string[][] =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, item]) => [
        [...path, key],
        ...placesIn(item, [...path, key]),
      ])
    : [];
