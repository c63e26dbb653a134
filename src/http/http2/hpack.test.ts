import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { httpLimits } from "../../base/limits.ts";
import { HeldBudget } from "../decoding.ts";
import { HpackDecoder } from "./hpack.ts";

const decode = (decoder: HpackDecoder, hex: string): string[] | null => {
  const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
  const fields: string[] = [];
  const isRead = decoder.decode(bytes, 0, bytes.length, (name, value) => {
    fields.push(`${name}: ${value}`);
  });
  return isRead ? fields : null;
};

test("requests with Huffman code (RFC 7541, appendix C.4)", () => {
  const decoder = new HpackDecoder(new HeldBudget());
  const first = [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"];
  assert.deepEqual(decode(decoder, "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff"), first);
  assert.deepEqual(decode(decoder, "8286 84be 5886 a8eb 1064 9cbf"), [
    ...first,
    "cache-control: no-cache",
  ]);
  assert.deepEqual(decode(decoder, "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"), [
    ":method: GET",
    ":scheme: https",
    ":path: /index.html",
    ":authority: www.example.com",
    "custom-key: custom-value",
  ]);
});

test("responses that push entries out of a table of 256 bytes (RFC 7541, appendix C.6)", () => {
  const decoder = new HpackDecoder(new HeldBudget());
  // 3f e1 01: the table has 256 bytes from here on.
  assert.deepEqual(
    decode(
      decoder,
      "3fe101 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
    ),
    [
      ":status: 302",
      "cache-control: private",
      "date: Mon, 21 Oct 2013 20:13:21 GMT",
      "location: https://www.example.com",
    ],
  );
  assert.deepEqual(decode(decoder, "4883 640e ffc1 c0bf"), [
    ":status: 307",
    "cache-control: private",
    "date: Mon, 21 Oct 2013 20:13:21 GMT",
    "location: https://www.example.com",
  ]);
  assert.deepEqual(
    decode(
      decoder,
      "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
    ),
    [
      ":status: 200",
      "cache-control: private",
      "date: Mon, 21 Oct 2013 20:13:22 GMT",
      "location: https://www.example.com",
      "content-encoding: gzip",
      "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
    ],
  );
});

test("what breaks the rules is refused", () => {
  const rows = [
    ["80", "index 0"],
    ["be", "an index beyond the table"],
    ["7f ff ff ff ff ff", "an integer without end"],
    ["40 05 61", "a text that is cut off"],
    ["40 01 61 81 00", "padding of zeros"],
    ["40 01 61 84 ff ff ff ff", "the end of string as a symbol"],
    ["3f e2 ff ff 7f", "a table of megabytes"],
    ["40", "no name"],
  ] as const;
  for (const [hex, what] of rows) {
    assert.equal(decode(new HpackDecoder(new HeldBudget()), hex), null, what);
  }
});

test("tables take their room from what all flows share, and give it back", () => {
  const budget = new HeldBudget();
  const decoder = new HpackDecoder(budget);
  decode(decoder, "3f e1 ff 03");
  const entry = Buffer.concat([Buffer.from([0x40, 1, 0x61, 0x64]), Buffer.alloc(0x64, 0x62)]);
  for (let count = 0; count < 2000; count += 1) {
    assert.ok(decoder.decode(entry, 0, entry.length, () => {}));
    assert.ok(budget.byteCount <= httpLimits.hpackTableBytesMax);
  }
  assert.ok(budget.byteCount > 60_000);
  decoder.close();
  assert.equal(budget.byteCount, 0);
});

test("any bytes are read or refused, within their bounds", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), (blocks) => {
      const budget = new HeldBudget();
      const decoder = new HpackDecoder(budget);
      for (const block of blocks) {
        decoder.decode(block, 0, block.length, (name, value) => {
          assert.ok(name.length + value.length <= 2 * 4096);
        });
      }
      assert.ok(budget.byteCount <= httpLimits.hpackTableBytesMax);
      decoder.close();
      assert.equal(budget.byteCount, 0);
    }),
    { numRuns: 3000, interruptAfterTimeLimit: 3000, markInterruptAsFailure: false },
  );
});
