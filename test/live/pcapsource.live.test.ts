import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { libpcap } from "../../src/capture/live/libpcap.ts";
import { frame } from "./frames.ts";
import { makeNetwork, needsRoot } from "./network.ts";
import { openSender } from "./sender.ts";
import { openPcapTap, range } from "./tap.ts";
import { until } from "./until.ts";

const network = makeNetwork();

const needsLibpcap = (t: TestContext): boolean => {
  if (!needsRoot(t)) return false;
  if (libpcap() !== null) return true;
  console.error("NOT RUN: libpcap is not installed (apt-get install libpcap0.8)");
  t.skip("no libpcap");
  return false;
};

test("libpcap shows each packet of each interface once", async (t) => {
  if (!needsLibpcap(t)) return;
  const [a, b] = [network.namespace("pcap-a"), network.namespace("pcap-b")];
  network.veth(a, "va", b, "vb");
  const rules = { ports: [{ first: 80, last: 80 }], tunnels: false, exclude: [] };
  const taps = [
    openPcapTap(b, { rules }),
    openPcapTap(b, { rules, interfaces: ["vb", "nowhere"] }),
    openPcapTap(b, { rules, interfaces: ["vb"], expression: "ip" }),
  ];
  assert.match(
    taps[1]!.source.problems().join(),
    /^--interfaces: there is no interface nowhere now/,
  );
  const sender = openSender(a, "va");
  for (const sequence of range(300)) {
    const vlans = sequence % 10 === 7 ? [9] : [];
    sender.send(frame({ sequence, vlans, ipv6: sequence % 3 === 0 }));
    sender.send(frame({ sequence: 1000 + sequence, toPort: 81 }));
  }
  sender.close();
  const loopback = openSender(b, "lo");
  for (const sequence of range(100))
    loopback.send(frame({ sequence, target: "00:00:00:00:00:00" }));
  loopback.close();
  await until("all is seen", () => [400, 300, 200].every((n, tap) => taps[tap]!.seen.length >= n));
  for (const tap of taps) await tap.finish();
  const untagged = (line: string): string => line.replace(/ vlan 9$/, "");
  const fromVeth = range(300).map((sequence) => `vb ${sequence}`);
  const fromLoopback = range(100).map((sequence) => `lo ${sequence}`);
  assert.deepEqual(
    taps[0]!.lines.map(untagged).toSorted(),
    [...fromVeth, ...fromLoopback].toSorted(),
  );
  assert.deepEqual(taps[1]!.lines.map(untagged), fromVeth);
  assert.equal(taps[1]!.lines.filter((line) => line.endsWith("vlan 9")).length, 30);
  assert.deepEqual(
    taps[2]!.seen.map(({ sequence }) => sequence),
    range(300).filter((sequence) => sequence % 3 !== 0),
  );
  assert.equal(taps[1]!.source.stats().packets, 300);
});

test("libpcap comes back to an interface that was gone", async (t) => {
  if (!needsLibpcap(t)) return;
  const [a, b] = [network.namespace("back-a"), network.namespace("back-b")];
  const tap = openPcapTap(b, { interfaces: ["later0"] });
  assert.equal(tap.source.problems().length, 1);
  for (const round of range(2)) {
    network.veth(a, "va", b, "later0");
    await until("later0 is there", () => tap.source.problems().length === 0);
    const sender = openSender(a, "va");
    sender.send(frame({ sequence: round }));
    sender.close();
    await until("the packet is seen", () => tap.seen.length === round + 1);
    network.ip(b, "link del later0");
    await until("later0 is gone", () => tap.source.problems().length === 1);
  }
  await tap.finish();
  assert.deepEqual(tap.lines, ["later0 0", "later0 1"]);
});

test("a wrong expression is refused in one line", (t) => {
  if (!needsLibpcap(t)) return;
  const a = network.namespace("wrong");
  assert.throws(() => openPcapTap(a, { expression: "tcp prot 80" }), {
    name: "UsageError",
    message: /^--filter: .*syntax error.*; see pcap-filter\(7\) for what is allowed$/,
  });
});
