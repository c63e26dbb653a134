//! What no server merges is put aside alone, seen by people, and sent again or discarded.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { zstdCompressSync } from "node:zlib";
import { jetstream } from "@nats-io/jetstream";
import { serverLimits } from "../../src/base/limits.ts";
import { InventoryProblem } from "../../src/inventory/problem.ts";
import { encodeBatch, freezeDelta, nameText, summaryText } from "../../src/sensor/delta.ts";
import { connectNats, DEAD_SUBJECT, deltaSubject } from "../../src/sensor/jetstream.ts";
import { NatsTransport } from "../../src/sensor/natstransport.ts";
import { oneCall } from "../../src/sensor/summaries.fixture.ts";
import type { DeadLetter } from "../../src/server/contract.ts";
import { Ingest } from "../../src/server/ingest.ts";
import { consumeDeltas } from "../../src/server/jetstream/consumer.ts";
import { DeadLetters } from "../../src/server/jetstream/deadletters.ts";
import { FakeInventory } from "../../src/server/server.fixture.ts";
import { freePort, run, serve, withFolder } from "../server/program.ts";
import { startCluster } from "./natscluster.ts";

const natsOptions = (server: string) => ({
  ...{ server, credentialsFile: null, caFile: null, certFile: null, keyFile: null, name: "test" },
});

const delta = (sensor: string, sequence: number) =>
  freezeDelta(
    { sensor, epoch: "e1", shard: 5, sequence },
    { keyId: "k", fromMs: 1, toMs: 2, calls: 1, standsFor: 1, coverage: new Map() },
    [summaryText(oneCall(`x${sequence}`))],
  );

const until = async (isTrue: () => boolean | Promise<boolean>, what: string): Promise<void> => {
  for (let tries = 0; tries < 1200; tries++) {
    if (await isTrue()) return;
    await sleep(100);
  }
  assert.fail(what);
};

test("one sensor too many, and a delta that nothing merges, hold nobody else up", async (context) => {
  const cluster = await startCluster(1, "always");
  const connection = await connectNats(natsOptions(cluster.url));
  const inventory = new FakeInventory();
  const names = Array.from({ length: serverLimits.sensorsMax }, (_, index) => ({
    name: index === 0 ? "tap-known" : `tap-${index}`,
  }));
  inventory.sensors.list = async () => names;
  const ingest = new Ingest(inventory as never);
  const given = new WeakSet<object>();
  let givenTwice = 0;
  const consumer = await (async () => {
    // All wait on the stream first, so that they come in one batch.
    const options = {
      ...{ replicas: 1, bytesMax: 1 << 24, acceptsLoss: true, monitorUrl: null },
      admit: (sensor: string) => ingest.admitSensor(sensor),
      ingest: async (deltas: Parameters<Ingest["store"]>[0]) => {
        for (const each of deltas) {
          if (given.has(each)) givenTwice += 1;
          given.add(each);
        }
        if (deltas.some(({ sequence }) => sequence === 13))
          throw new InventoryProblem("invalid", "a text holds a NUL character");
        if (deltas.some(({ sequence }) => sequence === 17)) throw new TypeError("x is undefined");
        await ingest.store(deltas, {});
      },
      answer: () => Promise.resolve({}),
      report: () => Promise.resolve(),
      log: (line: string) => context.diagnostic(line),
    };
    const first = await consumeDeltas(connection, options);
    await first.stop();
    for (let sequence = 1; sequence <= 20; sequence += 1) {
      const sensor = sequence % 5 === 0 ? "tap-beyond" : "tap-known";
      const body = zstdCompressSync(encodeBatch({ deltas: [delta(sensor, sequence)] }));
      const msgID = nameText(delta(sensor, sequence));
      await jetstream(connection).publish(deltaSubject(5), body, { msgID });
    }
    return await consumeDeltas(connection, options);
  })();
  try {
    const letters = await DeadLetters.open(connection);
    await until(() => inventory.deltas.size === 14, "the deltas of others");
    await until(async () => (await letters.list(null, 100)).total === 6, "the rest is put aside");
    assert.equal(givenTwice, 0, "what was tried is used up, so it is read again");
    const { items } = await letters.list(null, 100);
    const reasons = new Map(items.map(({ name, reason }) => [name, reason]));
    for (const sequence of [5, 10, 15, 20])
      assert.match(reasons.get(`tap-beyond/e1/5/${sequence}`) ?? "", /too many sensors/);
    assert.match(reasons.get("tap-known/e1/5/13") ?? "", /NUL/);
    assert.match(reasons.get("tap-known/e1/5/17") ?? "", /x is undefined/);

    const pages: DeadLetter[] = [];
    for (let cursor: string | null = null, turn = 0; turn < 10; turn++) {
      const page = await letters.list(cursor, 2);
      pages.push(...page.items);
      cursor = page.next;
      if (cursor === null) break;
    }
    assert.deepEqual(pages, items);

    names.length -= 1;
    ingest.forgetSensors();
    for (const { id, name } of items)
      if (name?.startsWith("tap-beyond") === true) await letters.sendAgain(id);
    await until(() => inventory.deltas.size === 18, "what was sent again is merged");
    await until(async () => (await letters.list(null, 100)).total === 2, "and leaves the list");
    for (const id of ["999", "0", "x", "1e3"])
      await assert.rejects(letters.discard(id), /no such dead letter/);
    await letters.discard((await letters.list(null, 1)).items[0]!.id);
    assert.equal((await letters.list(null, 100)).total, 1);
  } finally {
    await consumer.stop();
    await connection.close();
    await cluster.stop();
  }
});

test("people see them, send them again and discard them: REST API and command line", async () => {
  const cluster = await startCluster(1, "always");
  const transport = new NatsTransport({ ...natsOptions(cluster.url), sensor: "tap-1" });
  const connection = await connectNats(natsOptions(cluster.url));
  try {
    await withFolder(async (folder) => {
      const flags = ["--nats", cluster.url, "--nats-replicas", "1", "--nats-accept-loss"];
      const server = await serve({ port: await freePort(), folder, flags });
      const nta = (...words: string[]) => run(["dead", ...words, "--url", server.url], folder);
      const list = (): DeadLetter[] => {
        const { status, stdout, stderr } = nta("--json");
        assert.equal(status, 0, stderr);
        return stdout
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => JSON.parse(line) as DeadLetter);
      };
      try {
        assert.match(nta().stdout, /no dead letters/);
        const client = jetstream(connection);
        await client.publish(deltaSubject(9), "no zstd", { msgID: "tap-9/e/9/1" });
        await client.publish(DEAD_SUBJECT, "of an earlier version");
        await until(() => list().length === 2, "both are listed");
        assert.match(nta().stdout, /ID +SINCE +DELTA +BYTES +REASON/);
        const names = list().map(({ name }) => name);
        assert.deepEqual(names.toSorted(), ["tap-9/e/9/1", null].toSorted());

        const again = nta("--send-again");
        assert.match(again.stdout, /2 dead letters sent again/, again.stderr);
        await until(() => list().length === 2, "nobody can read them now either");
        const [first, second] = list();
        assert.equal(nta(first!.id, "--discard").status, 0);
        assert.deepEqual(list(), [second]);
        for (const words of [["77"], ["--send-again", "--discard"]]) {
          const { status, stderr } = nta(...words);
          assert.equal(status, 2);
          assert.match(stderr, /^nta: [^\n]+\n$/);
        }
        assert.equal(nta("--discard").status, 0);
        assert.deepEqual(list(), []);
        const audit = (await (await fetch(`${server.url}/api/v1/audit`)).json()) as {
          readonly items: readonly { readonly what: string }[];
        };
        const whats = audit.items.map(({ what }) => what);
        assert.equal(whats.filter((what) => what === "dead-letter.send-again").length, 2);
        assert.equal(whats.filter((what) => what === "dead-letter.discard").length, 2);
        await cluster.nodes[0]!.kill();
        const away = nta();
        assert.equal(away.status, 2);
        assert.match(away.stderr, /the brokers do not answer/);
        await cluster.nodes[0]!.start();
      } finally {
        await server.end();
      }
    });
  } finally {
    transport.close();
    await connection.close();
    await cluster.stop();
  }
});
