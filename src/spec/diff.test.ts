import assert from "node:assert/strict";
import { test } from "node:test";
import { diffDescriptions } from "./diff.ts";
import { readDescription } from "./import.ts";

/** Changes as `code place`, breaking ones with `!` in front. */
const diff = (before: object, after: object): string[] => {
  const read = (paths: object) =>
    readDescription(JSON.stringify({ openapi: "3.1.0", paths })).value!;
  return diffDescriptions(read(before), read(after)).map(({ code, isBreaking, place }) =>
    `${isBreaking ? "!" : ""}${code} ${place}`.trim(),
  );
};

const operation = (operationBefore: object, operationAfter: object): string[] =>
  diff({ "/a": { post: operationBefore } }, { "/a": { post: operationAfter } });

const body = (schema: object): object => ({ content: { "application/json": { schema } } });

/** Changes of a schema in a request, and in a response, without the places' common part. */
const schema = (before: object, after: object): string[][] =>
  [
    operation({ requestBody: body(before) }, { requestBody: body(after) }),
    operation({ responses: { 200: body(before) } }, { responses: { 200: body(after) } }),
  ].map((changes) =>
    changes.map((change) => change.replace(/ (request|response 200) application\/json/, "")),
  );

test("operations", () => {
  assert.deepEqual(diff({ "/a": { get: {} } }, { "/a": { put: {} } }), [
    "!operation.removed",
    "operation.added",
  ]);
  assert.deepEqual(diff({ "/a/{b}": { get: {} } }, { "/a/{c}": { get: {} } }), []);
  assert.deepEqual(operation({ operationId: "x" }, { operationId: "y", deprecated: true }), [
    "operation.deprecated",
    "operation.renamed",
  ]);
});

test("parameters", () => {
  const query = (name: string, required: boolean, type: string) => ({
    name,
    in: "query",
    required,
    schema: { type },
  });
  assert.deepEqual(
    operation(
      {
        parameters: [
          query("a", false, "integer"),
          query("b", true, "number"),
          query("c", false, "string"),
        ],
      },
      {
        parameters: [
          query("a", true, "number"),
          query("b", false, "integer"),
          query("d", true, "string"),
          query("e", false, "string"),
        ],
      },
    ),
    [
      "parameter.added query e",
      "!parameter.added-required query d",
      "parameter.now-optional query b",
      "!parameter.now-required query a",
      "!parameter.removed query c",
      "!parameter.type-narrowed query b",
      "parameter.type-widened query a",
    ],
  );
});

test("bodies, statuses and media types", () => {
  assert.deepEqual(operation({}, { requestBody: { required: true, ...body({}) } }), [
    "!request.added-required request",
  ]);
  assert.deepEqual(
    operation({ requestBody: body({}) }, { requestBody: { content: { "text/plain": {} } } }),
    [
      "request.media-type-added request text/plain",
      "!request.media-type-removed request application/json",
    ],
  );
  assert.deepEqual(operation({ responses: { 200: {}, 404: {} } }, { responses: { 201: {} } }), [
    "response.added response 201",
    "!response.removed response 200",
    "response.removed-error response 404",
  ]);
});

test("fields break the one side or the other", () => {
  const object = (properties: object, required: string[] = []) => ({
    type: "object",
    properties,
    required,
  });
  const text = { type: "string" };
  assert.deepEqual(schema(object({ a: text }), object({ a: text, b: text }, ["b"])), [
    ["!request.field-added-required b"],
    ["response.field-added b"],
  ]);
  assert.deepEqual(schema(object({ a: text }), object({})), [
    ["request.field-removed a"],
    ["!response.field-removed a"],
  ]);
  assert.deepEqual(schema(object({ a: text }), object({ a: text }, ["a"])), [
    ["!request.field-now-required a"],
    ["response.field-now-required a"],
  ]);
  assert.deepEqual(
    schema(object({ a: text }, ["a"]), object({ a: { type: ["string", "null"] } })),
    [
      ["request.field-now-optional a", "request.null-allowed a"],
      ["!response.field-now-optional a", "!response.null-allowed a"],
    ],
  );
});

test("types, words, formats and bounds", () => {
  assert.deepEqual(schema({ type: "integer" }, { type: "number" }), [
    ["request.type-widened"],
    ["!response.type-widened"],
  ]);
  const words = (...list: string[]) => ({ type: "string", enum: list });
  assert.deepEqual(schema(words("a", "b"), words("b", "c")), [
    ["request.value-added", "!request.value-removed"],
    ["!response.value-added", "response.value-removed"],
  ]);
  assert.deepEqual(schema({ type: "string", format: "uuid" }, { type: "string" }), [
    ["request.format-removed"],
    ["!response.format-removed"],
  ]);
  assert.deepEqual(schema({ type: "string", maxLength: 5 }, { type: "string", maxLength: 4 }), [
    ["!request.bound-narrowed"],
    ["response.bound-narrowed"],
  ]);
  assert.deepEqual(
    schema({ type: "integer", format: "int32" }, { type: "integer", format: "int64" }),
    [[], ["response.format"]],
  );
});

test("credentials", () => {
  const asks = (...names: string[][]) => ({
    security: names.map((set) => Object.fromEntries(set.map((name) => [name, []]))),
  });
  assert.deepEqual(operation({}, asks(["key"])), [
    "security.added security",
    "!security.required security",
  ]);
  assert.deepEqual(operation(asks(["key"], ["basic"]), asks(["key"], [])), [
    "security.optional security",
    "!security.removed security",
  ]);
});

test("recursive schemas end", () => {
  const tree = (type: string) => ({
    openapi: "3.1.0",
    paths: { "/a": { get: { responses: { 200: body({ $ref: "#/components/schemas/Tree" }) } } } },
    components: {
      schemas: {
        Tree: {
          type: "object",
          properties: {
            id: { type },
            left: { $ref: "#/components/schemas/Tree" },
            right: { $ref: "#/components/schemas/Tree" },
          },
        },
      },
    },
  });
  const read = (type: string) => readDescription(JSON.stringify(tree(type))).value!;
  const changes = diffDescriptions(read("integer"), read("string"));
  assert.deepEqual(
    [...new Set(changes.map(({ place }) => place))],
    ["response 200 application/json id"],
  );
});
