import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { play } from "./exchange.fixture.ts";
import { defaultPrivacy } from "./privacy.ts";
import type { ApiSummary, OperationSummary, PathNode } from "./summary.ts";
import { Telemetry } from "./telemetry.ts";

const newTelemetry = (): Telemetry =>
  new Telemetry({
    selection: { statuses: ["2xx"], ports: [], excludeHeaders: [], noise: true },
    privacy: defaultPrivacy,
    hashKey: new Uint8Array(8).fill(5),
  });

/** Bytes that are in use once all garbage is gone. */
function usedBytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** A pronounceable word of the attacker's, never the same. */
function inventor(): () => string {
  const syllables = [
    "ba",
    "de",
    "fo",
    "gu",
    "ki",
    "la",
    "me",
    "no",
    "pe",
    "ra",
    "si",
    "to",
    "ve",
    "wo",
    "za",
  ];
  let count = 0;
  return () => {
    count += 1;
    let text = "";
    for (let rest = count * 7919; rest > 0; rest = Math.floor(rest / syllables.length)) {
      text += syllables[rest % syllables.length];
    }
    return text;
  };
}

function operationAt(summary: ApiSummary, path: readonly string[]): OperationSummary | undefined {
  let node: PathNode | undefined = summary.root;
  for (const segment of path) node = node?.children.get(segment);
  return node?.operations.get("GET");
}

function countNodes(node: PathNode): number {
  let count = 1;
  for (const child of node.children.values()) count += countNodes(child);
  return count;
}

const REAL = ["users", "orders", "products", "invoices", "sessions"];

test("a flood of invented names leaves what has 1 % of the calls, and memory flat", () => {
  const invent = inventor();
  const telemetry = newTelemetry();
  const heard = new Map<string, number>();
  const rounds = 20_000;
  let memoryBytes = 0;
  for (let index = 0; index < rounds; index += 1) {
    if (index === rounds / 4) memoryBytes = usedBytes();
    const real = REAL[index % 97];
    if (real !== undefined) {
      heard.set(real, (heard.get(real) ?? 0) + 1);
      play(telemetry, {
        target: `/v1/${real}?page=2`,
        responseBody: '{"id":1,"status":"active"}',
        requestHeaders: { "x-tenant": "a" },
      });
      continue;
    }
    const kind = index % 6;
    play(telemetry, {
      target:
        kind === 0
          ? `/${invent()}/${invent()}/${invent()}`
          : kind === 1
            ? `/v1/${invent()}`
            : kind === 2
              ? `/v1/users?${invent()}=1`
              : `/v1/users`,
      requestHeaders: {
        host: kind === 3 ? `${invent()}.test` : "api.test",
        ...(kind === 4 ? { [`x-${invent()}`]: "1" } : {}),
      },
      responseBody:
        kind === 5 ? `{"id":1,"${invent()}":{"${invent()}":1}}` : '{"id":1,"status":"active"}',
      client: `10.${index % 250}.${(index >> 8) % 250}.1`,
    });
  }
  const grown = usedBytes() - memoryBytes;
  assert.ok(grown < 50e6, `memory grew by ${Math.round(grown / 1e6)} MB`);
  const summaries = telemetry.summaries();
  assert.ok(summaries.length <= 2_048);
  const api = summaries.find((summary) => summary.key.host === "api.test")!;
  assert.ok(countNodes(api.root) < 10_000, `${countNodes(api.root)} nodes`);
  for (const [real, calls] of heard) {
    if (real === "users") continue;
    const operation = operationAt(api, ["v1", real]);
    assert.equal(operation?.calls, calls, real);
    assert.equal(operation.request.query.get("page")?.calls, calls);
    assert.equal(operation.request.headers.get("x-tenant")?.calls, calls);
  }
  const users = operationAt(api, ["v1", "users"])!;
  assert.equal(users.request.query.get("page")!.calls, heard.get("users"));
  assert.ok(users.request.query.size <= 256);
  assert.ok(users.request.headers.size <= 256);
  assert.ok(users.callers.size <= 64);
  const fields = users.responses.get(200)!.bodies.get("application/json")!.shape!.fields!;
  assert.ok(fields.fields.size <= 512);
  assert.ok(fields.restNames > 1_000);
  assert.equal(fields.fields.get("id")!.present, fields.whole);
  assert.ok(api.limits.get("pathChildrenMax")! > 0, "limits are marked");
  const folded = api.root.children.get("{word}");
  assert.ok(folded !== undefined, "forgotten words become one parameter");
});

test("paths that were only ever refused make room first, and are no endpoints", () => {
  const invent = inventor();
  const telemetry = newTelemetry();
  play(telemetry, { target: "/v1/users", responseBody: "{}" });
  for (let index = 0; index < 3_000; index += 1) {
    play(telemetry, { target: `/v1/${invent()}`, status: 404 });
  }
  play(telemetry, { target: "/v1/users", status: 500 });
  const [api] = telemetry.summaries();
  assert.deepEqual([...api!.root.children.get("v1")!.children.keys()], ["users"]);
  const users = operationAt(api!, ["v1", "users"])!;
  assert.deepEqual([users.calls, users.refused], [1, 1]);
  assert.deepEqual([...users.responses.keys()], [200]);
  assert.deepEqual(users.statusClasses, [0, 1, 0, 0, 1]);
});

test("when the tables of names run out they are renewed, and nothing that is heard is lost", () => {
  const invent = inventor();
  const telemetry = newTelemetry();
  const rounds = 45_000;
  for (let index = 0; index < rounds; index += 1) {
    const names =
      index < 20_000 ? `"${invent()}":1,"${invent()}":2,"${invent()}":3,"${invent()}":4,` : "";
    play(telemetry, {
      target: "/v1/users",
      responseBody: `{${names}"id":1,"late${index % 3}":true}`,
    });
  }
  const [api] = telemetry.summaries();
  const users = operationAt(api!, ["v1", "users"])!;
  assert.equal(users.calls, rounds);
  const { fields, whole } = users.responses.get(200)!.bodies.get("application/json")!.shape!
    .fields!;
  assert.equal(whole, rounds);
  assert.equal(fields.get("id")!.present, rounds);
  assert.equal(fields.get("late1")!.present, rounds / 3);
  const renewed = telemetry.counters.entries().find(({ name }) => name === "tables-renewed");
  assert.ok(renewed !== undefined && renewed.count > 0);
});

test("deep paths, long segments and long targets are bounded", () => {
  const telemetry = newTelemetry();
  play(telemetry, { target: `/${"a/".repeat(200)}`, responseBody: "{}" });
  play(telemetry, { target: `/${"b".repeat(5_000)}`, responseBody: "{}" });
  play(telemetry, { target: `/c?${"d=1&".repeat(2_000)}`, responseBody: "{}" });
  play(telemetry, { target: `/${"%41".repeat(4_000)}`, responseBody: "{}" });
  const [api] = telemetry.summaries();
  assert.equal(api!.limits.get("pathSegmentsMax"), 1);
  assert.deepEqual([...api!.root.children.keys()].sort(), ["a", "c", "{text}"]);
});
