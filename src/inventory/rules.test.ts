import assert from "node:assert/strict";
import { test } from "node:test";
import { infer } from "../infer/infer.ts";
import { compareWithDescription } from "../spec/compare.ts";
import { readDescription } from "../spec/import.ts";
import type { Written } from "../telemetry/exchange.fixture.ts";
import { viewOf } from "./apiview.ts";
import { bearer, call, learn } from "./deltas.fixture.ts";
import { DEFAULT_WEIGHTS, findingsOf, scoreOf } from "./judging.ts";
import { RULES } from "./rules.ts";

function judge(exchanges: readonly Written[], description?: object) {
  const summaries = learn(exchanges);
  const [api] = infer(summaries).apis;
  const imported =
    description === undefined ? null : readDescription(JSON.stringify(description)).value;
  const differences = imported === null ? [] : compareWithDescription(api!, imported);
  const view = viewOf(api!, summaries, differences);
  const findings = findingsOf("api", view);
  return { findings, score: scoreOf(view, findings, DEFAULT_WEIGHTS) };
}

/** `rule METHOD /path severity`, sorted. */
function check(
  exchanges: readonly Written[],
  expected: readonly string[],
  description?: object,
): void {
  const found = judge(exchanges, description).findings.map(({ rule, method, path, severity }) =>
    [rule, method, path, severity].filter((part) => part !== null).join(" "),
  );
  assert.deepEqual(found.sort(), [...expected].sort());
}

const guarded = [
  call("GET /orders", { requestHeaders: bearer }),
  call("GET /baskets", { requestHeaders: bearer }),
  call("GET /invoices", { requestHeaders: bearer }),
];
const clear = "clear-text-credentials low";

const rows: Readonly<Record<string, readonly [readonly Written[], readonly string[], object?]>> = {
  "an API without credentials has nothing to compare with": [[call("GET /orders")], []],
  "credentials in clear text": [guarded, [clear]],
  "basic credentials in clear text": [
    [call("GET /orders", { requestHeaders: { authorization: "Basic YTpi" } })],
    ["clear-text-credentials medium"],
  ],
  "credentials in clear text from outside": [
    [call("GET /orders", { requestHeaders: bearer, client: "203.0.113.9" })],
    ["clear-text-credentials high"],
  ],
  "a sibling without": [
    [...guarded, call("GET /health-reports", { body: { up: [1] } })],
    [clear, "unauthenticated-sibling GET /health-reports medium"],
  ],
  "a write without": [
    [...guarded, call("POST /orders 201")],
    [clear, "unauthenticated-write POST /orders high"],
  ],
  "a refused write": [[...guarded, call("POST /orders 401")], [clear]],
  "an entrance needs none": [
    [...guarded, call("POST /login", { body: { accessToken: "x" } })],
    [clear],
  ],
  "a key in the URL": [
    [call("GET /orders?api_key=k3y0fS0meLength99")],
    ["credentials-in-url GET /orders high", clear],
  ],
  "a password in the URL": [
    [call("GET /orders?password=hunter2")],
    ["credentials-in-url GET /orders high"],
  ],
  "personal data in responses": [
    [call("GET /orders", { requestHeaders: bearer, body: { email: "ada@example.com" } })],
    [clear, "sensitive-data-exposed GET /orders low"],
  ],
  "a card number for all": [
    [call("GET /orders", { body: { note: "4111111111111111" } })],
    ["sensitive-data-exposed GET /orders high"],
  ],
  "an address in the query": [
    [call("GET /orders?email=ada@example.com")],
    ["sensitive-data-in-url GET /orders medium"],
  ],
  "an error that tells of the inside": [
    [
      call("GET /orders"),
      call("GET /orders 500", { body: { message: "x", stackTrace: "at a.b(c.js:1)" } }),
    ],
    ["verbose-errors GET /orders medium"],
  ],
  "identifiers that can be guessed": [
    [call("GET /users/17", { body: { ok: true } }), call("GET /users/18", { body: { ok: true } })],
    ["sequential-ids GET /users/{userId} info"],
  ],
  "an old version": [
    [call("GET /v1/orders"), call("GET /v2/orders")],
    ["old-version-in-use GET /v1/orders info"],
  ],
  "a deprecated operation": [
    [call("GET /orders")],
    ["deprecated-in-use GET /orders low"],
    {
      openapi: "3.0.3",
      info: { title: "Shop", version: "1" },
      paths: {
        "/orders": { get: { deprecated: true, responses: { 200: { description: "ok" } } } },
      },
    },
  ],
};

for (const [name, [exchanges, expected, description]] of Object.entries(rows)) {
  test(`finding: ${name}`, () => check(exchanges, expected, description));
}

test("every rule is tried here, and every finding has evidence and advice", () => {
  const tried = new Set<string>();
  for (const [exchanges, , description] of Object.values(rows)) {
    for (const { rule, evidence, advice } of judge(exchanges, description).findings) {
      tried.add(rule);
      assert.ok(evidence.length > 0 && advice !== "");
    }
  }
  assert.deepEqual(
    RULES.map(({ name }) => name).filter((name) => !tried.has(name)),
    [],
  );
});

test("a score grows with what is found, up to 10", () => {
  const harmless = judge(guarded).score;
  const worse = judge([...guarded, call("POST /orders 201")]).score;
  const worst = judge([
    ...guarded,
    call("POST /orders 201", {
      client: "203.0.113.9",
      body: { cardNumber: "4111111111111111", password: "x" },
    }),
    call("GET /baskets?token=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"),
  ]).score;
  assert.ok(harmless < worse && worse < worst && worst <= 10, `${harmless} ${worse} ${worst}`);
});
