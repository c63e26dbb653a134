import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { addressText } from "./address.ts";
import { Endpoints } from "./endpoints.ts";

test("an end is said as it is, whoever had its place before", () => {
  const endpoints = new Endpoints();
  const word = fc.oneof(fc.constantFrom(0, 1, -1, 0xffff), fc.integer());
  const port = fc.oneof(fc.constantFrom(0, 80, 65_535), fc.nat(65_535));
  fc.assert(
    fc.property(fc.tuple(word, word, word, word), port, (address, number) => {
      const endpoint = endpoints.of(Int32Array.from([7, ...address]), 1, number);
      assert.deepEqual(endpoint, { ip: addressText(...address), port: number });
    }),
    { numRuns: 5000 },
  );
});

test("flows of one server share what is said of it", () => {
  const endpoints = new Endpoints();
  const words = Int32Array.from([0, 0, 0xffff, 0x0a090001]);
  assert.equal(endpoints.of(words, 0, 8080), endpoints.of(words, 0, 8080));
  assert.notEqual(endpoints.of(words, 0, 8080), endpoints.of(words, 0, 8081));
});
