//! Calls between nodes are heard on both; they count where they arrive.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { call, FixtureSensor, learn } from "../inventory/deltas.fixture.ts";
import { type Inventory, openInventory } from "../inventory/inventory.ts";
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
function open(): void {
  ingest = new Ingest(inventory);
  ingest.routes = { servicesBefore: () => [], nodesBehind: (ip) => NODES.get(ip) ?? [] };
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
    await ingest.store(new FixtureSensor(sensor, `${host} ${nowMs}`).deltas(summaries), {});
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
