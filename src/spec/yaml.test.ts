import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { Document, isMap, isScalar, parse, visit } from "yaml";
import type { OpenApiDocument } from "./document.ts";
import { toText } from "./yaml.ts";

const textOf = (value: unknown): string => toText(value as OpenApiDocument, "yaml");

/** What a general library writes: slow, and right. */
function libraryText(value: unknown): string {
  const yaml = new Document(value, { aliasDuplicateObjects: false, version: "1.2" });
  visit(yaml, {
    Pair: (_, { key, value: member }) => {
      if (isScalar(key) && key.value === "x-nta" && isMap(member)) member.flow = true;
    },
  });
  return yaml.toString({ lineWidth: 0, flowCollectionPadding: true });
}

const ODD =
  "a|b|-|?|:|,|[|]|{|}|#|&|*|!|>|'|\"|%|@|`|~| |\t|/|.|+|0|1|e|x|o|\\|é|😀|null|true|No|on|.inf|.nan|---|...|<<|=|0x1f|1e3|2026-01-01|12:30";
const piece = fc.constantFrom(...ODD.split("|"), "|", "-", "?");
const odd = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(""));
const lines = fc
  .tuple(
    fc.array(fc.constantFrom("a", " b", "- c: d", "# e", "", "f:"), { maxLength: 4 }),
    fc.boolean(),
  )
  .map(([middle, isEnded]) => ["first", ...middle, "last"].join("\n") + (isEnded ? "\n" : ""));

const documentsOf = (
  text: fc.Arbitrary<string>,
  line: fc.Arbitrary<string>,
): fc.Arbitrary<unknown> =>
  fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      text,
      line,
      fc.constantFrom(null, true, false, 0, -1, 1.5, 1e21, 2 ** 53, 1e-7),
      fc.array(tie("value"), { maxLength: 3 }),
      tie("object"),
    ),
    object: fc.dictionary(fc.oneof(text, fc.constant("x-nta")), tie("value"), { maxKeys: 4 }),
  })).object;

test("a document is written as a general library writes it", () => {
  // The library quotes what looks like a document's end only where it would be one.
  const text = fc
    .oneof(odd, fc.string({ unit: "grapheme-ascii" }))
    .filter((each) => !/^(?:---|\.\.\.)/.test(each));
  const documents = documentsOf(text, text);
  fc.assert(
    fc.property(documents, (value) => {
      assert.equal(textOf(value), libraryText(value));
    }),
    { numRuns: 2_000 },
  );
});

test("several lines are written as they are", () => {
  fc.assert(
    fc.property(fc.array(lines, { minLength: 1 }), lines, (items, member) => {
      const value = { items, member, deep: { member } };
      assert.equal(textOf(value), libraryText(value));
    }),
  );
});

test("whatever a document holds is read again as it was", () => {
  const any = fc.oneof(
    fc.string({ unit: "binary" }),
    lines,
    odd,
    fc.string().map((text) => `${text}\n`),
  );
  fc.assert(
    fc.property(documentsOf(any, any), (value) => {
      assert.deepEqual(parse(textOf(value)), JSON.parse(JSON.stringify(value)));
    }),
    { numRuns: 1_000 },
  );
});

test("a key that is too long to be implicit is announced", () => {
  const value = {
    ["k".repeat(1_025)]: { a: [1, { b: "c" }] },
    short: { ["l".repeat(2_000)]: "d" },
  };
  assert.equal(textOf(value), libraryText(value));
  assert.deepEqual(parse(textOf(value)), value);
});

test("members without a value are left out, and the same text is JSON where that is asked for", () => {
  assert.equal(textOf({ a: undefined, b: { c: undefined } }), "b: {}\n");
  assert.equal(toText({ a: 1 } as unknown as OpenApiDocument, "json"), '{\n  "a": 1\n}\n');
});
