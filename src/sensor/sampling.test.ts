import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { keepsFlow, keptShareOf, SampleMeter } from "./sampling.ts";

test("a share keeps its share of flows, and a smaller one a subset", () => {
  let seed = 1;
  const hashes = Array.from({ length: 100_000 }, () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    return Math.imul(seed ^ (seed >>> 15), 0x85ebca6b);
  });
  for (const share of [1, 1 / 2, 1 / 4, 1 / 16]) {
    const kept = hashes.filter((hash) => keepsFlow(hash, share));
    assert.ok(Math.abs(kept.length - 100_000 * share) <= 600, `${kept.length} at ${share}`);
    for (const hash of kept) assert.ok(keepsFlow(hash, Math.min(1, share * 2)));
  }
});

test("nothing goes at the full share", () => {
  fc.assert(fc.property(fc.integer(), (hash) => assert.equal(keepsFlow(hash, 1), true)));
});

test("what was heard stands for what was offered", () => {
  const meter = new SampleMeter();
  assert.equal(keptShareOf(meter.take()), 1);
  for (let index = 0; index < 100; index += 1) meter.heard(1);
  for (let index = 0; index < 50; index += 1) meter.heard(1 / 4);
  assert.equal(keptShareOf(meter.take()), 150 / 300);
  meter.heard(1);
  assert.equal(keptShareOf(meter.take()), 1);
});
