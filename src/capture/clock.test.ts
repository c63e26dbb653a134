import assert from "node:assert/strict";
import { test } from "node:test";
import { PacketClock } from "./clock.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The clock's time after each of the packets. */
const times = (...packets: number[]): number[] => {
  const clock = new PacketClock();
  return packets.map((timeMs) => {
    clock.note(timeMs);
    return clock.nowMs;
  });
};

test("time is the latest of the packets' times", () => {
  assert.deepEqual(times(1000, 1200, 1100, 1300), [1000, 1200, 1200, 1300]);
});

test("one packet from another time changes nothing", () => {
  assert.deepEqual(times(1000, 50 * DAY_MS, 1100, 1200), [1000, 1000, 1100, 1200]);
  assert.deepEqual(times(50 * DAY_MS, 0, 50 * DAY_MS + 1), [
    50 * DAY_MS,
    50 * DAY_MS,
    50 * DAY_MS + 1,
  ]);
});

test("a leap is believed when the next packet confirms it, forward and back", () => {
  assert.deepEqual(times(1000, DAY_MS, DAY_MS + 5), [1000, 1000, DAY_MS + 5]);
  assert.deepEqual(times(DAY_MS, 1000, 1005, 1010), [DAY_MS, DAY_MS, 1005, 1010]);
});

test("two packets from different times confirm nothing", () => {
  assert.deepEqual(times(1000, DAY_MS, 9 * DAY_MS, 1100), [1000, 1000, 1000, 1100]);
});

test("says when it leaped, and can be set", () => {
  const clock = new PacketClock();
  assert.equal(clock.note(1000), true);
  assert.equal(clock.note(1001), false);
  assert.equal(clock.note(DAY_MS), false);
  assert.equal(clock.note(DAY_MS), true);
  clock.set(2000);
  assert.equal(clock.note(2001), false);
  assert.equal(clock.nowMs, 2001);
});

test("a time that is no number is none", () => {
  const clock = new PacketClock();
  clock.note(1000);
  clock.note(Number.NaN);
  clock.note(Number.POSITIVE_INFINITY);
  clock.note(Number.POSITIVE_INFINITY);
  assert.equal(clock.nowMs, 1000);
});
