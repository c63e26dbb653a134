import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sensorLimits } from "../base/limits.ts";
import { Look } from "../telemetry/attention.ts";
import { AttentionTable, attend, SCAN, scanned } from "./attention.ts";

/** Runs exchanges over one endpoint; `novel(index)` says whether a scan of that exchange would meet news. */
const run = (
  count: number,
  salt: number,
  novel: (index: number) => boolean,
  intervalBitsMin = 0,
): number[] => {
  const scans: number[] = [];
  let state = 0;
  for (let index = 0; index < count; index += 1) {
    const next = attend(state, salt, intervalBitsMin);
    state = next & ~SCAN;
    if ((next & SCAN) === 0) continue;
    scans.push(index);
    state = scanned(state, novel(index));
  }
  return scans;
};

const never = (): boolean => false;

test("the schedule of a quiet endpoint", () => {
  const scans = run(2 ** 16, 7, never);
  assert.deepEqual(
    scans.slice(0, 64),
    Array.from({ length: 64 }, (_, index) => index),
  );
  const within = (from: number, to: number): number =>
    scans.filter((index) => index >= from && index < to).length;
  assert.equal(within(64, 64 + 128), 64);
  assert.equal(within(192, 192 + 256), 64);
  assert.equal(within(448, 448 + 512), 64);
  assert.equal(within(960, 960 + 16 * 1000), 1000);
});

test("one of each sixteen in a row is scanned for ever, and no two scans are further apart than 31", () => {
  fc.assert(
    fc.property(fc.integer(), (salt) => {
      const scans = run(20_000, salt, never);
      for (let index = 1; index < scans.length; index += 1) {
        assert.ok(scans[index]! - scans[index - 1]! <= 31);
      }
      const share = scans.filter((index) => index >= 4000).length / 16_000;
      assert.ok(Math.abs(share - 1 / 16) < 0.001, `share ${share}`);
    }),
    { numRuns: 20 },
  );
});

test("a place in the block is not tied to a period of the traffic", () => {
  for (const period of [2, 3, 4, 5, 8, 16]) {
    const seen = new Array<number>(period).fill(0);
    const scans = run(200_000, 99, never).filter((index) => index > 2000);
    for (const index of scans) seen[index % period]! += 1;
    const expected = scans.length / period;
    for (const count of seen) {
      assert.ok(Math.abs(count - expected) < expected * 0.15, `period ${period}: ${seen}`);
    }
  }
});

test("news restores full attention at the next scan that meets it", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 500, max: 5000 }), (salt, newsAt) => {
      let told = false;
      const scans = run(10_000, salt, (index) => {
        const novel = !told && index >= newsAt;
        if (novel) told = true;
        return novel;
      });
      const met = scans.find((index) => index >= newsAt)!;
      assert.ok(met - newsAt <= 31);
      const after = scans.slice(scans.indexOf(met) + 1, scans.indexOf(met) + 65);
      assert.deepEqual(
        after,
        Array.from({ length: 64 }, (_, index) => met + 1 + index),
      );
    }),
    { numRuns: 50 },
  );
});

test("an endpoint that always brings news is always scanned", () => {
  assert.equal(run(5000, 3, () => true).length, 5000);
});

test("a shortage of CPU thins the scans of unknown endpoints too, down to one in sixteen", () => {
  assert.equal(run(1600, 3, () => true, 1).length, 800);
  assert.equal(run(1600, 3, () => true, 4).length, 100);
  assert.equal(run(1600, 3, never, 4).length, 100);
});

test("the state stays in range whatever happens", () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 4 })), { maxLength: 500 }),
      (start, steps) => {
        let state = start & ~SCAN;
        for (const [novel, bits] of steps) {
          const next = attend(state, start, bits);
          assert.equal(next, next | 0);
          state = next & ~SCAN;
          if ((next & SCAN) !== 0) state = scanned(state, novel);
        }
        let missed = 0;
        for (; (attend(state, start) & SCAN) === 0; missed += 1) {
          state = attend(state, start) & ~SCAN;
          assert.ok(missed < 64);
        }
      },
    ),
  );
});

test("the table keeps endpoints apart, in fixed memory", () => {
  const table = new AttentionTable(sensorLimits.attentionSlots, 5);
  const scansOf = (hash: number, count: number): number => {
    let scans = 0;
    for (let index = 0; index < count; index += 1) {
      if (table.attend(hash, 0) !== Look.Bodies) continue;
      scans += 1;
      table.learned(hash, false);
    }
    return scans;
  };
  assert.equal(scansOf(1, 64), 64);
  assert.ok(scansOf(1, 10_000) < 1000);
  assert.equal(scansOf(2, 64), 64);
  assert.ok(scansOf(1, 1600) <= 101, "a neighbour does not disturb");
  assert.equal(scansOf(1 + sensorLimits.attentionSlots, 10), 10, "a collision takes the slot over");
  assert.equal(scansOf(1, 10), 10, "and the one before begins anew");
  assert.equal(scansOf(-1, 64), 64);
  table.learned(2, true);
  assert.equal(scansOf(2, 64), 64, "what heads show resets too");
});
