/** `nta collect` as tests run it, and what it says of itself. */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { startNta } from "../support/nta.ts";
import { endProcess, freePort } from "./mesh.ts";

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface Collector {
  readonly child: ChildProcess;
  readonly statusPort: number;
  stop(): Promise<void>;
}

const collectors = new Set<ChildProcess>();

/** A test that fails leaves none behind, hung ones included. */
export function endCollectors(): void {
  for (const child of collectors) child.kill("SIGKILL");
  collectors.clear();
}

/** Listens at `port`; what it learns becomes documents in `folder`, or goes where `to` says. */
export async function startCollector(
  port: number,
  folder: string,
  to: readonly string[] = ["--output", folder, "--no-evidence"],
): Promise<Collector> {
  const statusPort = await freePort();
  const child = startNta([
    ...["collect", "--envoy-listen", `127.0.0.1:${port}`, ...to],
    ...["--status-listen", `127.0.0.1:${statusPort}`, "--flush-interval", "1s"],
  ]);
  collectors.add(child);
  let log = "";
  child.stderr!.on("data", (chunk: Buffer) => {
    log += chunk.toString();
  });
  for (let tries = 0; !log.includes("Envoy is listened to"); tries += 1) {
    assert.ok(tries < 2400 && child.exitCode === null, `the collector does not start: ${log}`);
    await sleep(25);
  }
  return { child, statusPort, stop: () => endProcess(child, "SIGTERM") };
}

export interface Status {
  readonly exchanges: {
    readonly seen: number;
    readonly selected: number;
    readonly refused: readonly { name: string; count: number }[];
  };
  readonly envoy: {
    readonly connections: number;
    readonly streams: number;
    readonly streamsBy: readonly { name: string; count: number }[];
  };
  readonly explanation: readonly string[];
}

export const statusOf = async ({ statusPort }: Collector): Promise<Status> =>
  (await (await fetch(`http://127.0.0.1:${statusPort}/status`)).json()) as Status;

export async function untilSeen(collector: Collector, count: number): Promise<Status> {
  for (let tries = 0; ; tries += 1) {
    const status = await statusOf(collector);
    if (status.exchanges.seen >= count && status.envoy.streams === 0) return status;
    assert.ok(
      tries < 1200,
      `${JSON.stringify(status.exchanges)} of ${count}; ${JSON.stringify(status.envoy)}`,
    );
    await sleep(50);
  }
}
