import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { keepsFlow } from "./sampling.ts";

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
