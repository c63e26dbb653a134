/** Random HTTP conversations, right and wrong, and ways to damage bytes. */
import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import type { Random } from "../support/random.ts";

export const randomJson = (random: Random, depth = 0): string => {
  const kind = random.integer(0, depth > 4 ? 7 : 9);
  switch (kind) {
    case 0:
      return random.pick(["null", "true", "false"]);
    case 1:
      return String(random.integer(-1000, 1e9));
    case 2:
      return random.pick([
        "0.1",
        "-0",
        "1e400",
        "12345678901234567890123",
        "1E-7",
        "-9223372036854775809",
      ]);
    case 3:
      return JSON.stringify(random.token(random.integer(0, 40)));
    case 4:
      return random.pick([
        '"\\u00e9"',
        '"\\ud83d\\ude00"',
        '"\\""',
        '"a b"',
        '"é"',
        '"\\ud800"',
        '""',
      ]);
    case 5:
      return `"${random.uuid()}"`;
    case 6:
      return random.pick([
        '"2026-03-02"',
        '"a@b.example"',
        '"https://x.example/y"',
        '"10.0.0.1"',
        '"open"',
      ]);
    case 7:
      return `[${list(random, 5, () => randomJson(random, depth + 1))}]`;
    default:
      return `{${list(random, 6, () => `${fieldName(random)}:${randomJson(random, depth + 1)}`)}}`;
  }
};

const list = (random: Random, countMax: number, item: () => string): string =>
  Array.from({ length: random.integer(0, countMax) }, item).join(random.pick([",", ", ", ",\n "]));

const fieldName = (random: Random): string =>
  random.chance(0.8)
    ? `"${random.pick(["id", "name", "type", "items", "total", "__proto__", "a.b", "", "$ref"])}"`
    : JSON.stringify(random.token(random.integer(1, 9)));

const CODINGS: readonly (readonly [name: string, encode: (bytes: Buffer) => Buffer])[] = [
  ["gzip", gzipSync],
  ["deflate", deflateSync],
  ["deflate", deflateRawSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
  ["x-unknown", (bytes) => bytes],
];

const body = (random: Random): { readonly fields: string; readonly bytes: Buffer } => {
  let bytes: Buffer = Buffer.from(
    random.chance(0.7) ? randomJson(random) : random.token(random.integer(0, 3000)),
  );
  let fields = `Content-Type: ${random.pick(TYPES)}\r\n`;
  if (random.chance(0.3)) {
    const [name, encode] = random.pick(CODINGS);
    bytes = encode(bytes);
    fields += `Content-Encoding: ${name}\r\n`;
  }
  if (random.chance(0.4))
    return { fields: `${fields}Transfer-Encoding: chunked\r\n`, bytes: chunked(bytes, random) };
  return { fields: `${fields}Content-Length: ${bytes.length}\r\n`, bytes };
};

const TYPES = [
  "application/json",
  "application/json; charset=utf-16",
  "application/x-ndjson",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=abc",
  "application/xml",
  "text/plain",
  "application/octet-stream",
  ";;",
];

const chunked = (bytes: Buffer, random: Random): Buffer => {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + random.integer(1, 400));
    const extension = random.chance(0.1) ? ";x=y" : "";
    parts.push(
      Buffer.from(`${(end - at).toString(16)}${extension}\r\n`),
      bytes.subarray(at, end),
      CRLF,
    );
    at = end;
  }
  parts.push(Buffer.from(`0\r\n${random.chance(0.1) ? "X-Trailer: 1\r\n" : ""}\r\n`));
  return Buffer.concat(parts);
};

const CRLF = Buffer.from("\r\n");

/** Both directions of one connection, as the ends would send them. */
export const randomConversation = (random: Random): { client: Buffer; server: Buffer } => {
  const client: Buffer[] = [];
  const server: Buffer[] = [];
  for (let count = random.integer(1, 5); count > 0; count--) {
    const method = random.pick([
      "GET",
      "GET",
      "POST",
      "PUT",
      "DELETE",
      "HEAD",
      "OPTIONS",
      "CONNECT",
      "PURGE",
    ]);
    const target = random.pick([
      "/",
      `/users/${random.integer(1, 99)}`,
      `/x/${random.uuid()}?a=${random.token(3)}`,
      "*",
      "http://h.example/abs",
    ]);
    const sent = random.chance(0.4) ? body(random) : { fields: "", bytes: Buffer.alloc(0) };
    const host = random.chance(0.9) ? "Host: api.example:8080\r\n" : "";
    client.push(
      Buffer.from(
        `${method} ${target} HTTP/1.${random.pick([0, 1, 1, 1])}\r\n${host}${sent.fields}\r\n`,
      ),
      sent.bytes,
    );
    if (random.chance(0.1)) server.push(Buffer.from("HTTP/1.1 100 Continue\r\n\r\n"));
    const status = random.pick([200, 200, 201, 204, 304, 404, 500, 101]);
    const answer = random.chance(0.8) ? body(random) : { fields: "", bytes: Buffer.alloc(0) };
    server.push(
      Buffer.from(`HTTP/1.1 ${status} ${random.pick(["OK", ""])}\r\n${answer.fields}\r\n`),
    );
    if (status !== 204 && status !== 304 && method !== "HEAD") server.push(answer.bytes);
  }
  return { client: Buffer.concat(client), server: Buffer.concat(server) };
};

/** Flips, cuts, repeats and inserts, a few times; sometimes nothing. */
export const damage = (bytes: Buffer, random: Random): Buffer => {
  let damaged = Buffer.from(bytes);
  for (let count = random.integer(0, 4); count > 0 && damaged.length > 0; count--) {
    const at = random.integer(0, damaged.length);
    const end = Math.min(damaged.length, at + random.integer(1, 64));
    switch (random.integer(0, 5)) {
      case 0:
        damaged[at] = random.integer(0, 256);
        break;
      case 1:
        damaged[at]! ^= 1 << random.integer(0, 8);
        break;
      case 2:
        damaged = Buffer.concat([damaged.subarray(0, at), damaged.subarray(end)]);
        break;
      case 3:
        damaged = Buffer.concat([damaged.subarray(0, end), damaged.subarray(at)]);
        break;
      default:
        damaged = Buffer.concat([
          damaged.subarray(0, at),
          Buffer.from(random.pick(INSERTS), "latin1"),
          damaged.subarray(at),
        ]);
    }
  }
  return damaged;
};

const INSERTS = [
  "\r\n\r\n",
  "\n",
  "\0",
  "HTTP/1.1 ",
  "Content-Length: 5\r\n",
  "Transfer-Encoding: chunked\r\n",
  "ffffffff\r\n",
  "GET / HTTP/1.1\r\n",
  "{",
  "]",
  "\xff\xfe",
];
