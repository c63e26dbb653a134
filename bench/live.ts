/**
 * The tap beside other tools, on traffic that is sent over veth at rising rates; and what it costs where little or nothing
 * happens. Needs root and two free cores: the sender has the first, who listens the second.
 *
 *   npm run bench:live -- [--short] [--megabytes N] [--only rates,idle,steady,flows,latency] [--nice=-10]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { SensorStatus } from "../src/sensor/status.ts";
import { type Network, openNetwork } from "../test/live/namespaces.ts";
import { benchCapture } from "./capture.ts";
import { openFlowsCapture } from "./liveflows.ts";
import { measureLatency } from "./livelatency.ts";
import {
  isInstalled,
  STATUS_PORT,
  type Subject,
  send,
  setNiceness,
  start,
  startTap,
} from "./livetools.ts";

const { values: options } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    megabytes: { type: "string" },
    only: { type: "string" },
    nice: { type: "string", default: "0" },
  },
});
const MEGABYTES = Number(options.megabytes ?? (options.short ? 60 : 250));
const WARM_MEGABYTES = 60;
const WARM_RATE = 15_000;
const RATES = options.short
  ? [20, 60, 100, 150, 200, 300]
  : [20, 40, 60, 80, 100, 130, 160, 200, 250, 300, 350, 400];
const CACHE = fileURLToPath(new URL(".cache", import.meta.url));
const FETCH = fileURLToPath(new URL("../test/live/fetch.ts", import.meta.url));
setNiceness(Number(options.nice));
const network: Network = openNetwork();
const folder = mkdtempSync(join(tmpdir(), "nta-bench-live-"));
let pair = 0;

/** Two namespaces with a cable between them, `va` and `vb`. */
const cable = (): { readonly from: string; readonly to: string } => {
  pair += 1;
  const [from, to] = [network.namespace(`ba${pair}`), network.namespace(`bb${pair}`)];
  network.veth(from, "va", to, "vb");
  return { from, to };
};

const statusOf = (namespace: string): SensorStatus => {
  const words = ["netns", "exec", namespace, process.execPath, FETCH];
  const url = `http://127.0.0.1:${STATUS_PORT}/status`;
  return JSON.parse(execFileSync("ip", [...words, url], { encoding: "utf8" })) as SensorStatus;
};

interface Round {
  readonly lost: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
  readonly note: string;
}

interface Contestant {
  readonly name: string;
  readonly run: (rate: number, capture: string) => Promise<Round>;
}

const wordsOf = (...words: string[]): string[] => [...["--cpu-max", "100", "--print"], ...words];

const tapRound =
  (...words: string[]) =>
  async (rate: number, capture: string): Promise<Round> => {
    const { from, to } = cable();
    const tap = await startTap(to, wordsOf(...words));
    // As a tap that has run for a while: compiled, with other traffic.
    await send(from, benchCapture(CACHE, { megabytes: WARM_MEGABYTES, seed: 2 }), WARM_RATE);
    await sleep(1500);
    const before = { ...statusOf(to), cpuSeconds: tap.cpuSeconds() };
    const { sent } = await send(from, capture, rate);
    await sleep(500);
    const cpuSeconds = tap.cpuSeconds() - before.cpuSeconds;
    const { capture: heard, budget, exchanges } = statusOf(to);
    const counted = lostOf(heard) - lostOf(before.capture);
    const changes = budget!.planChanges - before.budget!.planChanges;
    const round = {
      lost: Math.max(counted, sent - (heard.packets - before.capture.packets)),
      cpuSeconds,
      peakMb: tap.memoryMb().peak,
      note: `${exchanges.seen - before.exchanges.seen} exchanges${changes === 0 ? "" : `, plan changed ${changes} times`}`,
    };
    await tap.stop();
    return round;
  };

const lostOf = ({ drops }: SensorStatus["capture"]): number =>
  drops
    .filter(({ name }) => name === "ring" || name === "shed")
    .reduce((sum, { count }) => sum + count, 0);

const otherRound =
  (command: readonly string[], ready: string, lost: (said: string, sent: number) => number) =>
  async (rate: number, capture: string): Promise<Round> => {
    const { from, to } = cable();
    const subject: Subject = await start(to, command, (said) => said.includes(ready));
    const before = subject.cpuSeconds();
    const { sent } = await send(from, capture, rate);
    await sleep(500);
    const cpuSeconds = subject.cpuSeconds() - before;
    const peakMb = subject.memoryMb().peak;
    await subject.stop();
    return { lost: lost(subject.said(), sent), cpuSeconds, peakMb, note: "" };
  };

const numberBefore = (said: string, words: RegExp): number => Number(words.exec(said)?.[1] ?? 0);

const CONTESTANTS: readonly Contestant[] = [
  { name: "nta tap", run: tapRound() },
  {
    name: "tcpdump -w /dev/null",
    run: otherRound(
      ["tcpdump", "-i", "vb", "-B", "32768", "-w", "/dev/null", "tcp"],
      "listening on",
      (said, sent) =>
        Math.max(
          numberBefore(said, /(\d+) packets? dropped by kernel/),
          sent - numberBefore(said, /(\d+) packets? captured/),
        ),
    ),
  },
  {
    name: "tshark -Y http",
    run: otherRound(
      [
        "tshark",
        "-i",
        "vb",
        "-B",
        "32",
        "-f",
        "tcp",
        "-Y",
        "http",
        "-T",
        "fields",
        "-e",
        "http.host",
      ],
      "Capturing on",
      (said) => numberBefore(said, /(\d+) packets? dropped/),
    ),
  },
];

const rates = async (): Promise<void> => {
  const capture = benchCapture(CACHE, { megabytes: MEGABYTES, seed: 1 });
  for (const { name, run } of CONTESTANTS) {
    const program = name.split(" ")[0]!;
    if (program !== "nta" && !isInstalled(program)) {
      console.log(`${name}: NOT RUN, it is not installed`);
      continue;
    }
    let best: { readonly rate: number; readonly round: Round } | null = null;
    for (const rate of RATES) {
      let round = await run(rate * 1000, capture);
      if (round.lost > 0) round = await run(rate * 1000, capture);
      const perPacket = (round.cpuSeconds * 1e9) / packetCount(capture);
      console.log(
        `  ${name.padEnd(22)} ${String(rate).padStart(4)} kpps  lost ${String(round.lost).padStart(7)}  ` +
          `${perPacket.toFixed(0).padStart(5)} ns CPU a packet  ${round.peakMb.toFixed(0).padStart(4)} MB  ${round.note}`,
      );
      if (round.lost > 0) break;
      best = { rate, round };
    }
    console.log(`${name}: highest rate without loss ${best?.rate ?? 0} kpps`);
  }
};

const counts = new Map<string, number>();
const packetCount = (capture: string): number => {
  let count = counts.get(capture);
  if (count === undefined) {
    const said = execFileSync(process.execPath, [
      ...["--input-type=module", "-e"],
      `const { readPackets } = await import(${JSON.stringify(new URL("../src/capture/reader.ts", import.meta.url).href)});
       const { openSource } = await import(${JSON.stringify(new URL("../src/capture/source.ts", import.meta.url).href)});
       console.log((await readPackets(await openSource(${JSON.stringify(capture)}), () => {})).packets);`,
    ]);
    count = Number(said);
    counts.set(capture, count);
  }
  return count;
};

const idle = async (): Promise<void> => {
  const { to } = cable();
  const tap = await startTap(to, wordsOf());
  await sleep(5000);
  const seconds = options.short ? 5 : 30;
  const before = tap.cpuSeconds();
  await sleep(seconds * 1000);
  const share = ((tap.cpuSeconds() - before) / seconds) * 100;
  console.log(
    `idle: ${share.toFixed(2)} % of a core, ${tap.memoryMb().now.toFixed(0)} MB resident`,
  );
  await tap.stop();
};

const STEADY_PARTS = 10;
const STEADY_TIMES = 10;

/**
 * At 200 Mbit/s; shapes become known meanwhile, so the last parts are what counts: each of 200 endpoints takes some 1,000 exchanges
 * until one body in 16 is scanned, which is twice what the capture has. So it is sent ten times, each time over other connections.
 */
const steady = async (): Promise<void> => {
  const capture = benchCapture(CACHE, { megabytes: MEGABYTES, seed: 1 });
  const seconds = (MEGABYTES * STEADY_TIMES * 8) / 200;
  packetCount(capture);
  const { from, to } = cable();
  const tap = await startTap(to, ["--print"]);
  const readings: { readonly ms: number; readonly cpuSeconds: number }[] = [];
  const read = (): void =>
    void readings.push({ ms: performance.now(), cpuSeconds: tap.cpuSeconds() });
  const rate = (packetCount(capture) * STEADY_TIMES) / seconds;
  const onBegin = (): void => {
    read();
    for (let part = 1; part < STEADY_PARTS; part += 1) {
      setTimeout(read, (part * seconds * 1000) / STEADY_PARTS);
    }
  };
  await send(from, capture, rate, { times: STEADY_TIMES, onBegin });
  read();
  const { capture: heard, budget } = statusOf(to);
  const shares = Array.from({ length: STEADY_PARTS }, (_, part) => {
    const [from, to] = [readings[part]!, readings[part + 1]!];
    return `${(((to.cpuSeconds - from.cpuSeconds) / (to.ms - from.ms)) * 1e5).toFixed(1)} %`;
  });
  const { now, peak } = tap.memoryMb();
  const drops = heard.drops.map(({ name, count }) => `${name} ${count}`).join(", ");
  console.log(
    `200 Mbit/s for ${seconds.toFixed(0)} s: ${shares.join(", ")} of a core in its tenths; ` +
      `${now.toFixed(0)} MB resident, peak ${peak.toFixed(0)}; ${drops || "no drops"}; plan changes ${budget!.planChanges}`,
  );
  await tap.stop();
};

const flows = async (): Promise<void> => {
  const flowCount = options.short ? 10_000 : 100_000;
  const { path, packets } = openFlowsCapture(folder, flowCount);
  const { from, to } = cable();
  const tap = await startTap(to, wordsOf("--memory-max", "1G"));
  await sleep(3000);
  const before = tap.memoryMb().now;
  await send(from, path, 20_000);
  await sleep(3000);
  const { flows: open, capture } = statusOf(to);
  const lost = packets - capture.packets;
  const now = tap.memoryMb().now;
  console.log(
    `${open.open} open connections, each after one exchange: ${(now - before).toFixed(0)} MB more than idle (${before.toFixed(0)} MB); ${lost} packets lost`,
  );
  await tap.stop();
};

const only = options.only?.split(",") ?? ["idle", "steady", "flows", "rates", "latency"];
console.log(
  `${cpus().length} cores (${cpus()[0]!.model}), load ${loadavg()[0]!.toFixed(1)}, Node ${process.versions.node}, ${MEGABYTES} MB of API traffic`,
);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    network.remove();
    process.exit(1);
  });
}
try {
  const parts = {
    idle,
    steady,
    flows,
    rates,
    latency: () => measureLatency(network, options.short),
  };
  for (const [name, part] of Object.entries(parts)) if (only.includes(name)) await part();
} finally {
  network.remove();
  rmSync(folder, { recursive: true, force: true });
}
