/** Processes under test in network namespaces: pinned to a core, measured by what the kernel says of them. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const NTA = fileURLToPath(new URL("../bin/nta.cjs", import.meta.url));
const SEND = fileURLToPath(new URL("livesend.ts", import.meta.url));

let niceness = 0;

/** On a machine that others use too: how much of it the sender and who listens are given, alike. */
export const setNiceness = (value: number): void => {
  niceness = value;
};

const pinned = (core: number): string[] => [
  ...["nice", "-n", `${niceness}`],
  ...["taskset", "-c", `${core}`],
];

export interface Subject {
  readonly child: ChildProcess;
  /** All that it said. */
  said(): string;
  /** CPU seconds of all its threads so far. */
  cpuSeconds(): number;
  /** Resident memory now, and the most that it was; MB. */
  memoryMb(): { readonly now: number; readonly peak: number };
  stop(): Promise<void>;
}

/** On the last core, so that the sender has the first. */
export const start = async (
  namespace: string,
  command: readonly string[],
  isReady: (said: string) => boolean,
  where: "last core" | "anywhere" = "last core",
): Promise<Subject> => {
  const pins = where === "anywhere" ? [] : pinned(1);
  const words = ["netns", "exec", namespace, ...pins, ...command];
  const child = spawn("ip", words, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const ended = once(child, "exit");
  for (let wait = 0; wait < 200 && !isReady(said); wait += 1) {
    if (child.exitCode !== null) throw new Error(`${command[0]} ended: ${said}`);
    await sleep(50);
  }
  return {
    child,
    said: () => said,
    cpuSeconds: () => {
      const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]!.split(" ");
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    memoryMb: () => {
      const text = readFileSync(`/proc/${child.pid}/status`, "utf8");
      const read = (name: string): number =>
        Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)![1]) / 1000;
      return { now: read("VmRSS"), peak: read("VmHWM") };
    },
    stop: async () => {
      child.kill("SIGINT");
      await ended;
    },
  };
};

export const STATUS_PORT = 8099;

/** A tap that learns all and writes documents; `said` becomes its log. */
export const startTap = (
  namespace: string,
  words: readonly string[],
  where: "last core" | "anywhere" = "last core",
): Promise<Subject> =>
  start(
    namespace,
    [process.execPath, NTA, "tap", "--status-listen", `${STATUS_PORT}`, ...words],
    (said) => said.includes("listening on"),
    where,
  );

export const send = async (
  namespace: string,
  capture: string,
  rate: number,
  {
    times = 1,
    onBegin = () => {},
  }: { readonly times?: number; readonly onBegin?: () => void } = {},
): Promise<{ readonly sent: number; readonly seconds: number }> => {
  const [program, ...pins] = pinned(0);
  const words = [...pins, process.execPath, SEND, namespace, "va", capture, `${rate}`, `${times}`];
  const child = spawn(program!, words, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    if (text.startsWith("begun")) onBegin();
  });
  await once(child, "exit");
  return JSON.parse(output.trim().split("\n").at(-1)!);
};

export const isInstalled = (program: string): boolean =>
  (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
