//! The whole way of names: a cluster's API, watched; a tap's deltas, which name workloads; the inventory.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import { Cluster } from "../kubernetes/cluster.ts";
import { FakeApi } from "../kubernetes/fakeapi.fixture.ts";
import { owned, PODS, pod, REPLICA_SETS, SLICES, slice } from "../kubernetes/objects.fixture.ts";
import { systemClock } from "../sensor/clock.ts";
import { QuietLog } from "../sensor/quietlog.ts";
import { call, FixtureSensor, learn, NOW_MS } from "./deltas.fixture.ts";
import { type Inventory, openInventory } from "./inventory.ts";
import { serviceTitle } from "./services.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function openAll(
  prepare: (api: FakeApi) => void,
): Promise<{ api: FakeApi; cluster: Cluster; inventory: Inventory }> {
  const api = new FakeApi();
  prepare(api);
  const url = await api.open();
  closing.push(() => api.close());
  const cluster = new Cluster({
    name: "",
    access: { url, tokenFile: null, caFile: null },
    node: null,
    keepLabels: false,
    clock: { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 100, signal) },
    log: new QuietLog({ info: () => {}, warn: () => {} }, Date.now),
    random: Math.random,
  });
  closing.push(() => cluster.close());
  await until(() => cluster.isSynced);
  const folder = mkdtempSync(join(tmpdir(), "nta-services-"));
  closing.push(() => rmSync(folder, { recursive: true }));
  const { owners } = cluster;
  const inventory = await openInventory({
    url: `sqlite:${join(folder, "store.db")}`,
    now: () => NOW_MS,
    inferAfterMs: 0,
    cluster: {
      cluster: owners.cluster,
      serviceNamesOf: owners.serviceNamesOf,
      workloadAt: (ip) => owners.workloadOf(ip, 0),
    },
  });
  closing.push(() => inventory.close());
  return { api, cluster, inventory };
}

async function until(test: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + 30_000;
  while (!(await test())) {
    assert.ok(Date.now() < deadlineMs, "never");
    await systemClock.sleep(5);
  }
}

const HTTP = [{ name: "http", port: 8080 }];
const replica = (name: string, ip: string, owner: string, hash: string) =>
  pod({ name, ip, owner: `ReplicaSet/${owner}`, hash, ports: [8080] });

/** Two nodes' taps hear calls by several names that go to several replicas, before and after a rollout. */
async function hearCart({ owners }: Cluster, inventory: Inventory): Promise<void> {
  const calls = [
    ["cart", "10.1.0.1"],
    ["cart", "10.1.0.2"],
    ["cart.shop", "10.1.0.1"],
    ["cart.shop.svc.cluster.local", "10.1.0.3"],
    ["10.96.0.10", "10.1.0.3"],
  ] as const;
  for (const [index, [host, server]] of calls.entries()) {
    const exchange = call("GET /orders", { host, server, port: 8080, client: "10.1.0.9" });
    const summaries = learn([exchange]).map((summary) => ({
      ...summary,
      key: { ...summary.key, workload: owners.workloadOf(server, 8080) },
    }));
    await inventory.ingest(new FixtureSensor(`tap-${index}`).deltas(summaries));
  }
  await inventory.settled();
}

const shop = (api: FakeApi): void => {
  api.put(REPLICA_SETS, owned("cart-1", "Deployment/cart"));
  api.put(REPLICA_SETS, owned("cart-2", "Deployment/cart"));
  api.put(PODS, replica("cart-1-a", "10.1.0.1", "cart-1", "1"));
  api.put(PODS, replica("cart-1-b", "10.1.0.2", "cart-1", "1"));
  api.put(PODS, replica("cart-2-a", "10.1.0.3", "cart-2", "2"));
  api.put(PODS, pod({ name: "web-0", ip: "10.1.0.9", owner: "StatefulSet/web" }));
};

test("replicas and names are one API, called by its Service", async () => {
  const { cluster, inventory } = await openAll((api) => {
    shop(api);
    api.put(SLICES, slice("cart", ["10.1.0.1", "10.1.0.2", "10.1.0.3"], HTTP));
    api.put(SLICES, slice("all", ["10.1.0.1", "10.1.0.2", "10.1.0.3"], HTTP));
  });
  await hearCart(cluster, inventory);
  const { items } = await inventory.apis.list({});
  assert.deepEqual(
    items.map(({ name, workloads, ports }) => [name, workloads, ports]),
    [["cart.shop", ["shop/Deployment/cart"], [8080]]],
  );
  const api = await inventory.apis.detail(items[0]!.id);
  assert.deepEqual(api.services, ["all.shop", "cart.shop"]);
  assert.deepEqual(api.hosts.toSorted(), [
    "10.96.0.10",
    "cart",
    "cart.shop",
    "cart.shop.svc.cluster.local",
  ]);
  assert.equal(api.calls, 5);
  const { text } = await inventory.documents.text(api.id, {
    openapi: "3.0",
    format: "yaml",
    evidence: true,
  });
  assert.match(text, /title: cart\.shop\n/);
  assert.deepEqual(await inventory.apis.callers(api.id), [
    { address: "10.1.0.9", workload: "shop/StatefulSet/web", calls: 5 },
  ]);
  assert.equal((await inventory.apis.list({ q: "cart.shop" })).items.length, 1);
});

test("a Service that comes later names what is known; one whose pods rest keeps its name", async () => {
  const { api, cluster, inventory } = await openAll(shop);
  await hearCart(cluster, inventory);
  const name = async (): Promise<string> => (await inventory.apis.list({})).items[0]!.name;
  assert.equal(await name(), "cart");
  api.put(SLICES, slice("cart", ["10.1.0.1"], HTTP));
  const looked = async (expected: string): Promise<boolean> => {
    await inventory.tick(NOW_MS);
    await inventory.settled();
    return (await name()) === expected;
  };
  await until(() => looked("cart.shop"));
  api.put(SLICES, slice("cart", [], HTTP));
  await until(() => cluster.owners.serviceNamesOf("shop/Deployment/cart", 8080).length === 0);
  assert.ok(await looked("cart.shop"));
  await inventory.apis.patch((await inventory.apis.list({})).items[0]!.id, { name: "Cart" }, "me");
  assert.ok(await looked("Cart"), "what a person says comes first");
});

test("of several Services the one that calls name gives the name", () => {
  const rows: readonly (readonly [readonly string[], readonly string[], string | null])[] = [
    [["a.shop", "cart.shop"], ["cart"], "cart.shop"],
    [["a.shop", "cart.shop"], ["cart.shop.svc"], "cart.shop"],
    [["a.shop", "cart.shop"], ["cart.shop.svc.corp.example"], "cart.shop"],
    [["a.shop", "cart.shop"], ["shop.example.com"], "a.shop"],
    [["a.shop", "cart.shop"], ["cart.shopping"], "a.shop"],
    [[], ["cart"], null],
  ];
  for (const [services, hosts, expected] of rows)
    assert.equal(serviceTitle(services, hosts), expected, hosts.join());
});
