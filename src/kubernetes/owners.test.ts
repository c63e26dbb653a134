import assert from "node:assert/strict";
import { test } from "node:test";
import { PodTable } from "./addresses.ts";
import { endpointSliceOf, ownedOf, podOf, serviceOf } from "./facts.ts";
import type { FakeObject } from "./fakeapi.fixture.ts";
import { owned, pod, service, slice } from "./objects.fixture.ts";
import { ByName, type ClusterTables, Owners } from "./owners.ts";

const T0 = Date.parse("2026-01-01T00:00:00Z");

class Clock {
  nowMs = T0;
}

function tables(
  clock: Clock,
  objects: {
    pods?: readonly FakeObject[];
    services?: readonly FakeObject[];
    slices?: readonly FakeObject[];
    sets?: readonly FakeObject[];
    jobs?: readonly FakeObject[];
  },
): { owners: Owners; all: ClusterTables } {
  const all: ClusterTables = {
    pods: new PodTable(() => clock.nowMs),
    replicaSets: new ByName(),
    jobs: new ByName(),
    services: new ByName(),
    slices: new ByName(),
  };
  for (const each of objects.pods ?? []) all.pods.upsert(podOf(false)(each)!);
  all.services.replace((objects.services ?? []).map((each) => serviceOf(each)!));
  all.slices.replace((objects.slices ?? []).map((each) => endpointSliceOf(each)!));
  all.replicaSets.replace((objects.sets ?? []).map((each) => ownedOf(each)!));
  all.jobs.replace((objects.jobs ?? []).map((each) => ownedOf(each)!));
  return { owners: new Owners(all, () => clock.nowMs), all };
}

test("what is called alike in two clusters has two names", () => {
  const clock = new Clock();
  const { all } = tables(clock, {
    pods: [
      pod({ name: "cart-6d4f-a", ip: "10.1.0.1", owner: "ReplicaSet/cart-6d4f", hash: "6d4f" }),
    ],
    services: [service("cart", ["10.96.0.10"], [{ name: "http", port: 80 }])],
    slices: [slice("cart", ["10.1.0.1"], [{ name: "http", port: 8080 }])],
  });
  const owners = new Owners(all, () => clock.nowMs, "prod");
  const workload = "prod/shop/Deployment/cart";
  assert.equal(owners.workloadOf("10.1.0.1", 8080), workload);
  assert.deepEqual(owners.listenerAt("10.96.0.10", 80), { workload, port: 8080 });
  assert.deepEqual(owners.serviceNamesOf(workload, 8080), ["cart.shop"]);
  assert.deepEqual(owners.serviceNamesOf("staging/shop/Deployment/cart", 8080), []);
  assert.deepEqual(owners.nodesBehind("10.1.0.1", 8080), ["prod/worker-1"]);
});

test("a pod is its workload's", () => {
  const rows: [owner: string | undefined, hash: string | undefined, expected: string][] = [
    [undefined, undefined, "shop/Pod/p"],
    ["StatefulSet/db", undefined, "shop/StatefulSet/db"],
    ["DaemonSet/agent", undefined, "shop/DaemonSet/agent"],
    ["ReplicaSet/cart-6d4f", "6d4f", "shop/Deployment/cart"],
    ["ReplicaSet/lonely", undefined, "shop/ReplicaSet/lonely"],
    ["ReplicaSet/blue-77", "77", "shop/Rollout/blue"],
    ["Job/report-29413980", undefined, "shop/CronJob/report"],
    ["Job/migrate", undefined, "shop/Job/migrate"],
    ["Job/weekly-x", undefined, "shop/CronJob/weekly"],
  ];
  for (const [owner, hash, expected] of rows) {
    const words = { name: "p", ip: "10.1.0.1", ...(owner && { owner }), ...(hash && { hash }) };
    const { owners } = tables(new Clock(), {
      pods: [pod(words)],
      sets: [owned("blue-77", "Rollout/blue")],
      jobs: [owned("weekly-x", "CronJob/weekly")],
    });
    assert.equal(owners.workloadOf("10.1.0.1", 80), expected);
  }
});

test("several replicas, and both families of addresses, are one", () => {
  const { owners } = tables(new Clock(), {
    pods: [
      pod({ name: "cart-a", ips: ["10.1.0.1", "fd00::1"], owner: "ReplicaSet/cart-1", hash: "1" }),
      pod({ name: "cart-b", ips: ["10.1.0.2", "fd00::2"], owner: "ReplicaSet/cart-2", hash: "2" }),
    ],
  });
  for (const ip of ["10.1.0.1", "10.1.0.2", "fd00::1", "fd00::2"])
    assert.equal(owners.workloadOf(ip, 8080), "shop/Deployment/cart");
  assert.equal(owners.workloadOf("10.1.0.3", 8080), "");
});

test("an address is its pod's as of the flow's beginning", () => {
  const clock = new Clock();
  const { owners, all } = tables(clock, {
    pods: [pod({ name: "old", ip: "10.1.0.1", startedMs: T0 - 5000 })],
  });
  clock.nowMs = T0 + 1000;
  all.pods.remove(podOf(false)(pod({ name: "old" }))!);
  assert.equal(
    owners.workloadOf("10.1.0.1", 80),
    "shop/Pod/old",
    "exchanges may still be under way",
  );
  clock.nowMs = T0 + 3000;
  all.pods.upsert(podOf(false)(pod({ name: "new", ip: "10.1.0.1", startedMs: T0 + 2000 }))!);
  assert.equal(owners.workloadOf("10.1.0.1", 80), "shop/Pod/new");
  assert.equal(owners.workloadOf("10.1.0.1", 80, T0 + 500), "shop/Pod/old");
  clock.nowMs = T0 + 120_000;
  all.pods.expire();
  assert.equal(owners.workloadOf("10.1.0.1", 80, T0 + 500), "shop/Pod/new");
  all.pods.remove(podOf(false)(pod({ name: "new" }))!);
  clock.nowMs += 61_000;
  all.pods.expire();
  assert.equal(owners.workloadOf("10.1.0.1", 80), "");
});

test("a pod that is over gives its address back; an old event cannot take it", () => {
  const clock = new Clock();
  const { owners, all } = tables(clock, {
    pods: [pod({ name: "job", ip: "10.1.0.1", startedMs: T0 - 9000 })],
  });
  all.pods.upsert(podOf(false)(pod({ name: "web", ip: "10.1.0.1", startedMs: T0 }))!);
  all.pods.upsert(podOf(false)(pod({ name: "job", ip: "10.1.0.1", phase: "Succeeded" }))!);
  assert.equal(owners.workloadOf("10.1.0.1", 80), "shop/Pod/web");
});

test("pods in their node's network are told apart by port", () => {
  const { owners } = tables(new Clock(), {
    pods: [
      pod({
        name: "dns",
        ip: "10.0.0.1",
        hostNetwork: true,
        ports: [53, 9153],
        owner: "DaemonSet/dns",
      }),
      pod({ name: "proxy", ip: "10.0.0.1", hostNetwork: true, ports: [10_256] }),
      pod({ name: "web", ip: "10.1.0.1" }),
    ],
  });
  assert.equal(owners.workloadOf("10.0.0.1", 9153), "shop/DaemonSet/dns");
  assert.equal(owners.workloadOf("10.0.0.1", 10_256), "shop/Pod/proxy");
  assert.equal(owners.workloadOf("10.0.0.1", 22), "");
  assert.equal(owners.callerKind("10.0.0.1"), "node");
  assert.equal(owners.callerKind("10.1.0.1"), "workload");
  assert.equal(owners.callerKind("192.168.7.7"), "internal");
  assert.equal(owners.callerKind("100.64.1.1"), "internal");
  assert.equal(owners.callerKind("fd12::1"), "internal");
  assert.equal(owners.callerKind("203.0.113.9"), "external");
  assert.equal(owners.callerKind("2001:db8::1"), "external");
});

test("the address of a Service, and a node's port, lead to the port on which the pod listens", () => {
  const clock = new Clock();
  const { owners, all } = tables(clock, {
    pods: [
      pod({ name: "cart-a", ips: ["10.1.0.1", "fd00::1"], owner: "ReplicaSet/cart-1", hash: "1" }),
      pod({
        ...{ name: "cart-b", ip: "10.1.0.2", owner: "ReplicaSet/cart-1", hash: "1" },
        ...{ node: "worker-2", nodeIp: "10.0.0.2" },
      }),
      pod({ name: "pay", ip: "10.1.0.3" }),
    ],
    services: [
      service(
        "cart",
        ["10.96.0.10", "fd96::10"],
        [
          { name: "http", port: 80, targetPort: "web", nodePort: 30_080 },
          { name: "admin", port: 81, targetPort: 9000 },
        ],
      ),
      service("mixed", ["10.96.0.11"], [{ port: 80 }]),
      service("headless", ["None"], [{ port: 80 }]),
    ],
    slices: [
      slice(
        "cart",
        ["10.1.0.1", "10.1.0.2"],
        [
          { name: "http", port: 8080 },
          { name: "admin", port: 9000 },
        ],
      ),
      slice("mixed", ["10.1.0.1", "10.1.0.3"], [{ name: "", port: 8080 }]),
    ],
  });
  const cart = { workload: "shop/Deployment/cart", port: 8080 };
  assert.deepEqual(owners.listenerAt("10.96.0.10", 80), cart);
  assert.deepEqual(owners.listenerAt("fd96::10", 80), cart);
  assert.deepEqual(owners.listenerAt("10.0.0.1", 30_080), cart);
  assert.deepEqual(owners.listenerAt("10.1.0.2", 8080), cart);
  assert.deepEqual(owners.listenerAt("10.96.0.10", 81), { ...cart, port: 9000 });
  assert.equal(owners.listenerAt("10.96.0.10", 82), null);
  assert.equal(owners.listenerAt("10.96.0.11", 80), null, "two workloads behind one Service");
  assert.equal(owners.listenerAt("203.0.113.9", 30_080), null, "no node of this cluster");
  assert.deepEqual(owners.serviceNamesOf("shop/Deployment/cart", 8080), [
    "cart.shop",
    "mixed.shop",
  ]);
  assert.deepEqual(owners.serviceNamesOf("shop/Deployment/cart", 9000), ["cart.shop"]);
  assert.deepEqual(owners.nodesBehind("10.1.0.1", 8080), ["worker-1"]);
  assert.deepEqual(owners.nodesBehind("10.96.0.10", 80), ["worker-1", "worker-2"]);
  assert.deepEqual(owners.nodesBehind("10.0.0.1", 30_080), ["worker-1", "worker-2"]);
  assert.deepEqual(owners.nodesBehind("203.0.113.9", 30_080), [], "no node of this cluster");
  all.slices.upsert(
    endpointSliceOf(slice("mixed", ["10.1.0.1", "10.1.0.77"], [{ name: "", port: 8080 }]))!,
  );
  assert.deepEqual(owners.nodesBehind("10.96.0.11", 80), [], "a pod that is not known");
  assert.deepEqual(owners.servicesBefore(new Set(["10.1.0.1"])), []);
  const both = new Set(["10.1.0.1", "10.1.0.2"]);
  assert.deepEqual(owners.servicesBefore(both), ["10.96.0.10", "fd96::10"]);
  all.slices.upsert(endpointSliceOf(slice("cart", ["10.1.0.2"], [{ name: "http", port: 9090 }]))!);
  assert.deepEqual(owners.listenerAt("10.96.0.10", 80), { ...cart, port: 9090 });
});
