/** What a tap on the server's host does to the latency of nginx: pairs of runs, with it and without, in turns. */
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Network } from "../test/live/namespaces.ts";
import { isInstalled, median, startTap } from "./livetools.ts";

const run = promisify(execFile);
const CLIENT = fileURLToPath(new URL("liverate.ts", import.meta.url));
const REQUESTS_PER_SECOND = 800;

export const measureLatency = async (network: Network, isShort: boolean): Promise<void> => {
  if (!isInstalled("nginx")) {
    console.log("latency: NOT RUN, nginx is not installed");
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "nta-bench-nginx-"));
  const [client, server] = [network.namespace("bl-c"), network.namespace("bl-s")];
  network.veth(client, "vc", server, "vs");
  network.ip(client, "addr add 10.78.0.1/24 dev vc");
  network.ip(server, "addr add 10.78.0.2/24 dev vs");
  writeFileSync(join(folder, "nginx.conf"), configuration(folder));
  const nginx = spawn("ip", ["netns", "exec", server, "nginx", "-c", join(folder, "nginx.conf")]);
  try {
    await sleep(500);
    const pairs = isShort ? 3 : 15;
    const seconds = isShort ? 2 : 6;
    const differences: number[] = [];
    const without: number[] = [];
    for (let pair = 0; pair < pairs; pair += 1) {
      const p99 = new Map<boolean, number>();
      // Which comes first alternates, so that a drift of the machine falls on both.
      for (const hasTap of pair % 2 === 0 ? [false, true] : [true, false]) {
        const tap = hasTap ? await startTap(server, ["--print"], "anywhere") : null;
        await sleep(500);
        p99.set(hasTap, await p99Of(client, seconds));
        await tap?.stop();
      }
      without.push(p99.get(false)!);
      differences.push((p99.get(true)! / p99.get(false)! - 1) * 100);
    }
    const [low, high] = medianInterval(differences);
    const text = (value: number): string => `${value >= 0 ? "+" : ""}${value.toFixed(1)} %`;
    console.log(
      `p99 of nginx at ${REQUESTS_PER_SECOND} requests/s: ${median(without).toFixed(2)} ms without a tap; with it ${text(median(differences))} ` +
        `(median of ${pairs} pairs; 95 % interval ${text(low)} to ${text(high)})`,
    );
    if (cpus().length >= 4 && low > 3) throw new Error("a tap slows nginx by more than 3 %");
  } finally {
    nginx.kill();
    rmSync(folder, { recursive: true });
  }
};

const p99Of = async (client: string, seconds: number): Promise<number> => {
  const words = ["netns", "exec", client, process.execPath, CLIENT, "10.78.0.2", "8088"];
  const { stdout } = await run("ip", [...words, `${REQUESTS_PER_SECOND}`, `${seconds}`]);
  return Number(stdout.trim());
};

/** Of the median, by order statistics: the binomial distribution needs no assumption of how values are spread. */
const medianInterval = (values: readonly number[]): readonly [number, number] => {
  const sorted = values.toSorted((a, b) => a - b);
  const count = sorted.length;
  let below = 0;
  let rank = 0;
  let term = 0.5 ** count;
  while (rank < count / 2 && below + term <= 0.025) {
    below += term;
    rank += 1;
    term = (term * (count - rank + 1)) / rank;
  }
  const first = Math.max(0, rank - 1);
  return [sorted[first]!, sorted[count - 1 - first]!];
};

const configuration = (folder: string): string => `
daemon off; pid ${folder}/pid; error_log ${folder}/error.log; worker_processes 1;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 1000000; server { listen 8088; default_type application/json;
  location / { return 200 '{"id":7,"name":"harbour","price":12.5,"tags":["a","b","c"],"open":true}'; } } }
`;
