//! What watching 5,000 pods, with their owners and Services, takes beside what is there without: by itself, and in a server.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { FakeApi } from "../../src/kubernetes/fakeapi.fixture.ts";
import {
  owned,
  PODS,
  pod,
  REPLICA_SETS,
  SERVICES,
  SLICES,
  service,
  slice,
} from "../../src/kubernetes/objects.fixture.ts";
import { serverCertificate, serverKey } from "../../src/sensor/certificates.fixture.ts";
import { endProcess } from "./mesh.ts";
import { asPod, until } from "./network.ts";

const POD_COUNT = 5000;
/** 25 MB were measured; what is collected late on a busy machine comes on top. */
const MEGABYTES_MAX = 60;
/** 6 MB were measured. */
const KEPT_MEGABYTES_MAX = 12;

/** As large as pods are in a cluster: conditions, volumes, environment, managed fields. */
const filler = (index: number): object[] =>
  Array.from({ length: 100 }, (_, at) => ({
    name: `VARIABLE_${at}`,
    value: `value ${index} ${at} `.repeat(4),
  }));

function fill(api: FakeApi): void {
  for (let index = 0; index < POD_COUNT; index += 1) {
    const workload = `workload-${Math.floor(index / 5)}`;
    const ip = `10.${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;
    const small = pod({
      name: `${workload}-6d4f7b9c5-${index}`,
      ip,
      owner: `ReplicaSet/${workload}-6d4f7b9c5`,
      hash: "6d4f7b9c5",
      ports: [8080],
    });
    api.put(PODS, { ...small, filler: filler(index) });
    if (index % 5 > 0) continue;
    api.put(REPLICA_SETS, owned(`${workload}-6d4f7b9c5`, `Deployment/${workload}`));
    const clusterIp = `10.96.${(index >> 8) & 255}.${index & 255}`;
    api.put(SERVICES, service(workload, [clusterIp], [{ name: "http", port: 80 }]));
    api.put(SLICES, slice(workload, [ip], [{ name: "http", port: 8080 }]));
  }
}

test("watching 5,000 pods", { timeout: 290_000 }, async (context) => {
  const [api, empty] = [new FakeApi(), new FakeApi()];
  fill(api);
  try {
    const before = await memoryOf(await empty.open(), 0);
    const url = await api.open();
    const after = await memoryOf(url, POD_COUNT);
    const small = await memoryOf(url, POD_COUNT, ["--max-semi-space-size=2"]);
    const figures = `peak ${after.peakMb.toFixed(0)} MB, of which ${before.peakMb.toFixed(0)} MB are there without pods; ${small.peakMb.toFixed(0)} MB where V8 may keep 2 MB of new objects; what is kept takes ${(after.keptMb - before.keptMb).toFixed(1)} MB`;
    context.diagnostic(figures);
    assert.equal(after.pods, POD_COUNT);
    assert.ok(after.peakMb - before.peakMb <= MEGABYTES_MAX, figures);
    assert.ok(after.keptMb - before.keptMb <= KEPT_MEGABYTES_MAX, figures);
  } finally {
    await Promise.all([api.close(), empty.close()]);
  }
});

async function memoryOf(
  url: string,
  podCount: number,
  flags: readonly string[] = [],
): Promise<{ peakMb: number; keptMb: number; pods: number }> {
  const watcher = fileURLToPath(new URL("watcher.ts", import.meta.url));
  const words = ["--expose-gc", ...flags, watcher, url, String(podCount)];
  const { stdout } = await promisify(execFile)(process.execPath, words, { timeout: 120_000 });
  return JSON.parse(stdout) as { peakMb: number; keptMb: number; pods: number };
}

test("a server that watches 5,000 pods", { timeout: 290_000 }, async (context) => {
  if (process.getuid?.() !== 0) {
    console.error("!! NOT RUN: a server with the account of a pod needs root, to mount it");
    context.skip("not root");
    return;
  }
  const before = await serverMemory(() => {});
  const after = await serverMemory(fill);
  const figures = `nta serve: peak ${after.peakMb.toFixed(0)} MB and ${after.restMb.toFixed(0)} MB afterwards; without pods ${before.peakMb.toFixed(0)} and ${before.restMb.toFixed(0)} MB`;
  context.diagnostic(figures);
  assert.ok(after.peakMb - before.peakMb <= MEGABYTES_MAX, figures);
});

async function serverMemory(
  prepare: (api: FakeApi) => void,
): Promise<{ peakMb: number; restMb: number }> {
  const folder = mkdtempSync(join(tmpdir(), "nta-memory-"));
  const api = new FakeApi({ key: serverKey, cert: serverCertificate });
  api.token = "kubelet-gave-this";
  prepare(api);
  const port = Number(new URL(await api.open()).port);
  const { command, env } = asPod(folder, port, [
    ...["serve", "--listen", "127.0.0.1:0", "--store", `sqlite:${folder}/store.db`],
    ...["--kubernetes", "on"],
  ]);
  const child = spawn(command[0]!, command.slice(1), { stdio: ["ignore", "ignore", "pipe"], env });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => {
    log += chunk.toString();
  });
  try {
    await until(
      "all is listed",
      () => api.watchCount === 5,
      () => log,
    );
    // What the lists left behind is collected when it is collected.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
    const megabytes = (name: string): number =>
      Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
    return { peakMb: megabytes("VmHWM"), restMb: megabytes("VmRSS") };
  } finally {
    await endProcess(child, "SIGKILL");
    await api.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
