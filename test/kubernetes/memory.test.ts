//! Watching 5,000 pods, with their owners and Services, takes at most 100 MB more than watching none.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
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

const POD_COUNT = 5000;
const MEGABYTES_MAX = 100;

test("5,000 pods within 100 MB", async (context) => {
  const api = new FakeApi();
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
    // As large as they are in a cluster: conditions, volumes, environment, managed fields.
    api.put(PODS, {
      ...small,
      filler: Array.from({ length: 100 }, (_, at) => ({
        name: `VARIABLE_${at}`,
        value: `value ${index} ${at} `.repeat(4),
      })),
    });
    if (index % 5 > 0) continue;
    api.put(REPLICA_SETS, owned(`${workload}-6d4f7b9c5`, `Deployment/${workload}`));
    api.put(
      SERVICES,
      service(
        workload,
        [`10.96.${(index >> 8) & 255}.${index & 255}`],
        [{ name: "http", port: 80 }],
      ),
    );
    api.put(SLICES, slice(workload, [ip], [{ name: "http", port: 8080 }]));
  }
  const empty = new FakeApi();
  try {
    const before = await memoryOf(await empty.open(), 0);
    const after = await memoryOf(await api.open(), POD_COUNT);
    const figures = `peak ${after.peakMb.toFixed(0)} MB, of which ${before.peakMb.toFixed(0)} MB are there without pods`;
    context.diagnostic(figures);
    assert.equal(after.pods, POD_COUNT);
    assert.ok(after.peakMb - before.peakMb <= MEGABYTES_MAX, figures);
  } finally {
    await Promise.all([api.close(), empty.close()]);
  }
});

async function memoryOf(url: string, podCount: number): Promise<{ peakMb: number; pods: number }> {
  const watcher = fileURLToPath(new URL("watcher.ts", import.meta.url));
  const words = [watcher, url, String(podCount)];
  const { stdout } = await promisify(execFile)(process.execPath, words, { timeout: 60_000 });
  return JSON.parse(stdout) as { peakMb: number; pods: number };
}
