import assert from "node:assert/strict";
import { test } from "node:test";
import { Direction } from "../reassemble/stream.ts";
import { createHttpConsumers } from "./consumers.ts";
import { flowInfo, type PlayOptions, play, type Step, step, wire } from "./dialogue.fixture.ts";

/** The same events however the streams are cut into pieces. */
function check(
  name: string,
  steps: readonly (string | Step)[],
  expected: readonly string[],
  options: PlayOptions = {},
): void {
  test(name, () => {
    assert.deepEqual(play(steps, options).log, expected, "whole");
    const longest = Math.max(
      1,
      ...steps.map(step).map((one) => (one.kind === "data" ? one.bytes.length : 0)),
    );
    for (let pieceBytes = 1; pieceBytes < longest; pieceBytes += pieceBytes < 200 ? 1 : 37)
      assert.deepEqual(
        play(steps, { ...options, pieceBytes }).log,
        expected,
        `in pieces of ${pieceBytes}`,
      );
  });
}

const OK = "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok";
const GET = (target: string): string => `GET ${target} HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n`;

check("one exchange", [`> ${GET("/a")}`, `< ${OK}`], ['GET /a | 200 "ok"']);
check(
  "keep-alive",
  [`> ${GET("/a")}`, `< ${OK}`, `> ${GET("/b")}`, `< ${OK}`],
  ['GET /a | 200 "ok"', 'GET /b | 200 "ok"'],
);
check(
  "pipelining",
  [`> ${GET("/a")}${GET("/b")}${GET("/c")}`, `< ${OK}${OK}`, `< ${OK}`],
  ['GET /a | 200 "ok"', 'GET /b | 200 "ok" [pipelined]', 'GET /c | 200 "ok" [pipelined]'],
);
check(
  "a request body with a length, and a chunked response with extension and trailer",
  [
    "> POST /p HTTP/1.1\\r\\nContent-Length: 5\\r\\n\\r\\nhello",
    "< HTTP/1.1 201 Created\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n3;x=y\\r\\nabc\\r\\n1\\r\\nd\\r\\n0\\r\\nX-T: 1\\r\\n\\r\\n",
    `> ${GET("/q")}`,
    `< ${OK}`,
  ],
  ['POST /p "hello" | 201 "abcd"', 'GET /q | 200 "ok"'],
);
check(
  "HEAD has no body whatever its head says; 204 and 304 neither",
  [
    "> HEAD /h HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n",
    "< HTTP/1.1 200 OK\\r\\nContent-Length: 100\\r\\n\\r\\n",
    `> ${GET("/n")}`,
    "< HTTP/1.1 204 No Content\\r\\nContent-Length: 3\\r\\n\\r\\n",
    `> ${GET("/m")}`,
    "< HTTP/1.1 304 Not Modified\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n",
    `> ${GET("/l")}`,
    `< ${OK}`,
  ],
  ["HEAD /h | 200", "GET /n | 204", "GET /m | 304", 'GET /l | 200 "ok"'],
);
check(
  "a body that ends with the connection",
  [`> ${GET("/a")}`, "< HTTP/1.0 200 OK\\r\\n\\r\\nall ", "< of it", "fin<"],
  ['GET /a | 200 "all of it"'],
);
check(
  "the capture ends before the connection: not whole",
  [`> ${GET("/a")}`, "< HTTP/1.0 200 OK\\r\\n\\r\\nall "],
  ['GET /a | 200 "all " ~ [responseTruncated]'],
);
check(
  "100-continue and early hints",
  [
    "> PUT /u HTTP/1.1\\r\\nExpect: 100-continue\\r\\nContent-Length: 2\\r\\n\\r\\n",
    "< HTTP/1.1 100 Continue\\r\\n\\r\\n",
    "> hi",
    "< HTTP/1.1 103 Early Hints\\r\\nLink: </a>\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n",
  ],
  ['PUT /u "hi" | 200 [interim]'],
);
check(
  "a response before the request's body is over",
  [
    "> POST /u HTTP/1.1\\r\\nContent-Length: 6\\r\\n\\r\\nabc",
    "< HTTP/1.1 413 Too Large\\r\\nContent-Length: 0\\r\\n\\r\\n",
    "> def",
    `> ${GET("/b")}`,
    `< ${OK}`,
  ],
  ['POST /u "abcdef" | 413', 'GET /b | 200 "ok"'],
);
check(
  "upgrade: what follows is another protocol",
  [
    "> GET /ws HTTP/1.1\\r\\nUpgrade: websocket\\r\\n\\r\\n",
    "< HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\n\\r\\n\\x81\\x05HTTP/",
    `> ${GET("/no")}`,
  ],
  ["GET /ws | 101 [upgraded]"],
);
check(
  "CONNECT: a tunnel if it succeeds, an answer with a body if not",
  [
    "> CONNECT h:443 HTTP/1.1\\r\\n\\r\\n",
    "< HTTP/1.1 407 Auth\\r\\nContent-Length: 2\\r\\n\\r\\nno",
    "> CONNECT h:443 HTTP/1.1\\r\\n\\r\\n",
    "< HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n",
    `> ${GET("/no")}`,
  ],
  ['CONNECT h:443 | 407 "no"', "CONNECT h:443 | 200 [upgraded]"],
);
check(
  "oddities that have one meaning: bare line feeds, blank lines, folding, space before the colon, no reason",
  [
    "> \\r\\n\\nGET /a HTTP/1.1\\nHost: h\\nX: a\\n\\tb\\nY : c\\n\\n",
    "< HTTP/1.1 200\\nContent-Length:2\\n\\nok",
    `> ${GET("http://h/abs")}${GET("*")}`,
    `< ${OK}${OK}`,
  ],
  ['GET /a | 200 "ok"', 'GET http://h/abs | 200 "ok"', 'GET * | 200 "ok" [pipelined]'],
);
check(
  "requests without a response",
  [`> ${GET("/a")}`, `< ${OK}`, `> ${GET("/b")}`, "close reset"],
  ['GET /a | 200 "ok"', "GET /b | -"],
);
check(
  "a flow that is only heard from the server's side",
  [`< ${OK}${OK}`],
  ['- | 200 "ok"', '- | 200 "ok"'],
);
check(
  "capture order differs from wire order: the response first",
  [`< ${OK}`, `> ${GET("/a")}`, `> ${GET("/b")}`, `< ${OK}`],
  ['GET /a | 200 "ok"', 'GET /b | 200 "ok"'],
);
check(
  "in the middle of a stream, a response without its request",
  [`< ${OK}`, `> ${GET("/b")}`, `< ${OK}`],
  ['- | 200 "ok"', 'GET /b | 200 "ok"'],
  { midStream: true },
);
check(
  "in the middle of a body",
  [
    `< rest of {"a":1}HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok`,
    `> ${GET("/b")}`,
    `< ${OK}`,
  ],
  ['- | 200 "ok"', 'GET /b | 200 "ok"'],
  { midStream: true },
);
check(
  "in the middle of a request body",
  [`> "x":1}POST /p HTTP/1.1\\r\\nHost: h\\r\\nContent-Length: 1\\r\\n\\r\\nz`, `< ${OK}`],
  ['POST /p "z" | 200 "ok"'],
  { midStream: true },
);
check(
  "text in a body that looks like a message, but is not one",
  [
    "< say HTTP/1.1 200 OK\\nto me\\n\\nGET /x HTTP/1.1\\nfoo\\n\\n and GET /y HTTP/1.1 there",
    `> ${GET("/b")}`,
    `< ${OK}`,
  ],
  ['GET /b | 200 "ok"'],
  { midStream: true },
);
check("other protocols", ["> SSH-2.0-OpenSSH_9.2\\r\\n", `< ${OK}`], []);
check(
  "an upgrade whose request was captured late",
  [
    "< HTTP/1.1 101 Switching Protocols\\r\\n\\r\\n\\x81\\x02hi",
    "> GET /ws HTTP/1.1\\r\\nUpgrade: websocket\\r\\n\\r\\n",
    "> \\x81\\x82abcdef",
  ],
  ["GET /ws | 101 [upgraded]"],
);

test("a body that nobody wants is counted, not decoded", () => {
  const log: string[] = [];
  const { factory, counters } = createHttpConsumers({
    requestHead: () => null,
    responseHead: () => null,
    exchange: ({ flags, response }) =>
      log.push(`${flags} ${response?.bodyBytes} ${response?.complete}`),
  });
  const flow = factory(flowInfo(false));
  const bytes = wire(
    "HTTP/1.1 200 OK\\r\\nContent-Encoding: gzip\\r\\nContent-Length: 5\\r\\n\\r\\nwrong",
  );
  const request = wire("GET /a HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n");
  flow?.data(Direction.AToB, request, 0, request.length, 1);
  flow?.data(Direction.BToA, bytes, 0, bytes.length, 2);
  assert.deepEqual(log, ["0 5 true"]);
  assert.equal(
    counters.entries().some(({ name }) => name === "undecodable"),
    false,
  );
});

test("a response to a HEAD that was not seen has no body, whatever its length says", () => {
  const head = "HTTP/1.1 200 OK\\r\\nContent-Length: 500\\r\\n\\r\\n";
  const rows: readonly (readonly [steps: readonly string[], log: readonly string[]])[] = [
    [
      [`< ${head}`, "> GET /a HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n", "< HTTP/1.1 204 No\\r\\n\\r\\n"],
      ["- | 200", "GET /a | 204"],
    ],
    [
      [
        `< ${head.replace("Content-Length: 500", "Transfer-Encoding: chunked")}HTTP/1.0 304\\r\\n\\r\\n`,
      ],
      ["- | 200", "- | 304"],
    ],
    // What only begins like a status line is a body.
    [[`< ${head}HTTP/1.1 no`], ['- | 200 "HTTP/1.1 no" ~ [responseTruncated]']],
    [[`< ${head}HTTP/1.1 2`], ['- | 200 "HTTP/1.1 2" ~ [responseTruncated]']],
    [[`< ${head}HTTP/1.1 2000`], ['- | 200 "HTTP/1.1 2000" ~ [responseTruncated]']],
    // Where the request is known, so is the body.
    [
      ["> GET /a HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n", `< ${head}HTTP/1.1 204 No\\r\\n\\r\\n`],
      ['GET /a | 200 "HTTP/1.1 204 No\\r\\n\\r\\n" ~ [responseTruncated]'],
    ],
  ];
  for (const [steps, log] of rows)
    for (const pieceBytes of [1, 5, 1000]) {
      const midStream = !steps[0]!.startsWith(">");
      assert.deepEqual(play(steps, { pieceBytes, midStream }).log.toSorted(), log, steps.join(" "));
    }
});
