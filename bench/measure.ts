import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export interface Measurement {
  /** User and system time of the command and all its children. */
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  /** Largest resident set of any one of its processes. */
  readonly peakMegabytes: number;
}

const POLL_MS = 5;

/**
 * Runs a command to its end, output discarded. The shell's `time` adds up CPU over all children; the peak is the
 * kernel's high-water mark, read while the processes live, because what `wait4` reports begins at the size of
 * the process that forked.
 */
export const measure = async (command: readonly string[]): Promise<Measurement> => {
  const script = 'TIMEFORMAT="%U %S %R"; time "$@" >/dev/null 2>&3';
  const shell = spawn("bash", ["-c", script, "bash", ...command], {
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  const times: Buffer[] = [];
  const errors: Buffer[] = [];
  shell.stderr!.on("data", (chunk: Buffer) => times.push(chunk));
  shell.stdio[3]!.on("data", (chunk: Buffer) => errors.push(chunk));
  let peakKilobytes = 0;
  const poll = setInterval(() => {
    for (const pid of descendants(shell.pid!)) {
      peakKilobytes = Math.max(peakKilobytes, highWaterKilobytes(pid));
    }
  }, POLL_MS);
  const status = await new Promise<number | null>((resolve) => shell.on("close", resolve));
  clearInterval(poll);
  if (status !== 0) {
    throw new Error(`${command.join(" ")} ended with ${status}: ${Buffer.concat(errors)}`);
  }
  const [user, system, wall] = Buffer.concat(times)
    .toString()
    .trim()
    .split("\n")
    .at(-1)!
    .split(" ");
  return {
    cpuSeconds: Number(user) + Number(system),
    wallSeconds: Number(wall),
    peakMegabytes: peakKilobytes / 1000,
  };
};

/** Processes below `pid`, not itself. */
const descendants = (pid: number): number[] => {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "utf8")
        .split(" ")
        .filter((text) => text !== "")
        .flatMap((text) => [Number(text), ...descendants(Number(text))]),
    );
  } catch {
    return [];
  }
};

const highWaterKilobytes = (pid: number): number => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
};

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};
