import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { HeaderName } from "../http/headername.ts";
import { PooledHead } from "../http/pooledhead.ts";
import { FieldCache } from "./fieldcache.ts";

/** What a cache says of heads that are read into one object, as those of a pool are. */
const play = (values: readonly (string | null)[]): { said: string[]; conclusions: number } => {
  let conclusions = 0;
  const cache = new FieldCache<string>(HeaderName.UserAgent, (text) => {
    conclusions += 1;
    return `concluded of ${text}`;
  });
  const head = new PooledHead();
  const said = values.map((value) => {
    const field = value === null ? "" : `User-Agent: ${value}\r\n`;
    const bytes = Buffer.from(`GET / HTTP/1.1\r\n${field}\r\n`);
    assert.equal(head.parse(bytes, 0, bytes.length, true), bytes.length);
    return cache.of(head);
  });
  return { said, conclusions: conclusions - 1 };
};

test("what is concluded of a value is concluded once, though heads are used again", () => {
  const values = Array.from({ length: 100 }, (_, index) => `agent ${index % 2}`);
  const { said, conclusions } = play(values);
  assert.deepEqual(
    said,
    values.map((value) => `concluded of ${value}`),
  );
  assert.equal(conclusions, 2);
});

test("values that share a place change nothing", () => {
  const values = Array.from({ length: 5000 }, (_, index) =>
    index % 7 === 0 ? null : `client/${index % 1300}.0`,
  );
  assert.deepEqual(
    play(values).said,
    values.map((value) => `concluded of ${value}`),
  );
});
