import assert from "node:assert/strict";
import { test } from "node:test";
import { checkFlood } from "./support/flood.ts";

test("10,000 calls with invented names leave every endpoint as it was", () => {
  assert.equal(checkFlood(10_000), 10);
});
