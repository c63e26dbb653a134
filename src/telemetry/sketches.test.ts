import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HASH_END, KeyedHash } from "../base/hash.ts";
import { telemetryLimits } from "../base/limits.ts";
import { emptyLatency, latencyQuantile, mergeLatency, observeLatency } from "./latency.ts";
import { emptySample, mergeSample, observeHash } from "./sample.ts";
import { countIn, emptyTally, sumOf, sumOfTallies, type Tally, withCount } from "./tally.ts";
import { emptyTimeBuckets, mergeTimeBuckets, observeTime } from "./timebuckets.ts";
import { noWords, sumOfWords, type WordCounts, wordCountsOf } from "./wordcounts.ts";

interface Sketch<Value, State> {
  readonly name: string;
  readonly values: fc.Arbitrary<Value>;
  readonly empty: () => State;
  readonly observe: (state: State, value: Value) => void;
  readonly merge: (into: State, from: State) => void;
}

const capacity = 8;
const sketches: readonly Sketch<never, never>[] = [
  {
    name: "sample",
    values: fc.oneof(
      fc.maxSafeNat().map((hash) => hash % HASH_END),
      fc.nat(20),
    ),
    empty: emptySample,
    observe: (state, value) => observeHash(state, value, capacity),
    merge: (into, from) => mergeSample(into, from, capacity),
  } satisfies Sketch<number, ReturnType<typeof emptySample>> as unknown as Sketch<never, never>,
  {
    name: "words",
    values: fc.nat(30).map((at) => `word${at}`),
    empty: () => ({ of: noWords }),
    observe: (state, value) => {
      state.of = sumOfWords(state.of, wordCountsOf([[value, 1]]), telemetryLimits.enumWordsMax);
    },
    merge: (into, from) => {
      into.of = sumOfWords(into.of, from.of, telemetryLimits.enumWordsMax);
    },
  } satisfies Sketch<string, { of: WordCounts | null }> as unknown as Sketch<never, never>,
  {
    name: "tally",
    values: fc.nat(12),
    empty: () => ({ of: emptyTally }),
    observe: (state, value) => {
      state.of = withCount(state.of, value, 1);
    },
    merge: (into, from) => {
      into.of = sumOfTallies(into.of, from.of);
    },
  } satisfies Sketch<number, { of: Tally }> as unknown as Sketch<never, never>,
  {
    name: "latency",
    values: fc.oneof(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.constantFrom(0, 0.1, 1e9)),
    empty: emptyLatency,
    observe: observeLatency,
    merge: mergeLatency,
  } satisfies Sketch<number, ReturnType<typeof emptyLatency>> as unknown as Sketch<never, never>,
  {
    name: "time buckets",
    values: fc.tuple(fc.nat(4e9), fc.nat(1)),
    empty: emptyTimeBuckets,
    observe: (state, [timeMs, errors]) => observeTime(state, 1.7e12 + timeMs, 1, errors),
    merge: mergeTimeBuckets,
  } satisfies Sketch<[number, number], ReturnType<typeof emptyTimeBuckets>> as unknown as Sketch<
    never,
    never
  >,
];

for (const sketch of sketches) {
  test(`${sketch.name}: merging is commutative and associative, and order plays no part`, () => {
    const of = (values: readonly never[]): never => {
      const state = sketch.empty();
      for (const value of values) sketch.observe(state, value);
      return state;
    };
    const merged = (...parts: readonly (readonly never[])[]): never => {
      const state = sketch.empty();
      for (const part of parts) sketch.merge(state, of(part));
      return state;
    };
    const values = fc.array(sketch.values, { maxLength: 60 });
    fc.assert(
      fc.property(values, values, values, (a, b, c) => {
        const whole = of([...a, ...b, ...c]);
        assert.deepEqual(of([...c, ...a, ...b].reverse() as never[]), whole);
        assert.deepEqual(merged(a, b, c), whole);
        assert.deepEqual(merged(c, b, a), whole);
        const pair = merged(b, c);
        const left = of(a);
        sketch.merge(left, pair);
        assert.deepEqual(left, whole);
        sketch.merge(left, sketch.empty());
        assert.deepEqual(left, whole);
      }),
      { numRuns: 200 },
    );
  });
}

test("a tally counts as a map does, and a sum leaves what it adds as it was", () => {
  const values = fc.array(fc.nat(12), { maxLength: 20 });
  fc.assert(
    fc.property(values, values, (a, b) => {
      const tallyOf = (keys: readonly number[]): Tally =>
        keys.reduce((tally, key) => withCount(tally, key, 1), emptyTally);
      const from = tallyOf(b);
      const sum = sumOfTallies(tallyOf(a), from);
      for (let key = 0; key <= 13; key += 1) {
        assert.equal(countIn(sum, key), [...a, ...b].filter((value) => value === key).length);
      }
      assert.equal(sumOf(sum), a.length + b.length);
      assert.deepEqual(from, tallyOf(b));
    }),
  );
  assert.deepEqual(emptyTally, []);
});

test("a sample keeps its promise: all values below the threshold, and no more than its capacity", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(200)), (values) => {
      const sample = emptySample();
      for (const value of values) observeHash(sample, value, capacity);
      const distinct = [...new Set(values)].sort((a, b) => a - b);
      assert.deepEqual(
        sample.hashes,
        distinct.filter((value) => value <= sample.threshold),
      );
      assert.ok(sample.hashes.length <= capacity);
      assert.equal(sample.count, values.length);
    }),
  );
});

test("quantiles of durations are within 5 %", () => {
  const sketch = emptyLatency();
  const values = Array.from({ length: 1_000 }, (_, at) => 0.5 * 1.01 ** at);
  for (const value of values) observeLatency(sketch, value);
  for (const quantile of [0.5, 0.9, 0.95, 0.99]) {
    const exact = values[Math.ceil(quantile * values.length) - 1]!;
    const got = latencyQuantile(sketch, quantile);
    assert.ok(Math.abs(got - exact) <= exact * 0.051, `${quantile}: ${got} for ${exact}`);
  }
  assert.equal(latencyQuantile(emptyLatency(), 0.5), 0);
});

test("time buckets coarsen by the ladder and lose no call", () => {
  const buckets = emptyTimeBuckets();
  for (let hour = 0; hour < 2_000; hour += 1) observeTime(buckets, 1.7e12 + hour * 3.6e6, 2, 1);
  assert.ok(buckets.buckets.size <= telemetryLimits.timeBucketsMax);
  let calls = 0;
  for (const bucket of buckets.buckets.values()) calls += bucket.calls;
  assert.equal(calls, 4_000);
});

test("the keyed hash depends on key, length and every byte", () => {
  const a = new KeyedHash(new Uint8Array(8).fill(1));
  const b = new KeyedHash(new Uint8Array(8).fill(2));
  const seen = new Set<number>();
  for (let length = 0; length < 40; length += 1) {
    const bytes = new Uint8Array(40);
    seen.add(a.number(bytes, 0, length));
    seen.add(b.number(bytes, 0, length));
    for (let at = 0; at < length; at += 1) {
      bytes[at] = 1;
      seen.add(a.number(bytes, 0, length));
      bytes[at] = 0;
    }
  }
  assert.equal(seen.size, 40 * 2 + (40 * 39) / 2);
  const offset = new Uint8Array([9, 9, 1, 2, 3, 9]);
  assert.equal(a.number(offset, 2, 5), a.number(new Uint8Array([1, 2, 3]), 0, 3));
  let ones = 0;
  for (let value = 0; value < 2_000; value += 1) {
    const bytes = Buffer.from(String(value));
    if (a.number(bytes, 0, bytes.length) < HASH_END / 2) ones += 1;
  }
  assert.ok(ones > 900 && ones < 1_100, `${ones} of 2000 in the lower half`);
});
