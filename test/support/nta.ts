import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const LAUNCHER = fileURLToPath(new URL("../../bin/nta.cjs", import.meta.url));

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: Uint8Array | undefined;
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
  /** Descriptor of a file instead of what is given back as `stdout`. */
  readonly output?: number;
}

/** The environment without settings of whoever runs the tests. */
const cleanEnvironment = (): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(NTA_|INVICTI_TAP_|NODE_TEST_CONTEXT)/.test(name),
    ),
  );

/** Runs the command to its end. */
export const nta = (words: readonly string[], options: RunOptions = {}): Outcome => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [LAUNCHER, ...words], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    input: options.input ?? "",
    stdio: ["pipe", options.output ?? "pipe", "pipe"],
    cwd: options.folder,
    env: { ...cleanEnvironment(), ...options.environment },
  });
  return { status, stdout, stderr };
};

/** Starts the command and leaves it running. */
export const startNta = (words: readonly string[]): ChildProcess =>
  spawn(process.execPath, [LAUNCHER, ...words], { stdio: "pipe", env: cleanEnvironment() });

/** Runs `use` with an empty folder that is gone afterwards. */
export const withFolder = async (use: (folder: string) => void | Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "nta-test-"));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
