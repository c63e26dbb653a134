import assert from "node:assert/strict";
import { test } from "node:test";
import { endpoint, type Line, learn } from "./learn.fixture.ts";
import type { Field, Schema } from "./model.ts";

type Part = readonly [disposition: string, content: string, type?: string];

const form = (target: string, requestBody: string): Line => ({
  method: "POST",
  target,
  requestHeaders: { "content-type": "application/x-www-form-urlencoded" },
  requestBody,
});

const parts = (target: string, list: readonly Part[]): Line => ({
  method: "POST",
  target,
  requestHeaders: { "content-type": "multipart/form-data; boundary=b" },
  requestBody: `${list.map(([disposition, content, type]) => `--b\r\nContent-Disposition: form-data; ${disposition}\r\n${type === undefined ? "" : `Content-Type: ${type}\r\n`}\r\n${content}\r\n`).join("")}--b--\r\n`,
});

const xml = (target: string, requestBody: string): Line => ({
  method: "POST",
  target,
  requestHeaders: { "content-type": "application/xml" },
  requestBody,
});

const times = (make: (index: number) => Line): Line[] =>
  Array.from({ length: 12 }, (_, i) => make(i));

/** `name: kind` of the fields of what is sent, with the format; items of lists in brackets. */
function sent(lines: readonly Line[], target: string): string[] {
  const api = learn(lines);
  const schema = endpoint(api, `POST ${target}`).operation.request?.contents[0]?.schema;
  const object = schema?.kind === "ref" ? api.components.get(schema.name) : schema;
  assert.ok(object?.kind === "object");
  return object.fields.map(({ name, schema: own }: Field) => `${name}: ${textOf(own)}`);
}

const textOf = (schema: Schema): string => {
  if (schema.kind === "array") return `[${textOf(schema.items)}]`;
  if (schema.kind === "string" && schema.words !== null) return schema.words.join("|");
  const format = "format" in schema ? schema.format : null;
  return format === null ? schema.kind : `${schema.kind} ${format}`;
};

test("values of forms have types, and what comes again is a list", () => {
  const lines = times((i) =>
    form(
      "/orders",
      `count=${i}&gift=${i % 2 === 0}&price=${i}.5&name=n${i}x&tag=a${i}z&tag=b${i}z&opt=`,
    ),
  );
  assert.deepEqual(sent(lines, "/orders"), [
    "count: integer int32",
    "gift: boolean",
    "name: string",
    "opt: string",
    "price: number",
    "tag: [string]",
  ]);
});

test("a file is binary, whatever types its kind of file had", () => {
  const lines = times((i) =>
    parts("/files", [
      [`name="type"; filename="a${i}"`, `x${i}`, i % 2 === 0 ? "image/png" : "text/plain"],
      ['name="page"; filename="1"', "", "text/plain"],
      ['name="page"; filename="2"', "x", "text/plain"],
      ['name="public"', String(i % 3 === 0)],
      ['name="meta"', `{"width":${i}}`, "application/json"],
      [i % 2 === 0 ? 'name="either"' : 'name="either"; filename="c"', "text"],
    ]),
  );
  assert.deepEqual(sent(lines, "/files"), [
    "either: string",
    "meta: object",
    "page: [string binary]",
    "public: boolean",
    "type: string binary",
  ]);
});

test("elements of XML have types and lists", () => {
  const lines = times((i) =>
    xml("/notes", `<note><id>${i}</id><line>a${i}</line><line>b${i}</line></note>`),
  );
  const api = learn(lines);
  const schema = endpoint(api, "POST /notes").operation.request?.contents[0]?.schema;
  assert.match(JSON.stringify(schema), /"id".*?"integer".*"line".*?"array"/);
});

test("one form at two paths is one component, apart from JSON with the same names", () => {
  const own = (target: string): Line[] =>
    times((i) => form(target, `first=${i}&second=a${i}b&third=c${i}d&fourth=e${i}f`));
  const json = times(
    (i): Line => [
      "POST /c 200",
      undefined,
      { first: `x${i}y`, second: `a${i}b`, third: `c${i}d`, fourth: `e${i}f` },
    ],
  );
  const lines = [...own("/a"), ...own("/b"), ...json];
  const typed = ["first: integer int32", "fourth: string", "second: string", "third: string"];
  assert.deepEqual(sent(lines, "/a"), typed);
  assert.deepEqual(sent(lines, "/b"), typed);
  assert.deepEqual(sent(lines, "/c"), ["first: string", ...typed.slice(1)]);
});

test("who asks for a token needs none", () => {
  const bearer = { authorization: "Bearer abcdef0123456789" };
  const lines = [
    ...times((i) => form("/token", `grant_type=password&username=u${i}&password=p${i}`)),
    ...times((i): Line => ({ target: `/users/${i}`, requestHeaders: bearer, responseBody: "{}" })),
  ];
  const api = learn(lines);
  assert.deepEqual(endpoint(api, "POST /token").operation.security, []);
  assert.deepEqual(endpoint(api, "GET /users/{userId}").operation.security, [["bearerAuth"]]);
  assert.deepEqual(api.securitySchemes.get("oauth2"), {
    kind: "oauth2",
    tokenPath: "/token",
    flows: ["password"],
  });
});
