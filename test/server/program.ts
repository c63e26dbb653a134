/** A server program as an operator runs it, for tests. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const NTA = fileURLToPath(new URL("../../bin/nta.cjs", import.meta.url));
const START_TIMEOUT_MS = 120_000;

export interface Program {
  readonly process: ChildProcess;
  readonly url: string;
  /** What it said so far. */
  readonly log: () => string;
  /** Ends it with a signal, and waits. Gives its exit status. */
  readonly end: (signal?: NodeJS.Signals) => Promise<number | null>;
}

export interface ServeOptions {
  readonly port: number;
  readonly folder: string;
  readonly flags?: readonly string[];
  readonly program?: "serve" | "start";
  readonly address?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Resolves when it answers. */
export const serve = async (options: ServeOptions): Promise<Program> => {
  const {
    port,
    folder,
    flags = [],
    program = "serve",
    address = "127.0.0.1",
    environment,
  } = options;
  const store = `sqlite:${join(folder, "store", "inventory.db")}`;
  const words = [NTA, program, "--listen", `${address}:${port}`, "--store", store, ...flags];
  const child = spawn(process.execPath, words, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  let log = "";
  child.stderr.on("data", (bytes: Buffer) => {
    log += bytes.toString();
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const end = async (signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> => {
    child.kill(signal);
    return await exited;
  };
  const startMs = Date.now();
  while (!log.includes("page and REST API")) {
    const isLate = Date.now() - startMs > START_TIMEOUT_MS;
    if (child.exitCode !== null || isLate) {
      child.kill("SIGKILL");
      throw new Error(`the server did not start: ${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { process: child, url: `http://127.0.0.1:${port}`, log: () => log, end };
};

export const run = (
  words: readonly string[],
  folder: string,
): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [NTA, ...words], { encoding: "utf8", cwd: folder, timeout: 60_000 });

/** A TCP port that was free a moment ago. */
export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

export const withFolder = async (use: (folder: string) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "nta-server-"));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
