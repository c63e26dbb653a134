import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest } from "./spelling.ts";

const check = (text: string, candidates: string[], expected: string | null): void =>
  assert.equal(nearest(text, candidates), expected, text);

test("the nearest spelling", () => {
  check("yml", ["yaml", "json"], "yaml");
  check("JSON", ["yaml", "json"], "json");
  check("NTA_FORMATS", ["NTA_FORMAT", "NTA_OUTPUT"], "NTA_FORMAT");
  check("INVICTI_TAP_PORT", ["INVICTI_TAP_PORTS"], "INVICTI_TAP_PORTS");
  check("toml", ["json"], null);
  check("", ["json"], null);
  check("x", [], null);
});
