import assert from "node:assert/strict";
import { test } from "node:test";
import { frame } from "./frames.ts";
import { makeNetwork, needsRoot } from "./network.ts";
import { openSender } from "./sender.ts";
import { openTap, range } from "./tap.ts";
import { until } from "./until.ts";

const network = makeNetwork();

test("a veth shows each packet once at each end", async (t) => {
  if (!needsRoot(t)) return;
  const [a, b] = [network.namespace("veth-a"), network.namespace("veth-b")];
  network.veth(a, "va", b, "vb");
  const taps = [openTap(a), openTap(b)];
  const sender = openSender(a, "va");
  for (const sequence of range(500)) sender.send(frame({ sequence, ipv6: sequence % 3 === 0 }));
  sender.close();
  for (const tap of taps) await tap.finish();
  assert.deepEqual(
    taps[0]!.lines,
    range(500).map((sequence) => `va ${sequence}`),
  );
  assert.deepEqual(
    taps[1]!.lines,
    range(500).map((sequence) => `vb ${sequence}`),
  );
  assert.equal(taps[1]!.source.stats().packets, 500);
});

test("loopback shows each packet once", async (t) => {
  if (!needsRoot(t)) return;
  const a = network.namespace("lo");
  const tap = openTap(a);
  const sender = openSender(a, "lo");
  for (const sequence of range(100)) {
    sender.send(frame({ sequence, target: "00:00:00:00:00:00" }));
  }
  sender.close();
  await tap.finish();
  assert.deepEqual(
    tap.lines,
    range(100).map((sequence) => `lo ${sequence}`),
  );
});

test("a bridge shows each packet once on each port, and on one of them if it alone is wanted", async (t) => {
  if (!needsRoot(t)) return;
  const [a, b, r] = ["br-a", "br-b", "br-r"].map((role) => network.namespace(role));
  network.veth(r!, "ra", a!, "va");
  network.veth(r!, "rb", b!, "vb");
  network.ip(r!, "link add br0 type bridge");
  network.ip(r!, "link set br0 up");
  network.ip(r!, "link set ra master br0");
  network.ip(r!, "link set rb master br0");
  for (const port of ["ra", "rb"]) {
    await until(`${port} forwards`, () =>
      network.show(r!, `-d link show ${port}`).includes("state forwarding"),
    );
  }
  const taps = [openTap(r!), openTap(r!, { interfaces: ["rb", "nowhere"] }), openTap(b!)];
  const sender = openSender(a!, "va");
  // Unicast to an unknown address: it floods, and is not for the bridge itself.
  for (const sequence of range(100)) {
    sender.send(frame({ sequence, target: "02:00:00:00:00:99" }));
  }
  sender.close();
  for (const tap of taps) await tap.finish();
  assert.deepEqual(
    taps[0]!.lines.toSorted(),
    range(100)
      .flatMap((sequence) => [`ra ${sequence}`, `rb ${sequence}`])
      .toSorted(),
  );
  assert.deepEqual(
    taps[1]!.lines,
    range(100).map((sequence) => `rb ${sequence}`),
  );
  assert.deepEqual(
    taps[2]!.lines,
    range(100).map((sequence) => `vb ${sequence}`),
  );
});

test("VLAN tags of packets that arrive are seen", async (t) => {
  if (!needsRoot(t)) return;
  const [a, b] = [network.namespace("tag-a"), network.namespace("tag-b")];
  network.veth(a, "va", b, "vb");
  const tap = openTap(b);
  const leaving = openTap(a);
  const sender = openSender(a, "va");
  for (const sequence of range(50)) {
    sender.send(
      frame({ sequence, vlans: [7, 9].slice(0, sequence % 3), ipv6: sequence % 2 === 0 }),
    );
  }
  sender.close();
  await tap.finish();
  await leaving.finish();
  assert.deepEqual(
    tap.lines,
    range(50).map(
      (sequence) => `vb ${sequence}${[" vlan 7", " vlan 9"].slice(0, sequence % 3).join("")}`,
    ),
  );
  // Which tags a leaving packet still shows depends on the kernel.
  assert.deepEqual(
    leaving.seen.map(({ sequence }) => sequence),
    range(50),
  );
});

test("a VLAN's packets are seen untagged on its interface and tagged on the trunk", async (t) => {
  if (!needsRoot(t)) return;
  const [a, b] = [network.namespace("vlan-a"), network.namespace("vlan-b")];
  network.veth(a, "va", b, "vb");
  for (const [namespace, trunk] of [
    [a, "va"],
    [b, "vb"],
  ] as const) {
    if (!network.tryIp(namespace, `link add link ${trunk} name ${trunk}.100 type vlan id 100`)) {
      console.error("NOT RUN: this kernel has no VLAN devices");
      t.skip("no VLAN devices");
      return;
    }
    network.ip(namespace, `link set ${trunk}.100 up`);
  }
  const taps = [openTap(a), openTap(b)];
  const sender = openSender(a, "va.100");
  for (const sequence of range(50)) sender.send(frame({ sequence }));
  sender.close();
  for (const tap of taps) await tap.finish();
  taps.forEach((tap, end) => {
    const trunk = ["va", "vb"][end]!;
    assert.deepEqual(
      tap.lines.toSorted(),
      range(50)
        .flatMap((sequence) => [`${trunk}.100 ${sequence}`, `${trunk} ${sequence} vlan 100`])
        .toSorted(),
    );
  });
});

test("a named interface is used whenever it is there", async (t) => {
  if (!needsRoot(t)) return;
  const [a, b] = [network.namespace("later-a"), network.namespace("later-b")];
  network.veth(a, "other", b, "vb");
  const tap = openTap(a, { interfaces: ["later0"], promiscuous: true });
  for (const round of range(3)) {
    network.veth(a, "later0", b, "vl");
    await until("later0 is heard", () => tap.source.problems().length === 0);
    for (const [name, first] of [
      ["vl", 100],
      ["vb", 0],
    ] as const) {
      const sender = openSender(b, name);
      for (const sequence of range(10))
        sender.send(frame({ sequence: round * 1000 + first + sequence }));
      sender.close();
    }
    await until("all is seen", () => tap.seen.length >= (round + 1) * 10);
    network.ip(a, "link del later0");
    await until("later0 is missed", () => tap.source.problems().length === 1);
  }
  await tap.finish();
  assert.deepEqual(
    tap.seen.map(({ sequence }) => sequence),
    range(3).flatMap((round) => range(10).map((sequence) => round * 1000 + 100 + sequence)),
  );
});

test("what the kernel filter keeps", async (t) => {
  if (!needsRoot(t)) return;
  const [a, b] = [network.namespace("filter-a"), network.namespace("filter-b")];
  network.veth(a, "va", b, "vb");
  const rules = {
    ports: [{ first: 80, last: 90 }],
    tunnels: false,
    exclude: [{ address: "10.9.0.7", port: 85 }],
  };
  const tap = openTap(b, { rules });
  const narrowed = openTap(b, { rules, expression: "tcp src port 80" });
  const sender = openSender(a, "va");
  sender.send(frame({ sequence: 1, toPort: 79 }));
  sender.send(frame({ sequence: 2, toPort: 80 }));
  sender.send(frame({ sequence: 3, fromPort: 80, toPort: 40000, ipv6: true }));
  sender.send(frame({ sequence: 4, fromPort: 80, toPort: 40000, vlans: [5] }));
  sender.send(frame({ sequence: 5, toPort: 91, fragment: 1 }));
  sender.send(frame({ sequence: 6, protocol: 17 }));
  sender.send(frame({ sequence: 7, toPort: 85, to: "10.9.0.7" }));
  sender.send(frame({ sequence: 8, toPort: 85, to: "10.9.0.8" }));
  sender.close();
  await tap.finish();
  await narrowed.finish();
  assert.deepEqual(
    tap.seen.map(({ sequence }) => sequence),
    [2, 3, 4, 5, 8],
  );
  assert.deepEqual(
    narrowed.seen.map(({ sequence }) => sequence),
    [3, 4],
  );
});

for (const tunnels of [false, true]) {
  test(`workers share all packets, both directions of a connection in one (tunnels ${tunnels})`, async (t) => {
    if (!needsRoot(t)) return;
    const [a, b] = [network.namespace(`fan-${tunnels}-a`), network.namespace(`fan-${tunnels}-b`)];
    const rules = { ports: [], tunnels, exclude: [] };
    network.veth(a, "va", b, "vb");
    const first = openTap(b, { rules, fanout: "found" });
    const group = first.source.fanoutGroup!;
    const taps = [
      first,
      openTap(b, { rules, fanout: { join: group } }),
      openTap(b, { rules, fanout: { join: group } }),
    ];
    const sender = openSender(a, "va");
    for (const sequence of range(3000)) {
      const client = 20000 + (sequence % 300);
      const forward = sequence % 2 === Math.floor(sequence / 300) % 2;
      sender.send(
        frame({
          sequence,
          fromPort: forward ? client : 80,
          toPort: forward ? 80 : client,
          from: forward ? "10.9.0.1" : "10.9.0.2",
          to: forward ? "10.9.0.2" : "10.9.0.1",
          vlans: tunnels && sequence % 300 < 100 ? [7, 9] : [],
        }),
      );
    }
    sender.close();
    for (const tap of taps) await tap.finish();
    const all = taps.flatMap(({ seen }) => seen.map(({ sequence }) => sequence));
    assert.deepEqual(
      all.toSorted((x, y) => x - y),
      range(3000),
    );
    const workersOf = new Map<number, Set<number>>();
    const directionsOf = new Map<number, Set<boolean>>();
    taps.forEach(({ seen }, worker) => {
      assert.ok(seen.length > 300, `worker ${worker} got ${seen.length} of 3000`);
      for (const { fromPort, toPort } of seen) {
        const client = Math.max(fromPort, toPort);
        workersOf.set(client, (workersOf.get(client) ?? new Set()).add(worker));
        directionsOf.set(client, (directionsOf.get(client) ?? new Set()).add(toPort === 80));
      }
    });
    assert.equal(workersOf.size, 300);
    assert.ok([...workersOf.values()].every((workers) => workers.size === 1));
    assert.ok([...directionsOf.values()].every((directions) => directions.size === 2));
  });
}

test("a filter as long as the kernel takes it", (t) => {
  if (!needsRoot(t)) return;
  const ports = range(940).map((index) => ({ first: index * 2 + 1, last: index * 2 + 1 }));
  const tap = openTap(network.namespace("long"), { rules: { ports, tunnels: true, exclude: [] } });
  return tap.finish();
});

test("what is lost in a burst is what the kernel counts", async (t) => {
  if (!needsRoot(t)) return;
  const [a, b] = [network.namespace("burst-a"), network.namespace("burst-b")];
  network.veth(a, "va", b, "vb");
  const tap = openTap(b, { bufferBytes: 4 << 20 });
  const frames = range(256).map((sequence) => frame({ sequence, payloadBytes: 1400 }));
  const sender = openSender(a, "va", { bypass: true });
  const startMs = performance.now();
  const sent = sender.burst(frames, 20_000);
  const ms = performance.now() - startMs;
  const backlog = tap.source.backlog();
  await until("the kernel has counted all", () => tap.source.stats().packets >= sent);
  const stats = tap.source.stats();
  sender.close();
  await tap.finish();
  t.diagnostic(`${sent} frames in ${ms.toFixed(0)} ms, ${stats.drops} dropped, backlog ${backlog}`);
  assert.equal(backlog, 1);
  assert.ok(stats.drops > 10_000, `${stats.drops} drops`);
  assert.equal(stats.packets, sent);
  assert.equal(tap.seen.length, sent - stats.drops);
});
