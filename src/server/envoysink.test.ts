import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { gzipSync } from "node:zlib";
import { collectLimits } from "../base/limits.ts";
import { type BodySink, type Exchange, ExchangeFlag } from "../http/exchange.ts";
import {
  ACCESS_LOGS,
  accessLog,
  body,
  FakeEnvoy,
  framed,
  headers,
  PROCESS,
  statusOf,
  trailers,
} from "./envoy.fixture.ts";
import { EnvoySink } from "./envoysink.ts";

interface Heard {
  readonly line: string;
  readonly request: string;
  readonly response: string;
  readonly server: string;
  readonly client: string;
  readonly flags: number;
}

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function open(): Promise<{ sink: EnvoySink; envoy: FakeEnvoy; heard: Heard[] }> {
  const heard: Heard[] = [];
  const bodies = new Map<Exchange, [string, string]>();
  const collect = (exchange: Exchange, at: 0 | 1): BodySink => {
    const both = bodies.get(exchange) ?? ["", ""];
    bodies.set(exchange, both);
    return {
      data: (bytes, start, end) => {
        both[at] += Buffer.from(bytes.subarray(start, end)).toString();
      },
      end: (whole) => {
        if (!whole) both[at] += "…";
      },
    };
  };
  const sink = new EnvoySink({
    ...{ address: "127.0.0.1", port: 0, nowMs: Date.now },
    observer: {
      requestHead: (exchange) => collect(exchange, 0),
      responseHead: (exchange) => collect(exchange, 1),
      exchange: (exchange) => {
        const { client, server } = exchange.connection;
        const [request, response] = bodies.get(exchange) ?? ["", ""];
        heard.push({
          line: `${exchange.method} ${exchange.target} ${exchange.status}`,
          ...{ request, response, flags: exchange.flags },
          server: `${server.ip} ${server.port}`,
          client: `${client.ip} ${client.port}`,
        });
      },
    },
  });
  const { port } = await sink.open();
  const envoy = new FakeEnvoy(port);
  closing.push(
    () => sink.close(),
    () => envoy.close(),
  );
  return { sink, envoy, heard };
}

const REQUEST = [
  [":method", "POST"],
  [":path", "/orders?x=1"],
  [":authority", "shop.test"],
  [":scheme", "https"],
  ["content-type", "application/json"],
] as const;
const RESPONSE = [
  [":status", "200"],
  ["content-type", "application/json"],
] as const;
const addresses = {
  attributes: { "source.address": "10.1.0.9:4711", "destination.address": "10.1.0.1:15006" },
};
const upstream = { attributes: { "upstream.address": "[fd00::7]:8080", "upstream.port": 8080 } };

const all = [
  headers(2, REQUEST, addresses),
  body(4, '{"a":'),
  body(4, "1}", true),
  headers(3, RESPONSE, upstream),
  body(5, '{"b":2}'),
  trailers(7),
];

const counts = (sink: EnvoySink): object =>
  Object.fromEntries(sink.counters.entries().map(({ name, count }) => [name, count]));

test("an exchange, however its bytes are cut", async () => {
  for (const size of [1, 2, 3, 7, 64, 1 << 20]) {
    const { envoy, heard, sink } = await open();
    const stream = envoy.open(PROCESS);
    const status = statusOf(stream);
    const bytes = Buffer.concat(all.map(framed));
    for (let at = 0; at < bytes.length; at += size) stream.write(bytes.subarray(at, at + size));
    assert.equal(await status, "0", "the call is ended by us");
    assert.deepEqual(heard, [
      {
        line: "POST /orders?x=1 200",
        request: '{"a":1}',
        response: '{"b":2}',
        server: "fd00::7 8080",
        client: "10.1.0.9 4711",
        flags: 0,
      },
    ]);
    assert.deepEqual(counts(sink), { exchanges: 1 });
  }
});

test("content codings are undone, interim responses passed over", async () => {
  const { envoy, heard } = await open();
  const stream = envoy.open(PROCESS);
  const zipped = gzipSync('{"zipped":true}');
  for (const message of [
    headers(
      2,
      [
        [":method", "GET"],
        [":path", "/"],
        [":authority", "a"],
      ],
      { isLast: true },
    ),
    headers(3, [[":status", "103"]]),
    headers(3, [
      [":status", "200"],
      ["content-encoding", "gzip"],
    ]),
    body(5, zipped.subarray(0, 9)),
    body(5, zipped.subarray(9), true),
  ])
    stream.write(framed(message));
  await statusOf(stream);
  assert.equal(heard[0]?.response, '{"zipped":true}');
  assert.equal(heard[0]?.flags, ExchangeFlag.interim);
});

test("a stream that ends early gives what was seen", async () => {
  for (const [count, flags] of [
    [1, ExchangeFlag.requestTruncated | ExchangeFlag.noResponse],
    [2, ExchangeFlag.requestTruncated | ExchangeFlag.noResponse],
    [3, ExchangeFlag.noResponse],
    [5, ExchangeFlag.responseTruncated],
  ] as const) {
    const { envoy, heard, sink } = await open();
    const stream = envoy.open(PROCESS);
    stream.end(Buffer.concat(all.slice(0, count).map(framed)));
    assert.equal(await statusOf(stream), "0");
    assert.equal(heard.length, 1);
    assert.equal(heard[0]!.flags, flags, `after ${count}`);
    assert.deepEqual(counts(sink), { exchanges: 1, "cut-off": 1 });
  }
});

test("a reset ends the exchange too", async () => {
  const { envoy, heard, sink } = await open();
  const stream = envoy.open(PROCESS);
  stream.write(Buffer.concat(all.slice(0, 4).map(framed)));
  while (sink.load().streams === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 50));
  stream.close(8);
  while (sink.load().streams > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(heard[0]?.flags, ExchangeFlag.responseTruncated);
});

test("a call is ended at the cap, and what follows is read and thrown away", async () => {
  const { envoy, sink } = await open();
  const stream = envoy.open(PROCESS);
  const status = statusOf(stream);
  stream.write(Buffer.concat(all.slice(0, 4).map(framed)));
  const piece = framed(body(5, Buffer.alloc(1 << 20, "x")));
  const pieces = collectLimits.envoyStreamBytesMax / (1 << 20) + 8;
  for (let index = 0; index < pieces; index += 1) {
    if (!stream.destroyed && !stream.write(piece))
      await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.equal(await status, "0");
  assert.deepEqual(counts(sink), { exchanges: 1, "over-cap": 1 });
});

test("what is no message of the service is counted, and ends its call alone", async () => {
  const { envoy, sink, heard } = await open();
  const rows: [Buffer, string][] = [
    [framed(Buffer.from("not protobuf at all")), "0"],
    [
      framed(
        headers(2, [
          [":method", "G T"],
          [":path", "/"],
        ]),
      ),
      "0",
    ],
    [framed(headers(3, RESPONSE)), "0"],
    [Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1]), "8"],
    [Buffer.from([1, 0, 0, 0, 1, 1]), "8"],
  ];
  for (const [bytes, expected] of rows) {
    const stream = envoy.open(PROCESS);
    const status = statusOf(stream);
    stream.write(bytes);
    assert.equal(await status, expected, bytes.toString("hex").slice(0, 40));
  }
  const other = envoy.open("/some.other.Service/Call");
  assert.equal(await statusOf(other), "12");
  assert.deepEqual(heard, []);
  assert.deepEqual(counts(sink), {
    malformed: 1,
    "bad-head": 1,
    "no-request": 1,
    "message-too-large": 2,
    "unknown-service": 1,
  });
  const stream = envoy.open(PROCESS);
  stream.write(Buffer.concat(all.map(framed)));
  await statusOf(stream);
  assert.equal(heard.length, 1, "the others go on");
});

test("control characters cannot begin a line of their own", async () => {
  const { envoy, heard } = await open();
  const stream = envoy.open(PROCESS);
  const fields = [...REQUEST, ["x-a", "1\r\nx-injected: 2\r\n\r\nGET /evil"]] as const;
  stream.write(
    Buffer.concat(
      [headers(2, fields, { isLast: true }), headers(3, RESPONSE, { isLast: true })].map(framed),
    ),
  );
  await statusOf(stream);
  assert.equal(heard[0]?.line, "POST /orders?x=1 200");
});

test("access logs", async () => {
  const { envoy, heard, sink } = await open();
  const stream = envoy.open(ACCESS_LOGS);
  const entry = {
    method: 3,
    path: "/orders?x=1",
    authority: "shop.test",
    status: 201,
    upstream: "10.1.0.7",
    port: 8080,
  };
  stream.write(framed(accessLog(entry)));
  stream.write(framed(accessLog({ ...entry, method: 1, path: "/a b" })));
  stream.end();
  assert.equal(await statusOf(stream), "0");
  assert.equal(heard[0]?.line, "POST /orders?x=1 201");
  assert.equal(heard[0]?.server, "10.1.0.7 8080");
  assert.deepEqual(counts(sink), { exchanges: 1, "bad-head": 1 });
});

test("it answers for its health", async () => {
  const { envoy } = await open();
  const stream = envoy.open("/grpc.health.v1.Health/Check");
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.end(framed(new Uint8Array(0)));
  assert.equal(await statusOf(stream), "0");
  assert.deepEqual([...Buffer.concat(chunks)], [0, 0, 0, 0, 2, 8, 1]);
});
