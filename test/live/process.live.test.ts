import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { frame } from "./frames.ts";
import { pathOf } from "./namespaces.ts";
import { makeNetwork, needsRoot } from "./network.ts";
import { openSender } from "./sender.ts";
import { openTap, range } from "./tap.ts";

const network = makeNetwork();
const run = promisify(execFile);
const worker = new URL("worker.ts", import.meta.url);

test("threads of a process share the packets, and each keeps its event loop free", async (t) => {
  if (!needsRoot(t)) return;
  const [a, b] = [network.namespace("thread-a"), network.namespace("thread-b")];
  network.veth(a, "va", b, "vb");
  const first = openTap(b, { fanout: "found" });
  const group = first.source.fanoutGroup!;
  const threads = range(2).map(
    () => new Worker(worker, { workerData: { namespace: pathOf(b), group } }),
  );
  t.after(() => Promise.all(threads.map((thread) => thread.terminate())));
  await Promise.all(threads.map((thread) => once(thread, "message")));
  const sender = openSender(a, "va");
  const frames = range(1000).map((sequence) => frame({ sequence, fromPort: 1024 + sequence }));
  const sent = sender.burst(frames, 50_000);
  sender.close();
  // So long that each loop has its turns also where other programs take most of the machine.
  await sleep(1500);
  const counts: number[] = [];
  for (const thread of threads) {
    // Both may come in one turn.
    const [answered, ended] = [once(thread, "message"), once(thread, "exit")];
    thread.postMessage("close");
    const [{ seen, drops, ticks }] = await answered;
    assert.equal(drops, 0);
    assert.ok(ticks > 10, `${ticks} ticks of 10 ms`);
    counts.push(seen);
    await ended;
  }
  await first.finish();
  counts.push(first.seen.length);
  assert.equal(first.source.stats().drops, 0);
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    sent,
  );
  assert.ok(
    counts.every((count) => count > sent / 10),
    counts.join(),
  );
});

test("without the capability one line says how to grant it", async (t) => {
  if (!needsRoot(t)) return;
  for (const source of ["RingSource", "PcapSource"]) {
    const failed = await run("setpriv", [
      "--bounding-set=-net_raw,-net_admin",
      "--inh-caps=-net_raw,-net_admin",
      process.execPath,
      fileURLToPath(new URL("open.ts", import.meta.url)),
      source,
    ]).catch((error: { stdout: string }) => error);
    const lines = failed.stdout.trim().split("\n");
    assert.equal(lines.length, 1, failed.stdout);
    assert.match(lines[0]!, /^UsageError: .*CAP_NET_RAW.*setcap cap_net_raw\+ep.*securityContext/);
  }
});

test("a namespace that is not there is refused in one line", (t) => {
  if (!needsRoot(t)) return;
  assert.throws(() => openTap("nta-nowhere"), {
    name: "UsageError",
    message: /^cannot open the network namespace \S+nta-nowhere \(ENOENT\)/,
  });
});

test("what still holds a packet after the end finds it empty", async (t) => {
  if (!needsRoot(t)) return;
  const [a, b] = [network.namespace("end-a"), network.namespace("end-b")];
  network.veth(a, "va", b, "vb");
  const tap = openTap(b);
  const sender = openSender(a, "va");
  sender.send(frame({ sequence: 1 }));
  sender.close();
  await tap.finish();
  assert.equal(tap.seen.length, 1);
  assert.equal(tap.lastBytes()?.length, 0);
  await tap.source.close();
  assert.equal(tap.source.stats().packets, 1);
});

test("a sink that throws ends the run", async (t) => {
  if (!needsRoot(t)) return;
  const [a, b] = [network.namespace("throw-a"), network.namespace("throw-b")];
  network.veth(a, "va", b, "vb");
  const tap = openTap(b, {}, () => {
    throw new Error("the sink failed");
  });
  const sender = openSender(a, "va");
  sender.send(frame({ sequence: 1 }));
  sender.close();
  await assert.rejects(tap.done, /the sink failed/);
  await tap.source.close();
});
