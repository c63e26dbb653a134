//! Sensors of two clusters, in which names and addresses are the same, send to one server, which runs in one of them.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { inCluster } from "../telemetry/workload.ts";
import { call, FixtureSensor, learn, NOW_MS } from "./deltas.fixture.ts";
import { type Inventory, openInventory } from "./inventory.ts";

const folder = mkdtempSync(join(tmpdir(), "nta-clusters-"));
const WEB_IP = "10.1.0.9";
let inventory: Inventory;
before(async () => {
  inventory = await openInventory({
    url: `sqlite:${join(folder, "store.db")}`,
    now: () => NOW_MS,
    inferAfterMs: 0,
    cluster: {
      cluster: "prod",
      serviceNamesOf: (workload) => (workload === "prod/shop/Deployment/cart" ? ["cart.shop"] : []),
      workloadAt: (ip) => (ip === WEB_IP ? "prod/shop/Deployment/web-of-today" : ""),
    },
  });
  for (const cluster of ["prod", "staging", ""]) {
    const sensor = new FixtureSensor(inCluster(cluster, "worker-1"));
    await hear(sensor, cluster, "Deployment/web", { server: WEB_IP, client: "10.1.0.8" });
    await hear(sensor, cluster, "Deployment/cart", { server: "10.1.0.1", client: WEB_IP });
  }
  await inventory.settled();
});
after(async () => {
  await inventory.close();
  rmSync(folder, { recursive: true });
});

async function hear(
  sensor: FixtureSensor,
  cluster: string,
  name: string,
  ends: { server: string; client: string },
): Promise<void> {
  const summaries = learn([call("GET /orders", { host: "cart", port: 8080, ...ends })]);
  const workload = inCluster(cluster, `shop/${name}`);
  await inventory.ingest(
    sensor.deltas(summaries.map((each) => ({ ...each, key: { ...each.key, workload } }))),
    { kind: "collect" },
  );
}

const carts = async (): Promise<Map<string, { id: string; title: string }>> => {
  const { items } = await inventory.apis.list({});
  const found = items.filter(({ workloads }) => workloads[0]!.endsWith("/cart"));
  return new Map(found.map((api) => [api.cluster ?? "", api]));
};

test("what is called alike in two clusters is two APIs", async () => {
  assert.deepEqual([...(await carts()).keys()].sort(), ["", "prod", "staging"]);
  assert.equal((await carts()).get("prod")!.title, "cart.shop");
  const { items } = await inventory.apis.list({ cluster: "staging", namespace: "shop" });
  assert.deepEqual(items.map(({ workloads }) => workloads[0]).sort(), [
    "staging/shop/Deployment/cart",
    "staging/shop/Deployment/web",
  ]);
  const facets = await inventory.apis.facets({});
  assert.deepEqual(facets.cluster, [
    { value: "prod", count: 2 },
    { value: "staging", count: 2 },
  ]);
  assert.deepEqual(facets.namespace, [{ value: "shop", count: 6 }]);
});

test("a caller is who has the address in the cluster of whom it calls", async () => {
  const callers: Record<string, string | null> = {};
  for (const [cluster, { id }] of await carts()) {
    const [caller] = await inventory.apis.callers(id);
    callers[cluster] = caller!.workload;
    const { items } = await inventory.endpoints.list({ api: id });
    const detail = await inventory.endpoints.detail(id, items[0]!.id);
    assert.equal(detail.callers[0]!.workload, caller!.workload);
  }
  assert.deepEqual(callers, {
    "": "shop/Deployment/web",
    prod: "prod/shop/Deployment/web-of-today",
    staging: "staging/shop/Deployment/web",
  });
  const { nodes, edges } = await inventory.apis.map();
  const place = (id: string): string => {
    const { label, namespace } = nodes.find((node) => node.id === id)!;
    return `${namespace} ${label}`;
  };
  const ways = edges.map(({ from, to }) => `${place(from)} > ${place(to)}`).sort();
  assert.ok(
    ways.some((way) => /^staging\/shop .* > staging\/shop /.test(way)),
    ways.join("\n"),
  );
  for (const way of ways) {
    const [, from, to] = /^(?:(\S*)\/shop|\S+) .* > (?:(\S*)\/shop|\S+) /.exec(way)!;
    if (!way.startsWith("null")) assert.equal(from, to, way);
  }
});

test("addresses of another cluster are not covered", async () => {
  const { sensors } = inventory;
  assert.deepEqual((await sensors.coveredAddresses("prod/worker-2")).toSorted(), [
    "10.1.0.1",
    WEB_IP,
  ]);
  assert.deepEqual(await sensors.coveredAddresses("edge/worker-2"), []);
});
