import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { httpLimits } from "../base/limits.ts";
import { wire } from "./dialogue.fixture.ts";
import { HeaderName, internName, nameText } from "./headername.ts";
import { Oddity } from "./oddity.ts";
import { Parse, PooledHead } from "./pooledhead.ts";

const fieldsOf = (head: PooledHead): string[] =>
  Array.from(
    { length: head.fieldCount },
    (_, index) => `${head.nameAt(index)}=${head.valueAt(index)}`,
  );

const oddities = (head: PooledHead): string[] =>
  Object.entries(Oddity)
    .filter(([, bit]) => head.oddities & bit)
    .map(([name]) => name);

function check(fields: string, expected: readonly string[], odd: readonly string[] = []): void {
  const bytes = wire(`GET / HTTP/1.1\\r\\n${fields}\\r\\n`);
  const head = new PooledHead();
  assert.equal(head.parse(bytes, 0, bytes.length, true), bytes.length, fields);
  assert.deepEqual(fieldsOf(head), expected, fields);
  assert.deepEqual(oddities(head), odd, fields);
  for (let end = 0; end < bytes.length; end++)
    assert.equal(head.parse(bytes, 0, end, true), Parse.NeedMore, `${fields} cut at ${end}`);
}

test("fields and their oddities", () => {
  check("", []);
  check("Host: h\\r\\n", ["host=h"]);
  check("HOST:h\\r\\nhost:  h2 \\t\\r\\n", ["host=h", "host=h2"]);
  check("A:\\r\\nB: \\r\\nC:\\t\\r\\n", ["a=", "b=", "c="]);
  check("A: b: c\\n", ["a=b: c"]);
  check("A: \\xe4\\xff\\r\\n", ["a=\xe4\xff"]);
  check("A: b\\r\\n c\\r\\n\\td \\r\\nE: f\\r\\n", ["a=b  c \td", "e=f"], ["folded"]);
  check(" A: b\\r\\nC: d\\r\\n", ["c=d"], ["strayLine"]);
  check("A : b\\r\\n", ["a=b"], ["spaceBeforeColon"]);
  check("nonsense\\r\\nC: d\\r\\n", ["c=d"], ["strayLine"]);
  check(": b\\r\\nC: d\\r\\n", ["c=d"], ["strayLine"]);
  check("A(: b\\r\\nC: d\\r\\n", ["c=d"], ["strayLine"]);
  check("A\\x7f: b\\r\\nA_: d\\r\\n", ["a_=d"], ["strayLine"]);
  check("X: a\\rb\\r\\n", ["x=a\rb"], ["bareCr"]);
  check("X: a\\0b\\r\\n", ["x=a\0b"], ["nul"]);
  check("Transfer-Encoding : x\\r\\n", ["transfer-encoding=x"], ["spaceBeforeColon", "framing"]);
  check("Content-\\0Length: 1\\r\\n", [], ["nul", "strayLine", "framing"]);
  check(`${"n".repeat(70)}: v\\r\\n`, [`${"n".repeat(70)}=v`]);
  check("^a~|`: v\\r\\n", ["^a~|`=v"]);
});

test("names of the constant table have their numbers, in any case", () => {
  for (const id of Object.values(HeaderName)) {
    if (id === HeaderName.None || id === HeaderName.FirstUnknown) continue;
    const name = nameText(id);
    for (const written of [name, name.toUpperCase()]) {
      const bytes = Buffer.from(`GET / HTTP/1.1\r\n${written}: v\r\n\r\n`);
      const head = new PooledHead();
      head.parse(bytes, 0, bytes.length, true);
      assert.equal(head.nameIdAt(0), id, written);
      assert.equal(head.value(id), "v");
      assert.equal(head.has(id), true);
    }
  }
});

test("a name means one number and a number one name, also when the table is full", () => {
  const seen = new Map<string, number>();
  const head = new PooledHead();
  for (let index = 0; index < httpLimits.headerNamesMax + 500; index++) {
    const name = `x-flood-${index}`;
    const bytes = Buffer.from(`GET / HTTP/1.1\r\n${name}: v\r\nX-Flood-${index}: w\r\n\r\n`);
    assert.equal(head.parse(bytes, 0, bytes.length, true), bytes.length);
    assert.equal(head.nameIdAt(0), head.nameIdAt(1));
    assert.deepEqual([head.nameAt(0), head.nameAt(1)], [name, name]);
    seen.set(name, head.nameIdAt(0));
  }
  const numbers = [...seen.values()].filter((id) => id !== HeaderName.None);
  assert.equal(new Set(numbers).size, numbers.length);
  assert.equal(seen.get(`x-flood-${httpLimits.headerNamesMax + 499}`), HeaderName.None);
});

test("hashes that collide do not join names", () => {
  const view = new DataView(new ArrayBuffer(16));
  view.setUint8(0, 0x61);
  const a = internName(view, 0, 1, 12345);
  view.setUint8(0, 0x62);
  const b = internName(view, 0, 1, 12345);
  assert.ok(a !== b || a === HeaderName.None);
});

/** The obvious reader: lines, then the first colon. */
function slowFields(text: string): string[] {
  const lines = text.split("\r\n").slice(1, -2);
  return lines.map((line) => {
    const colon = line.indexOf(":");
    return `${line.slice(0, colon).toLowerCase()}=${line.slice(colon + 1).replaceAll(/^[ \t]+|[ \t]+$/g, "")}`;
  });
}

const token = fc.string({
  unit: fc.constantFrom(..."abcXYZ019-_.!#$%&'*+^`|~"),
  minLength: 1,
  maxLength: 30,
});
const value = fc.string({
  unit: fc.oneof(
    fc.constantFrom(" ", "\t", ":", ",", "\xff", "\x80", "\x0b", "\x1f", "\x7f"),
    fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)),
  ),
  maxLength: 80,
});

test("equals the obvious reader, whatever stands before and behind", () => {
  const head = new PooledHead();
  fc.assert(
    fc.property(
      fc.array(fc.tuple(token, fc.constantFrom("", " ", "\t "), value), { maxLength: 40 }),
      fc.nat(20),
      fc.string({ maxLength: 40 }),
      (fields, offset, behind) => {
        const text = `GET /x?y=1 HTTP/1.1\r\n${fields.map((field) => `${field[0]}:${field[1]}${field[2]}\r\n`).join("")}\r\n`;
        const bytes = Buffer.from(`${"#".repeat(offset)}${text}${behind}`, "latin1");
        const end = head.parse(bytes, offset, bytes.length, true);
        assert.equal(end, offset + text.length);
        assert.deepEqual(fieldsOf(head), slowFields(text));
        assert.equal(head.byteCount, text.length);
        assert.equal(head.text(0, head.byteCount), text);
        assert.equal(head.text(head.line.targetStart, head.line.targetEnd), "/x?y=1");
      },
    ),
    { numRuns: 1500 },
  );
});

test("any bytes at all: no exception, and an answer within the bytes", () => {
  const head = new PooledHead();
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .array(
        fc.constantFrom(
          "GET ",
          "/a",
          " HTTP/1.1",
          "\r\n",
          "\n",
          "\r",
          " ",
          "\t",
          ":",
          "A",
          "b: c",
          "\0",
          "HTTP/1.0 200 ",
          "Content-Length",
        ),
        { maxLength: 30 },
      )
      .map((parts) => new Uint8Array(Buffer.from(parts.join(""), "latin1"))),
  );
  fc.assert(
    fc.property(bytes, fc.boolean(), (input, isRequest) => {
      const end = head.parse(input, 0, input.length, isRequest);
      assert.ok(end <= input.length && end >= Parse.TooLong && end !== 0);
      if (end < 0) return;
      for (let index = 0; index < head.fieldCount; index++) {
        const at = index * 5;
        const [, nameStart, nameEnd, valueStart, valueEnd] = head.fields.subarray(at, at + 5);
        assert.ok(0 < nameStart! && nameStart! < nameEnd! && nameEnd! <= valueStart!);
        assert.ok(valueStart! <= valueEnd! && valueEnd! < head.byteCount);
      }
    }),
    { numRuns: 3000 },
  );
});

test("limits", () => {
  const head = new PooledHead();
  const long = Buffer.from(`GET / HTTP/1.1\r\nA: ${"x".repeat(httpLimits.headBytesMax)}\r\n\r\n`);
  assert.equal(head.parse(long, 0, long.length, true), Parse.TooLong);
  assert.equal(head.parse(long, 0, 60_000, true), Parse.NeedMore);
  const largest = Buffer.from(`GET / HTTP/1.1\r\nA: ${"x".repeat(60_000)}\r\n\r\n`);
  assert.equal(head.parse(largest, 0, largest.length, true), largest.length);
  const many = Buffer.from(
    `GET / HTTP/1.1\r\n${"a:\r\n".repeat(httpLimits.headFieldsMax + 1)}\r\n`,
  );
  assert.equal(head.parse(many, 0, many.length, true), Parse.TooLong);
});
