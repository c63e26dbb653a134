import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import type { Api, Evidence, Operation, Parameter, Schema } from "../infer/model.ts";
import { emit } from "./emit.ts";
import { schemaJson } from "./schema.ts";
import { validate } from "./validate.ts";
import { toText } from "./yaml.ts";

const evidence: Evidence = { count: 4, firstMs: 0, lastMs: 1000, share: 0.5, confidence: 0.66 };
const text: Schema = { kind: "string", nullable: false, format: null, words: null };

const check = (schema: Schema, in30: object, in31: object): void => {
  assert.deepEqual(schemaJson(schema, { openapi: "3.0.3", evidence: false }), in30);
  assert.deepEqual(schemaJson(schema, { openapi: "3.1.0", evidence: false }), in31);
};

test("null in both versions", () => {
  check({ kind: "any", nullable: true }, {}, {});
  check(
    { ...text, nullable: true },
    { type: "string", nullable: true },
    { type: ["string", "null"] },
  );
  check(
    { ...text, nullable: true, words: ["a", "b"] },
    { type: "string", nullable: true, enum: ["a", "b", null] },
    { type: ["string", "null"], enum: ["a", "b", null] },
  );
  const reference = { $ref: "#/components/schemas/User" };
  check(
    { kind: "ref", nullable: true, name: "User" },
    { allOf: [reference], nullable: true },
    { anyOf: [reference, { type: "null" }] },
  );
  const options: Schema[] = [text, { kind: "boolean", nullable: false }];
  const either = [{ type: "string" }, { type: "boolean" }];
  check(
    { kind: "union", nullable: true, options, discriminator: null },
    { anyOf: either, nullable: true },
    { anyOf: [...either, { type: "null" }] },
  );
});

test("objects: names are data", () => {
  const field = {
    required: true,
    schema: text,
    isNullAssumed: false,
    isFractionAssumed: false,
    evidence,
  };
  const schema: Schema = {
    kind: "object",
    nullable: false,
    fields: [
      { name: "__proto__", ...field },
      { name: "$ref", ...field, required: false },
    ],
    additional: { kind: "number", nullable: false },
  };
  const json = JSON.stringify(schemaJson(schema, { openapi: "3.0.3", evidence: false }));
  assert.equal(
    json,
    '{"type":"object","required":["__proto__"],"properties":{"__proto__":{"type":"string"},"$ref":{"type":"string"}},' +
      '"additionalProperties":{"type":"number"}}',
  );
});

const parameter = (name: string, style: Parameter["style"], schema: Schema = text): Parameter => ({
  name,
  place: "query",
  required: false,
  schema,
  style,
  evidence,
});

const operation: Operation = {
  id: "listThings",
  summary: "List things",
  tag: "things",
  parameters: [
    parameter("q", "single"),
    parameter("ids", "comma-list", { kind: "array", nullable: false, items: text }),
    parameter("filter", "deep", { kind: "object", nullable: false, fields: [], additional: text }),
  ],
  request: null,
  responses: [{ status: 299, contents: [], headers: [], links: [], evidence }],
  security: [["key"], []],
  evidence,
  protocol: null,
  convention: null,
};

const path = {
  text: "/things",
  segments: [{ parts: [{ kind: "literal", text: "things" } as const] }],
};

const api: Api = {
  title: "api.test",
  hosts: ["api.test", "::1"],
  port: 8080,
  servers: [{ scheme: "https", host: "::1", port: 443 }],
  securitySchemes: new Map([["key", { kind: "apiKey", place: "header", name: "x-key" }]]),
  tags: [{ name: "things", description: "1 operation" }],
  endpoints: [
    { method: "GET", path, operation },
    { method: "PURGE", path, operation: { ...operation, id: "purgeThings" } },
  ],
  errors: null,
  components: new Map([["Thing", text]]),
  evidence,
  decisions: [],
};

test("a document is valid in both versions, with evidence and without", async () => {
  for (const openapi of ["3.0.3", "3.1.0"] as const)
    for (const withEvidence of [true, false]) {
      const document = emit(api, { openapi, evidence: withEvidence });
      assert.deepEqual(await validate(document), []);
      assert.equal(JSON.stringify(document).includes('"x-nta"'), withEvidence);
    }
});

test("what OpenAPI has no place for stands in an extension", () => {
  const document = emit(api, { openapi: "3.0.3", evidence: false });
  const item = document.paths["/things"] as Record<string, Record<string, { operationId: string }>>;
  assert.deepEqual(Object.keys(item), ["get", "x-nta-methods"]);
  assert.equal(item["x-nta-methods"]!["PURGE"]!.operationId, "purgeThings");
});

test("descriptions, servers, styles and security", () => {
  const document = JSON.parse(JSON.stringify(emit(api, { openapi: "3.0.3", evidence: true })));
  assert.deepEqual(document.servers, [{ url: "https://[::1]" }]);
  const { get } = document.paths["/things"];
  assert.equal(get.responses["299"].description, "Status 299");
  assert.deepEqual(get.security, [{ key: [] }, {}]);
  const styles = get.parameters.map(({ style, explode }: Record<string, unknown>) => [
    style,
    explode,
  ]);
  assert.deepEqual(styles, [
    [undefined, undefined],
    ["form", false],
    ["deepObject", true],
  ]);
  assert.deepEqual(get["x-nta"], {
    count: 4,
    firstSeen: "1970-01-01T00:00:00.000Z",
    lastSeen: "1970-01-01T00:00:01.000Z",
    share: 0.5,
    confidence: 0.66,
  });
});

test("text says the same as the document", () => {
  const long = "word ".repeat(60);
  const odd = { ...api, title: `yes: no # ${long}`, tags: [{ name: "200", description: "on" }] };
  const document = emit(odd, { openapi: "3.1.0", evidence: true });
  assert.deepEqual(parse(toText(document, "yaml")), JSON.parse(toText(document, "json")));
  assert.ok(toText(document, "yaml").includes(long.trim()), "folded");
});
