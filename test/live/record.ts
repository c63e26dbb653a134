/**
 * Records the blocks of a ring, and the answer of netlink, for the tests that run without privileges: `node test/live/record.ts`
 * as root. The frames are synthetic, the namespaces are made for this and removed.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { liveLimits } from "../../src/base/limits.ts";
import { libc } from "../../src/capture/live/libc.ts";
import { inNetworkNamespace } from "../../src/capture/live/namespace.ts";
import { linkDumpRequest } from "../../src/capture/live/netlink.ts";
import { listen, mapRing, openPacketSocket } from "../../src/capture/live/packetsocket.ts";
import { frame } from "./frames.ts";
import { pathOf, silenceNamespace } from "./namespaces.ts";
import { openSender } from "./sender.ts";

const [a, b] = ["nta-record-a", "nta-record-b"];

const ip = (command: string): void => {
  execFileSync("ip", command.split(" "));
};

const recordRing = async (): Promise<Uint8Array> => {
  const fd = inNetworkNamespace(pathOf(b), openPacketSocket);
  const { memory } = mapRing(fd, 4);
  listen(fd);
  const sender = openSender(a, "va");
  sender.send(frame({ sequence: 1, payloadBytes: 100 }));
  sender.send(frame({ sequence: 2, payloadBytes: 100, ipv6: true }));
  sender.send(frame({ sequence: 3, vlans: [7] }));
  sender.send(frame({ sequence: 4, vlans: [7], ipv6: true }));
  sender.send(frame({ sequence: 5, vlans: [7, 9] }));
  sender.send(frame({ sequence: 6, vlans: [7, 9], ipv6: true }));
  sender.send(frame({ sequence: 7, target: "02:00:00:00:00:99" }));
  await sleep(2 * liveLimits.ringRetireMs);
  for (const [name, first] of [
    ["vb", 8],
    ["lo", 10],
  ] as const) {
    const inside = openSender(b, name);
    inside.send(frame({ sequence: first, target: "00:00:00:00:00:00" }));
    inside.send(frame({ sequence: first + 1, target: "00:00:00:00:00:00", vlans: [5] }));
    inside.close();
  }
  await sleep(2 * liveLimits.ringRetireMs);
  sender.close();
  return new Uint8Array(memory).slice(0, 2 * liveLimits.ringBlockBytes);
};

/** All datagrams of one answer, one after the other. */
const recordLinks = (): Uint8Array =>
  inNetworkNamespace(pathOf(b), () => {
    const fd = libc().socket(16, 3, 0);
    const request = linkDumpRequest();
    libc().send(fd, request, request.length, 0);
    const datagrams: Uint8Array[] = [];
    for (;;) {
      const buffer = new Uint8Array(liveLimits.netlinkBytesMax);
      const length = libc().recv(fd, buffer, buffer.length, 0x40);
      if (length < 0) break;
      datagrams.push(buffer.slice(0, length));
    }
    libc().close(fd);
    return Buffer.concat(datagrams);
  });

for (const namespace of [a, b]) {
  ip(`netns add ${namespace}`);
  silenceNamespace(namespace);
  ip(`-n ${namespace} link set lo up`);
}
ip(`-n ${a} link add va type veth peer name vb netns ${b}`);
ip(`-n ${a} link set va up`);
ip(`-n ${b} link set vb up`);
try {
  const save = (name: string, bytes: Uint8Array): void =>
    writeFileSync(new URL(`fixtures/${name}`, import.meta.url), gzipSync(bytes, { level: 9 }));
  save("ring.gz", await recordRing());
  ip(`-n ${b} link add br0 type bridge`);
  ip(`-n ${b} link set vb master br0`);
  save("links.gz", recordLinks());
} finally {
  for (const namespace of [a, b]) ip(`netns del ${namespace}`);
}
process.exit();
