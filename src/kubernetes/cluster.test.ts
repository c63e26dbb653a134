import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import { systemClock } from "../sensor/clock.ts";
import { QuietLog } from "../sensor/quietlog.ts";
import { Cluster } from "./cluster.ts";
import { FakeApi } from "./fakeapi.fixture.ts";
import { JOBS, PODS, pod, REPLICA_SETS, SERVICES, SLICES } from "./objects.fixture.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function watch(
  options: { node?: string; tokenFile?: string; prepare?: (api: FakeApi) => unknown } = {},
): Promise<{ api: FakeApi; cluster: Cluster; lines: string[] }> {
  const api = new FakeApi();
  options.prepare?.(api);
  const url = await api.open();
  closing.push(() => api.close());
  const lines: string[] = [];
  const log = {
    info: (line: string) => void lines.push(line),
    warn: (line: string) => void lines.push(line),
  };
  const cluster = new Cluster({
    name: "",
    access: { url, tokenFile: options.tokenFile ?? null, caFile: null },
    node: options.node ?? null,
    keepLabels: false,
    // Pauses are a hundredth of what they are outside of tests.
    clock: { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 100, signal) },
    log: new QuietLog(log, Date.now),
    random: Math.random,
  });
  closing.push(() => cluster.close());
  return { api, cluster, lines };
}

async function until(what: string, test: () => boolean): Promise<void> {
  for (let waitedMs = 0; !test(); waitedMs += 5) {
    assert.ok(waitedMs < 5000, `never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const many = (api: FakeApi, count: number): void => {
  for (let index = 0; index < count; index += 1) {
    api.put(
      PODS,
      pod({
        name: `cart-${index}`,
        ip: `10.1.${index >> 8}.${index & 255}`,
        owner: "StatefulSet/cart",
      }),
    );
  }
};

test("lists in pages, then follows", async () => {
  const { api, cluster } = await watch({ prepare: (each) => many(each, 600) });
  await until("synced", () => cluster.isSynced && api.watchCount === 5);
  assert.equal(cluster.tables.pods.size, 600);
  assert.equal(
    api.requests.filter((url) => url.startsWith(PODS) && url.includes("limit=100")).length,
    6,
  );
  assert.equal(cluster.owners.workloadOf("10.1.2.87", 80), "shop/StatefulSet/cart");
  api.put(PODS, pod({ name: "pay-1", ip: "10.2.0.1" }));
  await until("added", () => cluster.owners.workloadOf("10.2.0.1", 80) === "shop/Pod/pay-1");
  api.delete(PODS, "shop", "pay-1");
  await until("deleted", () => cluster.tables.pods.size === 600);
});

test("a tap asks for the pods of its node, and for nothing else", async () => {
  const { api, cluster } = await watch({
    node: "worker-1",
    prepare: (each) => {
      each.put(PODS, pod({ name: "near", ip: "10.1.0.1" }));
      each.put(PODS, pod({ name: "far", ip: "10.1.1.1", node: "worker-2" }));
    },
  });
  await until("synced", () => cluster.isSynced && api.watchCount === 1);
  assert.equal(cluster.tables.pods.size, 1);
  for (const url of api.requests)
    assert.match(url, /^\/api\/v1\/pods\?.*fieldSelector=spec.nodeName%3Dworker-1/);
});

test("goes on from the last version where a watch ends, and lists anew where that is gone", async () => {
  const { api, cluster } = await watch({ prepare: (each) => many(each, 3) });
  await until("watching", () => cluster.isSynced && api.watchCount === 5);
  const lists = (): number =>
    api.requests.filter((url) => url.startsWith(PODS) && url.includes("limit")).length;
  api.bookmark();
  await new Promise((resolve) => setTimeout(resolve, 20));
  api.endWatches();
  await until("again", () => api.watchCount === 5);
  assert.equal(lists(), 1, "a watch that ended is no reason to list");

  api.breakConnections();
  api.put(PODS, pod({ name: "late", ip: "10.3.0.1" }));
  await until("after a break", () => cluster.owners.workloadOf("10.3.0.1", 1) !== "");
  assert.equal(lists(), 1);

  await until("watching", () => api.watchCount === 5);
  api.breakConnections();
  api.put(PODS, pod({ name: "later", ip: "10.3.0.2" }));
  api.delete(PODS, "shop", "late");
  api.compact();
  await until("listed anew", () => cluster.owners.workloadOf("10.3.0.2", 1) !== "");
  assert.equal(lists(), 2);
  await until("the one that went meanwhile", () => cluster.tables.pods.size === 4);

  await until("watching", () => api.watchCount === 5);
  api.expireWatches();
  await until("410 in the stream", () => lists() === 3 && api.watchCount === 5);
});

test("a page whose token expired begins the list anew", async () => {
  let api!: FakeApi;
  const { cluster } = await watch({
    prepare: (each) => {
      api = each;
      many(each, 600);
      const push = each.requests.push.bind(each.requests);
      let isFirst = true;
      each.requests.push = (...urls) => {
        if (isFirst && urls[0]!.includes("continue=200")) {
          isFirst = false;
          each.put(PODS, pod({ name: "new", ip: "10.9.0.1" }));
          each.compact();
        }
        return push(...urls);
      };
    },
  });
  await until("synced", () => cluster.isSynced && api.watchCount === 5);
  assert.equal(cluster.tables.pods.size, 601);
});

test("waits when the server is busy, as long as it asks", async () => {
  const { api, cluster } = await watch({
    prepare: (each) => Object.assign(each, { busyRequests: 12 }),
  });
  await until("synced", () => cluster.isSynced);
  assert.equal(api.busyRequests, 0);
});

test("a token is read again, and what is forbidden is said once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "nta-token-"));
  closing.push(async () => rmSync(folder, { recursive: true }));
  const tokenFile = join(folder, "token");
  writeFileSync(tokenFile, "old\n");
  const { api, cluster, lines } = await watch({
    tokenFile,
    prepare: (each) => Object.assign(each, { token: "new" }),
  });
  await until("refused", () => api.requests.length > 5);
  assert.match(
    lines.join("\n"),
    /\/api\/v1\/pods cannot be read \(Unauthorized\); the service account needs get, list and watch/,
  );
  writeFileSync(tokenFile, "new\n");
  await until("synced", () => cluster.isSynced);
  assert.equal(lines.filter((line) => line.includes(`${PODS} cannot`)).length, 1);
  assert.ok(lines.some((line) => line.includes("can be read again")));
});

test("nothing of an answer makes it throw", async () => {
  const odd = [
    null,
    7,
    "x",
    [],
    {},
    { metadata: 3 },
    { metadata: { name: "a", namespace: 3, ownerReferences: 4 } },
  ];
  const { api, cluster } = await watch({
    prepare: (each) => {
      for (const path of [PODS, SERVICES, SLICES, JOBS, REPLICA_SETS]) {
        for (const [index, value] of odd.entries()) {
          each.put(path, {
            metadata: {
              namespace: "odd",
              name: `odd-${index}`,
              labels: value as never,
              ownerReferences: value as never,
            },
            spec: value as never,
            status: value,
            ports: value,
            endpoints: value,
          });
        }
      }
      each.put(PODS, pod({ name: "good", ip: "10.1.0.1" }));
    },
  });
  await until("synced", () => cluster.isSynced && api.watchCount === 5);
  assert.equal(cluster.owners.workloadOf("10.1.0.1", 1), "shop/Pod/good");
});
