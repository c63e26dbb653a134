import assert from "node:assert/strict";
import { test } from "node:test";
import { play } from "./dialogue.fixture.ts";

const AFTER = "GET /after HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n";
const OK = "HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n";

/** How one message is framed, shown by what the message behind it becomes; the same in pieces of any size. */
function check(steps: readonly string[], expected: readonly string[]): void {
  for (const pieceBytes of [1, 2, 3, 5, 8, 13, 50, 1000])
    assert.deepEqual(play(steps, { pieceBytes }).log, expected, steps.join("\n"));
}

/** A request with these fields and this body, and one behind it that must not be believed. */
const REFUSED: readonly (readonly [name: string, fields: string, body: string])[] = [
  ["CL.TE", "Content-Length: 6\\r\\nTransfer-Encoding: chunked\\r\\n", "0\\r\\n\\r\\n"],
  ["TE.CL", "Transfer-Encoding: chunked\\r\\nContent-Length: 4\\r\\n", "5c\\r\\n"],
  ["different lengths", "Content-Length: 5\\r\\nContent-Length: 6\\r\\n", "hello"],
  ["a list of different lengths", "Content-Length: 5, 6\\r\\n", "hello"],
  ["a list with an empty member", "Content-Length: 5,\\r\\n", "hello"],
  ["a sign", "Content-Length: +5\\r\\n", "hello"],
  ["a negative length", "Content-Length: -5\\r\\n", "hello"],
  ["hexadecimal", "Content-Length: 0x5\\r\\n", "hello"],
  ["a fraction", "Content-Length: 5.0\\r\\n", "hello"],
  ["digits apart", "Content-Length: 1 0\\r\\n", "hello"],
  ["no number", "Content-Length: \\r\\n", "hello"],
  ["beyond what a double holds", "Content-Length: 9007199254740993\\r\\n", "hello"],
  ["TE unknown", "Transfer-Encoding: xchunked\\r\\n", "0\\r\\n\\r\\n"],
  ["TE twice chunked", "Transfer-Encoding: chunked, chunked\\r\\n", "0\\r\\n\\r\\n"],
  ["TE two fields", "Transfer-Encoding: chunked\\r\\nTransfer-Encoding: x\\r\\n", "0\\r\\n\\r\\n"],
  ["chunked not last", "Transfer-Encoding: chunked, gzip\\r\\n", "0\\r\\n\\r\\n"],
  ["TE without chunked", "Transfer-Encoding: gzip\\r\\n", "0\\r\\n\\r\\n"],
  ["TE identity", "Transfer-Encoding: identity\\r\\n", "0\\r\\n\\r\\n"],
  ["TE empty", "Transfer-Encoding:\\r\\n", "0\\r\\n\\r\\n"],
  ["TE quoted", 'Transfer-Encoding: "chunked"\\r\\n', "0\\r\\n\\r\\n"],
  ["TE with vertical tab", "Transfer-Encoding: \\x0bchunked\\r\\n", "0\\r\\n\\r\\n"],
  ["space before the colon", "Transfer-Encoding : chunked\\r\\n", "0\\r\\n\\r\\n"],
  ["space before the colon of the length", "Content-Length : 5\\r\\n", "hello"],
  ["folded name", "Transfer-Encoding\\r\\n : chunked\\r\\n", "0\\r\\n\\r\\n"],
  ["folded value", "Transfer-Encoding:\\r\\n chunked\\r\\n", "0\\r\\n\\r\\n"],
  ["folded length", "Content-Length: 5\\r\\n 6\\r\\n", "hello"],
  ["field on a line that begins with space", " Transfer-Encoding: chunked\\r\\n", "0\\r\\n\\r\\n"],
  ["NUL in the name", "Transfer-Encoding\\0: chunked\\r\\n", "0\\r\\n\\r\\n"],
  ["no colon", "Transfer-Encoding chunked\\r\\n", "0\\r\\n\\r\\n"],
  ["a bare CR that hides a field", "X: y\\rTransfer-Encoding: chunked\\r\\n", "0\\r\\n\\r\\n"],
  ["NUL in a value", "X: a\\0b\\r\\nContent-Length: 5\\r\\n", "hello"],
  ["control character in the name", "\\x01Content-Length: 5\\r\\n", "hello"],
];

for (const [name, fields, body] of REFUSED)
  test(`refused in a request: ${name}`, () => {
    check(
      [
        `> POST /a HTTP/1.1\\r\\nHost: h\\r\\n${fields}\\r\\n${body}${AFTER}`,
        `< ${OK}`,
        `> ${AFTER}`,
      ],
      ["POST /a ~ | 200 [badFraming]"],
    );
  });

test("refused in a request of HTTP/1.0: a transfer coding", () => {
  check(
    [
      `> POST /a HTTP/1.0\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n${AFTER}`,
      `< ${OK}`,
    ],
    ["POST /a ~ | 200 [badFraming]"],
  );
});

/** Chunked bodies that are none. */
for (const [name, body] of [
  ["a size beyond all numbers", "fffffffffffffffff\\r\\nhello"],
  ["a size with a sign", "+5\\r\\nhello\\r\\n0\\r\\n\\r\\n"],
  ["a size in C's manner", "0x5\\r\\nhello\\r\\n0\\r\\n\\r\\n"],
  ["space before the size", " 5\\r\\nhello\\r\\n0\\r\\n\\r\\n"],
  ["no size", "\\r\\nhello"],
  ["a bare CR behind the size", "5\\rhello\\r\\n0\\r\\n\\r\\n"],
  ["a bare CR in an extension", "5;a\\rb\\r\\nhello\\r\\n0\\r\\n\\r\\n"],
  ["data longer than its size", "4\\r\\nhello\\r\\n0\\r\\n\\r\\n"],
  ["zeros without end", `${"0".repeat(30)}5\\r\\nhello`],
] as const)
  test(`refused in a chunked body: ${name}`, () => {
    for (const pieceBytes of [1, 2, 3, 7, 1000]) {
      const { log } = play(
        [
          `> POST /a HTTP/1.1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n${body}${AFTER}`,
          `< ${OK}`,
        ],
        { pieceBytes },
      );
      assert.match(log[0] ?? "", /^POST \/a.* ~ \| 200 \[.*badFraming\]$/);
      assert.equal(log.length, 1);
    }
  });

/** What has one meaning is accepted. */
for (const [name, fields, body, text] of [
  ["the same length twice", "Content-Length: 5\\r\\ncontent-length: 5\\r\\n", "hello", ' "hello"'],
  ["a list of the same length", "Content-Length: 5, 5 ,5\\r\\n", "hello", ' "hello"'],
  ["leading zeros", "Content-Length: 0005\\r\\n", "hello", ' "hello"'],
  ["white space around", "Content-Length:\\t 5 \\t\\r\\n", "hello", ' "hello"'],
  [
    "chunked in capitals",
    "Transfer-Encoding: CHUNKED\\r\\n",
    "1\\r\\nx\\r\\n0\\r\\n\\r\\n",
    ' "x"',
  ],
  [
    "tab before chunked",
    "Transfer-Encoding:\\tchunked\\r\\n",
    "1\\r\\nx\\r\\n0\\r\\n\\r\\n",
    ' "x"',
  ],
  ["bare line feeds in chunks", "Transfer-Encoding: chunked\\r\\n", "1\\nx\\n0\\n\\n", ' "x"'],
  [
    "space behind the size",
    "Transfer-Encoding: chunked\\r\\n",
    "1  \\r\\nx\\r\\n0 ;a\\r\\n\\r\\n",
    ' "x"',
  ],
  [
    "capital digits",
    "Transfer-Encoding: chunked\\r\\n",
    "00A\\r\\n0123456789\\r\\n0\\r\\nT: v\\r\\nU:\\r\\n\\r\\n",
    ' "0123456789"',
  ],
  ["a length of nothing", "Content-Length: 0\\r\\n", "", ""],
  [
    "an odd line that frames nothing",
    "what is this\\r\\nContent-Length: 5\\r\\n",
    "hello",
    ' "hello"',
  ],
  [
    "space before the colon of another field",
    "X : y\\r\\nContent-Length: 5\\r\\n",
    "hello",
    ' "hello"',
  ],
] as const)
  test(`accepted in a request: ${name}`, () => {
    check(
      [`> POST /a HTTP/1.1\\r\\nHost: h\\r\\n${fields}\\r\\n${body}${AFTER}`, `< ${OK}${OK}`],
      [`POST /a${text} | 200`, "GET /after | 200 [pipelined]"],
    );
  });

const GET = "GET /a HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n";

test("a response with transfer coding and length is read by its coding, as every client does", () => {
  check(
    [
      `> ${GET}`,
      "< HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\nContent-Length: 999\\r\\n\\r\\n1\\r\\nx\\r\\n0\\r\\n\\r\\n",
      `> ${AFTER}`,
      `< ${OK}`,
    ],
    ['GET /a | 200 "x"', "GET /after | 200"],
  );
});

for (const [name, head] of [
  ["different lengths", "HTTP/1.1 200 OK\\r\\nContent-Length: 1\\r\\nContent-Length: 2\\r\\n"],
  ["a coding of HTTP/1.0", "HTTP/1.0 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n"],
  ["an unknown coding", "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: cow\\r\\n"],
  [
    "a coding and a length",
    "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: gzip\\r\\nContent-Length: 3\\r\\n",
  ],
  ["a field hidden behind a bare CR", "HTTP/1.1 200 OK\\rTransfer-Encoding: chunked\\r\\n"],
  ["a status that is no status", "HTTP/1.1 0200 OK\\r\\nContent-Length: 1\\r\\n"],
] as const)
  test(`refused in a response: ${name}; nothing behind it is trusted`, () => {
    const { log, ignored } = play([`> ${GET}${AFTER}`, `< ${head}\\r\\nx`, `< ${OK}`]);
    assert.match(log[0] ?? "", /^GET \/a \| \d+ ~ \[badFraming\]$/);
    assert.deepEqual(log.slice(1), ["GET /after | - [pipelined]"]);
    assert.equal(ignored, true);
  });

test("a response whose coding is not chunked ends with the connection", () => {
  check(
    [`> ${GET}`, "< HTTP/1.1 200 OK\\r\\nTransfer-Encoding: identity\\r\\n\\r\\nabc", "fin<"],
    ['GET /a | 200 "abc"'],
  );
});

test("lengths without a body: the method and the status decide", () => {
  check(
    [
      "> HEAD /a HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n",
      "< HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n",
      "> HEAD /b HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n",
      "< HTTP/1.1 404 No\\r\\nContent-Length: 7\\r\\nContent-Length: 8\\r\\n\\r\\n",
      `> ${GET}`,
      "< HTTP/1.1 204 No Content\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n",
      `> ${AFTER}`,
      `< ${OK}`,
    ],
    ["HEAD /a | 200", "HEAD /b | 404", "GET /a | 204", "GET /after | 200"],
  );
});

test("start lines: what is refused is skipped, what has one meaning is read", () => {
  const rows: [string, string][] = [
    ["GET /a HTTP/1.1", "GET /a | 200"],
    ["M-SEARCH * HTTP/1.1", "M-SEARCH * | 200"],
    ["get /a HTTP/1.1", "get /a | 200"],
    ["GET  /a  HTTP/1.1 ", "GET /a | 200"],
    ["GET /a b HTTP/1.1", "GET /a b | 200"],
    ["GET /\\xe4\\xff HTTP/1.1", "GET /\xe4\xff | 200"],
    ["GET http://h/a HTTP/1.0", "GET http://h/a | 200"],
    ["CONNECT h:1 HTTP/1.1", "CONNECT h:1 | 200 [upgraded]"],
    ["OPTIONS * HTTP/1.9", "OPTIONS * | 200"],
    ["G(T /a HTTP/1.1", "- | 200"],
    ["GET /a", "- | 200"],
    ["GET /a HTTP/2.0", "- | 200"],
    ["GET /a\\x01 HTTP/1.1", "- | 200"],
    ["GET HTTP/1.1", "- | 200"],
    [`${"G".repeat(33)} /a HTTP/1.1`, "- | 200"],
  ];
  for (const [line, expected] of rows)
    check(
      [`> ${GET}`, `< ${OK}`, `> ${line}\\r\\nHost: h\\r\\n\\r\\n`, `< ${OK}`],
      ["GET /a | 200", expected],
    );
});
