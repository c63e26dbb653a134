import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PageReader } from "./pagereader.ts";

function read(text: string, chunkBytes: number): { items: unknown[]; envelope: unknown } {
  const items: unknown[] = [];
  const page = new PageReader((item) => items.push(item));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunkBytes)
    page.push(bytes.subarray(at, at + chunkBytes));
  return { items, envelope: page.end() };
}

const LIST = {
  kind: "List",
  metadata: { resourceVersion: "7", continue: ']}{[\\"x', nested: { list: [1, { a: [] }] } },
  items: [
    { metadata: { name: 'a"]}{' }, list: [[{}], "[", "\\"] },
    {},
    { metadata: { name: "ä{😀" }, items: [{ items: [] }] },
  ],
  remaining: null,
};

test("items come one by one, at every chunk size; the rest is what stands beside them", () => {
  for (const space of [undefined, 2]) {
    const text = JSON.stringify(LIST, null, space);
    for (let chunkBytes = 1; chunkBytes <= Buffer.byteLength(text); chunkBytes += 1) {
      const { items, envelope } = read(text, chunkBytes);
      assert.deepEqual(items, LIST.items);
      assert.deepEqual(envelope, { ...LIST, items: [] });
    }
  }
});

test("whatever the items hold", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }), { noNullPrototype: true }),
      ),
      fc.integer({ min: 1, max: 64 }),
      (items, chunkBytes) => {
        const text = JSON.stringify({ items, metadata: {} });
        assert.deepEqual(read(text, chunkBytes).items, JSON.parse(text).items);
      },
    ),
  );
});

test("what is cut off or no list is refused", () => {
  const text = JSON.stringify(LIST);
  for (let end = 0; end < text.length; end += 1)
    assert.throws(() => read(text.slice(0, end), 16), SyntaxError, text.slice(0, end));
  assert.throws(() => read("<html>", 16), SyntaxError);
  assert.throws(() => read('{"items":[{]}', 16), SyntaxError);
  const huge = `{"items":[{"a":"${"x".repeat(5_000_000)}"}]}`;
  assert.throws(() => read(huge, 65_536), /too large/);
});

test("a page may be as large as ten pods of the largest kind, and is not held", () => {
  const pod = `{"a":"${"x".repeat(1_000_000)}"}`;
  const text = `{"items":[${Array.from({ length: 10 }, () => pod).join()}]}`;
  assert.equal(read(text, 65_536).items.length, 10);
});
