//! Many taps and servers over JetStream and PostgreSQL, while each of these is killed in turn. `CHAOS_SECONDS=600` for long.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
// biome-ignore lint/correctness/noUnresolvedImports: biome does not list this module of Node yet
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import { openInventory } from "../../src/inventory/inventory.ts";
import { type Delta, decodeDelta, type FrozenDelta } from "../../src/sensor/delta.ts";
import { connectNats, DELTA_STREAM } from "../../src/sensor/jetstream.ts";
import { NatsTransport } from "../../src/sensor/natstransport.ts";
import { startPostgres } from "../inventory/postgres.ts";
import { freePort, type Program, serve } from "../server/program.ts";
import { startCluster } from "./natscluster.ts";
import { CALLS_PER_DELTA, learned, SIMULATED_APIS } from "./simulatedtap.ts";

const SECONDS = Number(process.env["CHAOS_SECONDS"] ?? 90);
const TAPS = 200;
const SERVERS = 4;
const TAP_REST_MS = 4_000;
const KILL_EVERY_MS = 4_000;
/** Seconds, at least, in which what waits is merged and inferred, also on a machine that has little time for it. */
const SETTLE_TRIES = 400;

const natsOptions = (server: string, name: string) => ({
  ...{ server, name, credentialsFile: null, caFile: null, certFile: null, keyFile: null },
});

const deltaOf = ({ text }: FrozenDelta): Delta => {
  const delta = decodeDelta(JSON.parse(text));
  assert.ok(typeof delta === "object", String(delta));
  return delta;
};

interface Acknowledged {
  readonly deltas: Delta[];
  duplicates: number;
}

/** Sends until `endMs`; what was begun is brought to its end. */
const runTap = async (
  tap: number,
  transport: NatsTransport,
  hashKey: Uint8Array,
  endMs: number,
  into: Acknowledged,
): Promise<void> => {
  const never = new AbortController().signal;
  await sleep((tap / TAPS) * TAP_REST_MS);
  const sequences = new Map<number, number>();
  for (let round = 0; Date.now() < endMs; round += 1) {
    const delta = learned(hashKey, tap, round, sequences);
    let outcome = await transport.publish({ deltas: [delta] }, never);
    while (outcome.kind !== "accepted" && outcome.kind !== "duplicate") {
      assert.notEqual(outcome.kind, "refused");
      await sleep(250);
      outcome = await transport.publish({ deltas: [delta] }, never);
    }
    if (outcome.kind === "duplicate") into.duplicates += 1;
    into.deltas.push(deltaOf(delta));
    await sleep(TAP_REST_MS);
  }
};

/** Documents without evidence by the name of their API, and calls in all. */
const documentsOf = async (
  url: string,
): Promise<{ readonly documents: Map<string, string>; readonly calls: number }> => {
  const get = async (path: string): Promise<Response> => {
    const answer = await fetch(`${url}/api/v1${path}`);
    assert.equal(answer.status, 200, `${path}: ${await answer.clone().text()}`);
    return answer;
  };
  const { items } = (await (await get("/apis?limit=1000")).json()) as {
    readonly items: readonly {
      readonly id: string;
      readonly name: string;
      readonly calls: number;
    }[];
  };
  const documents = new Map<string, string>();
  for (const { id, name } of items) {
    documents.set(name, await (await get(`/apis/${id}/document?evidence=false`)).text());
  }
  return { documents, calls: items.reduce((sum, { calls }) => sum + calls, 0) };
};

test(`what ${TAPS} taps had acknowledged is merged once, whatever dies`, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "nta-chaos-"));
  const [cluster, postgres] = await Promise.all([startCluster(3, "always"), startPostgres()]);
  const store = postgres.newDatabase();
  const flags = ["--store", store, "--nats", cluster.url];
  const servers: Program[] = [];
  const startServer = async (): Promise<Program> => {
    // A broker without a leader, or a database that recovers, is refused in one line: an orchestrator starts it again.
    for (let tries = 0; ; tries++) {
      try {
        return await serve({ port: await freePort(), folder, flags });
      } catch (error) {
        if (tries === 60) throw error;
        await sleep(1000);
      }
    }
  };
  const transports: NatsTransport[] = [];
  try {
    for (let index = 0; index < SERVERS; index++) servers.push(await startServer());
    const inventory = await openInventory({ url: store });
    const { hashKey } = inventory;
    await inventory.close();
    const acknowledged: Acknowledged = { deltas: [], duplicates: 0 };
    const endMs = Date.now() + SECONDS * 1000;
    const taps = Array.from({ length: TAPS }, (_, tap) => {
      const name = `tap-${tap}`;
      const transport = new NatsTransport({
        ...natsOptions(cluster.url, name),
        ...{ sensor: name, timeoutMs: 5_000 },
      });
      transports.push(transport);
      return runTap(tap, transport, hashKey, endMs, acknowledged);
    });
    const kills = { server: 0, broker: 0, database: 0 };
    for (let turn = 0; Date.now() < endMs; turn++) {
      await sleep(KILL_EVERY_MS);
      if (turn % 3 === 0) {
        const index = kills.server++ % SERVERS;
        await servers[index]!.end("SIGKILL");
        servers[index] = await startServer();
      } else if (turn % 3 === 1) {
        const node = cluster.nodes[kills.broker++ % 3]!;
        await node.kill();
        await sleep(1000);
        await node.start();
      } else {
        kills.database += 1;
        await postgres.crash();
      }
    }
    await Promise.all(taps);
    context.diagnostic(
      `${acknowledged.deltas.length} deltas acknowledged (${acknowledged.duplicates} known to the broker already); killed: ${JSON.stringify(kills)}`,
    );
    assert.ok(kills.server > 0 && kills.broker > 0 && kills.database > 0);
    assert.ok(acknowledged.deltas.length >= TAPS, `${acknowledged.deltas.length} deltas`);

    await untilConsumed(cluster.url);
    const alive = servers[0]!.url;
    const expectedCalls = acknowledged.deltas.length * CALLS_PER_DELTA;
    let seen = await documentsOf(alive);
    for (let tries = 0; tries < SETTLE_TRIES && seen.calls !== expectedCalls; tries++) {
      await sleep(1000);
      seen = await documentsOf(alive);
    }
    assert.equal(seen.calls, expectedCalls, "calls");
    // Inference rests between two looks at an API.
    const expected = await referenceDocuments(folder, hashKey, acknowledged.deltas);
    const isSame = (): boolean =>
      expected.size === seen.documents.size &&
      [...expected].every(([name, text]) => seen.documents.get(name) === text);
    for (let tries = 0; tries < SETTLE_TRIES && !isSame(); tries++) {
      await sleep(1000);
      seen = await documentsOf(alive);
    }
    assert.deepEqual([...seen.documents.keys()].sort(), [...expected.keys()].sort());
    for (const [name, text] of expected) assert.ok(seen.documents.get(name) === text, name);
    assert.equal(expected.size, SIMULATED_APIS);
  } catch (error) {
    for (const { log } of servers) context.diagnostic(log().slice(-2000));
    throw error;
  } finally {
    for (const transport of transports) transport.close();
    for (const server of servers) await server.end("SIGKILL");
    await cluster.stop();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

const untilConsumed = async (url: string): Promise<void> => {
  const connection = await connectNats(natsOptions(url, "test"));
  try {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    for (let tries = 0; tries < SETTLE_TRIES; tries++) {
      // A stream that elects its leader does not answer.
      const info = await manager.streams.info(DELTA_STREAM).catch(() => null);
      if (info?.state.messages === 0) return;
      await sleep(1000);
    }
    const left: string[] = [];
    for await (const {
      name,
      num_pending,
      num_ack_pending,
      num_redelivered,
      num_waiting,
    } of manager.consumers.list(DELTA_STREAM)) {
      left.push(
        JSON.stringify({ name, num_pending, num_ack_pending, num_redelivered, num_waiting }),
      );
    }
    assert.fail(`the stream still has deltas after ${SETTLE_TRIES} s: ${left.join("\n")}`);
  } finally {
    await connection.close();
  }
};

/** Those of one process that took the same deltas in one after the other. */
const referenceDocuments = async (
  folder: string,
  hashKey: Uint8Array,
  deltas: readonly Delta[],
): Promise<Map<string, string>> => {
  const path = join(folder, "reference.db");
  await (await openInventory({ url: `sqlite:${path}` })).close();
  const file = new DatabaseSync(path);
  file
    .prepare("update meta set value = ? where name = 'hash-key'")
    .run(Buffer.from(hashKey).toString("base64"));
  file.close();
  const inventory = await openInventory({ url: `sqlite:${path}`, inferAfterMs: 0 });
  try {
    for (let start = 0; start < deltas.length; start += 100) {
      await inventory.ingest(deltas.slice(start, start + 100));
    }
    await inventory.settled();
    const { items } = await inventory.apis.list({ limit: 1000 });
    const documents = new Map<string, string>();
    for (const { id, name } of items) {
      const { text } = await inventory.documents.text(id, {
        openapi: "3.0",
        format: "yaml",
        evidence: false,
      });
      documents.set(name, text);
    }
    return documents;
  } finally {
    await inventory.close();
  }
};
