import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { RingSource } from "../../src/capture/live/afpacket.ts";
import { Decoder } from "../../src/decode/decoder.ts";
import { Outcome } from "../../src/decode/outcome.ts";
import { emptySegment, TcpFlag } from "../../src/decode/segment.ts";
import { pathOf } from "./namespaces.ts";
import { makeNetwork, needsRoot } from "./network.ts";
import { pattern } from "./pattern.ts";
import { OPTIONS } from "./tap.ts";

const network = makeNetwork();
const run = promisify(execFile);
const script = fileURLToPath(new URL("transfer.ts", import.meta.url));
const BYTES = 20_000_000;

/** Transfers the pattern while a tap listens in `tapped`, and puts together what the tap saw of it. */
const transfer = async (
  server: string,
  client: string,
  tapped: string,
  address: string,
): Promise<{ captured: Uint8Array; largest: number; outcomes: readonly string[] }> => {
  const inside = (namespace: string, ...words: string[]): string[] => [
    ...["netns", "exec", namespace, process.execPath, script],
    ...words,
  ];
  const serving = spawn("ip", inside(server, "serve", `${BYTES}`), {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const port = Number(String((await once(serving.stdout, "data"))[0]));
  const source = new RingSource({
    ...OPTIONS,
    bufferBytes: 64 << 20,
    namespace: pathOf(tapped),
    rules: { ...OPTIONS.rules, ports: [{ first: port, last: port }] },
  });
  const decoder = new Decoder();
  const segment = emptySegment();
  const captured = new Uint8Array(BYTES);
  let first = 0;
  let largest = 0;
  const done = source.run((packet) => {
    if (decoder.decode(packet, segment) !== Outcome.Tcp || segment.sourcePort !== port) return;
    if ((segment.flags & TcpFlag.Syn) !== 0) first = (segment.sequence + 1) | 0;
    assert.equal(segment.missingBytes, 0);
    const payload = segment.bytes.subarray(segment.payloadStart, segment.payloadEnd);
    if (payload.length > 0) captured.set(payload, (segment.sequence - first) | 0);
    largest = Math.max(largest, payload.length);
  });
  const fetched = await run("ip", inside(client, "fetch", address, `${port}`));
  assert.equal(Number(fetched.stdout), BYTES);
  await source.close();
  await done;
  assert.equal(source.stats().drops, 0);
  return { captured, largest, outcomes: decoder.counters.entries().map(({ name }) => name) };
};

test("a transfer over veth is seen whole at each end, in frames as the kernel makes them", async (t) => {
  if (!needsRoot(t)) return;
  const [a, b] = [network.namespace("tcp-a"), network.namespace("tcp-b")];
  network.veth(a, "va", b, "vb");
  network.ip(a, "addr add 10.9.1.1/24 dev va");
  network.ip(b, "addr add 10.9.1.2/24 dev vb");
  for (const tapped of [a, b]) {
    const { captured, largest, outcomes } = await transfer(b, a, tapped, "10.9.1.2");
    assert.equal(Buffer.compare(captured, pattern(BYTES)), 0);
    assert.deepEqual(outcomes.length, 1);
    t.diagnostic(`largest segment ${largest} bytes`);
  }
});

test("a transfer over loopback is seen whole", async (t) => {
  if (!needsRoot(t)) return;
  const a = network.namespace("tcp-lo");
  const { captured, outcomes } = await transfer(a, a, a, "127.0.0.1");
  assert.equal(Buffer.compare(captured, pattern(BYTES)), 0);
  assert.deepEqual(outcomes.length, 1);
});
