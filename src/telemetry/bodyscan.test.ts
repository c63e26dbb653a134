import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { telemetryLimits } from "../base/limits.ts";
import { BodyScan } from "./bodyscan.ts";
import { Book } from "./book.ts";
import { freezeShape } from "./freeze.ts";
import { Joiner } from "./join.ts";
import { ScanOutcome } from "./jsonscanner.ts";
import { LexicalClass } from "./lexical.ts";
import { mediaTypeOf } from "./mediatype.ts";
import { defaultPrivacy } from "./privacy.ts";
import type { Shape } from "./shape.ts";
import { Tables } from "./tables.ts";

const tables = new Tables(new Uint8Array(8).fill(1), defaultPrivacy);

interface Scanned {
  readonly kind: string;
  readonly outcome: number;
  readonly shape: Shape;
}

function scan(
  type: string | null,
  body: Uint8Array | string,
  chunkBytes = 1e9,
  whole = true,
): Scanned {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const each = new BodyScan(tables);
  each.begin(mediaTypeOf(type), () => {});
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    each.data(bytes, at, Math.min(bytes.length, at + chunkBytes));
  }
  each.end(whole);
  const book = new Book({ left: 1e6, refused: 0 });
  const root = book.node(0);
  new Joiner(tables).join(each.tape, book, root);
  return { kind: each.kind, outcome: each.outcome, shape: freezeShape(book, root, tables) };
}

/** A shape in short: names, kinds, classes. */
function brief(shape: Shape): unknown {
  const parts: unknown[] = [];
  if (shape.nulls > 0) parts.push("null");
  if (shape.booleans > 0) parts.push("boolean");
  if (shape.integers > 0) parts.push("integer");
  if (shape.numbers > 0) parts.push("number");
  const classes = shape.text?.classes ?? [];
  for (const lexical of classes.filter((_, index) => index % 2 === 0)) {
    parts.push(Object.keys(LexicalClass)[lexical]);
  }
  if (shape.items !== null) parts.push([brief(shape.items)]);
  if (shape.fields !== null) {
    parts.push(
      Object.fromEntries(
        [...shape.fields.fields].map(([name, field]) => [
          `${name}${field.repeated === undefined ? "" : "*"}`,
          brief(field.shape),
        ]),
      ),
    );
  }
  return parts.length === 1 ? parts[0] : parts;
}

const FORM = "name=J%C3%BCrgen+X&age=42&tags=a&tags=b&empty=&flag&=1&pct=100%&plus=%2B";
const MULTIPART = [
  "preamble that does not count",
  "--bound",
  'Content-Disposition: form-data; name="title"',
  "",
  "hello world",
  "--bound",
  'Content-Disposition: form-data; name="meta"',
  "Content-Type: application/json",
  "",
  '{"count":3,"kind":"image"}',
  "--bound",
  'content-disposition: form-data; name="file"; filename="a;b.png"',
  "Content-Type: image/png",
  "",
  "\x89PNG\r\n--boun\r\n\r\n",
  "--bound",
  'Content-Disposition: form-data; name="file"; filename="c.png"',
  "",
  "",
  "--bound--",
  "epilogue",
].join("\r\n");
const XML = `<?xml version="1.0" encoding="UTF-8"?>
<!-- a <comment> --><!DOCTYPE order [<!ENTITY x "y">]>
<o:order xmlns:o="urn:x" id="17">
  <item sku="a1"><qty>2</qty></item>
  <item sku="b2"><qty>3</qty><note><![CDATA[a <b> c]]></note></item>
  <empty/><paid>true</paid>
  text of its own
</o:order>`;

test("each kind of body has the shape of its content", () => {
  const cases: readonly (readonly [string | null, string, string, unknown])[] = [
    [
      "application/x-www-form-urlencoded",
      FORM,
      "form",
      {
        name: "Text",
        age: "Integer",
        "tags*": "Word",
        empty: "Empty",
        flag: "Empty",
        "": "Integer",
        pct: "Text",
        plus: "Text",
      },
    ],
    [
      "multipart/form-data; boundary=bound",
      MULTIPART,
      "multipart",
      { title: "Text", meta: { count: "integer", kind: "Word" }, "file*": "Binary" },
    ],
    [
      "text/xml; charset=utf-8",
      XML,
      "xml",
      {
        order: {
          "@id": "Integer",
          "item*": { "@sku": "Word", qty: "Integer", note: "Text" },
          empty: "Empty",
          paid: "Boolean",
          "#text": "Text",
        },
      },
    ],
    ["application/x-ndjson", '{"a":1}\n{"a":null}\n', "json-lines", { a: ["null", "integer"] }],
    ["application/json", '{"a":1}\n{"b":2}', "json-lines", { a: "integer", b: "integer" }],
    ["text/plain", '{"a":1}', "json", { a: "integer" }],
    ["text/plain", "{not json}", "text", "Text"],
    ["text/html", "<html></html>", "text", "Text"],
    ["application/octet-stream", "{\x00\x01", "binary", []],
    ["image/png", "{}", "binary", []],
    [null, '[{"a":true}]', "json", [{ a: "boolean" }]],
    [null, "<a>1</a>", "xml", { a: "Integer" }],
    [null, "hello there", "text", "Text"],
    ["application/vnd.api+json", "{}", "json", {}],
    ["application/json", "", "empty", []],
  ];
  for (const [type, body, kind, expected] of cases) {
    for (const chunkBytes of [1e9, 1, 2, 3, 7, 16]) {
      const got = scan(type, Buffer.from(body, body === MULTIPART ? "latin1" : "utf8"), chunkBytes);
      assert.equal(got.kind, kind, `${type} in chunks of ${chunkBytes}`);
      assert.deepEqual(brief(got.shape), expected, `${type} in chunks of ${chunkBytes}`);
      assert.equal(got.outcome, body === "" ? ScanOutcome.Empty : ScanOutcome.Whole);
    }
  }
});

test("what is not what its type says is invalid, and what is cut is cut", () => {
  const cases: readonly (readonly [string, string, number, number])[] = [
    ["application/json", "<html>", ScanOutcome.Invalid, ScanOutcome.Invalid],
    ["application/json", '{"a":1', ScanOutcome.Invalid, ScanOutcome.Cut],
    ["application/xml", "{}", ScanOutcome.Invalid, ScanOutcome.Invalid],
    ["application/xml", "<a><b>1</b>", ScanOutcome.Invalid, ScanOutcome.Cut],
    ["application/xml", "<a></a><b></b>", ScanOutcome.Invalid, ScanOutcome.Invalid],
    ["multipart/form-data; boundary=x", "--x\r\n", ScanOutcome.Invalid, ScanOutcome.Cut],
    ["application/x-www-form-urlencoded", "a=1&b=2", ScanOutcome.Whole, ScanOutcome.Cut],
  ];
  for (const [type, body, ended, cut] of cases) {
    assert.equal(scan(type, body).outcome, ended, `${type} ${body}`);
    assert.equal(scan(type, body, 1e9, false).outcome, cut, `${type} ${body} cut`);
  }
});

test("UTF-16 is read as what it is", () => {
  const text = '{"name":"J\u00fcrgen \ud83d\ude00","n":1}';
  const little = Buffer.from(text, "utf16le");
  const big = Buffer.from(little).swap16();
  const mark = (first: number, second: number, body: Buffer): Buffer =>
    Buffer.concat([Buffer.from([first, second]), body]);
  const expected = scan("application/json", text).shape;
  for (const body of [little, big, mark(0xff, 0xfe, little), mark(0xfe, 0xff, big)]) {
    for (const chunkBytes of [1e9, 16, 3, 2, 1]) {
      assert.deepEqual(scan("application/json; charset=utf-16", body, chunkBytes).shape, expected);
    }
  }
});

test("what a body is does not depend on where its bytes are cut", () => {
  const digits = "7".repeat(telemetryLimits.tokenBytesMax);
  const bodies: readonly (readonly [string | null, Buffer])[] = [
    ["application/json", Buffer.from([0xff])],
    ["application/json", Buffer.from([0xff, 0xfe])],
    ["application/json", Buffer.from([0xfe, 0xff, 0x00])],
    ["application/json", Buffer.from([0x00, 0x31])],
    ["application/json", Buffer.from("1\0", "latin1")],
    ["application/json", Buffer.from([0xef, 0xbb, 0xbf, 0x31])],
    ["application/xml", Buffer.from("<a>1</a>", "utf16le")],
    ["text/plain", Buffer.from(`${" ".repeat(200)}{"a":1}`)],
    [null, Buffer.from(`${"\n".repeat(127)}[1]`)],
    ["application/json", Buffer.from(`{"a":${digits}}`)],
    ["application/json", Buffer.from(`{"a":${digits}7}`)],
    ["application/json", Buffer.from(`{"a":0.${digits}}`)],
    ["application/json", Buffer.from(`${digits}7`)],
    ["application/json", Buffer.from(`{"${digits}":"${digits}7","b":"\\u00e9${digits}"}`)],
  ];
  for (const [type, body] of bodies) {
    const expected = scan(type, body);
    for (const chunkBytes of [1, 2, 3, 100, 128, 129, 1_000]) {
      const text = `${type} ${body.toString("latin1").slice(0, 20)} in chunks of ${chunkBytes}`;
      assert.deepEqual(scan(type, body, chunkBytes), expected, text);
    }
  }
});

test("no bytes crash a scanner, and chunks make no difference", () => {
  const piece = fc.constantFrom(
    ..."<>/=\"'&;%-[]{}:,! \r\n\\a1x?#\x00\xff",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "--b",
    "\r\n--b",
    "--b--",
    "Content-Disposition: form-data; name=x",
    "<a>",
    "</a>",
    '{"a":',
    "%4",
  );
  const type = fc.constantFrom(
    "application/json",
    "application/xml",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "text/plain",
  );
  fc.assert(
    fc.property(
      type,
      fc.array(piece, { maxLength: 40 }),
      fc.integer({ min: 1, max: 9 }),
      (t, p, n) => {
        const body = Buffer.from(p.join(""), "latin1");
        const whole = scan(t, body);
        const parts = scan(t, body, n);
        assert.equal(parts.kind, whole.kind);
        assert.equal(parts.outcome, whole.outcome);
        assert.deepEqual(parts.shape, whole.shape);
      },
    ),
    { numRuns: 1_500 },
  );
});
