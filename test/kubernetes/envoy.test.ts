//! The real Envoy, with the filter that the chart renders, sends what it sees to `nta collect`: what is learned is what a
//! capture of the plain side gives, and whatever becomes of the collector, no request of a user fails or waits.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import type { Server } from "node:http";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { nta, withFolder } from "../support/nta.ts";
import {
  type Collector,
  endCollectors,
  startCollector,
  statusOf,
  untilSeen,
} from "./collecting.ts";
import {
  type Call,
  type Client,
  endProcess,
  freePort,
  http1Client,
  http2Client,
  type RunningEnvoy,
  startEnvoy,
  startService,
} from "./mesh.ts";

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

afterEach(endCollectors);

/** Calls that differ in all that a filter may get wrong. */
const CALLS: readonly Call[] = [
  ...Array.from(
    { length: 30 },
    (_, index): Call => ({ method: "GET", path: `/items/${index * 37}?page=${index}` }),
  ),
  ...Array.from(
    { length: 20 },
    (_, index): Call => ({
      method: "POST",
      path: "/orders",
      body: Buffer.from(
        JSON.stringify({
          customer: `c${index}@example.com`,
          items: Array.from({ length: index }, (_each, at) => ({ sku: `sku-${at}`, count: at })),
        }),
      ),
    }),
  ),
  ...Array.from({ length: 20 }, (_, index): Call => ({ method: "GET", path: `/zipped/${index}` })),
  ...Array.from({ length: 20 }, (_, index): Call => ({ method: "GET", path: `/trailed/${index}` })),
  ...[1, 100, 10_000, 100_000, 1_000_000, 5_000_000].map(
    (size): Call => ({ method: "GET", path: `/sized/${size}` }),
  ),
  ...[1, 100_000, 5_000_000].map(
    (size): Call => ({
      method: "PUT",
      path: `/upload/${size}`,
      body: Buffer.from(JSON.stringify(size === 1 ? 1 : { data: "y".repeat(size - 11) })),
    }),
  ),
  ...Array.from({ length: 5 }, (): Call => ({ method: "GET", path: "/absent/1" })),
];

const documentsIn = (folder: string): Map<string, string> =>
  new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));

describe("Envoy", () => {
  let service: { server: Server; port: number };
  let envoy: RunningEnvoy;
  let collectorPort: number;
  before(async () => {
    service = await startService();
    collectorPort = await freePort();
    envoy = await startEnvoy({ servicePort: service.port, collectorPort });
  });
  after(async () => {
    await envoy?.stop();
    stopService(service);
  });

  for (const [name, open] of [
    ["HTTP/1.1", http1Client],
    ["HTTP/2", http2Client],
  ] as const) {
    test(`${name}: the description is that of the plain side`, async () => {
      await withFolder(async (folder) => {
        const collector = await startCollector(collectorPort, join(folder, "envoy"));
        const capture = join(folder, "plain.pcap");
        const tcpdump = spawn(
          "tcpdump",
          ["-i", "lo", "-s", "0", "-B", "262144", "-U", "-w", capture, `tcp port ${service.port}`],
          { stdio: ["ignore", "ignore", "pipe"] },
        );
        await once(tcpdump.stderr!, "data");
        await sleep(300);
        const client = open(envoy.port);
        // Envoy needs a moment to find the collector again, after that of the test before.
        await warmUp(client, collector);
        for (const call of CALLS) {
          const { status } = await client.call(call);
          assert.ok(
            status === 404 ? call.path === "/absent/1" : status < 300,
            `${call.path}: ${status}`,
          );
        }
        const status = await untilSeen(collector, CALLS.length);
        assert.deepEqual(
          status.envoy.streamsBy.filter(({ name: each }) => each !== "exchanges"),
          [],
        );
        // Packets that tcpdump has not read when it is ended are lost.
        for (let [size, same] = [-1, 0]; same < 8; await sleep(250)) {
          const now = statSync(capture).size;
          same = now === size ? same + 1 : 0;
          size = now;
        }
        let log = "";
        tcpdump.stderr!.on("data", (chunk: Buffer) => {
          log += chunk.toString();
        });
        await endProcess(tcpdump, "SIGINT");
        assert.match(
          log,
          /\b0 packets dropped by kernel/,
          "the capture to compare with lost packets",
        );
        client.close();
        await collector.stop();
        const plain = nta(["reconstruct", capture, "-o", join(folder, "plain"), "--no-evidence"]);
        assert.equal(plain.status, 0, plain.stderr);
        const [ours, theirs] = [
          documentsIn(join(folder, "envoy")),
          documentsIn(join(folder, "plain")),
        ];
        assert.deepEqual([...ours.keys()], [...theirs.keys()]);
        for (const [file, text] of theirs) assert.equal(ours.get(file), text);
        assert.match([...ours.values()].join(""), /\/items\/\{/);
      });
    });
  }

  test("resets of either side end their streams, and are counted", async () => {
    await withFolder(async (folder) => {
      const collector = await startCollector(collectorPort, folder);
      const client = http2Client(envoy.port);
      await warmUp(client, collector);
      const before = (await statusOf(collector)).exchanges.seen;
      for (let index = 0; index < 10; index += 1) {
        await client.call({ method: "GET", path: "/reset/1" }).catch(() => null);
      }
      const status = await untilSeen(collector, before + 10);
      assert.equal(status.envoy.streams, 0);
      client.close();
      await collector.stop();
    });
  });

  test("no request fails or hangs while the collector is killed, hung, and back", async (context) => {
    await withFolder(async (folder) => {
      let collector = await startCollector(collectorPort, folder);
      const client = http2Client(envoy.port);
      const load = new Load(client, 200);
      await sleep(1500);
      await endProcess(collector.child, "SIGKILL");
      load.phase("killed");
      await sleep(2500);
      collector = await startCollector(collectorPort, folder);
      load.phase("back");
      await sleep(2000);
      collector.child.kill("SIGSTOP");
      load.phase("hung");
      await sleep(5000);
      collector.child.kill("SIGCONT");
      load.phase("goes on");
      await sleep(2000);
      const phases = await load.end();
      for (const [name, { latenciesMs, failures }] of phases) {
        const worstMs = Math.max(...latenciesMs);
        context.diagnostic(
          `${name}: ${latenciesMs.length} calls, ${failures} failed, p99 ${percentile(latenciesMs, 0.99).toFixed(1)} ms, worst ${worstMs.toFixed(0)} ms`,
        );
        assert.equal(failures, 0, name);
        assert.ok(latenciesMs.length > 100, name);
        assert.ok(worstMs < 2000, `${name}: ${worstMs} ms`);
      }
      assert.ok((await statusOf(collector)).exchanges.seen > 100, "it does not collect again");
      client.close();
      await collector.stop();
    });
  });

  test("large bodies pass while the collector hangs", async (context) => {
    await withFolder(async (folder) => {
      const collector = await startCollector(collectorPort, folder);
      const client = http1Client(envoy.port);
      await warmUp(client, collector);
      collector.child.kill("SIGSTOP");
      const latenciesMs: number[] = [];
      for (let index = 0; index < 20; index += 1) {
        const startMs = performance.now();
        const { status, bytes } = await client.call({ method: "GET", path: "/sized/5000000" });
        assert.equal(status, 200);
        assert.ok(bytes > 4_999_000);
        latenciesMs.push(performance.now() - startMs);
      }
      // Until Envoy has noticed: the interval of its health checks, their timeout, and what a busy machine adds.
      const worstMs = Math.max(...latenciesMs);
      context.diagnostic(
        `5 MB take ${percentile(latenciesMs, 0.5).toFixed(0)} ms, at worst ${worstMs.toFixed(0)} ms`,
      );
      assert.ok(worstMs < 5000, `${worstMs} ms`);
      assert.ok(latenciesMs.filter((each) => each > 1500).length <= 1, "more than one waited");
      collector.child.kill("SIGCONT");
      client.close();
      await collector.stop();
    });
  });
});

test("access logs give paths, methods and statuses", async () => {
  const service = await startService();
  const collectorPort = await freePort();
  const envoy = await startEnvoy({ servicePort: service.port, collectorPort, accessLog: true });
  try {
    await withFolder(async (folder) => {
      const collector = await startCollector(collectorPort, folder);
      const client = http2Client(envoy.port);
      await warmUp(client, collector);
      for (const call of CALLS.slice(0, 50)) await client.call(call);
      await untilSeenAtLeast(collector, 50);
      client.close();
      await collector.stop();
      const text = [...documentsIn(folder).values()].join("");
      assert.match(text, /\/orders/);
      assert.match(text, /\/items\/\{/);
    });
  } finally {
    await envoy.stop();
    stopService(service);
  }
});

function stopService({ server }: { readonly server: Server }): void {
  server.closeAllConnections();
  server.close();
}

async function untilSeenAtLeast(collector: Collector, count: number): Promise<void> {
  for (let tries = 0; (await statusOf(collector)).exchanges.seen < count; tries += 1) {
    assert.ok(tries < 1200, JSON.stringify(await statusOf(collector)));
    await sleep(50);
  }
}

/** Until Envoy has a connection to the collector. */
async function warmUp(client: Client, collector: Collector): Promise<void> {
  for (let tries = 0; (await statusOf(collector)).exchanges.seen === 0; tries += 1) {
    assert.ok(tries < 1200, "Envoy does not find the collector");
    await client.call({ method: "GET", path: "/items/1?page=1" });
    await sleep(50);
  }
}

const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[
    Math.min(values.length - 1, Math.floor(values.length * share))
  ] ?? 0;

interface Phase {
  readonly latenciesMs: number[];
  failures: number;
}

/** Calls at a fixed rate, whatever becomes of those before. */
class Load {
  readonly #phases: [string, Phase][] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #count = 0;

  constructor(client: Client, perSecond: number) {
    this.phase("before");
    const startMs = performance.now();
    this.#timer = setInterval(() => {
      const due = ((performance.now() - startMs) / 1000) * perSecond;
      for (; this.#count < due; this.#count += 1) this.#call(client);
    }, 5);
  }

  phase(name: string): void {
    this.#phases.push([name, { latenciesMs: [], failures: 0 }]);
  }

  #call(client: Client): void {
    const [, phase] = this.#phases.at(-1)!;
    const startMs = performance.now();
    const body = Buffer.from('{"customer":"a@example.com","items":[{"sku":"a","count":1}]}');
    const call: Call =
      this.#count % 3 === 0
        ? { method: "POST", path: "/orders", body }
        : { method: "GET", path: `/items/${this.#count}` };
    const running = client.call(call).then(
      ({ status }) => {
        phase.latenciesMs.push(performance.now() - startMs);
        if (status >= 400) phase.failures += 1;
      },
      () => {
        phase.failures += 1;
      },
    );
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }

  async end(): Promise<readonly [string, Phase][]> {
    clearInterval(this.#timer);
    await Promise.all(this.#running);
    return this.#phases;
  }
}
