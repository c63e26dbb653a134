import assert from "node:assert/strict";
import { test } from "node:test";
import { isIgnored } from "./ignores.ts";

test("ignored paths", () => {
  const rows: [string, string[], boolean][] = [
    ["/admin", ["/admin"], true],
    ["/admin/users", ["/admin"], false],
    ["/admin/users", ["/admin/**"], true],
    ["/admin", ["/admin/**"], true],
    ["/administration", ["/admin/**"], false],
    ["/users/{userId}", ["/users/{id}"], true],
    ["/users/{userId}", ["/users/*"], true],
    ["/users/me", ["/users/{id}"], false],
    ["/users", ["/a", "/**"], true],
    ["/users", [], false],
  ];
  for (const [template, patterns, expected] of rows) {
    assert.equal(isIgnored(template, patterns), expected, `${template} ${patterns.join(" ")}`);
  }
});
