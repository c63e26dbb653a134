import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { backoffMs, backoffRules } from "./backoff.ts";

const check = (
  failures: number,
  askedMs: number | null,
  random: number,
  expectedMs: number,
): void => assert.equal(backoffMs(failures, askedMs, random), expectedMs);

test("waits double from half a second to a minute at most", () => {
  check(1, null, 0, 500);
  check(1, null, 1, 1000);
  check(2, null, 0, 1000);
  check(5, null, 0.5, 12_000);
  check(7, null, 1, 60_000);
  check(1_000_000, null, 0, 30_000);
});

test("what a server asks for is kept, spread, and believed up to ten minutes", () => {
  check(1, 5000, 0, 5000);
  check(1, 5000, 1, 6000);
  check(1, 0, 0, 500);
  check(10, 100, 0, 30_000);
  check(1, 1e12, 0, 600_000);
  check(1, -5, 0, 500);
});

test("no wait is undercut, endless or not a number", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e9 }),
      fc.option(fc.double({ min: 0, max: 1e15, noNaN: true })),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (failures, askedMs, random) => {
        const waitMs = backoffMs(failures, askedMs, random);
        assert.ok(waitMs >= backoffRules.firstMs / 2);
        assert.ok(waitMs <= Math.max(backoffRules.lastMs, backoffRules.askedMsMax * 1.2));
        if (askedMs !== null) assert.ok(waitMs >= Math.min(askedMs, backoffRules.askedMsMax));
      },
    ),
  );
});
