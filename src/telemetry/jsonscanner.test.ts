import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HASH_LOW_SPAN } from "../base/hash.ts";
import { telemetryLimits } from "../base/limits.ts";
import { Book } from "./book.ts";
import { NO_PLACE, TOP_PLACE } from "./course.ts";
import { NameFlag, nameFlags } from "./fieldnames.ts";
import { freezeShape } from "./freeze.ts";
import { Joiner } from "./join.ts";
import { JsonScanner, ScanOutcome } from "./jsonscanner.ts";
import { NameTable } from "./names.ts";
import { defaultPrivacy } from "./privacy.ts";
import { emptySample, observeHash } from "./sample.ts";
import { namePattern } from "./segment.ts";
import { emptyObjectShape, emptyShape, emptyTextShape, type Shape } from "./shape.ts";
import { Tables } from "./tables.ts";
import { withCount } from "./tally.ts";
import { CLASS_MASK, CLASS_SHIFT, lengthClass, Tape, TapeFlag } from "./tape.ts";
import { sumOfWords, wordCountsOf } from "./wordcounts.ts";

const key = new Uint8Array(8).fill(7);
const { hash, judge } = new Tables(key, defaultPrivacy);
const newTables = (): Tables => new Tables(key, defaultPrivacy);

function scan(
  chunks: readonly Uint8Array[],
  whole = true,
  tables = newTables(),
): { outcome: number; shape: Shape; documents: number } {
  const tape = new Tape();
  const scanner = new JsonScanner(tables, tape);
  scanner.begin(tape);
  for (const chunk of chunks) scanner.data(chunk, 0, chunk.length);
  const outcome = scanner.end(whole);
  const book = new Book({ left: 1e6, refused: 0 });
  const root = book.node(0);
  if (outcome !== ScanOutcome.Invalid) {
    new Joiner(tables).join(tape, book, root);
  }
  return { outcome, shape: freezeShape(book, root, tables), documents: scanner.documents };
}

/** The obviously right way: parse, walk, count. */
function slow(value: unknown, shape: Shape, name: string): void {
  const flags = nameFlags(name);
  if (value === null) shape.nulls += 1;
  else if (typeof value === "boolean") shape.booleans += 1;
  else if (typeof value === "number") slowNumber(value, shape, flags);
  else if (typeof value === "string") slowString(value, shape, flags);
  else if (Array.isArray(value)) {
    shape.arrays += 1;
    if (value.length === 0) shape.emptyArrays += 1;
    for (const item of value) {
      shape.items ??= emptyShape();
      slow(item, shape.items, name);
    }
  } else {
    shape.objects += 1;
    shape.fields ??= emptyObjectShape();
    slowObject(Object.entries(value as object), shape);
  }
}

function slowObject(members: readonly (readonly [string, unknown])[], shape: Shape): void {
  const object = shape.fields!;
  object.whole += 1;
  const times = new Map<string, number>();
  for (const [raw, value] of members) {
    const bytes = Buffer.from(raw);
    const name = namePattern(bytes, 0, bytes.length) ?? raw;
    times.set(name, (times.get(name) ?? 0) + 1);
    let field = object.fields.get(name);
    if (field === undefined) {
      field = { present: 0, shape: emptyShape() };
      object.fields.set(name, field);
    }
    slow(value, field.shape, name);
  }
  for (const [name, count] of times) {
    const field = object.fields.get(name)!;
    field.present += 1;
    if (count > 1) field.repeated = (field.repeated ?? 0) + 1;
  }
  slowTags(members, shape, new Set(times.keys()));
}

function slowTags(
  members: readonly (readonly [string, unknown])[],
  shape: Shape,
  present: ReadonlySet<string>,
): void {
  for (const [raw, value] of members) {
    const rawBytes = Buffer.from(raw);
    const name = namePattern(rawBytes, 0, rawBytes.length) ?? raw;
    if ((nameFlags(name) & NameFlag.Tag) === 0 || typeof value !== "string") continue;
    const bytes = Buffer.from(value);
    judge.text(nameFlags(name), bytes, 0, bytes.length);
    if ((judge.entry & TapeFlag.HasWord) === 0) continue;
    const tags = shape.fields!.tags ?? new Map();
    shape.fields!.tags = tags;
    if (!tags.has(name) && tags.size >= telemetryLimits.tagsMax) continue;
    const words = tags.has(name) ? tags.get(name)! : new Map();
    tags.set(name, words);
    if (words === null) continue;
    if (!words.has(value) && words.size >= telemetryLimits.tagWordsMax) {
      tags.set(name, null);
      continue;
    }
    const variant = words.get(value) ?? { count: 0, present: new Map() };
    words.set(value, variant);
    variant.count += 1;
    for (const field of present) variant.present.set(field, (variant.present.get(field) ?? 0) + 1);
  }
}

function slowNumber(value: number, shape: Shape, flags: number): void {
  const text = JSON.stringify(value);
  if (text.startsWith("-")) shape.negatives += 1;
  if (!/^-?\d+$/.test(text)) {
    shape.numbers += 1;
    return;
  }
  shape.integers += 1;
  const exact = BigInt(text);
  if (exact > 2147483647n || exact < -2147483648n) shape.integers64 += 1;
  if (exact > 18446744073709551615n || exact < -9223372036854775808n) shape.integersHuge += 1;
  if ((flags & NameFlag.IdLike) === 0) return;
  shape.integerSample ??= emptySample();
  const bytes = Buffer.from(text);
  observeHash(
    shape.integerSample,
    hash.number(bytes, 0, bytes.length),
    telemetryLimits.fieldHashesMax,
  );
}

function slowString(value: string, shape: Shape, flags: number): void {
  shape.strings += 1;
  shape.text ??= emptyTextShape();
  const text = shape.text;
  const bytes = Buffer.from(value.toWellFormed());
  judge.text(flags, bytes, 0, bytes.length);
  const lexical = (judge.entry >>> CLASS_SHIFT) & CLASS_MASK;
  text.count += 1;
  text.classes = withCount(text.classes, lexical, 1);
  const length = lengthClass(bytes.length);
  text.lengths = withCount(text.lengths, length, 1);
  if ((judge.entry & TapeFlag.CommaList) !== 0) text.commaLists += 1;
  if ((judge.entry & TapeFlag.SpaceList) !== 0) text.spaceLists += 1;
  if ((judge.entry & TapeFlag.PipeList) !== 0) text.pipeLists += 1;
  if ((judge.entry & TapeFlag.HasHash) !== 0) {
    const sample = text.sample ?? emptySample();
    (text as { sample: unknown }).sample = sample;
    const high = judge.hashHigh;
    observeHash(sample, high * HASH_LOW_SPAN + judge.hashLow, telemetryLimits.fieldHashesMax);
  }
  if ((judge.entry & TapeFlag.HasWord) !== 0) {
    text.words = sumOfWords(text.words, wordCountsOf([[value, 1]]), telemetryLimits.enumWordsMax);
  } else text.others += 1;
}

const fieldName = fc.oneof(
  fc.constantFrom("id", "type", "name", "status", "items", "userId", "kind", "__proto__", "a", "é"),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 6 }),
);
const leaf = fc.oneof(
  fc.constantFrom(
    "active",
    "pending",
    "user_account",
    "In Progress",
    "2024-01-02T03:04:05Z",
    "a,b",
  ),
  fc.constantFrom(1, 0, -0.5, 2147483648, -2147483649, 9007199254740991, 1e21, 1.5e300, 123456789),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.uuid(),
  fc.string({ minLength: 1000, maxLength: 1100 }),
);
const { json } = fc.letrec((tie) => ({
  json: fc.oneof({ depthSize: "small", withCrossShrink: true }, leaf, tie("array"), tie("object")),
  array: fc.array(tie("json"), { maxLength: 6 }),
  object: fc.dictionary(fieldName, tie("json"), { maxKeys: 8, noNullPrototype: true }),
}));

/** Cuts bytes at the given places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const edges = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort(
    (a, b) => a - b,
  );
  const chunks: Uint8Array[] = [];
  let from = 0;
  for (const edge of [...edges, bytes.length]) {
    chunks.push(bytes.slice(from, edge));
    from = edge;
  }
  return chunks;
}

test("the scanner sees what JSON.parse sees, at any chunking", () => {
  fc.assert(
    fc.property(
      fc.array(json, { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(), { maxLength: 6 }),
      fc.constantFrom(undefined, 1),
      (values, places, indent) => {
        const texts = values.map((value) => JSON.stringify(value, null, indent));
        const bytes = Buffer.from(texts.join("\n"));
        const got = scan(cut(bytes, places));
        assert.equal(got.outcome, ScanOutcome.Whole);
        assert.equal(got.documents, values.length);
        const expected = emptyShape();
        for (const text of texts) slow(JSON.parse(text), expected, "");
        assert.deepEqual(got.shape, expected);
      },
    ),
    { numRuns: 300 },
  );
});

test("escapes are decoded, in names too", () => {
  const escaped = (text: string): string =>
    [...Array(text.length).keys()]
      .map((at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`)
      .join("");
  const surrogates = fc
    .array(fc.integer({ min: 0xd7fe, max: 0xe002 }))
    .map((units) => String.fromCharCode(...units));
  const anyText = fc.oneof(fc.string({ unit: "binary" }), surrogates);
  fc.assert(
    fc.property(fieldName, anyText, fc.array(fc.nat()), (name, value, at) => {
      const text = `{"${escaped(name)}":"${escaped(value)}"}`;
      const got = scan(cut(Buffer.from(text), at));
      const expected = emptyShape();
      slow(JSON.parse(text), expected, "");
      assert.deepEqual(got.shape, expected);
    }),
  );
});

test("prose with escapes is judged as it is when it is decoded, whole or in pieces", () => {
  const pieces = fc.constantFrom(
    ...[
      "a",
      "The end",
      "x".repeat(40),
      "12",
      "2026-01-02 03:04",
      "DE89370400440532013000",
      " ",
      ", ",
    ],
    ...[
      "|",
      "-----BEGIN ",
      "Sun, 06 Nov 1994 08:49:37 GMT",
      "é",
      "\u{1f600}",
      "\ud800",
      "\udc00",
      "/",
    ],
    ...['"', "\\", "\n", "\t", "\b", "\0", "\u007f", ".", "path", "GET", "+49 30 ", "€".repeat(11)],
  );
  const texts = fc.array(pieces, { maxLength: 6 }).map((parts) => parts.join(""));
  const written = (text: string, isAscii: boolean): string => {
    const json = JSON.stringify(text);
    if (!isAscii) return json;
    return json.replaceAll(
      /[^ -~]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
  };
  fc.assert(
    fc.property(
      fc.array(texts, { minLength: 2, maxLength: 6 }),
      fc.constantFrom("note", "status", "id", "tags"),
      fc.boolean(),
      fc.array(fc.nat(), { maxLength: 3 }),
      (values, name, isAscii, places) => {
        const objects = values.map(
          (value) => `{"${name}":${written(value, isAscii)},"behind":[1]}`,
        );
        const json = `[${objects.join(",")}]`;
        const expected = emptyShape();
        slow(JSON.parse(json), expected, "");
        const bytes = Buffer.from(json);
        assert.deepEqual(scan([bytes]).shape, expected);
        assert.deepEqual(scan(cut(bytes, places)).shape, expected);
      },
    ),
    { numRuns: 300 },
  );
});

test("prose that is no UTF-8 is none, whole or in pieces", () => {
  const bytes = Buffer.from('[{"note":"a"},{"note":"one \xff\\n two"}]', "latin1");
  assert.deepEqual(scan([bytes]).shape, scan(cut(bytes, [...bytes.keys()])).shape);
});

test("a document is valid exactly where JSON.parse accepts it", () => {
  const piece = fc.constantFrom(
    ...'{}[]:, \n"\\-+.0123456789eEtfnau'.split(""),
    "true",
    "false",
    "null",
    '"a"',
    "NaN",
    "Infinity",
    "\\u12",
    "1e5",
    "{}",
    '{"a":1}',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), fc.array(fc.nat()), (pieces, places) => {
      const text = pieces.join("");
      let valid = true;
      try {
        JSON.parse(text);
      } catch {
        valid = false;
      }
      const got = scan(cut(Buffer.from(text), places));
      if (got.documents > 1) return;
      if (text.trim() === "") assert.equal(got.outcome, ScanOutcome.Empty);
      else assert.equal(got.outcome === ScanOutcome.Whole, valid, JSON.stringify(text));
    }),
    { numRuns: 800 },
  );
});

test("a truncated body gives what it could, and no presence of what was open", () => {
  const text = '{"a":1,"b":{"c":"x"},"d":[1,2,{"e":true';
  const got = scan([Buffer.from(text)], false);
  assert.equal(got.outcome, ScanOutcome.Cut);
  const fields = got.shape.fields!;
  assert.equal(fields.whole, 0);
  assert.equal(fields.fields.get("a")!.present, 0);
  assert.equal(fields.fields.get("a")!.shape.integers, 1);
  const b = fields.fields.get("b")!.shape.fields!;
  assert.equal(b.whole, 1);
  assert.equal(b.fields.get("c")!.present, 1);
  assert.equal(fields.fields.get("d")!.shape.items!.integers, 2);
  assert.equal(fields.fields.get("d")!.shape.emptyArrays, 0);
});

test("any prefix of a document is cut, not invalid", () => {
  fc.assert(
    fc.property(json, fc.nat(), (value, at) => {
      const bytes = Buffer.from(JSON.stringify(value));
      const prefix = bytes.subarray(0, at % bytes.length);
      const { outcome } = scan([prefix], false);
      assert.notEqual(outcome, ScanOutcome.Invalid);
    }),
  );
});

test("what JSON.parse takes but people do not expect", () => {
  const cases: readonly (readonly [string, number])[] = [
    ["\ufeff{}", ScanOutcome.Whole],
    ['{"a":1,"a":2}', ScanOutcome.Whole],
    ['{"a":1}{"a":2}', ScanOutcome.Invalid],
    ['{"a":1}\n{"a":2}\n', ScanOutcome.Whole],
    ['\x1e{"a":1}\n\x1e{"a":2}\n', ScanOutcome.Whole],
    ["[1,]", ScanOutcome.Invalid],
    ["01", ScanOutcome.Invalid],
    ["NaN", ScanOutcome.Invalid],
    ['{"a":Infinity}', ScanOutcome.Invalid],
    ['"\n"', ScanOutcome.Invalid],
    ["", ScanOutcome.Empty],
    [" \n ", ScanOutcome.Empty],
    ["123", ScanOutcome.Whole],
    ["<html></html>", ScanOutcome.Invalid],
  ];
  for (const [text, outcome] of cases) {
    const bytes = Buffer.from(text);
    assert.equal(scan([bytes]).outcome, outcome, text);
    assert.equal(scan(cut(bytes, [...bytes.keys()])).outcome, outcome, text);
  }
  const twice = scan([Buffer.from('{"a":1,"a":2,"a":3}')]).shape.fields!;
  assert.equal(twice.whole, 1);
  assert.deepEqual([twice.fields.get("a")!.present, twice.fields.get("a")!.repeated], [1, 1]);
});

test("depth, structure and names are bounded", () => {
  const deep = `${"[".repeat(100_000)}1${"]".repeat(100_000)}`;
  assert.equal(scan([Buffer.from(deep)]).outcome, ScanOutcome.Whole);
  const long = `[${'{"a":"x y"},'.repeat(200_000)}1]`;
  const got = scan([Buffer.from(long)]);
  assert.equal(got.outcome, ScanOutcome.Cut);
  assert.ok(got.shape.items!.objects > 1000);
  const tables = newTables();
  (tables as { names: NameTable }).names = new NameTable(64);
  const wide = `{${[...Array(1000).keys()].map((n) => `"${"abcdefghij"[n % 10]}${"klmnopqrst"[((n / 10) % 10) | 0]}${"uvwxyzabcd"[(n / 100) | 0]}":1`).join(",")}}`;
  const rest = scan([Buffer.from(wide)], true, tables).shape.fields!;
  assert.ok(rest.restNames > 900);
  assert.equal(rest.fields.size + rest.restNames, 1000);
});

test("more places than are remembered make no difference", () => {
  const tables = newTables();
  const { course } = tables;
  const known = Buffer.from('{"b":{"x":"one","y":[{"z":1},{"z":"two"}]},"id":7}');
  const other = Buffer.from('{"b":{"id":"a-7"},"c":["open"],"id":[7,"seven"],"y":{"z":[[{}]]}}');
  const shapes = [known, other].map((body) => scan([body]).shape);
  assert.deepEqual(scan([known], true, tables).shape, shapes[0]);
  const underWay = new Tape();
  const scanner = new JsonScanner(tables, underWay);
  scanner.begin(underWay);
  scanner.data(other, 0, 9);
  const name = tables.names.intern("filler");
  for (let place = TOP_PLACE; !course.isFull; ) place = course.follow(place, name);
  assert.equal(course.follow(TOP_PLACE, tables.names.intern("another")), NO_PLACE);
  // What began before all is learned anew ends under what it began with, where nothing more is remembered.
  scanner.data(other, 9, other.length);
  assert.equal(scanner.end(true), ScanOutcome.Whole);
  const book = new Book({ left: 1e6, refused: 0 });
  const root = book.node(0);
  new Joiner(tables).join(underWay, book, root);
  assert.deepEqual(freezeShape(book, root, tables), shapes[1]);
  assert.notEqual(tables.course, course);
  assert.deepEqual(scan([other], true, tables).shape, shapes[1]);
  assert.deepEqual(scan([known], true, tables).shape, shapes[0]);
});

test("long runs of equal numbers take no room", () => {
  const tape = new Tape();
  const scanner = new JsonScanner(newTables(), tape);
  scanner.begin(tape);
  const bytes = Buffer.from(`[${"1,".repeat(100_000)}1]`);
  scanner.data(bytes, 0, bytes.length);
  scanner.end(true);
  assert.ok(tape.count < 8);
});
