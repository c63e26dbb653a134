import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { play } from "./dialogue.fixture.ts";

const CUT_REQUEST = "requestGap requestTruncated headCut";
const CUT_RESPONSE = "responseGap responseTruncated headCut";
const CUT_BOTH = "requestGap responseGap requestTruncated responseTruncated headCut";

test("a head that a gap cuts off tells its start line", () => {
  const ok = "< HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok";
  const rows: readonly (readonly [steps: readonly string[], log: readonly string[]])[] = [
    [
      ["> GET /a?b=1 HTTP/1.1\\r\\nHost: h\\r\\nAcc", "gap> 100", ok],
      [`GET /a?b=1 ~ | 200 "ok" [${CUT_REQUEST}]`],
    ],
    [
      ["> GET /a HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n", "< HTTP/1.0 404 No\\r\\n", "gap< 700"],
      [`GET /a | 404 ~ [${CUT_RESPONSE}]`],
    ],
    // Without its line end a target may go on.
    [["> GET /a HTTP/1.1\\r", "gap> 100", ok], ['- | 200 "ok" [requestGap]']],
    [
      ["> GET /a HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n", "< HTTP/1.1 20", "gap< 700"],
      ["GET /a | - [responseGap]"],
    ],
    // Odd lines: what follows cannot say whether it is a head.
    [["> GET /a HTTP/1.1\\r\\nno field\\r\\nHo", "gap> 100", ok], ['- | 200 "ok" [requestGap]']],
    [
      [
        "> GET /a HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n",
        "< HTTP/1.1 100 Continue\\r\\nX",
        "gap< 20",
        ok,
      ],
      ['GET /a | 200 "ok" [interim]'],
    ],
    [
      [
        "> CONNECT h:1 HTTP/1.1\\r\\nHost: h:1\\r\\nX: y",
        "gap> 20",
        "< HTTP/1.1 200 OK\\r\\nX",
        "gap< 20",
      ],
      [
        "CONNECT h:1 ~ | 200 ~ [requestGap responseGap requestTruncated responseTruncated upgraded headCut]",
      ],
    ],
    // A head that only the capture's end cuts off tells nothing.
    [["> GET /a HTTP/1.1\\r\\nHost: h\\r\\n"], []],
  ];
  for (const [steps, log] of rows)
    for (const pieceBytes of [1, 7, 1000])
      assert.deepEqual(play(steps, { pieceBytes }).log, log, steps.join(" "));
});

test("a dialogue of which each packet was captured in part", () => {
  const steps = [1, 2, 3].flatMap((n) => [
    `> PUT /${n} HTTP/1.1\\r\\nHost: h\\r\\nUser-Ag`,
    "snap> 300",
    `< HTTP/1.1 20${n} OK\\r\\nServer: ng`,
    "snap< 1200",
    "< more of the body, from the middle of it",
    "snap< 1200",
  ]);
  const log = [1, 2, 3].map((n) => `PUT /${n} ~ | 20${n} ~ [${CUT_BOTH}]`);
  for (const midStream of [false, true])
    for (const pieceBytes of [1, 10, 1000])
      assert.deepEqual(play(steps, { pieceBytes, midStream }).log, log);
});

test("in the middle of a stream an unknown method is none", () => {
  const steps = ["> FOO /a HTTP/1.1\\r\\nHost: h\\r\\nX: y", "gap> 100"];
  assert.deepEqual(play(steps, { midStream: true }).log, []);
});

test("whatever length packets are cut to, no pair is wrong", () => {
  const request = (n: number): string => `GET /${n} HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n`;
  const response = (n: number): string =>
    `HTTP/1.1 20${n} OK\r\nServer: s\r\nContent-Length: 20\r\n\r\nbody of response no ${n}`;
  const cut = (mark: string, text: string, byteCount: number): string[] => [
    `${mark} ${text.slice(0, byteCount).replaceAll("\r", "\\r").replaceAll("\n", "\\n")}`,
    ...(text.length > byteCount ? [`snap${mark} ${text.length - byteCount}`] : []),
  ];
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 90 }),
      fc.integer({ min: 1, max: 90 }),
      fc.integer({ min: 1, max: 20 }),
      (requestBytes, responseBytes, pieceBytes) => {
        const steps = [1, 2, 3, 4].flatMap((n) => [
          ...cut(">", request(n), requestBytes),
          ...cut("<", response(n), responseBytes),
        ]);
        const { log } = play(steps, { pieceBytes });
        for (const line of log) {
          const [, target, status] = /^(?:GET \/(\d)|-).* \| (?:20(\d)|-)/.exec(line) ?? [];
          assert.ok(target === undefined || status === undefined || target === status, line);
        }
        const startLines = requestBytes >= 17 && responseBytes >= 17;
        if (startLines) assert.equal(log.filter((line) => /^GET .* \| 20/.test(line)).length, 4);
      },
    ),
    { numRuns: 300 },
  );
});
