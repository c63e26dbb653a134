/**
 * Times nta beside other tools on one capture, all in the same run, because only ratios mean anything on a
 * machine that others use too.
 *
 *   npm run bench -- [--smoke] [--json] [--rounds N] [--megabytes N] [--seed N] [--only NAME,NAME]
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { benchCapture } from "./capture.ts";
import { type Measurement, measure, median } from "./measure.ts";

const { values: options } = parseArgs({
  options: {
    smoke: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    rounds: { type: "string" },
    megabytes: { type: "string" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
  },
});

const CACHE = fileURLToPath(new URL(".cache", import.meta.url));
const NTA = [process.execPath, fileURLToPath(new URL("../bin/nta.cjs", import.meta.url))];

interface Contestant {
  readonly name: string;
  /** What must be on the PATH; empty for our own programs. */
  readonly needs: string;
  /** Slow ones run in fewer rounds. */
  readonly roundsMax: number;
  readonly command: (capture: string, folder: string) => readonly string[];
}

const CONTESTANTS: readonly Contestant[] = [
  {
    name: "exchanges",
    needs: "",
    roundsMax: 99,
    command: (capture) => [...NTA, "exchanges", capture, "--json"],
  },
  {
    name: "reconstruct",
    needs: "",
    roundsMax: 99,
    command: (capture, folder) => [...NTA, "reconstruct", capture, "-o", folder],
  },
  {
    name: "by threads",
    needs: "",
    roundsMax: 99,
    command: (capture, folder) => [
      ...[...NTA, "reconstruct", capture, "-o", folder],
      ...["--workers", String(availableParallelism())],
    ],
  },
  {
    name: "tcpdump",
    needs: "tcpdump",
    roundsMax: 99,
    command: (capture) => ["tcpdump", "-r", capture, "-w", "/dev/null"],
  },
  {
    name: "tcpflow",
    needs: "tcpflow",
    roundsMax: 99,
    command: (capture, folder) => ["tcpflow", "-q", "-r", capture, "-o", folder],
  },
  {
    name: "httpry",
    needs: "httpry",
    roundsMax: 99,
    command: (capture) => ["httpry", "-q", "-r", capture, "-o", "/dev/null"],
  },
  {
    name: "tshark",
    needs: "tshark",
    roundsMax: 1,
    command: (capture) => [
      ..."tshark -Y http -T fields -e http.request.method -e http.host -e http.request.uri".split(
        " ",
      ),
      ..."-e http.response.code -r".split(" "),
      capture,
    ],
  },
];

/**
 * `left` compared with `right`, in CPU time: it takes at most `limit` times as long, or is at least `limit` times as
 * fast. The limits of the short form, in which start-up is most of the time, are about half of what was measured.
 */
interface Target {
  readonly left: string;
  readonly right: string;
  /** What of `right` is meant. */
  readonly of: string;
  readonly kind: "time" | "speed";
  readonly limit: number;
  readonly smokeLimit: number;
}

const TARGETS: readonly Target[] = [
  {
    left: "exchanges",
    right: "tcpdump",
    of: "tcpdump's copy",
    kind: "time",
    limit: 2.5,
    smokeLimit: 40,
  },
  {
    left: "exchanges",
    right: "httpry",
    of: "httpry",
    kind: "speed",
    limit: 4,
    smokeLimit: 0.15,
  },
  {
    left: "reconstruct",
    right: "tcpflow",
    of: "tcpflow",
    kind: "speed",
    limit: 1,
    smokeLimit: 0.02,
  },
  {
    left: "reconstruct",
    right: "tshark",
    of: "tshark",
    kind: "speed",
    limit: 40,
    smokeLimit: 2,
  },
];
const PEAK_MEGABYTES_MAX = 250;
/** Programs of ours whose memory is bounded so; with several threads each has its own. */
const ONE_THREAD: readonly string[] = ["exchanges", "reconstruct"];

const run = async (): Promise<void> => {
  const megabytes = Number(options.megabytes ?? (options.smoke ? 100 : 500));
  const rounds = Number(options.rounds ?? (options.smoke ? 2 : 5));
  const capture = benchCapture(CACHE, { megabytes, seed: Number(options.seed) });
  const wanted = options.only?.split(",");
  const chosen = CONTESTANTS.filter(({ name }) => wanted?.includes(name) ?? true);
  const present = chosen.filter(({ needs }) => needs === "" || isInstalled(needs));
  for (const { name, needs } of chosen.filter((each) => !present.includes(each))) {
    console.error(
      `!! ${name} DID NOT RUN: ${needs} is not installed; its targets are not checked.`,
    );
  }
  const results = await play(present, capture, rounds);
  const captureMegabytes = statSync(capture).size / 1e6;
  const rows = [...results].map(([name, runs]) => summarise(name, runs, captureMegabytes));
  const verdicts = TARGETS.flatMap((target) => judge(target, rows, options.smoke)).concat(
    rows.filter(({ name }) => ONE_THREAD.includes(name)).map(judgeMemory),
  );
  const machine = `${cpus()[0]?.model.trim() ?? "unknown processor"}, ${cpus().length} cores, Node ${process.versions.node}`;
  if (options.json)
    console.log(JSON.stringify({ machine, captureMegabytes, rounds, rows, verdicts }, null, 1));
  else print(machine, captureMegabytes, rows, verdicts);
  if (options.smoke && verdicts.some(({ passed }) => !passed)) process.exitCode = 1;
};

/** Everyone runs once a round, so that a busy minute hits all alike. The first round warms the page cache. */
const play = async (
  contestants: readonly Contestant[],
  capture: string,
  rounds: number,
): Promise<Map<string, Measurement[]>> => {
  const results = new Map(contestants.map(({ name }) => [name, [] as Measurement[]]));
  spawnSync("cat", [capture], { stdio: "ignore" });
  for (let round = 0; round < rounds; round++) {
    for (const contestant of contestants) {
      if (round >= contestant.roundsMax) continue;
      const folder = scratchFolder();
      try {
        results.get(contestant.name)!.push(await measure(contestant.command(capture, folder)));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }
  }
  return results;
};

/** In memory where that is possible, so that no disk is measured. */
const scratchFolder = (): string => {
  const parent = isWritable("/dev/shm") ? "/dev/shm" : tmpdir();
  const folder = mkdtempSync(join(parent, "nta-bench-"));
  mkdirSync(folder, { recursive: true });
  return folder;
};

const isWritable = (folder: string): boolean => {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
};

const isInstalled = (program: string): boolean =>
  [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"].some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

interface Row {
  readonly name: string;
  readonly rounds: number;
  readonly cpuSeconds: number;
  readonly cpuSecondsMin: number;
  readonly wallSeconds: number;
  readonly megabytesPerSecond: number;
  readonly peakMegabytes: number;
}

const summarise = (name: string, runs: readonly Measurement[], megabytes: number): Row => {
  const cpuSeconds = median(runs.map((each) => each.cpuSeconds));
  return {
    name,
    rounds: runs.length,
    cpuSeconds,
    cpuSecondsMin: Math.min(...runs.map((each) => each.cpuSeconds)),
    wallSeconds: median(runs.map((each) => each.wallSeconds)),
    megabytesPerSecond: megabytes / cpuSeconds,
    peakMegabytes: Math.max(...runs.map((each) => each.peakMegabytes)),
  };
};

interface Verdict {
  readonly text: string;
  readonly measured: string;
  readonly passed: boolean;
}

const judge = (target: Target, rows: readonly Row[], isSmoke: boolean): Verdict[] => {
  const left = rows.find(({ name }) => name === target.left);
  const right = rows.find(({ name }) => name === target.right);
  if (left === undefined || right === undefined) return [];
  const { kind, of } = target;
  const limit = isSmoke ? target.smokeLimit : target.limit;
  const times = left.cpuSeconds / right.cpuSeconds;
  if (kind === "time") {
    const text = `${target.left} takes at most ${limit} x the time of ${of}`;
    return [{ text, measured: `${shown(times)} x`, passed: times <= limit }];
  }
  const text = `${target.left} at least ${limit} x as fast as ${of}`;
  return [{ text, measured: `${shown(1 / times)} x`, passed: 1 / times >= limit }];
};

/** Three digits that count. */
const shown = (ratio: number): string => String(Number(ratio.toPrecision(3)));

const judgeMemory = ({ name, peakMegabytes }: Row): Verdict => ({
  text: `${name} in at most ${PEAK_MEGABYTES_MAX} MB`,
  measured: `${peakMegabytes.toFixed(0)} MB`,
  passed: peakMegabytes <= PEAK_MEGABYTES_MAX,
});

const print = (
  machine: string,
  megabytes: number,
  rows: readonly Row[],
  verdicts: readonly Verdict[],
): void => {
  console.log(`${megabytes.toFixed(0)} MB of JSON API traffic; ${machine}; medians\n`);
  console.log(
    `${"".padEnd(12)}${["rounds", "CPU s", "min", "wall s", "MB/CPU s", "peak MB"].map((text) => text.padStart(10)).join("")}`,
  );
  for (const row of rows) {
    const cells = [
      String(row.rounds),
      row.cpuSeconds.toFixed(2),
      row.cpuSecondsMin.toFixed(2),
      row.wallSeconds.toFixed(2),
      row.megabytesPerSecond.toFixed(0),
      row.peakMegabytes.toFixed(0),
    ];
    console.log(`${row.name.padEnd(12)}${cells.map((cell) => cell.padStart(10)).join("")}`);
  }
  console.log("");
  for (const { text, measured, passed } of verdicts) {
    console.log(`${passed ? "pass" : "MISS"}  ${text}: ${measured}`);
  }
  if (options.smoke) console.log("\nThese are the looser limits of the short form.");
  if (verdicts.some(({ passed }) => !passed)) {
    console.log("\nWhat the time goes into, and what was tried: docs/performance.md");
  }
};

await run();
