//! Sensors and servers over a real JetStream cluster.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import { InventoryProblem } from "../../src/inventory/problem.ts";
import { type FrozenDelta, freezeDelta, nameText, summaryText } from "../../src/sensor/delta.ts";
import { connectNats, DEAD_STREAM, DELTA_STREAM } from "../../src/sensor/jetstream.ts";
import { NatsTransport } from "../../src/sensor/natstransport.ts";
import { oneCall } from "../../src/sensor/summaries.fixture.ts";
import {
  consumeDeltas,
  type DeltaConsumer,
  type DeltaConsumerOptions,
} from "../../src/server/jetstream/consumer.ts";
import { startCluster } from "./natscluster.ts";

const options = (server: string) => ({
  server,
  credentialsFile: null,
  caFile: null,
  certFile: null,
  keyFile: null,
  name: "test",
});
const never = new AbortController().signal;

/** A cluster that elects a leader on a busy machine takes its time: this ends what would hang, nothing else. */
const DEADLINE_MS = 180_000;

const until = async (isTrue: () => boolean | Promise<boolean>, what: () => string) => {
  for (const endMs = Date.now() + DEADLINE_MS; !(await isTrue()); await sleep(100))
    if (Date.now() > endMs) assert.fail(`after ${DEADLINE_MS / 1000} s: ${what()}`);
};

const delta = (shard: number, sequence: number): FrozenDelta =>
  freezeDelta(
    { sensor: "tap-1", epoch: "e1", shard, sequence },
    { keyId: "k", fromMs: 1, toMs: 2, calls: 1, standsFor: 1, coverage: new Map() },
    [summaryText(oneCall(`x${shard * 1000 + sequence}`))],
  );

/** Keeps the names of what was merged, as often as it was merged anew. */
const store = () => {
  const names = new Map<string, number>();
  return {
    names,
    ingest: (deltas: Parameters<DeltaConsumerOptions["ingest"]>[0]): Promise<void> => {
      for (const each of deltas) {
        const name = nameText(each);
        names.set(name, (names.get(name) ?? 0) + 1);
      }
      return Promise.resolve();
    },
  };
};

test("what a broker acknowledged reaches a server, over the death of every node in turn", async (context) => {
  const cluster = await startCluster(3, "always");
  const transport = new NatsTransport({
    ...options(cluster.url),
    sensor: "tap-1",
    timeoutMs: 2000,
  });
  const connection = await connectNats(options(cluster.url));
  const { names, ingest } = store();
  const reports: unknown[] = [];
  const consumerOptions: DeltaConsumerOptions = {
    replicas: 3,
    bytesMax: 1 << 26,
    acceptsLoss: false,
    monitorUrl: null,
    admit: () => Promise.resolve(),
    ingest,
    answer: (sensor) =>
      Promise.resolve({
        v: 1,
        accepted: 0,
        duplicates: 0,
        hashKey: Buffer.alloc(16, 7).toString("base64"),
        hints: [{ hosts: [sensor], ports: [80], ignores: ["/x"] }],
      }),
    report: (sensor, status) => {
      reports.push([sensor, status]);
      return Promise.resolve();
    },
    log: (line) => context.diagnostic(line),
  };
  const consumers: DeltaConsumer[] = [];
  try {
    const early = await transport.publish({ deltas: [delta(0, 1)] }, never);
    assert.equal(early.kind, "retry", JSON.stringify(early));
    assert.match("reason" in early ? early.reason : "", /there is no stream NTA_DELTAS/);

    consumers.push(await consumeDeltas(connection, consumerOptions));
    consumers.push(await consumeDeltas(connection, consumerOptions));
    const hello = await transport.publish({ deltas: [] }, never);
    assert.ok(hello.kind === "accepted" && hello.answer !== null, JSON.stringify(hello));
    assert.deepEqual(hello.answer.hashKey, Buffer.alloc(16, 7));
    assert.deepEqual(hello.answer.hints, [
      { hosts: ["tap-1"], ports: [80], pins: [], ignores: ["/x"], ownHeaders: [] },
    ]);
    await transport.report("tap-1", '{"v":1}');
    await until(
      () => reports.length > 0,
      () => "no report",
    );
    assert.deepEqual(reports, [["tap-1", { v: 1 }]]);

    const accepted: string[] = [];
    let node = 0;
    let isDone = false;
    const killing = (async () => {
      while (!isDone) {
        await sleep(1500);
        await cluster.nodes[node % 3]!.kill();
        await sleep(500);
        await cluster.nodes[node % 3]!.start();
        node += 1;
      }
    })();
    const endMs = Date.now() + 12_000;
    for (let sequence = 1; Date.now() < endMs || node < 3; sequence += 1) {
      const batch = { deltas: [delta(0, sequence), delta(17, sequence), delta(63, sequence)] };
      let outcome = await transport.publish(batch, never);
      while (outcome.kind !== "accepted" && outcome.kind !== "duplicate") {
        await sleep(100);
        outcome = await transport.publish(batch, never);
      }
      accepted.push(...batch.deltas.map(nameText));
    }
    isDone = true;
    await killing;
    assert.ok(node >= 3, `every node was killed: ${node}`);
    const missing = () => accepted.filter((name) => !names.has(name));
    await until(
      () => missing().length === 0,
      () => `${missing().length} of ${accepted.length} are missing: ${missing().slice(0, 5)}`,
    );
    context.diagnostic(`${accepted.length} deltas accepted, ${node} nodes killed`);

    await until(
      async () => {
        const body = connection.request("nta.deltas.5", "no zstd", { timeout: 5000 });
        const answer = await body.catch(() => null);
        return answer?.json<{ stream?: string }>().stream === DELTA_STREAM;
      },
      () => "no broker took it",
    );
    const manager = await jetstreamManager(connection);
    let dead = 0;
    await until(
      async () => {
        dead = (await manager.streams.info(DEAD_STREAM).catch(() => null))?.state.messages ?? 0;
        return dead > 0;
      },
      () => "nothing was put aside",
    );
    assert.ok(dead >= 1);
  } finally {
    for (const consumer of consumers) await consumer.stop();
    transport.close();
    await connection.close();
    await cluster.stop();
  }
});

test("a stream that could lose what it acknowledged is refused, unless that is accepted", async () => {
  const cluster = await startCluster(1, "2m");
  const connection = await connectNats(options(cluster.url));
  const manager = await jetstreamManager(connection);
  const base = {
    replicas: 1,
    bytesMax: 1 << 24,
    acceptsLoss: false,
    monitorUrl: null,
    admit: () => Promise.resolve(),
    ingest: store().ingest,
    answer: () => Promise.resolve({}),
    report: () => Promise.resolve(),
    log: () => undefined,
  };
  try {
    await assert.rejects(consumeDeltas(connection, base), /it has 1 replica.*--nats-accept-loss/);
    await assert.rejects(
      consumeDeltas(connection, { ...base, monitorUrl: cluster.nodes[0]!.monitorUrl }),
      /1 replica/,
    );
    await manager.streams.delete(DELTA_STREAM);
    await manager.streams.add({ name: DELTA_STREAM, subjects: ["nta.deltas.*"], storage: "file" });
    await assert.rejects(
      consumeDeltas(connection, { ...base, acceptsLoss: true }),
      /discard is "old"/,
    );
    await manager.streams.delete(DELTA_STREAM);
    const consumer = await consumeDeltas(connection, { ...base, acceptsLoss: true });
    await consumer.stop();
  } finally {
    await connection.close();
    await cluster.stop();
  }
});

test("a full stream is back-pressure, not loss", async () => {
  const cluster = await startCluster(1, "always");
  const connection = await connectNats(options(cluster.url));
  const transport = new NatsTransport({ ...options(cluster.url), sensor: "tap-1" });
  const { names, ingest } = store();
  let isTaking = false;
  try {
    const consumer = await consumeDeltas(connection, {
      replicas: 1,
      bytesMax: 40_000,
      acceptsLoss: false,
      monitorUrl: cluster.nodes[0]!.monitorUrl,
      admit: () => Promise.resolve(),
      ingest: (deltas) =>
        isTaking
          ? ingest(deltas)
          : Promise.reject(new InventoryProblem("disk-full", "no room", null)),
      answer: () => Promise.resolve({}),
      report: () => Promise.resolve(),
      log: () => undefined,
    });
    const accepted: string[] = [];
    let outcome = await transport.publish({ deltas: [delta(3, 1)] }, never);
    for (let sequence = 2; outcome.kind === "accepted" && sequence < 1000; sequence += 1) {
      accepted.push(`tap-1/e1/3/${sequence - 1}`);
      outcome = await transport.publish({ deltas: [delta(3, sequence)] }, never);
    }
    assert.equal(outcome.kind, "retry");
    assert.match("reason" in outcome ? outcome.reason : "", /the stream is full/);
    isTaking = true;
    const missing = () => accepted.filter((name) => !names.has(name));
    await until(
      () => missing().length === 0,
      () => `missing: ${missing().slice(0, 5)}`,
    );
    await consumer.stop();
  } finally {
    transport.close();
    await connection.close();
    await cluster.stop();
  }
});
