import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { InventoryProblem } from "../inventory/problem.ts";
import {
  encodeBatch,
  type FrozenDelta,
  freezeDelta,
  shardOf,
  summaryText,
} from "../sensor/delta.ts";
import { HttpTransport } from "../sensor/httptransport.ts";
import { oneCall } from "../sensor/summaries.fixture.ts";
import { type Answer, startServer, type TestServer } from "./server.fixture.ts";

let server: TestServer;
before(async () => {
  server = await startServer();
});
beforeEach(() => {
  server.inventory.ingestError = null;
});
after(() => server.close());

let sequence = 0;
function delta(): FrozenDelta {
  const summary = oneCall(`item${sequence}`);
  const shard = shardOf(summary.key);
  sequence += 1;
  const name = { sensor: "tap-1", epoch: "e1", shard, sequence };
  const facts = { keyId: "k", fromMs: 1, toMs: 2, calls: 1, standsFor: 1, coverage: new Map() };
  return freezeDelta(name, facts, [summaryText(summary)]);
}

const transport = (): HttpTransport =>
  new HttpTransport({
    server: server.url,
    token: null,
    tokenFile: null,
    caFile: null,
    certFile: null,
    keyFile: null,
    userAgent: "nta-tap/9",
  });
const { signal } = new AbortController();

test("a sensor's own transport: hello, deltas, the same deltas again", async () => {
  const sender = transport();
  const hello = await sender.publish({ deltas: [] }, signal);
  assert.equal(hello.kind, "accepted");
  assert.deepEqual(
    hello.kind === "accepted" && hello.answer?.hashKey,
    Buffer.from("0123456789abcdef"),
  );
  const batch = { deltas: [delta(), delta()] };
  const first = await sender.publish(batch, signal);
  assert.equal(first.kind, "accepted");
  assert.deepEqual(first.kind === "accepted" && first.answer?.coveredAddresses, ["10.0.0.1"]);
  assert.deepEqual(first.kind === "accepted" && first.answer?.hints, [
    { hosts: ["shop.test"], ports: [80], pins: [], ignores: ["/ping"], ownHeaders: [] },
  ]);
  assert.equal((await sender.publish(batch, signal)).kind, "duplicate");
  assert.equal(server.inventory.deltas.size, 2);
  sender.close();
});

test("plain, gzip and zstd are understood", async () => {
  for (const [coding, pack] of [
    ["identity", (bytes: Buffer) => bytes],
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
  ] as const) {
    const body = pack(encodeBatch({ deltas: [delta()] }));
    const headers = { "content-type": "application/json", "content-encoding": coding };
    const answer = await server.ask("/api/v1/deltas", { method: "POST", headers, body });
    assert.deepEqual(
      [coding, answer.status, answer.json<{ accepted: number }>().accepted],
      [coding, 200, 1],
    );
  }
});

const outcome = async () => {
  const sender = transport();
  const result = await sender.publish({ deltas: [delta()] }, signal);
  sender.close();
  return result;
};

test("a full disk asks the sensor to wait, a store that is busy too", async () => {
  server.inventory.ingestError = new InventoryProblem("disk-full", "the disk is full", 7000);
  const full = await outcome();
  assert.deepEqual([full.kind, full.kind === "retry" && full.afterMs], ["retry", 7000]);
  server.inventory.ingestError = new InventoryProblem("busy", "too much waits", 3000);
  const busy = await outcome();
  assert.deepEqual([busy.kind, busy.kind === "retry" && busy.afterMs], ["retry", 3000]);
});

test("what is no batch is refused for good", async () => {
  const broken = { ...delta(), text: '{"v":1}' };
  const sender = transport();
  assert.equal((await sender.publish({ deltas: [broken] }, signal)).kind, "refused");
  sender.close();
  for (const body of ["", "7", "{", '{"v":2,"deltas":[]}', '{"v":1,"deltas":{}}']) {
    const { status } = await server.ask("/api/v1/deltas", { method: "POST", body });
    assert.ok(status === 400 || status === 422, `${body}: ${status}`);
  }
});

test("beyond what may wait, a sensor is asked to come again, and all is well afterwards", async () => {
  const gate = Promise.withResolvers<void>();
  server.inventory.ingestGate = gate.promise;
  const body = encodeBatch({ deltas: [delta()] });
  const post = () => server.ask("/api/v1/deltas", { method: "POST", body });
  const turnedAway: Answer[] = [];
  const done = Promise.withResolvers<void>();
  const many = Array.from({ length: 300 }, async () => {
    const answer = await post();
    if (answer.status === 429 && turnedAway.push(answer) === 300 - 256) done.resolve();
    return answer;
  });
  await done.promise;
  assert.equal(turnedAway[0]?.headers["retry-after"], "2");
  gate.resolve();
  const statuses = (await Promise.all(many)).map(({ status }) => status);
  assert.equal(statuses.filter((status) => status === 200).length, 256);
  assert.equal((await post()).status, 200);
});

test("what a sensor says about itself reaches the inventory", async () => {
  const headers = { "content-type": "application/json" };
  const put = (body: string) =>
    server.ask("/api/v1/sensors/tap%2D1/status", { method: "PUT", headers, body });
  assert.equal((await put('{"v":1,"explanation":["All is well"]}')).status, 204);
  assert.deepEqual(server.inventory.reports.get("tap-1"), { v: 1, explanation: ["All is well"] });
  assert.equal((await put("[]")).status, 400);
});
