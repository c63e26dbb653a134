import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { inventoryLimits } from "../base/limits.ts";
import { call, learn, NOW_MS } from "./deltas.fixture.ts";
import {
  addMinutes,
  isKnownSince,
  MINUTE_MS,
  type Minutes,
  mergeMinutes,
  minuteBuckets,
  NO_MINUTES,
  readMinutes,
  writeMinutes,
} from "./minutes.ts";

interface Call {
  readonly ago: number;
  readonly status: number;
}

const statuses = [200, 204, 302, 404, 500];
const calls = fc.array(
  fc.record({ ago: fc.integer({ min: 0, max: 30 }), status: fc.constantFrom(...statuses) }),
  { minLength: 1, maxLength: 60 },
);

/** What one delta says of these calls. */
const minutesOf = (list: readonly Call[]): Minutes => {
  const [summary] = learn(
    list.map(({ ago, status }) =>
      call(`GET /orders ${status}`, { timeMs: NOW_MS - ago * MINUTE_MS }),
    ),
  );
  const minutes: Minutes = new Map();
  addMinutes(minutes, summary!.root.children.get("orders")!.operations.get("GET")!);
  return minutes;
};

const sorted = (minutes: Minutes) => [...minutes].sort(([a], [b]) => a - b);

test("minutes are what was called in them, and sum up to each class", () => {
  fc.assert(
    fc.property(calls, (list) => {
      const expected = new Map<number, number>();
      const classes = [0, 0, 0, 0, 0];
      for (const { ago, status } of list) {
        const startMs = Math.floor((NOW_MS - ago * MINUTE_MS) / MINUTE_MS) * MINUTE_MS;
        expected.set(startMs, (expected.get(startMs) ?? 0) + 1);
        classes[Math.floor(status / 100) - 1]! += 1;
      }
      const buckets = minuteBuckets(readMinutes(writeMinutes(minutesOf(list))), 0, Infinity);
      const sums = [0, 0, 0, 0, 0];
      for (const { statusClasses } of buckets)
        for (const [index, count] of statusClasses.entries()) sums[index]! += count;
      assert.deepEqual(sums, classes);
      // Each class is shared out and rounded for itself.
      for (const { startMs, calls: count } of buckets)
        assert.ok(Math.abs(count - expected.get(startMs)!) <= 4, `${count} at ${startMs}`);
      for (const startMs of expected.keys())
        assert.ok(buckets.some((bucket) => bucket.startMs === startMs));
    }),
    { numRuns: 100 },
  );
});

test("deltas add up in any order, and survive being stored between", () => {
  fc.assert(
    fc.property(fc.array(calls, { maxLength: 4 }), (deltas) => {
      const merged = (parts: readonly (readonly Call[])[]) => {
        let text: string = NO_MINUTES;
        for (const part of parts) {
          const minutes = readMinutes(text);
          mergeMinutes(minutes, minutesOf(part));
          text = writeMinutes(minutes);
        }
        return sorted(readMinutes(text));
      };
      assert.deepEqual(merged(deltas), merged(deltas.toReversed()));
    }),
    { numRuns: 60 },
  );
});

test("what is older than two hours goes, and is said to be unknown", () => {
  const minutes: Minutes = new Map();
  const last = Math.floor(NOW_MS / MINUTE_MS);
  for (let ago = 500; ago >= 0; ago -= 1)
    mergeMinutes(minutes, new Map([[last - ago, [0, 7, 0, 1, 0]]]));
  assert.equal(minutes.size, inventoryLimits.minutesMax);
  assert.ok(writeMinutes(minutes).length < 2_000);
  const oldest = (last - inventoryLimits.minutesMax + 1) * MINUTE_MS;
  assert.equal(isKnownSince(minutes, oldest, NOW_MS), true);
  assert.equal(isKnownSince(minutes, oldest - 1, NOW_MS), false);
  assert.equal(isKnownSince(new Map(), oldest, NOW_MS), false, "a store of an earlier schema");
  assert.equal(isKnownSince(new Map(), oldest, oldest - 1), true, "nothing was heard since");
});

test("buckets that are wider than a minute are spread, and never past the last call", () => {
  const minutes = minutesOf(Array.from({ length: 121 }, (_, ago) => ({ ago, status: 200 })));
  const rows = sorted(minutes);
  assert.equal(rows.at(-1)![0], Math.floor(NOW_MS / MINUTE_MS));
  assert.equal(rows.length, inventoryLimits.minutesMax);
  for (const [, [, count]] of rows) assert.ok(count! >= 0 && count! <= 2);
  const sum = rows.reduce((all, [, classes]) => all + classes[1]!, 0);
  assert.ok(sum >= 118 && sum <= 121, String(sum));
});
