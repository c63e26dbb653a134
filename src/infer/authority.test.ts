import assert from "node:assert/strict";
import { test } from "node:test";
import type { Authority } from "./authority.ts";
import { noHints } from "./hints.ts";
import { infer } from "./infer.ts";
import { type Line, summarize } from "./learn.fixture.ts";

const authority = (...templates: string[]): Authority => ({
  templates,
  operations: templates.map((template) => ({
    method: "GET",
    template,
    id: `read ${template}`,
    summary: null,
    tag: "described",
  })),
});

const pathsOf = (lines: readonly Line[], described: Authority | null, vetoes: string[] = []) =>
  infer(summarize(lines), {
    hints: { ...noHints, vetoes },
    authorityOf: () => described,
  }).apis[0]!.endpoints.map(({ path }) => path.text);

const calls: Line[] = [
  ["GET /shops/berlin"],
  ["GET /shops/paris"],
  ["GET /shops/nearest"],
  ["GET /shops/7.json"],
  ["GET /shops/berlin/items/1"],
];

test("an imported description decides what is a parameter, and its name in each template", () => {
  const described = authority("/shops/{city}", "/shops/nearest", "/shops/{shop}/items/{item}");
  assert.deepEqual(pathsOf(calls, described), [
    "/shops/nearest",
    "/shops/{city}",
    "/shops/{shop}/items/{item}",
  ]);
  assert.notDeepEqual(pathsOf(calls, null), pathsOf(calls, described));
});

test("it comes before hints", () => {
  const described = authority("/shops/{city}", "/shops/{city}/items/{item}");
  assert.deepEqual(pathsOf(calls, described, ["/shops/{id}"]), [
    "/shops/{city}",
    "/shops/{city}/items/{item}",
  ]);
});

test("operations keep what the description calls them", () => {
  const [api] = infer(summarize(calls), { authorityOf: () => authority("/shops/{city}") }).apis;
  const operation = api!.endpoints.find(({ path }) => path.text === "/shops/{city}")!.operation;
  assert.equal(operation.id, "read /shops/{city}");
  assert.equal(operation.tag, "described");
  assert.equal(operation.summary, "Get shop");
  const ids = api!.endpoints.map((endpoint) => endpoint.operation.id);
  assert.equal(new Set(ids).size, ids.length);
});
