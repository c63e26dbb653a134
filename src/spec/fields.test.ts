import assert from "node:assert/strict";
import { test } from "node:test";
import { endpoint, type Line, learn } from "../infer/learn.fixture.ts";
import type { Api, ObjectSchema, Schema } from "../infer/model.ts";
import { compareWithDescription } from "./compare.ts";
import { emit } from "./emit.ts";
import { describeDocument } from "./import.ts";

const answer = (api: Api, text: string): ObjectSchema => {
  const { schema } = endpoint(api, text).operation.responses[0]!.contents[0]!;
  return (schema.kind === "ref" ? api.components.get(schema.name) : schema) as ObjectSchema;
};

const field = (object: ObjectSchema, name: string): Schema | undefined =>
  object.fields.find((each) => each.name === name)?.schema;

/** The words of a field that had these values. */
const wordsOf = (name: string, values: readonly string[]): readonly string[] | null => {
  const api = learn(values.map((value): Line => ["GET /a", { id: 1, [name]: value }]));
  const schema = field(answer(api, "GET /a"), name)!;
  return schema.kind === "string" ? schema.words : null;
};

test("digits with zeros before them are no integer", () => {
  const kinds = (values: readonly string[]): string[] => {
    const api = learn(values.map((value) => [`GET /parts/${value}?code=${value}`] as const));
    const { parameters } = endpoint(api, "GET /parts/{partId}").operation;
    return parameters.map(({ schema }) => schema.kind);
  };
  assert.deepEqual(kinds(["7", "12", "0", "345"]), ["integer", "integer"]);
  assert.deepEqual(kinds(["7", "012", "13", "345"]), ["string", "string"]);
  assert.deepEqual(kinds(["0007", "0012", "0345"]), ["string", "string"]);
});

test("an enumeration is published while a new word is improbable", () => {
  assert.deepEqual(wordsOf("status", ["open", "closed", "open", "closed", "open"]), [
    "closed",
    "open",
  ]);
  assert.equal(wordsOf("status", ["open", "closed", "open", "pending", "open", "open"]), null);
  const often = Array.from({ length: 19 }, () => "open");
  assert.deepEqual(wordsOf("status", [...often, "closed"]), ["closed", "open"]);
});

test("what is known of a structure counts where little of it was seen", () => {
  const item = (state: string) => ({ sku: "a b", price: 3, taxed: true, state });
  const api = learn([
    ...["new", "sold", "new", "sold"].map((state): Line => ["GET /items/1", item(state)]),
    ...["new", "sold", "sold", "gone", "gone"].map(
      (state): Line => ["GET /report/daily", { best: item(state) }],
    ),
  ]);
  const best = field(answer(api, "GET /report/daily"), "best")!;
  const sold = best.kind === "ref" ? api.components.get(best.name)! : best;
  const state = field(sold as ObjectSchema, "state");
  assert.deepEqual(state?.kind === "string" && state.words, ["gone", "new", "sold"]);
});

test("a field that was seen twice is not required where fields that are known better come and go", () => {
  const names = ["note", "owner", "place", "batch", "grade", "scale"];
  const isRequired = (share: number): boolean | undefined => {
    const parts = Array.from({ length: 12 }, (_, object) =>
      Object.fromEntries(
        names.filter((__, at) => (object + at) % 6 < share).map((name) => [name, "x y"]),
      ),
    );
    const lines: Line[] = ["crates", "docks", "lots", "vans"].flatMap((thing) =>
      parts.map(
        (part): Line => [`GET /${thing}`, { [`${thing}Code`]: 1, [`${thing}Size`]: 2, ...part }],
      ),
    );
    for (const note of ["a b", "c d"]) lines.push(["GET /stock", { sku: "a b", price: 3, note }]);
    const { fields } = answer(learn(lines), "GET /stock");
    return fields.find(({ name }) => name === "note")?.required;
  };
  assert.equal(isRequired(6), true);
  assert.equal(isRequired(3), false);
});

test("an amount may be a fraction that is one elsewhere, which is no drift", () => {
  const lines: Line[] = [];
  for (const total of [1.5, 2.25, 3, 4.75])
    lines.push(["GET /carts/1", { id: 1, total, items: 2, paid: true }]);
  for (const total of [3, 5, 8, 9])
    lines.push(["GET /stats", { orders: 7, total, since: "2024-01-02" }]);
  const api = learn(lines);
  assert.equal(field(answer(api, "GET /stats"), "total")?.kind, "number");
  assert.equal(field(answer(api, "GET /stats"), "orders")?.kind, "integer");
  const document = emit(api, { openapi: "3.0.3", evidence: true });
  const said = structuredClone(document) as unknown as {
    paths: Record<string, { get: { responses: Record<string, { content: Contents }> } }>;
  };
  const { schema } = said.paths["/stats"]!.get.responses["200"]!.content["application/json"]!;
  schema.properties["total"] = { type: "integer" };
  assert.deepEqual(compareWithDescription(api, describeDocument(said as never)), []);
});

type Contents = Record<string, { schema: { properties: Record<string, object> } }>;

test("labels are a map by convention, where they are strings", () => {
  const always = (value: object): ObjectSchema =>
    answer(learn([1, 2, 3, 4].map((): Line => ["GET /a", { inner: value, id: 1 }])), "GET /a");
  const inner = (value: object): ObjectSchema => field(always(value), "inner") as ObjectSchema;
  const labels = inner({ labels: { job: "a b", instance: "c d" }, name: "x" });
  const found = field(labels, "labels") as ObjectSchema;
  assert.deepEqual([found.fields.length, found.additional?.kind], [0, "string"]);
  const record = inner({ labels: { job: "a b", count: 3 }, name: "x" });
  assert.equal((field(record, "labels") as ObjectSchema).fields.length, 2);
});

test("a map of scalars of several kinds holds anything", () => {
  const ids = ["1f8a9c3d5e7b4a60", "99ae77c0b1d24f3e", "0c4d2e6f8a1b3c5d", "7a6b5c4d3e2f1a0b"];
  const mapOf = (values: readonly unknown[]): Schema | null =>
    answer(learn(ids.map((id, index): Line => ["GET /a", { [id]: values[index] }])), "GET /a")
      .additional;
  assert.equal(mapOf(["a b", 1, "c", 2])?.kind, "any");
  assert.equal(mapOf([1, 2, 3, 4])?.kind, "integer");
  assert.equal(mapOf([{ left: 1 }, "a", { left: 2 }, "b"])?.kind, "union");
});
