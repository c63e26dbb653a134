/** `nta tap` as a process in a network namespace, and what it says it learned. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { decodeDelta } from "../../src/sensor/delta.ts";
import type { PathNode } from "../../src/telemetry/summary.ts";
import { until } from "./until.ts";

export const NTA = fileURLToPath(new URL("../../bin/nta.cjs", import.meta.url));
/** It promises 5 s; the machine may take some before and after that. */
const STOP_MS = 15_000;
const run = promisify(execFile);

export const inNamespace = (namespace: string, words: readonly string[]): string[] => [
  ...["netns", "exec", namespace],
  ...words,
];

/** Runs a script of this folder in a namespace, and gives its last line. */
export const runScript = async (
  namespace: string,
  script: string,
  words: readonly string[],
): Promise<string> => {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { stdout } = await run("ip", inNamespace(namespace, [process.execPath, path, ...words]), {
    maxBuffer: 1 << 26,
  });
  return stdout.trim().split("\n").at(-1)!;
};

/** Starts a script that prints a line once it is ready. */
export const startScript = async (
  namespace: string,
  script: string,
  words: readonly string[],
): Promise<{ readonly line: string; readonly process: ChildProcess }> => {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn("ip", inNamespace(namespace, [process.execPath, path, ...words]), {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const failed = once(child, "exit").then(() => Promise.reject(new Error(`${script} ended`)));
  const [line] = (await Promise.race([once(child.stdout, "data"), failed])) as [Buffer];
  failed.catch(() => {});
  return { line: String(line).trim(), process: child };
};

export interface TapProcess {
  readonly child: ChildProcess;
  /** Standard output and log so far. */
  output(): string;
  log(): string;
  /** Ends it by SIGTERM; rejects where it takes longer than it may. */
  stop(): Promise<number>;
}

/** Resolves once it listens. */
export const startTapProcess = async (
  namespace: string,
  words: readonly string[],
): Promise<TapProcess> => {
  // `ip netns exec` becomes the program, so signals reach it.
  const child = spawn("ip", inNamespace(namespace, [process.execPath, NTA, "tap", ...words]), {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let log = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const exited = once(child, "close");
  await until("the tap listens", () => {
    if (child.exitCode !== null) throw new Error(`the tap ended: ${log}`);
    return log.includes("listening on");
  });
  return {
    child,
    output: () => output,
    log: () => log,
    stop: async () => {
      child.kill("SIGTERM");
      const late = new AbortController();
      const timeUp = sleep(STOP_MS, null, { signal: late.signal }).then(
        () => true,
        () => false,
      );
      if ((await Promise.race([exited.then(() => false), timeUp])) === true) {
        child.kill("SIGKILL");
        throw new Error(`the tap did not end within ${STOP_MS} ms: ${log}`);
      }
      late.abort();
      return child.exitCode ?? -1;
    },
  };
};

/** Calls by API (`host:port`), and by method and path pattern in it, of printed deltas. */
export const callsOf = (printed: string): Map<string, Map<string, number>> => {
  const apis = new Map<string, Map<string, number>>();
  for (const line of printed.trim().split("\n")) {
    if (line === "") continue;
    const delta = decodeDelta(JSON.parse(line));
    if (typeof delta === "string") throw new Error(delta);
    for (const { key, root } of delta.summaries) {
      const name = `${key.host}:${key.port}`;
      const calls = apis.get(name) ?? new Map<string, number>();
      apis.set(name, calls);
      addCalls(root, "", calls);
    }
  }
  return apis;
};

const addCalls = (node: PathNode, path: string, calls: Map<string, number>): void => {
  for (const [method, operation] of node.operations) {
    const key = `${method} ${path}`;
    calls.set(key, (calls.get(key) ?? 0) + operation.calls);
  }
  for (const [segment, child] of node.children) addCalls(child, `${path}/${segment}`, calls);
};
