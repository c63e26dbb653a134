//! Calls that several sensors hear count once: between nodes, and by way of an Envoy that tells of them.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { call, FixtureSensor, learn } from "../inventory/deltas.fixture.ts";
import { type Inventory, openInventory } from "../inventory/inventory.ts";
import { inCluster } from "../telemetry/workload.ts";
import { Ingest } from "./ingest.ts";

const folder = mkdtempSync(join(tmpdir(), "nta-copies-"));
let nowMs = Date.now();
let inventory: Inventory;
let ingest: Ingest;
before(async () => {
  const url = `sqlite:${join(folder, "store.db")}`;
  inventory = await openInventory({ url, now: () => nowMs, inferAfterMs: 0 });
});
after(async () => {
  await inventory.close();
  rmSync(folder, { recursive: true });
});

const NODES = new Map([
  ["10.1.0.1", ["worker-1"]],
  ["10.96.0.10", ["worker-1", "worker-2"]],
  ["10.96.0.11", ["worker-1", "worker-3"]],
]);

/** A server whose cluster is known, as all sensors are anew. */
function open(cluster = ""): void {
  ingest = new Ingest(inventory);
  ingest.routes = {
    cluster,
    servicesBefore: () => [],
    nodesBehind: (ip) => (NODES.get(ip) ?? []).map((node) => inCluster(cluster, node)),
  };
}

/** Hosts of APIs of which the server took calls. */
async function heard(
  sensor: string,
  rows: readonly (readonly [host: string, server: string, workload?: string])[],
): Promise<string[]> {
  for (const [host, server, workload = ""] of rows) {
    const summaries = learn([call("GET /orders", { host, server, port: 8080 })]).map((summary) => ({
      ...summary,
      key: { ...summary.key, workload },
    }));
    await ingest.store(
      new FixtureSensor(sensor, { epoch: `${host} ${nowMs}` }).deltas(summaries),
      {},
    );
  }
  await inventory.settled();
  const { items } = await inventory.apis.list({ limit: 100 });
  return items
    .map(({ hosts }) => hosts[0]!)
    .filter((host) => rows.some(([each]) => each === host))
    .sort();
}

test("what arrives at a node counts as its tap hears it", async () => {
  open();
  for (const name of ["worker-1", "worker-2"]) await inventory.sensors.report(name, {});
  const rows = await heard("worker-2", [
    ["pod.test", "10.1.0.1"],
    ["service.test", "10.96.0.10"],
    ["partly.test", "10.96.0.11"],
    ["elsewhere.test", "192.0.2.9"],
    ["named.test", "10.1.0.1", "shop/Deployment/cart"],
  ]);
  assert.deepEqual(rows, ["elsewhere.test", "named.test", "partly.test"]);
  assert.equal(ingest.copies, 2);
});

test("an address of another cluster is another address", async () => {
  open("prod");
  for (const name of ["prod/worker-1", "prod/worker-2"]) await inventory.sensors.report(name, {});
  assert.deepEqual(await heard("prod/worker-2", [["own.test", "10.1.0.1"]]), []);
  assert.deepEqual(await heard("staging/worker-2", [["other.test", "10.1.0.1"]]), ["other.test"]);
  assert.deepEqual(await heard("worker-2", [["nameless.test", "10.1.0.1"]]), ["nameless.test"]);
});

test("a tap that does not know its own pod yet is believed", async () => {
  open();
  assert.deepEqual(await heard("worker-1", [["young.test", "10.1.0.1"]]), ["young.test"]);
});

test("a tap that fell silent covers nothing", async () => {
  nowMs += 3_600_000;
  await inventory.sensors.report("worker-2", {});
  open();
  assert.deepEqual(await heard("worker-2", [["alone.test", "10.1.0.1"]]), ["alone.test"]);
});

const ids = (prefix: string): string[] =>
  Array.from({ length: 20 }, (_, at) => `${prefix}-0000-4000-8000-00000000${at + 10}`);

/** Requests to the cart, as a tap on its node hears them, or as the gateway's Envoy tells of them. */
async function tell(kind: "tap" | "collect", requests: readonly string[]): Promise<void> {
  const client = kind === "tap" ? "10.0.0.2" : "203.0.113.7";
  const exchanges = requests.map((id) =>
    call("GET /items", {
      ...{ host: "gateway.test", server: "10.1.0.1", port: 8080, client },
      requestHeaders: { "x-request-id": id },
    }),
  );
  const sensor = new FixtureSensor(kind, { epoch: `${requests[0]}` });
  await ingest.store(sensor.deltas(learn(exchanges)), { kind });
  await inventory.settled();
}

test("what Envoy tells of and a tap hears too counts once, with who called", async () => {
  open();
  ingest.routes = null;
  const gateway = async () =>
    (await inventory.apis.list({ limit: 100 })).items.find(
      ({ hosts }) => hosts[0] === "gateway.test",
    )!;
  await tell("tap", ids("a1"));
  await tell("collect", ids("a1"));
  assert.equal((await gateway()).calls, 20);
  assert.equal((await gateway()).origin, "both");
  const callers = await inventory.apis.callers((await gateway()).id);
  assert.deepEqual(callers.map(({ address }) => address).sort(), ["10.0.0.2", "203.0.113.7"]);
  // It stays so whoever is first.
  await tell("collect", ids("a2"));
  await tell("tap", ids("a2"));
  assert.equal((await gateway()).calls, 40);
});

test("what only Envoy tells of counts", async () => {
  open();
  ingest.routes = null;
  await tell("tap", ids("b1"));
  const before = (await inventory.apis.overview()).calls;
  await tell("collect", ids("b2"));
  assert.equal((await inventory.apis.overview()).calls, before + 20);
});
