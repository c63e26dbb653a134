/**
 * `npm run bench:scale`: what many servers on NATS JetStream and PostgreSQL do, and what a delta costs at each part. All of it runs
 * on this machine, so CPU per delta tells more than deltas a second: the brokers, the database and the servers share its cores.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { jetstreamManager } from "@nats-io/jetstream";
import Table from "cli-table3";
import { openInventory } from "../src/inventory/inventory.ts";
import { type Delta, decodeDelta, type FrozenDelta } from "../src/sensor/delta.ts";
import { connectNats, DELTA_STREAM } from "../src/sensor/jetstream.ts";
import { NatsTransport } from "../src/sensor/natstransport.ts";
import { startPostgres } from "../test/inventory/postgres.ts";
import { startCluster } from "../test/scale/natscluster.ts";
import { learned } from "../test/scale/simulatedtap.ts";
import { freePort, type Program, serve } from "../test/server/program.ts";
import { COSTS } from "./scalemodel.ts";

const { values } = parseArgs({
  options: {
    deltas: { type: "string", default: "8000" },
    json: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
const TAPS = 200;
const rounds = Math.max(1, Math.round(Number(values.deltas) / TAPS));
/** As a server merges them from the stream at most. */
const BATCH = 64;

interface Row {
  readonly what: string;
  /** That drain the stream; 0 where none does. */
  readonly serverCount: number;
  readonly deltasPerSecond: number;
  /** CPU of the parts, in milliseconds a delta. */
  readonly cpuMs: Readonly<Record<string, number>>;
}

/** Each `epoch` has names of its own. */
const deltasOf = (hashKey: Uint8Array, epoch: string): FrozenDelta[] => {
  const deltas: FrozenDelta[] = [];
  const sequences = Array.from({ length: TAPS }, () => new Map<number, number>());
  for (let round = 0; round < rounds; round += 1) {
    for (let tap = 0; tap < TAPS; tap += 1) {
      deltas.push(learned(hashKey, tap, round, sequences[tap]!, epoch));
    }
  }
  return deltas;
};

const read = ({ text }: FrozenDelta): Delta => {
  const delta = decodeDelta(JSON.parse(text));
  if (typeof delta === "string") throw new Error(delta);
  return delta;
};

/** User and system time in milliseconds of a process, the children that it has and those that it had. */
const cpuMsOf = (pid: number): number => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" ");
    const ticks = fields.slice(11, 15).reduce((sum, text) => sum + Number(text), 0);
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "latin1").trim().split(" "),
    );
    const below = children.filter((text) => text !== "").map((text) => cpuMsOf(Number(text)));
    return ticks * 10 + below.reduce((sum, ms) => sum + ms, 0);
  } catch {
    return 0;
  }
};

/** Merges everything, batch after batch. */
const store = async (what: string, url: string, databasePid: number): Promise<Row> => {
  const inventory = await openInventory({ url, inferAfterMs: 3_600_000 });
  const deltas = deltasOf(inventory.hashKey, "store").map(read);
  const startMs = performance.now();
  const before = { own: process.cpuUsage(), database: cpuMsOf(databasePid) };
  for (let at = 0; at < deltas.length; at += BATCH) {
    await inventory.ingest(deltas.slice(at, at + BATCH));
  }
  const tookMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(before.own);
  await inventory.close();
  return {
    what,
    serverCount: 0,
    deltasPerSecond: (deltas.length / tookMs) * 1000,
    cpuMs: {
      server: (user + system) / 1000 / deltas.length,
      ...(databasePid === 0
        ? {}
        : { database: (cpuMsOf(databasePid) - before.database) / deltas.length }),
    },
  };
};

type Cluster = Awaited<ReturnType<typeof startCluster>>;
type Postgres = Awaited<ReturnType<typeof startPostgres>>;

const natsOptions = (server: string, name: string) => ({
  ...{ server, name, credentialsFile: null, caFile: null, certFile: null, keyFile: null },
});

const brokersMs = (cluster: Cluster): number =>
  cluster.nodes.reduce((sum, node) => sum + cpuMsOf(node.pid()), 0);

/** 200 taps at once, each one delta after the other. */
const publish = async (cluster: Cluster, deltas: readonly FrozenDelta[]): Promise<Row> => {
  const never = new AbortController().signal;
  const bySensor = Map.groupBy(deltas, ({ sensor }) => sensor);
  const transports = [...bySensor.keys()].map(
    (sensor) => new NatsTransport({ ...natsOptions(cluster.url, sensor), sensor }),
  );
  const startMs = performance.now();
  const before = { own: process.cpuUsage(), brokers: brokersMs(cluster) };
  await Promise.all(
    [...bySensor.values()].map(async (own, index) => {
      for (const delta of own) {
        const outcome = await transports[index]!.publish({ deltas: [delta] }, never);
        if (outcome.kind !== "accepted") throw new Error(`publish: ${JSON.stringify(outcome)}`);
      }
    }),
  );
  const tookMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(before.own);
  for (const transport of transports) transport.close();
  return {
    what: "publish to 3 brokers, synced always",
    serverCount: 0,
    deltasPerSecond: (deltas.length / tookMs) * 1000,
    cpuMs: {
      taps: (user + system) / 1000 / deltas.length,
      brokers: (brokersMs(cluster) - before.brokers) / deltas.length,
    },
  };
};

/** Servers that start on a full stream, until it is empty. */
const drain = async (
  cluster: Cluster,
  postgres: Postgres,
  url: string,
  serverCount: number,
  deltaCount: number,
  folder: string,
): Promise<Row> => {
  const connection = await connectNats(natsOptions(cluster.url, "bench"));
  const manager = await jetstreamManager(connection);
  const left = async (): Promise<number> =>
    (await manager.streams.info(DELTA_STREAM)).state.messages;
  const servers: Program[] = [];
  const flags = ["--store", url, "--nats", cluster.url];
  const before = { brokers: brokersMs(cluster), database: cpuMsOf(postgres.pid()) };
  await Promise.all(
    Array.from({ length: serverCount }, async () => {
      servers.push(await serve({ port: await freePort(), folder, flags }));
    }),
  );
  const startMs = performance.now();
  const startLeft = await left();
  while ((await left()) > 0) await sleep(50);
  const tookMs = performance.now() - startMs;
  const serversMs = servers.reduce((sum, { process: { pid } }) => sum + cpuMsOf(pid!), 0);
  const row = {
    what: `${serverCount} server${serverCount === 1 ? "" : "s"} drain the stream into PostgreSQL`,
    serverCount,
    deltasPerSecond: (startLeft / tookMs) * 1000,
    cpuMs: {
      servers: serversMs / deltaCount,
      brokers: (brokersMs(cluster) - before.brokers) / deltaCount,
      database: (cpuMsOf(postgres.pid()) - before.database) / deltaCount,
    },
  };
  for (const server of servers) await server.end();
  await connection.close();
  return row;
};

const run = async (): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "nta-bench-scale-"));
  const [cluster, postgres] = await Promise.all([startCluster(3, "always"), startPostgres()]);
  const rows: Row[] = [];
  try {
    rows.push(await store("merge into SQLite, one process", `sqlite:${join(folder, "a.db")}`, 0));
    rows.push(
      await store("merge into PostgreSQL, one process", postgres.newDatabase(), postgres.pid()),
    );
    for (const serverCount of [1, 2, 4]) {
      const url = postgres.newDatabase();
      const first = await serve({
        port: await freePort(),
        folder,
        flags: ["--store", url, "--nats", cluster.url],
      });
      await first.end();
      const inventory = await openInventory({ url });
      const deltas = deltasOf(inventory.hashKey, `servers-${serverCount}`);
      await inventory.close();
      const published = await publish(cluster, deltas);
      if (serverCount === 1) rows.push(published);
      rows.push(await drain(cluster, postgres, url, serverCount, deltas.length, folder));
    }
  } finally {
    await cluster.stop();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  print(rows);
};

const print = (rows: readonly Row[]): void => {
  const machine = { cores: availableParallelism(), load: loadavg()[0]!.toFixed(1) };
  const costs = JSON.stringify({ machine, deltas: rounds * TAPS, rows }, null, 2);
  if (values.write) writeFileSync(COSTS, `${costs}\n`);
  if (values.json) {
    console.log(costs);
    return;
  }
  console.log(`${rounds * TAPS} deltas; ${machine.cores} cores, load ${machine.load}`);
  const table = new Table({
    head: ["", "deltas/s", "CPU ms a delta"],
    style: { head: [], border: [] },
  });
  for (const { what, deltasPerSecond, cpuMs } of rows) {
    const costs = Object.entries(cpuMs).map(([part, ms]) => `${part} ${ms.toFixed(2)}`);
    table.push([what, Math.round(deltasPerSecond), costs.join(", ")]);
  }
  console.log(table.toString());
};

await run();
