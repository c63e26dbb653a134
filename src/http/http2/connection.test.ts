import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { type ClientHttp2Session, connect, createServer } from "node:http2";
import { type AddressInfo, createConnection, createServer as createProxy } from "node:net";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { httpLimits } from "../../base/limits.ts";
import { CloseReason, Direction } from "../../reassemble/stream.ts";
import { createHttpConsumers } from "../consumers.ts";
import { data, flowInfo, play, Recorder, type Step } from "../dialogue.fixture.ts";
import { HTTP_COUNTERS, type HttpCounterName } from "../tallies.ts";

const PREFACE = "PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n";

const frame = (type: number, flags: number, streamId: number, payload: Buffer | string): Buffer => {
  const body = Buffer.from(payload);
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, body]);
};

/** Literal fields that no table keeps. */
const block = (fields: Readonly<Record<string, string>>): Buffer =>
  Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => [
      Buffer.from([0, name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value, "latin1"),
    ]),
  );

const SETTINGS = frame(4, 0, 0, "");
const END_STREAM = 1;
const END_HEADERS = 4;
const PADDED = 8;
const PRIORITY = 32;

const get = (streamId: number, path: string): Buffer =>
  frame(
    1,
    END_STREAM | END_HEADERS,
    streamId,
    block({ ":method": "GET", ":scheme": "http", ":authority": "h", ":path": path }),
  );
const ok = (streamId: number, flags = END_HEADERS): Buffer =>
  frame(1, flags, streamId, block({ ":status": "200" }));
const begin = data(">", PREFACE, SETTINGS);

/** The same whatever the pieces. */
const check = (steps: readonly (string | Step)[], log: readonly string[], why?: string): void => {
  for (const pieceBytes of [1, 2, 7, 100, 100_000])
    assert.deepEqual(play(steps, { pieceBytes }).log, log, why);
};

const countOf = (played: ReturnType<typeof play>, name: HttpCounterName): number =>
  played.http.counters.count(HTTP_COUNTERS.indexOf(name));

test("streams that run beside each other are an exchange each", () => {
  check(
    [
      begin,
      data("<", SETTINGS),
      data(">", get(1, "/a"), get(3, "/b")),
      data(
        "<",
        ok(3),
        frame(0, 0, 3, "b1"),
        ok(1),
        frame(0, END_STREAM, 1, "a"),
        frame(0, END_STREAM, 3, "b2"),
      ),
    ],
    ['GET /a | 200 "a"', 'GET /b | 200 "b1b2"'],
  );
});

test("padding, priority, continuations, trailers, interim answers and what is not known", () => {
  const fields = block({ ":method": "POST", ":scheme": "http", ":path": "/p", "x-a": "1" });
  const padded = Buffer.concat([
    Buffer.from([3, 0, 0, 0, 0, 9]),
    fields.subarray(0, 20),
    Buffer.alloc(3),
  ]);
  check(
    [
      begin,
      data(
        ">",
        frame(1, PADDED | PRIORITY, 1, padded),
        frame(9, 0, 1, fields.subarray(20, 21)),
        frame(9, END_HEADERS, 1, fields.subarray(21)),
        frame(0, PADDED, 1, Buffer.from("\x02body\0\0", "latin1")),
        frame(0xfa, 0xff, 77, "nobody knows"),
        frame(6, 0, 0, "pingpong"),
        frame(1, END_STREAM | END_HEADERS, 1, block({ "x-trailer": "1" })),
      ),
      data(
        "<",
        SETTINGS,
        frame(1, END_HEADERS, 1, block({ ":status": "103", link: "</a>" })),
        frame(
          5,
          END_HEADERS,
          1,
          Buffer.concat([Buffer.from([0, 0, 0, 2]), block({ ":path": "/pushed" })]),
        ),
        ok(2, END_HEADERS | END_STREAM),
        ok(1),
        frame(0, 0, 1, "x"),
        frame(0, END_STREAM, 1, ""),
      ),
    ],
    ['POST /p "body" | 200 "x" [interim]'],
  );
});

test("a stream that is reset, and an end without its last frames", () => {
  check(
    [
      begin,
      data(">", get(1, "/a"), get(3, "/b")),
      data(
        "<",
        ok(1),
        frame(0, 0, 1, "half"),
        frame(3, 0, 1, "\0\0\0\x08"),
        ok(3),
        frame(0, 0, 3, "h"),
      ),
    ],
    ['GET /a | 200 "half" ~ [responseTruncated]', 'GET /b | 200 "h" ~ [responseTruncated]'],
  );
  check(
    [begin, data(">", get(1, "/a"), frame(3, 0, 1, "\0\0\0\x08")), data("<", ok(1))],
    ["GET /a | -"],
  );
});

test("an answer that was captured before its request", () => {
  check(
    [data("<", SETTINGS, ok(1), frame(0, END_STREAM, 1, "a")), begin, data(">", get(1, "/a"))],
    ['GET /a | 200 "a"'],
  );
});

test("a preface or an upgrade that ends in a large packet loses none of it", () => {
  const large = frame(0, END_STREAM, 1, "x".repeat(9000));
  const post = block({ ":method": "POST", ":scheme": "http", ":path": "/p" });
  const rest = Buffer.concat([SETTINGS, frame(1, END_HEADERS, 1, post), large, get(3, "/b")]);
  check(
    [
      data(">", PREFACE.slice(0, 5)),
      data(">", PREFACE.slice(5), rest),
      data("<", SETTINGS, ok(1, END_HEADERS | END_STREAM), ok(3, END_HEADERS | END_STREAM)),
    ],
    ["POST /p 9000 bytes | 200", "GET /b | 200"],
  );
  const agree = "HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: h2c\\r\\n\\r\\n";
  check(
    [
      "> GET /a HTTP/1.1\\r\\nHost: h\\r\\nUpgrade: h2c\\r\\n\\r\\n",
      data("<", agree.slice(0, 20)),
      data("<", agree.slice(20), SETTINGS, ok(1), large),
    ],
    ["GET /a | 200 9000 bytes"],
  );
});

test("a gap in the data of one stream costs that body; elsewhere it ends the connection", () => {
  const long = frame(0, END_STREAM, 1, "x".repeat(100));
  check(
    [
      begin,
      data(">", get(1, "/a")),
      data("<", ok(1), long.subarray(0, 30)),
      "gap< 40",
      data("<", long.subarray(70), ok(3)),
      data(">", get(3, "/b")),
      data("<", frame(0, END_STREAM, 3, "b")),
    ],
    ['GET /a | 200 "xxxxxxxxxxxxxxxxxxxxx" ~ [responseGap responseTruncated]', 'GET /b | 200 "b"'],
  );
  const lost = play([
    begin,
    data(">", get(1, "/a")),
    "gap< 40",
    data("<", ok(1)),
    data(">", get(3, "/b")),
  ]);
  assert.deepEqual(lost.log, ["GET /a | -"]);
  assert.equal(lost.ignored, true);
  assert.equal(countOf(lost, "http2Lost"), 1);
});

test("HTTP/1.1 that changes to HTTP/2: the first stream answers the request that asked", () => {
  const ask =
    "> GET /a HTTP/1.1\\r\\nHost: h\\r\\nConnection: Upgrade, HTTP2-Settings\\r\\nUpgrade: h2c\\r\\nHTTP2-Settings: AAMAAABk\\r\\n\\r\\n";
  const agree =
    "HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: h2c\\r\\n\\r\\n";
  const expected = ['GET /a | 200 "a"', "GET /b | 200"];
  const rest = [data(">", get(3, "/b")), data("<", ok(3, END_HEADERS | END_STREAM))];
  check(
    [ask, data("<", agree, SETTINGS, ok(1), frame(0, END_STREAM, 1, "a")), begin, ...rest],
    expected,
  );
  check(
    [ask, `< ${agree}`, begin, data("<", SETTINGS, ok(1), frame(0, END_STREAM, 1, "a")), ...rest],
    expected,
  );
  check([ask, `< ${agree}`], ["GET /a | -"], "what follows was never captured");
  check([ask, `< ${agree}`, "< no HTTP/2 at all, but something else"], ["GET /a | -"]);
});

test("a connection that was joined later is known and let go", () => {
  const played = play([data(">", get(9, "/a"))], { midStream: true });
  assert.deepEqual(
    played.http.flowKinds.entries().map(({ name }) => name),
    ["http2Joined"],
  );
  assert.equal(played.ignored, true);
});

test("what HTTP/1 could read as two messages is none, and the connection goes on", () => {
  const bad: Readonly<Record<string, string>>[] = [
    { ":method": "GET", ":path": "/a\r\nx: y" },
    { ":method": "GET", ":path": "/a b" },
    { ":method": "GE T", ":path": "/a" },
    { ":method": "GET", ":path": "/a", "x-a": "1\r\n\r\nGET /c HTTP/1.1" },
    { ":method": "GET", ":path": "/a", "X-Upper": "1" },
    { ":method": "GET", ":path": "/a", "x y": "1" },
    { ":method": "GET", ":path": "/a", "x-a": "\0" },
    { ":path": "/a" },
    { ":method": "GET" },
  ];
  for (const fields of bad) {
    const played = play([
      begin,
      data(">", frame(1, END_STREAM | END_HEADERS, 1, block(fields)), get(3, "/b")),
      data("<", ok(1, END_HEADERS | END_STREAM), ok(3, END_HEADERS | END_STREAM)),
    ]);
    assert.deepEqual(played.log, ["GET /b | 200"], JSON.stringify(fields));
    assert.equal(countOf(played, "badFraming"), 1);
  }
});

test("what breaks the rules ends the connection", () => {
  const rows: readonly (readonly [string, Buffer])[] = [
    ["a continuation of nothing", frame(9, END_HEADERS, 1, "")],
    [
      "something between the parts of a block",
      Buffer.concat([frame(1, 0, 1, block({ ":method": "GET" })), frame(6, 0, 0, "pingpong")]),
    ],
    ["padding longer than the frame", frame(0, PADDED, 1, Buffer.from([200, 1, 2]))],
    ["padding longer than the block", frame(1, PADDED | END_HEADERS, 1, Buffer.from([200, 1, 2]))],
    ["a block on no stream", frame(1, END_HEADERS, 0, block({ ":method": "GET" }))],
    ["a block that cannot be read", frame(1, END_HEADERS, 1, Buffer.from([0xff, 0xff]))],
    [
      "a block beyond the limit",
      frame(1, END_HEADERS, 1, Buffer.alloc(httpLimits.headBytesMax + 1)),
    ],
  ];
  for (const [what, bytes] of rows) {
    const played = play([begin, data(">", bytes), data(">", get(3, "/b"))]);
    assert.deepEqual(
      [played.log, played.ignored, countOf(played, "http2Lost")],
      [[], true, 1],
      what,
    );
  }
});

test("a block that unpacks to more than a head may be costs its exchange", () => {
  // One entry of 4,000 bytes, named again and again by one byte each.
  const entry = Buffer.concat([
    Buffer.from([0x40, 1, 0x61, 0x7f, 0xa1, 0x1e]),
    Buffer.alloc(4000, 0x62),
  ]);
  const bomb = Buffer.concat([
    block({ ":method": "GET", ":path": "/a" }),
    entry,
    Buffer.alloc(20_000, 0xbe),
  ]);
  const played = play([
    begin,
    data(">", frame(1, END_STREAM | END_HEADERS, 1, bomb), get(3, "/b")),
    data("<", ok(3, END_HEADERS | END_STREAM)),
  ]);
  assert.deepEqual(played.log, ["GET /b | 200"]);
  assert.equal(countOf(played, "headTooLong"), 1);
});

test("streams without end that nobody answers: the connection is let go", () => {
  const many = Array.from({ length: httpLimits.http2StreamsMax + 1 }, (_, index) =>
    get(2 * index + 1, "/a"),
  );
  const played = play([begin, data(">", ...many)]);
  assert.equal(played.log.length, many.length);
  assert.equal(countOf(played, "tooManyOutstanding"), 1);
  assert.equal(played.ignored, true);
});

/** What a real client and a real server say to each other, in the order in which it passes. */
const realDialogue = async (): Promise<{ steps: Step[]; expected: string[] }> => {
  const server = createServer();
  const expected: string[] = [];
  server.on("stream", (stream, headers) => {
    const parts: Buffer[] = [];
    stream.on("data", (bytes: Buffer) => parts.push(bytes));
    stream.on("end", () => {
      const body = Buffer.from(`${headers[":path"]} got ${Buffer.concat(parts).length}`);
      const packed = headers[":path"] === "/gzip";
      stream.respond({
        ":status": 200,
        "content-type": "text/plain",
        ...(packed && { "content-encoding": "gzip" }),
      });
      stream.end(packed ? gzipSync(body) : body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const steps: Step[] = [];
  const proxy = createProxy((near) => {
    const far = createConnection((server.address() as AddressInfo).port, "127.0.0.1");
    for (const [from, to, mark] of [
      [near, far, ">"],
      [far, near, "<"],
    ] as const) {
      from.on("data", (bytes: Buffer) => {
        steps.push(data(mark, Buffer.from(bytes)));
        to.write(bytes);
      });
      from.on("end", () => to.end());
      from.on("error", () => to.destroy());
    }
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const client = connect(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  try {
    for (let round = 0; round < 4; round += 1) {
      await Promise.all([
        ask(client, "GET", `/items/${round}`, 0, expected),
        ask(client, "POST", "/items", 10 + round, expected),
        ask(client, "GET", "/gzip", 0, expected),
        ask(client, "PUT", "/large", 40_000 + round, expected),
      ]);
    }
  } finally {
    client.close();
    server.close();
    proxy.close();
  }
  return { steps, expected: expected.sort() };
};

const ask = async (
  client: ClientHttp2Session,
  method: string,
  path: string,
  byteCount: number,
  expected: string[],
): Promise<void> => {
  const stream = client.request({ ":method": method, ":path": path, "x-token": "t".repeat(50) });
  stream.resume();
  if (byteCount > 0) stream.end("r".repeat(byteCount));
  await once(stream, "end");
  const sent =
    byteCount === 0 ? "" : byteCount > 60 ? ` ${byteCount} bytes` : ` "${"r".repeat(byteCount)}"`;
  expected.push(`${method} ${path}${sent} | 200 "${path} got ${byteCount}"`);
};

test("what Node's own client and server say, in pieces of any size", async () => {
  const { steps, expected } = await realDialogue();
  assert.equal(expected.length, 16);
  for (const pieceBytes of [1, 9, 1000, 1 << 20])
    assert.deepEqual([...play(steps, { pieceBytes }).log].sort(), expected, `${pieceBytes}`);
});

test("damaged dialogues: nothing throws, and each exchange is told once", async () => {
  const { steps } = await realDialogue();
  fc.assert(
    fc.property(
      fc.array(fc.record({ step: fc.nat(steps.length - 1), at: fc.nat(60), byte: fc.nat(255) }), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.option(
        fc.record({
          step: fc.nat(steps.length - 1),
          byteCount: fc.integer({ min: 1, max: 50_000 }),
        }),
      ),
      fc.integer({ min: 1, max: 5000 }),
      (damages, gap, pieceBytes) => {
        const damaged = steps.map((each, index): Step => {
          if (gap !== null && gap.step === index && each.kind === "data") {
            return { kind: "gap", direction: each.direction, byteCount: gap.byteCount };
          }
          const mine = damages.filter(({ step }) => step === index);
          if (each.kind !== "data" || mine.length === 0) return each;
          const bytes = Buffer.from(each.bytes);
          for (const { at, byte } of mine) if (at < bytes.length) bytes[at] = byte;
          return { ...each, bytes };
        });
        // Checks the observer's contract by itself.
        const { log, http } = play(damaged, { pieceBytes });
        assert.equal(http.counters.count(HTTP_COUNTERS.indexOf("exchanges")), log.length);
      },
    ),
    { numRuns: 400, interruptAfterTimeLimit: 4000, markInterruptAsFailure: false },
  );
});

test("a connection without an end gives back what it held", () => {
  const recorder = new Recorder();
  const { factory } = createHttpConsumers(recorder);
  const flow = factory(flowInfo(false))!;
  const said = [Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), SETTINGS, get(1, "/a")];
  for (const bytes of said) flow.data(Direction.AToB, bytes, 0, bytes.length, 1);
  assert.equal(recorder.openCount, 1);
  flow.close(CloseReason.Idle, 2);
  assert.deepEqual([recorder.openCount, recorder.log], [0, ["GET /a | -"]]);
});
