import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import fc from "fast-check";
import { httpLimits } from "../base/limits.ts";
import { CloseReason, Direction, Verdict } from "../reassemble/stream.ts";
import { createHttpConsumers } from "./consumers.ts";
import {
  data,
  flowInfo,
  type PlayOptions,
  play,
  Recorder,
  type Step,
  wire,
} from "./dialogue.fixture.ts";
import { HTTP_COUNTERS, type HttpCounterName } from "./tallies.ts";

const countOf = (played: ReturnType<typeof play>, name: HttpCounterName): number =>
  played.http.counters.count(HTTP_COUNTERS.indexOf(name));

const kindOf = (steps: readonly (string | Step)[], options?: PlayOptions): string =>
  play(steps, options)
    .http.flowKinds.entries()
    .map(({ name }) => name)
    .join(" ");

const clientHello = (name: string): Buffer => {
  const sni = Buffer.concat([
    Buffer.from([0, 0, 0, name.length + 5, 0, name.length + 3, 0, 0, name.length]),
    Buffer.from(name),
  ]);
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32),
    Buffer.from([0, 0, 2, 0x13, 1, 1, 0, 0, sni.length]),
    sni,
  ]);
  return Buffer.concat([Buffer.from([0x16, 3, 1, 0, body.length + 4, 1, 0, 0, body.length]), body]);
};

test("other protocols are named and let go", () => {
  const rows: [string, string | Step][] = [
    ["tls", data(">", clientHello("api.example"))],
    ["tls", "> \\x17\\x03\\x03\\x00\\x20abcdefgh"],
    ["http2", "> PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n"],
    ["http2", "< \\0\\0\\x06\\x04\\0\\0\\0\\0\\0\\0\\x03\\0\\0\\0\\x64"],
    ["ssh", "< SSH-2.0-OpenSSH_9.2\\r\\n"],
    ["mysql", "< \\x4a\\0\\0\\0\\x0a8.0.36\\0abcdefgh"],
    ["postgres", "> \\0\\0\\0\\x08\\x04\\xd2\\x16\\x2f"],
    ["postgres", "> \\0\\0\\0\\x50\\0\\x03\\0\\0user\\0me\\0"],
    ["redis", "> *2\\r\\n$4\\r\\nLLEN\\r\\n"],
    ["mongodb", "> \\x50\\0\\0\\0\\x01\\0\\0\\0\\0\\0\\0\\0\\xdd\\x07\\0\\0\\0\\0"],
    ["kafka", "> \\0\\0\\0\\x20\\0\\x12\\0\\x03\\0\\0\\0\\x01\\0\\x04test"],
    ["amqp", "> AMQP\\0\\0\\x09\\x01"],
    ["smtp", "< 220 mail.example ESMTP\\r\\n"],
    ["unknown", "> \\xf0\\xf1\\xf2\\xf3\\xf4\\xf5\\xf6\\xf7abcdefghijklmnopqrstuvw"],
    ["unknown", "> GET /nine\\r\\n"],
    ["unknown", "> POLL everything now please\\r\\n\\r\\n"],
    ["none", "> GE"],
  ];
  for (const [kind, step] of rows)
    for (const pieceBytes of [1, 3, 1000])
      assert.equal(kindOf([step], { pieceBytes }), kind, `${JSON.stringify(step)}`);
  const { http, ignored } = play([data(">", clientHello("api.example"))]);
  assert.deepEqual([...http.serverNames], [["api.example", 1]]);
  assert.equal(ignored, true);
});

test("HTTP behind a PROXY header or a SOCKS dialogue", () => {
  const get = "GET /a HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n";
  const ok = "HTTP/1.1 204 No\\r\\n\\r\\n";
  const rows: [string, string, string, string][] = [
    ["PROXY TCP4 1.2.3.4 5.6.7.8 1 2\\r\\n", get, "", ok],
    ["\\r\\n\\r\\n\\0\\r\\nQUIT\\n\\x21\\x11\\0\\x0cabcdabcdefgh", get, "", ok],
    [
      "\\x05\\x02\\0\\x02\\x05\\x01\\0\\x01\\x01\\x02\\x03\\x04\\0\\x50",
      get,
      "\\x05\\0\\x05\\0\\0\\x01abcdef",
      ok,
    ],
    [
      "\\x05\\x01\\x02\\x01\\x01u\\x01p\\x05\\x01\\0\\x03\\x01h\\0\\x50",
      get,
      "\\x05\\x02\\x01\\0\\x05\\0\\0\\x01abcdef",
      ok,
    ],
    ["\\x04\\x01\\0\\x50\\0\\0\\0\\x01me\\0host\\0", get, "\\0\\x5aabcdef", ok],
  ];
  for (const [before, request, beforeReply, reply] of rows)
    for (const pieceBytes of [1, 2, 7, 1000])
      assert.deepEqual(
        play([`> ${before}${request}`, `< ${beforeReply}${reply}`], { pieceBytes }).log,
        ["GET /a | 204"],
        before,
      );
});

test("a head beyond the limit costs its exchange, and the next one is read", () => {
  const long = "x".repeat(httpLimits.headBytesMax);
  const ok = "HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n";
  for (const pieceBytes of [700, 1 << 20]) {
    const played = play(
      [
        `> GET /long HTTP/1.1\\r\\nHost: h\\r\\nX: ${long}\\r\\n\\r\\n`,
        `< ${ok}`,
        "> GET /next HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n",
        `< ${ok}`,
      ],
      { pieceBytes },
    );
    assert.deepEqual(played.log, ["- | 200 [requestGap]", "GET /next | 200"]);
    assert.equal(countOf(played, "headTooLong"), 1);
  }
});

test("requests without end that nobody answers: the connection is let go", () => {
  const many = "GET /a HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n".repeat(httpLimits.outstandingMax + 1);
  const played = play([`> ${many}`]);
  assert.equal(played.log.length, httpLimits.outstandingMax + 1);
  assert.equal(countOf(played, "tooManyOutstanding"), 1);
  assert.equal(played.ignored, true);
});

test("responses without end that nobody asked for are emitted as they come", () => {
  const many = "HTTP/1.1 204 No\\r\\n\\r\\n".repeat(1000);
  const played = play([`< ${many}`]);
  assert.equal(played.log.length, 1000);
  assert.equal(played.ignored, false);
});

test("a search that costs too much is given up", () => {
  // Each of these is a candidate that stays plausible up to the limit.
  const line = "a: GET / HTTP/1.1\\r\\n";
  const started = process.cpuUsage().user;
  const played = play(
    [
      data("<", "HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n"),
      data(">", `GET /x HTTP/1.1\\r\\n\\r\\n@${line.repeat(60_000)}`),
    ],
    { midStream: true },
  );
  assert.ok(process.cpuUsage().user - started < 3e6);
  assert.ok(played.log.length >= 1);
});

test("a gap in a partial head, then a message without its end", () => {
  const { log } = play([
    "> GET /a HTT",
    "gap> 500",
    "> rest\\r\\n\\r\\nGET /b HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n",
    "< HTTP/1.1 201 A\\r\\nContent-Length: 0\\r\\n\\r\\n",
    "< HTTP/1.1 202 B\\r\\nContent-Le",
  ]);
  assert.deepEqual(log, ["- | 201 [requestGap]", "GET /b | - [pipelined]"]);
});

const PARTS = [
  "GET /a HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n",
  "POST /b HTTP/1.1\\r\\nContent-Length: 4\\r\\n\\r\\nbody",
  "PUT /c HTTP/1.1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n3\\r\\nabc\\r\\n0\\r\\n\\r\\n",
  "HEAD /d HTTP/1.0\\r\\n\\r\\n",
  "CONNECT h:1 HTTP/1.1\\r\\n\\r\\n",
  "HTTP/1.1 200 OK\\r\\nContent-Length: 3\\r\\n\\r\\nxyz",
  "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\nContent-Encoding: gzip\\r\\n\\r\\n2\\r\\n\\x1f\\x8b\\r\\n0\\r\\n\\r\\n",
  "HTTP/1.0 200 OK\\r\\n\\r\\nuntil the end",
  "HTTP/1.1 100 Continue\\r\\n\\r\\n",
  "HTTP/1.1 101 Switching\\r\\n\\r\\n",
  "HTTP/1.1 304 Not\\r\\n\\r\\n",
  "\\r\\n",
  "\\n",
  "HTTP/1.",
  "GET ",
  " HTTP/1.1\\r\\n",
  "Transfer-Encoding: chunked\\r\\n",
  "Content-Length: 1\\r\\n",
  "\\0\\x05",
  "PROXY ",
  "\\x16\\x03\\x01",
];

const fuzzStep = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({
        direction: fc.constantFrom(">" as const, "<" as const),
        parts: fc.array(
          fc.oneof(
            fc.constantFrom(...PARTS).map(wire),
            fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
          ),
          { minLength: 1, maxLength: 3 },
        ),
      })
      .map(({ direction, parts }): Step => data(direction, ...parts)),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("gap" as const),
      direction: fc.constantFrom(Direction.AToB, Direction.BToA),
      byteCount: fc.integer({ min: 1, max: 60 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("fin" as const),
      direction: fc.constantFrom(Direction.AToB, Direction.BToA),
    }),
  },
);

test("whatever comes: the observer's contract holds, and pieces make no difference", () => {
  fc.assert(
    fc.property(
      fc.array(fuzzStep, { maxLength: 12 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 40 }),
      (steps, midStream, pieceBytes) => {
        // One piece of a direction after the other is one piece: only their times differ, which pairing looks at.
        const whole = play(steps, { midStream });
        assert.deepEqual(play(steps, { midStream, pieceBytes }).log, whole.log);
        assert.equal(
          whole.http.counters.count(HTTP_COUNTERS.indexOf("exchanges")),
          whole.log.length,
        );
      },
    ),
    { numRuns: 4000, interruptAfterTimeLimit: 4000, markInterruptAsFailure: false },
  );
});

test("many flows at once: nothing of one shows in another, and all memory is given back", () => {
  const recorder = new Recorder();
  const { factory } = createHttpConsumers(recorder);
  const flows = Array.from({ length: 500 }, () => factory(flowInfo(false))!);
  const send = (
    direction: Direction,
    text: (index: number) => string,
    from: number,
    to: number,
  ): void => {
    flows.forEach((flow, index) => {
      const bytes = wire(text(index)).subarray(from, to);
      if (bytes.length > 0)
        assert.equal(flow.data(direction, bytes, 0, bytes.length, 1), Verdict.Continue);
    });
  };
  const request = (index: number): string => `GET /flow/${index} HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n`;
  const response = (index: number): string =>
    `HTTP/1.1 200 OK\\r\\nContent-Length: 3\\r\\n\\r\\n${String(index).padStart(3, "0")}`;
  for (let from = 0; from < 60; from += 10) send(Direction.AToB, request, from, from + 10);
  for (let from = 0; from < 60; from += 10) send(Direction.BToA, response, from, from + 10);
  for (const flow of flows) flow.close(CloseReason.Finished, 2);
  assert.deepEqual(
    recorder.log.sort(),
    flows.map((_, index) => `GET /flow/${index} | 200 "${String(index).padStart(3, "0")}"`).sort(),
  );
});
