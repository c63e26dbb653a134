import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { namePattern, segmentPattern } from "./segment.ts";

const nameOf = (text: string): string => {
  const bytes = Buffer.from(text);
  return namePattern(bytes, 0, bytes.length) ?? text;
};

test("patterns of path segments", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["users", "users"],
    ["123", "{int}"],
    ["550e8400-e29b-41d4-a716-446655440000.json", "{uuid}.json"],
    ["report-2024.pdf", "report-{int}.pdf"],
    ["logs-2024-01-02.txt", "logs-{date}.txt"],
    ["v1.users:batchGet", "v1.users:batchGet"],
    ["s3", "s3"],
    ["X509", "X509"],
    ["sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "{opaque}"],
    ["s17", "s{int}"],
    ["123:cancel", "{int}:cancel"],
    ["Users(17)", "Users({int})"],
    ["Users('alice')", "Users('{word}')"],
    ["Products(Id=1,Code='x')", "Products(Id={int},Code='{word}')"],
    ["res;a=1;b=x", "res;a={int};b={word}"],
    ["1,2,3", "{int},{int}"],
    ["alice,bob", "{word},{word}"],
    ["48.85,2.35", "{decimal},{decimal}"],
    ["@alice", "@alice"],
    ["v2beta1", "v2beta1"],
    ["1.0.0", "1.0.0"],
    ["u10", "u{int}"],
    ["user123", "user{int}"],
    ["ipv4", "ipv4"],
    ["organization-28-day", "organization-28-day"],
    ["node.k8s.io", "node.k8s.io"],
    ["cus_9s6XKzkNRiz8i3", "{base64url}"],
    ["dpthpbxg_kzjpn0u1o60yi8i71tih", "{opaque}_{opaque}"],
    ["%2f", "%2F"],
    ["%41bc", "Abc"],
    ["{id}", "%7Bid%7D"],
    ["a%20b", "{text}"],
    ["", ""],
  ];
  for (const [segment, expected] of cases) assert.equal(segmentPattern(segment), expected, segment);
});

test("versions near the root are no values", () => {
  assert.equal(segmentPattern("1.0", 0), "1.0");
  assert.equal(segmentPattern("1.0", 3), "{decimal}");
  assert.equal(segmentPattern("2010-04-01", 0), "2010-04-01");
  assert.equal(segmentPattern("2010-04-01", 1), "{date}");
});

test("names that look like values become classes", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["userId", "userId"],
    ["address1", "address1"],
    ["jsonrpc", "jsonrpc"],
    ["position2crossings", "position2crossings"],
    ["First Name", "First Name"],
    ["filter[status]", "filter[status]"],
    ["items[0]", "items[{int}]"],
    ["customfield_10010", "customfield_{int}"],
    ["550e8400-e29b-41d4-a716-446655440000", "{uuid}"],
    ["GAvTj8hH", "{opaque}"],
    ["2021", "{int}"],
    ["a@b.co", "{email}"],
    ["10.0.0.1", "{ipv4}"],
    ["Thkow961!afyp", "{text}"],
    ["{x}", "%7Bx%7D"],
    ["__proto__", "__proto__"],
    ["x".repeat(200), "{text}"],
  ];
  for (const [name, expected] of cases) assert.equal(nameOf(name), expected, name);
});

test("any text has a pattern, which reads back as itself where it is literal", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (text) => {
      nameOf(text);
      const pattern = segmentPattern(encodeURIComponent(text.toWellFormed()));
      assert.ok(!/\{(?![a-z0-9]+\})/.test(pattern), pattern);
      if (!pattern.includes("{")) assert.equal(segmentPattern(pattern), pattern);
    }),
    { numRuns: 2_000 },
  );
});

const EVAL =
  process.env["NTA_EVAL_DIR"] ?? fileURLToPath(new URL("../../../shared/eval", import.meta.url));
const vectors = (name: string): unknown =>
  JSON.parse(readFileSync(join(EVAL, "vectors", name), "utf8"));

test("segments that other projects labelled", { skip: !existsSync(EVAL) }, () => {
  const { identifier, not_an_identifier: words } = vectors("mizu/gibberish_vectors.json") as {
    readonly identifier: readonly string[];
    readonly not_an_identifier: readonly string[];
  };
  const isLiteral = (text: string): boolean =>
    !segmentPattern(encodeURIComponent(text)).includes("{");
  const missed = identifier.filter(isLiteral);
  const mistaken = words.filter((text) => !text.includes(" ") && !isLiteral(text));
  assert.ok(missed.length <= 1, `missed: ${missed.join(" ")}`);
  assert.ok(mistaken.length <= 4, `mistaken: ${mistaken.join(" ")}`);
  const templates = vectors("optic/githubpaths.json") as readonly string[];
  const literals = new Set(
    templates.flatMap((path) => path.split("/")).filter((part) => !part.includes("{")),
  );
  assert.deepEqual(
    [...literals].filter((part) => segmentPattern(part) !== part),
    [],
  );
  const { single_url: labelled } = vectors("akto/path_vectors.json") as {
    readonly single_url: readonly (readonly [string, string])[];
  };
  for (const [path, label] of labelled) {
    if (label !== path) assert.ok(segmentPattern(path.slice(1)).includes("{"), path);
  }
});
