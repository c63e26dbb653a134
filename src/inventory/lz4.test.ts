import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { lz4LengthMax, packLz4, unpackLz4 } from "./lz4.ts";

function pack(bytes: Uint8Array): Uint8Array {
  const target = new Uint8Array(lz4LengthMax(bytes.length));
  return target.slice(0, packLz4(bytes, target, 0));
}

function unpack(block: Uint8Array, length: number): Uint8Array {
  const target = new Uint8Array(length);
  return target.slice(0, unpackLz4(block, 0, target));
}

/** Few different bytes, in runs, so that there are matches of all lengths. */
const content = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 600 })), {
    maxLength: 60,
  })
  .map((runs) => Uint8Array.from(runs.flatMap(([byte, count]) => Array(count).fill(byte))));

test("what was packed is unpacked again, and never longer than was said", () => {
  fc.assert(
    fc.property(fc.oneof(content, fc.uint8Array({ maxLength: 3_000 })), (bytes) => {
      const block = pack(bytes);
      assert.ok(block.length <= lz4LengthMax(bytes.length));
      assert.deepEqual(unpack(block, bytes.length), bytes);
    }),
  );
});

test("a block is as the format says", () => {
  // 30 times `a`: one literal, a match of 24 one byte back, and the five last bytes as literals.
  const block = [0x1f, 0x61, 1, 0, 5, 0x50, 0x61, 0x61, 0x61, 0x61, 0x61];
  const bytes = new Uint8Array(30).fill(0x61);
  assert.deepEqual([...pack(bytes)], block);
  assert.deepEqual(unpack(Uint8Array.from(block), 30), bytes);
  assert.deepEqual([...pack(new Uint8Array(0))], [0]);
  // Fifteen literals and more: 0xf0, then the rest of their length.
  assert.deepEqual([...pack(Uint8Array.from({ length: 17 }, (_, at) => at))].slice(0, 2), [240, 2]);
});

test("a broken block is refused, whatever is in it", () => {
  const bytes = new Uint8Array(500).fill(7);
  const block = pack(bytes);
  assert.throws(() => unpack(block.slice(0, -1), 500), /broken/);
  assert.throws(() => unpack(block, 499), /broken/);
  assert.throws(() => unpack(Uint8Array.from([0x10, 1, 0, 0, 0]), 500), /broken/);
  assert.throws(() => unpack(Uint8Array.from([0x10, 1, 2, 0, 0]), 500), /broken/);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (hostile) => {
      try {
        assert.ok(unpack(hostile, 1_000).length <= 1_000);
      } catch (error) {
        assert.match((error as Error).message, /broken/);
      }
    }),
  );
});
