import assert from "node:assert/strict";
import { isIPv6 } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { addressText } from "./address.ts";

const rows: readonly [words: [number, number, number, number], text: string][] = [
  [[0, 0, 0xffff, 0xc0000201], "192.0.2.1"],
  [[0, 0, 0xffff, 0xffffffff | 0], "255.255.255.255"],
  [[0, 0, 0xffff, 0], "0.0.0.0"],
  [[0, 0, 0, 0], "::"],
  [[0, 0, 0, 1], "::1"],
  [[0xfe800000, 0, 0, 0], "fe80::"],
  [[0x20010db8, 0, 0, 1], "2001:db8::1"],
  [[0x20010db8, 0x00000001, 0x00010001, 0x00010001], "2001:db8:0:1:1:1:1:1"],
  [[0x20010db8, 0, 0x00010000, 0x00000001], "2001:db8::1:0:0:1"],
  [[0x20010000, 0, 0x00010000, 0x00000001], "2001::1:0:0:1"],
  [[0x20010000, 0x00000001, 0, 0x00000001], "2001:0:0:1::1"],
  [[0x2001abcd, 0xef010203, 0x04050607, 0x08090a0b], "2001:abcd:ef01:203:405:607:809:a0b"],
  [[0, 0, 0xfffe, 0x01020304], "::fffe:102:304"],
  [[1, 0, 0xffff, 0x01020304], "0:1::ffff:102:304"],
];

test("addresses are written as RFC 5952 says", () => {
  for (const [words, text] of rows) assert.equal(addressText(...words), text);
});

test("every IPv6 text denotes its address and is the shortest of its kind", () => {
  const word = fc.oneof(fc.constant(0), fc.constant(1), fc.integer(), fc.nat(0xffff));
  fc.assert(
    fc.property(word, word, word, word, (word0, word1, word2, word3) => {
      const text = addressText(word0, word1, word2, word3);
      if (!text.includes(":")) return;
      assert.ok(isIPv6(text), text);
      assert.equal(new URL(`http://[${text}]/`).hostname, `[${text}]`);
    }),
  );
});
