import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { UsageError } from "../base/errors.ts";
import type { BodySink, Exchange, ExchangeObserver } from "../http/exchange.ts";
import { ExchangeFlag } from "../http/exchange.ts";
import { type HarResult, readHar } from "./har.ts";

interface Seen {
  line: string;
  request: Record<string, string>;
  response: Record<string, string>;
  requestBody: string;
  responseBody: string;
  whole: string;
  times: number[];
  peers: string;
}

class Sink implements BodySink {
  text = "";
  whole: boolean | null = null;
  data(bytes: Uint8Array, start: number, end: number): void {
    this.text += Buffer.from(bytes.subarray(start, end)).toString("utf8");
  }
  end(whole: boolean): void {
    assert.equal(this.whole, null);
    this.whole = whole;
  }
}

async function* pieces(text: string | Uint8Array, byteCount: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += byteCount) yield bytes.subarray(at, at + byteCount);
}

async function read(
  text: string,
  byteCount = 1 << 16,
): Promise<{ result: HarResult; seen: Seen[] }> {
  const seen: Seen[] = [];
  const observer: ExchangeObserver = {
    requestHead: () => new Sink(),
    responseHead: () => new Sink(),
    exchange: (exchange) => void seen.push(describe(exchange)),
  };
  const result = await readHar(pieces(text, byteCount), observer);
  return { result, seen };
}

function describe(exchange: Exchange): Seen {
  const { request, response, connection } = exchange;
  const fieldsOf = (message: typeof request): Record<string, string> => {
    const fields: Record<string, string> = {};
    for (let index = 0; index < (message?.head.fieldCount ?? 0); index++)
      fields[message!.head.nameAt(index)] = message!.head.valueAt(index);
    return fields;
  };
  const flags = Object.entries(ExchangeFlag)
    .filter(([, bit]) => exchange.flags & bit)
    .map(([name]) => ` ${name}`);
  const sinks = [request?.sink as Sink | undefined, response?.sink as Sink | undefined];
  return {
    line: `${exchange.method} ${exchange.target} ${exchange.status}${flags.join("")}`,
    request: fieldsOf(request),
    response: fieldsOf(response),
    requestBody: sinks[0]?.text ?? "",
    responseBody: sinks[1]?.text ?? "",
    whole: `${sinks[0]?.whole} ${sinks[1]?.whole}`,
    times: [
      request?.startTimeMs ?? 0,
      request?.endTimeMs ?? 0,
      response?.startTimeMs ?? 0,
      response?.endTimeMs ?? 0,
    ],
    peers: `${connection.client.ip}:${connection.client.port} ${connection.server.ip}:${connection.server.port}`,
  };
}

const entry = (over: object = {}, request: object = {}, response: object = {}): object => ({
  startedDateTime: "2024-01-02T03:04:05.000Z",
  time: 30,
  timings: { blocked: 1, dns: -1, connect: 2, send: 3, wait: 20, receive: 4 },
  serverIPAddress: "192.0.2.7",
  request: {
    method: "GET",
    url: "http://shop.example:8080/items?page=2#top",
    headers: [{ name: "Host", value: "shop.example:8080" }],
    ...request,
  },
  response: {
    status: 200,
    headers: [{ name: "Content-Encoding", value: "gzip" }],
    content: { size: 11, mimeType: "application/json", text: '{"a":"b{"}' },
    ...response,
  },
  ...over,
});
const har = (...entries: unknown[]): string =>
  JSON.stringify({ log: { version: "1.2", pages: [{ entries: [{}] }], entries } });

test("an entry becomes an exchange with times, peers and decoded body", async () => {
  const { result, seen } = await read(har(entry()));
  const startMs = Date.parse("2024-01-02T03:04:05.000Z");
  assert.deepEqual(seen, [
    {
      line: "GET /items?page=2 200",
      request: { host: "shop.example:8080" },
      response: { "content-encoding": "gzip", "content-type": "application/json" },
      requestBody: "",
      responseBody: '{"a":"b{"}',
      whole: "true true",
      times: [startMs + 3, startMs + 6, startMs + 26, startMs + 30],
      peers: "0.0.0.0:0 192.0.2.7:8080",
    },
  ]);
  assert.deepEqual([result.entries, result.exchanges, result.problems], [1, 1, []]);
});

test("the same at every chunk size, with keys in any order and white space", async () => {
  const text = `\ufeff ${JSON.stringify(
    {
      z: { entries: [{ x: "]}" }] },
      log: { entries: [entry(), entry({}, { method: "PUT" })], a: ["}"] },
    },
    null,
    1,
  )}`;
  const expected = (await read(text)).seen;
  assert.equal(expected.length, 2);
  for (let byteCount = 1; byteCount < 100; byteCount++)
    assert.deepEqual((await read(text, byteCount)).seen, expected);
});

test("HTTP/2, https, base64, form parameters, several cookies in one value", async () => {
  const { seen } = await read(
    har(
      entry(
        { serverIPAddress: "[2001:db8::1]", _clientIP: "198.51.100.4" },
        {
          method: "POST",
          url: "https://user@api.example/säule x",
          headers: [
            { name: ":authority", value: "api.example" },
            { name: ":path", value: "/x" },
            { name: "accept", value: "a\r\nb" },
          ],
          postData: {
            mimeType: "application/x-www-form-urlencoded",
            params: [
              { name: "a", value: "1 2" },
              { name: "b%5B%5D", value: "%26" },
            ],
          },
        },
        {
          headers: [{ name: "Set-Cookie", value: "a=1\nb=2" }],
          content: { size: 3, encoding: "base64", text: "aGV5" },
        },
      ),
    ),
  );
  assert.equal(seen[0]?.line, "POST https://api.example/s%C3%A4ule%20x 200");
  assert.deepEqual(seen[0]?.request, {
    host: "api.example",
    accept: "b",
    "content-type": "application/x-www-form-urlencoded",
  });
  assert.equal(seen[0]?.requestBody, "a=1+2&b%5B%5D=%26");
  assert.equal(seen[0]?.responseBody, "hey");
  assert.equal(seen[0]?.response["set-cookie"], "b=2");
  assert.equal(seen[0]?.peers, "198.51.100.4:0 2001:db8::1:443");
});

test("a multipart body is put together again", async () => {
  const { seen } = await read(
    har(
      entry(
        {},
        {
          method: "POST",
          postData: {
            mimeType: "multipart/form-data; boundary=xyz",
            params: [{ name: "f", value: "v", fileName: 'a".txt', contentType: "text/plain" }],
          },
        },
      ),
    ),
  );
  assert.equal(
    seen[0]?.requestBody,
    '--xyz\r\nContent-Disposition: form-data; name="f"; filename="a_.txt"\r\nContent-Type: text/plain\r\n\r\nv\r\n--xyz--\r\n',
  );
});

test("status 0 is no response; a body that was not saved is truncated", async () => {
  const { result, seen } = await read(
    har(
      entry({}, {}, { status: 0, headers: [], content: {} }),
      entry({}, {}, { content: { size: 5, mimeType: "text/plain" } }),
      entry({}, {}, { content: { size: 0, mimeType: "x-unknown" }, headers: [] }),
      entry({ response: undefined }),
    ),
  );
  assert.deepEqual(
    seen.map(({ line, whole }) => `${line} ${whole}`),
    [
      "GET /items?page=2 0 noResponse true undefined",
      "GET /items?page=2 200 responseTruncated true false",
      "GET /items?page=2 200 true true",
      "GET /items?page=2 0 noResponse true undefined",
    ],
  );
  assert.deepEqual(result.problems, [{ code: "bodyMissing", count: 1 }]);
  assert.deepEqual(result.warnings, ["1 entry without the body's content: saved without it"]);
});

test("what is no exchange is a problem, never an error", async () => {
  const { result, seen } = await read(
    har(
      entry({}, { url: "data:text/plain,x" }),
      entry({}, { url: "wss://h/x" }),
      entry({}, { url: "/relative" }),
      entry({}, { url: "http://h:99999/" }),
      entry({}, { url: "http:///x" }),
      entry({}, { method: "G T" }),
      entry({}, { method: 7 }),
      entry({ request: null }),
      entry({}, {}, { status: 12 }),
      entry({ startedDateTime: "soon" }),
      { __proto__: null },
    ),
  );
  assert.equal(result.entries, 11);
  assert.equal(seen.length, 1);
  assert.deepEqual(
    new Map(result.problems.map(({ code, count }) => [code, count])),
    new Map([
      ["notHttp", 2],
      ["badUrl", 3],
      ["badHead", 2],
      ["noRequest", 3],
      ["badTime", 1],
    ]),
  );
});

test("a file that is cut off is used up to there", async () => {
  const text = har(entry(), entry());
  const { result, seen } = await read(text.slice(0, -60));
  assert.equal(seen.length, 1);
  assert.deepEqual(result.problems, [{ code: "truncated", count: 1 }]);
});

test("a broken entry is left out, and the next one read", async () => {
  const text = har("MARK", entry()).replace('"MARK"', '{"request": nonsense}');
  const { result, seen } = await read(text);
  assert.equal(seen.length, 1);
  assert.deepEqual(result.problems, [{ code: "brokenEntry", count: 1 }]);
});

test("hostile depth is skipped", async () => {
  const deep = `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
  const { result, seen } = await read(har("MARK", entry()).replace('"MARK"', deep));
  assert.equal(seen.length, 1);
  assert.deepEqual(result.problems, [{ code: "tooLarge", count: 1 }]);
});

for (const [name, text] of [
  ["empty", ""],
  ["a list", "[1]"],
  ["another document", '{"openapi":"3.0.3"}'],
  ["no entries", '{"log":{"version":"1.2"}}'],
  ["text", "hello"],
] as const)
  test(`refused: ${name}`, async () => {
    await assert.rejects(read(text), (error) => error instanceof UsageError);
  });

test("an abort ends the reading", async () => {
  const controller = new AbortController();
  let count = 0;
  const observer: ExchangeObserver = {
    requestHead: () => null,
    responseHead: () => null,
    exchange: () => {
      count++;
      controller.abort();
    },
  };
  const text = har(...Array.from({ length: 50 }, () => entry()));
  const result = await readHar(pieces(text, 512), observer, { signal: controller.signal });
  assert.equal(result.cancelled, true);
  assert.ok(count < 5);
  assert.deepEqual(result.problems, []);
});
