import assert from "node:assert/strict";
import { test } from "node:test";
import { addressWords } from "./address.ts";

const check = (text: string, expected: string | null): void => {
  const words = addressWords(text);
  const seen = words?.map((word) => word.toString(16).padStart(8, "0")).join(" ") ?? null;
  assert.equal(seen, expected, text);
};

test("words of addresses", () => {
  check("255.0.10.1", "ff000a01");
  check("::", "00000000 00000000 00000000 00000000");
  check("::1", "00000000 00000000 00000000 00000001");
  check("fe80::", "fe800000 00000000 00000000 00000000");
  check("fe80::1%eth0", "fe800000 00000000 00000000 00000001");
  check("2001:DB8:0:1::a:b", "20010db8 00000001 00000000 000a000b");
  check("1:2:3:4:5:6:7:8", "00010002 00030004 00050006 00070008");
  check("1:2:3:4:5:6:7::", "00010002 00030004 00050006 00070000");
  check("::ffff:10.0.0.1", "00000000 00000000 0000ffff 0a000001");
  check("64:ff9b::192.0.2.33", "0064ff9b 00000000 00000000 c0000221");
  check("10.0.0", null);
  check("example.org", null);
});
