import assert from "node:assert/strict";
import { test } from "node:test";
import { type Line, learn } from "../infer/learn.fixture.ts";
import { compareWithDescription } from "./compare.ts";
import { driftCodes } from "./driftcodes.ts";
import { emit } from "./emit.ts";
import type { Finding } from "./finding.ts";
import { describeDocument, readDescription } from "./import.ts";

const compare = (lines: readonly Line[], document: object): Finding[] =>
  compareWithDescription(
    learn(lines),
    readDescription(JSON.stringify({ openapi: "3.0.3", ...document })).value!,
  );

/** `code METHOD path place`, one a finding. */
const check = (lines: readonly Line[], document: object, expected: readonly string[]): void => {
  const found = compare(lines, document).map(({ code, method, path, place }) =>
    [code, method, path, place].filter((part) => part !== "").join(" "),
  );
  assert.deepEqual(found, expected);
};

const object = (properties: object, required: readonly string[] = []): object => ({
  type: "object",
  properties,
  required,
});
const answers = (schema: object): object => ({
  responses: { 200: { content: { "application/json": { schema } } } },
});
const ok = { responses: { 200: { description: "" } } };

test("shadows, orphans and zombies", () => {
  const lines: Line[] = [
    ["GET /api/users"],
    ["POST /api/users"],
    ["HEAD /api/users"],
    ["GET /api/users/1"],
    ["GET /api/secret"],
    ["GET /api/gone 404"],
  ];
  const paths = {
    "/users": { get: ok },
    "/users/{name}": { get: { ...ok, deprecated: true } },
    "/gone": { get: ok },
  };
  check(lines, { servers: [{ url: "https://x.example/api" }], paths }, [
    "orphan.operation GET /api/gone",
    "shadow.path GET /api/secret",
    "shadow.method POST /api/users",
    "zombie.operation GET /api/users/{userId}",
  ]);
});

test("counts and times are those of what was seen", () => {
  const [finding] = compare([["GET /a"], ["GET /a"]], { paths: { "/b": {} } });
  assert.equal(finding!.kind, "shadow");
  assert.equal(finding!.count, 2);
  assert.ok(finding!.firstMs !== null && finding!.lastMs! >= finding!.firstMs);
});

test("what was last seen long ago is an orphan when a time is given", () => {
  const api = learn([["GET /a"]]);
  const { value } = readDescription(
    JSON.stringify({ openapi: "3.0.3", paths: { "/a": { get: ok } } }),
  );
  const seenMs = api.endpoints[0]!.operation.evidence.lastMs!;
  assert.deepEqual(compareWithDescription(api, value!, { orphanBeforeMs: seenMs }), []);
  const [late] = compareWithDescription(api, value!, { orphanBeforeMs: seenMs + 1 });
  assert.equal(late!.code, "orphan.operation");
  assert.equal(late!.lastMs, seenMs);
});

test("parameters", () => {
  const lines: Line[] = ["1", "2", "3", "x"].map((id) => [`GET /a?page=${id}&debug=1&old=1`]);
  const query = (name: string, more: object) => ({ name, in: "query", ...more });
  const parameters = [
    query("page", { schema: { type: "integer" } }),
    query("limit", { required: true, schema: { type: "integer" } }),
    query("old", { deprecated: true, schema: { type: "string" } }),
  ];
  check(lines, { paths: { "/a": { get: { ...ok, parameters } } } }, [
    "drift.parameter.missing GET /a query limit",
    "drift.parameter.type GET /a query page",
    "drift.parameter.undocumented GET /a query debug",
    "zombie.parameter GET /a query old",
  ]);
});

test("bodies, fields and statuses", () => {
  const seen = (id: number | string, extra: object = {}) => ({ id, when: "soon", ...extra });
  const lines: Line[] = [
    ["POST /a", seen(1, { note: null }), { name: "x" }],
    ["POST /a", seen("b", { note: "x", more: { deep: true } }), { name: "y" }],
    ["POST /a 202", seen(1)],
  ];
  const schema = object(
    {
      id: { type: "integer" },
      when: { type: "string", format: "date-time" },
      note: { type: "string" },
      more: object({ known: { type: "boolean" } }),
    },
    ["id", "more", "absent"],
  );
  check(lines, { paths: { "/a": { post: answers(schema) } } }, [
    "drift.field.format POST /a response 200 application/json when",
    "drift.field.missing POST /a response 200 application/json absent",
    "drift.field.missing POST /a response 200 application/json more",
    "drift.field.null POST /a response 200 application/json note",
    "drift.field.type POST /a response 200 application/json id",
    "drift.field.undocumented POST /a response 200 application/json more.deep",
    "drift.request.undocumented POST /a request",
    "drift.response.status POST /a response 202",
  ]);
});

test("what is only received need not be sent, and free objects have no undocumented field", () => {
  const line: Line = ["POST /a", { any: 1 }, { name: "x" }];
  const lines = Array.from({ length: 8 }, () => line);
  const sent = object({ id: { type: "integer", readOnly: true }, name: {} }, ["id", "name"]);
  const requestBody = { required: true, content: { "application/json": { schema: sent } } };
  check(lines, { paths: { "/a": { post: { ...answers({ type: "object" }), requestBody } } } }, []);
});

test("credentials that nobody asks for", () => {
  const security = [{ key: [] }];
  const open: Line[] = [["GET /a"]];
  check(open, { security, paths: { "/a": { get: ok } } }, [
    "drift.security.missing GET /a security",
  ]);
  check([["GET /a 401"]], { security, paths: { "/a": { get: { responses: { 401: {} } } } } }, []);
});

test("an API agrees with the document that was made of it", () => {
  const lines: Line[] = [
    ["GET /users", [{ id: 1, tags: { a: 1, b: 2, c: 3 } }]],
    ["GET /users/1?q=1", { id: 1, parent: { id: 2, parent: null } }],
    ["GET /users/2", { id: 2, parent: { id: 3, parent: { id: 4 } } }],
    ["POST /users 201", { id: 1 }, { name: "x", when: "2024-01-01T00:00:00Z" }],
  ];
  const api = learn(lines);
  for (const openapi of ["3.0.3", "3.1.0"] as const) {
    const document = emit(api, { openapi, evidence: true });
    assert.deepEqual(compareWithDescription(api, describeDocument(document)), []);
  }
});

test("every code says what it means", () => {
  for (const [code, text] of Object.entries(driftCodes)) {
    assert.match(code, /^(shadow|orphan|zombie|drift)\.[a-z.-]+$/);
    assert.match(text, /\.$/);
  }
});
