/** Several workers on threads of their own name workloads too: the thread that watches the cluster tells them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startTap } from "../../src/programs/tap/start.ts";
import { decodeDelta } from "../../src/sensor/delta.ts";
import type { Transport } from "../../src/sensor/transport.ts";
import { callsOf } from "../../src/sensor/weigh.ts";
import { defaultPrivacy } from "../../src/telemetry/privacy.ts";
import { defaultSelection } from "../../src/telemetry/selection.ts";
import { pathOf } from "./namespaces.ts";
import { makeNetwork, needsRoot } from "./network.ts";
import { runScript, startScript } from "./tapprocess.ts";
import { until } from "./until.ts";

const network = makeNetwork();
const WORKLOAD = "shop/deployment/cart";

test("two workers name the workload behind an address", async (t) => {
  if (!needsRoot(t)) return;
  const host = network.namespace("workload");
  const web = await startScript(host, "webserver.ts", ["127.0.0.1", "0"]);
  t.after(() => web.process.kill());
  const calls = new Map<string, number>();
  const transport: Transport = {
    target: "a test",
    publish: async ({ deltas }) => {
      for (const { text } of deltas) {
        const delta = decodeDelta(JSON.parse(text));
        assert.ok(typeof delta !== "string", String(delta));
        for (const summary of delta.summaries) {
          const { workload } = summary.key;
          calls.set(workload, (calls.get(workload) ?? 0) + callsOf(summary));
        }
      }
      return { kind: "accepted", answer: null };
    },
    close: () => {},
  };
  let workloads = new Map<string, string>();
  const tap = await startTap({
    input: {
      ...{ kind: "live", capture: "ring", interfaces: [], filter: null, exclude: [] },
      ...{ tunnels: false, promiscuous: false, namespace: pathOf(host) },
    },
    ...{ selection: defaultSelection, privacy: defaultPrivacy, transport, sensor: "test" },
    ...{ stateFile: null, hashKey: null, flushIntervalMs: 200, workers: 2, ownThread: false },
    ...{ budgetOf: "listeners", budget: { cpuMax: 2, memoryBytesMax: 384e6 } },
    ...{ log: { info: () => {}, warn: () => {} }, onRefused: "fail" },
    workloads: () => workloads,
  });
  t.after(() => tap.stop(5000));
  const load = (): Promise<string> =>
    runScript(host, "webclient.ts", ["127.0.0.1", web.line, "100", "8"]);
  await load();
  workloads = new Map([["127.0.0.1", WORKLOAD]]);
  // The workers are told within a second or so.
  await until("all of a load is named", async () => {
    const before = calls.get(WORKLOAD) ?? 0;
    await load();
    await until("a load is heard", () => sum(calls) % 100 === 0);
    return (calls.get(WORKLOAD) ?? 0) - before >= 100;
  });
  assert.ok(calls.get("")! >= 100, "what was heard before has no name");
  assert.deepEqual([...calls.keys()].toSorted(), ["", WORKLOAD]);
});

const sum = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((total, count) => total + count, 0);
