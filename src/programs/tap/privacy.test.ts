import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const path = (name: string): string => fileURLToPath(new URL(`../../../${name}`, import.meta.url));

/** Names of the form: of objects, not of what traffic named, which stands in lists only. */
const fieldsOf = (value: unknown, fields: Set<string>): void => {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) for (const name of Object.keys(value)) fields.add(name);
  for (const each of Object.values(value)) fieldsOf(each, fields);
};

const print = (...words: string[]): string =>
  execFileSync(
    process.execPath,
    [path("bin/nta.cjs"), "tap", "--print", "-r", path("examples/shop.pcap"), ...words],
    { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
  );

test("docs/privacy.md names every field of what leaves the sensor", () => {
  const page = readFileSync(path("docs/privacy.md"), "utf8");
  const fields = new Set<string>();
  for (const line of print().trim().split("\n")) {
    const { coverage, ...delta } = JSON.parse(line) as Record<string, unknown>;
    assert.equal(typeof coverage, "object");
    fieldsOf(delta, fields);
  }
  assert.ok(fields.size > 20);
  assert.deepEqual(
    [...fields].filter((name) => !page.includes(`\`${name}\``)),
    [],
  );
});

test("what is switched off does not leave", () => {
  const all = print();
  const less = print("--keep", "none");
  const callers = /"k":\["10\.\d+\.\d+\.\d+"/;
  assert.match(all, callers);
  assert.doesNotMatch(less, callers);
  assert.match(all, /\["north","south"\]/);
  assert.doesNotMatch(less, /"north"/);
  assert.match(all, /"h":\d{10,}/);
  assert.doesNotMatch(less, /"h":\d{10,}/);
});
