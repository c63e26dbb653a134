import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { specLimits } from "../base/limits.ts";
import type { Description } from "./description.ts";
import { readDescription } from "./import.ts";

const read = (document: object): Description => {
  const { value, problems } = readDescription(JSON.stringify(document));
  assert.deepEqual(problems, []);
  return value!;
};

const problemsOf = (text: string): string[] =>
  readDescription(text).problems.map(({ code, place }) => `${code} ${place}`.trim());

test("3.0: servers, shared parameters, references, what inference takes", () => {
  const description = read({
    openapi: "3.0.3",
    info: { title: "Shop", version: "1" },
    servers: [
      { url: "https://{zone}.Shop.example/api/", variables: { zone: { default: "eu" } } },
      { url: "/v2" },
    ],
    security: [{ key: [] }],
    paths: {
      "/items/{id}": {
        parameters: [{ $ref: "#/components/parameters/id" }],
        get: {
          operationId: "getItem",
          summary: "One item",
          tags: ["items"],
          deprecated: true,
          parameters: [{ name: "Lang", in: "header", schema: { type: "string" } }],
          responses: { 200: { content: { "Application/JSON; charset=utf-8": { schema: {} } } } },
        },
        post: { security: [], responses: { default: { description: "" } } },
      },
    },
    components: {
      parameters: { id: { name: "id", in: "path", required: true, schema: { type: "integer" } } },
    },
  });
  assert.deepEqual(description.hosts, ["eu.shop.example"]);
  assert.deepEqual(description.basePaths, ["/api", "/v2"]);
  assert.deepEqual(description.authority.templates, ["/api/items/{id}", "/v2/items/{id}"]);
  assert.deepEqual(description.authority.operations[0], {
    method: "GET",
    template: "/api/items/{id}",
    id: "getItem",
    summary: "One item",
    tag: "items",
  });
  const [get, post] = description.operations;
  assert.equal(get!.isDeprecated, true);
  assert.deepEqual(get!.security, [["key"]]);
  assert.deepEqual(
    get!.parameters.map(({ place, name, isRequired }) => [place, name, isRequired]),
    [
      ["path", "id", true],
      ["header", "Lang", false],
    ],
  );
  assert.deepEqual([...get!.responses.get("200")!.contents.keys()], ["application/json"]);
  assert.deepEqual(post!.security, []);
});

test("2.0: bodies, forms and types stand among the parameters", () => {
  const description = read({
    swagger: "2.0",
    info: { title: "Old", version: "1" },
    host: "old.example:8080",
    basePath: "/v1/",
    consumes: ["application/json"],
    produces: ["application/json", "application/xml"],
    paths: {
      "/a": {
        post: {
          parameters: [
            { name: "body", in: "body", required: true, schema: { type: "object" } },
            { name: "limit", in: "query", type: "integer", enum: [1, 2] },
          ],
          responses: {
            200: { description: "", schema: { type: "array" } },
            204: { description: "" },
          },
        },
      },
      "/b": {
        post: {
          parameters: [{ name: "file", in: "formData", type: "file", required: true }],
          responses: {},
        },
      },
    },
  });
  const [a, b] = description.operations;
  assert.deepEqual(description.hosts, ["old.example:8080"]);
  assert.deepEqual(description.authority.templates, ["/v1/a", "/v1/b"]);
  assert.deepEqual([...a!.request!.contents], [["application/json", { type: "object" }]]);
  assert.deepEqual(
    [...a!.responses.get("200")!.contents.keys()],
    ["application/json", "application/xml"],
  );
  assert.equal(a!.responses.get("204")!.contents.size, 0);
  assert.deepEqual(a!.parameters[0]!.schema, { type: "integer", enum: [1, 2] });
  assert.deepEqual([...b!.request!.contents.keys()], ["multipart/form-data"]);
});

test("a view joins what schemas are composed of, and lays alternatives over each other", () => {
  const { schemas } = read({
    openapi: "3.1.0",
    paths: { "/": { get: {} } },
    components: {
      schemas: {
        Base: { type: "object", required: ["id"], properties: { id: { type: "integer" } } },
        Node: {
          allOf: [{ $ref: "#/components/schemas/Base" }],
          properties: { next: { $ref: "#/components/schemas/Node" } },
        },
        Either: {
          oneOf: [
            { $ref: "#/components/schemas/Node" },
            { type: "object", properties: { id: { type: "string" }, name: { const: "x" } } },
            { type: "null" },
          ],
        },
        Loop: { allOf: [{ $ref: "#/components/schemas/Loop" }] },
      },
    },
  });
  const node = schemas.view([{ $ref: "#/components/schemas/Node" }]);
  assert.deepEqual([...node.types], ["object"]);
  assert.equal(node.fields.get("id")!.isRequired, true);
  const next = schemas.view(node.fields.get("next")!.alternatives);
  assert.deepEqual([...next.fields.keys()].sort(), ["id", "next"]);
  const either = schemas.view([{ $ref: "#/components/schemas/Either" }]);
  assert.deepEqual([...either.types].sort(), ["null", "object"]);
  assert.equal(either.fields.get("id")!.isRequired, false);
  assert.deepEqual([...schemas.view(either.fields.get("id")!.alternatives).types].sort(), [
    "integer",
    "string",
  ]);
  assert.equal(schemas.view([{ $ref: "#/components/schemas/Loop" }]).types.size, 0);
});

test("YAML is read, and what cannot be is told", () => {
  const yaml = "openapi: 3.0.0\npaths:\n  /a:\n    get: {responses: {}}\n";
  assert.deepEqual(readDescription(yaml).value!.authority.templates, ["/a"]);
  assert.deepEqual(problemsOf("openapi: 3.0.0\npaths: [\n"), ["not-parsed line 3"]);
  assert.deepEqual(problemsOf("hello"), ["not-openapi"]);
  assert.deepEqual(problemsOf('{"openapi":"4.0.0"}'), ["not-openapi"]);
  assert.deepEqual(problemsOf('{"openapi":"3.0.0"}'), ["no-paths /paths"]);
  assert.deepEqual(
    problemsOf(
      JSON.stringify({
        openapi: "3.0.0",
        paths: {
          "a/{b": {},
          "/a": { get: { parameters: [{ $ref: "other.yaml#/x" }, { $ref: "#/none" }] }, put: 1 },
        },
      }),
    ),
    [
      "path-ignored /paths/a~1{b",
      "reference-outside other.yaml#/x",
      "reference-dangling #/none",
      "operation-ignored /paths/~1a/PUT",
    ],
  );
});

test("hostile documents end, in a short time", () => {
  const wide = Array.from({ length: 30 }, () => ({ $ref: "#/components/schemas/A" }));
  const schemas = { A: { allOf: wide, oneOf: wide, properties: { a: { anyOf: wide } } } };
  const bomb = { openapi: "3.0.0", paths: { "/": { get: {} } }, components: { schemas } };
  assert.equal(read(bomb).schemas.view([{ $ref: "#/components/schemas/A" }]).fields.size, 1);
  const laughs = Array.from({ length: 12 }, (_, index) =>
    index === 0 ? "a0: &a0 x" : `a${index}: &a${index} [${`*a${index - 1},`.repeat(9)}]`,
  );
  assert.match(problemsOf(laughs.join("\n")).join(), /^not-parsed/);
  assert.match(problemsOf("[".repeat(200_000)).join(), /^not-parsed/);
  assert.deepEqual(problemsOf("x".repeat(specLimits.documentCharactersMax + 1)), ["too-large"]);
  const circle = { openapi: "3.0.0", paths: { "/": { $ref: "#/paths/~1" } } };
  assert.deepEqual(problemsOf(JSON.stringify(circle)), [
    "path-ignored /paths/~1",
    "no-paths /paths",
  ]);
});

test("nothing that is JSON makes it throw", () => {
  const key = fc.constantFrom(
    "$ref",
    "type",
    "allOf",
    "properties",
    "in",
    "name",
    "get",
    "content",
  );
  const leaf = fc.constantFrom<unknown>("#/paths", "#", "x", 1, true, null);
  const one = fc.dictionary(key, fc.oneof(leaf, fc.array(leaf, { maxLength: 2 })));
  const two = fc.dictionary(key, fc.oneof(leaf, one, fc.array(one, { maxLength: 3 })));
  const schema = fc.dictionary(key, fc.oneof(leaf, two, fc.array(two, { maxLength: 3 })));
  void fc.assert(
    fc.property(schema, schema, (paths, rest) => {
      const { value } = readDescription(
        JSON.stringify({ openapi: "3.0.0", servers: [rest], ...rest, paths: { "/a": paths } }),
      );
      for (const { request, responses } of value?.operations ?? [])
        for (const body of [request, ...responses.values()])
          for (const each of body?.contents.values() ?? []) value!.schemas.view([each]);
    }),
    { numRuns: 300 },
  );
});
