import assert from "node:assert/strict";
import { test } from "node:test";
import { checkFlood, flatBytes } from "../support/flood.ts";

test("1,000,000 calls with invented names leave every endpoint as it was, and memory flat", () => {
  assert.equal(checkFlood(1_000_000, flatBytes), 10);
});
