/**
 * Many simulated sensors against one server, one of which repeats, reorders and corrupts what it sends. At the end every
 * acknowledged call is there once, and memory is what it was after the first minute.
 *
 *     npm run soak                     ten minutes
 *     npm run soak -- --short          one minute
 *     npm run soak -- --kills 50       the server is killed (-9) under load so many times, and started again
 */
import { parseArgs } from "node:util";
import { Fleet } from "./fleet.ts";
import { freePort, type Program, type ServeOptions, serve, withFolder } from "./program.ts";

const { values } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    seconds: { type: "string" },
    kills: { type: "string", default: "0" },
    sensors: { type: "string", default: "50" },
    pause: { type: "string", default: "500" },
    seed: { type: "string", default: String(Date.now() % 1e6) },
  },
});
const kills = Number(values.kills);
const seconds = Number(values.seconds ?? (values.short ? 60 : 600));
/** Of growth after warming up. */
const GROWTH_MAX = 1.3;
const WARM_SHARE = 1 / 3;
const SAMPLE_MS = 2000;
const SETTLE_MS = 60_000;
/** An API rests for two seconds before it is inferred. */
const CALM_TIMES = 6;

const say = (line: string): void => console.log(line);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Lists show what was inferred last; waits until nothing waits for that. */
const settled = async (url: string): Promise<void> => {
  const untilMs = Date.now() + SETTLE_MS;
  let calm = 0;
  while (calm < CALM_TIMES && Date.now() < untilMs) {
    await sleep(500);
    const text = await (await fetch(`${url}/metrics`)).text();
    const waiting = [...text.matchAll(/^nta_\w+_waiting (\d+)/gm)].map((found) => Number(found[1]));
    calm = waiting.length > 0 && waiting.every((count) => count === 0) ? calm + 1 : 0;
  }
};

const residentMb = async (url: string): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text();
  const found = /^process_resident_memory_bytes (\S+)/m.exec(text);
  return Number(found?.[1] ?? Number.NaN) / 2 ** 20;
};

interface Row {
  readonly hosts: readonly string[];
  readonly calls: number;
  readonly endpoints: number;
}

/** Compares what the server has with what it acknowledged; gives what differs. */
const differences = async (
  url: string,
  acknowledged: ReadonlyMap<string, number>,
): Promise<string[]> => {
  const { items } = (await (await fetch(`${url}/api/v1/apis?limit=1000`)).json()) as {
    items: Row[];
  };
  const kept = new Map(items.map(({ hosts, calls }) => [hosts[0] ?? "", calls]));
  const hosts = new Set([...kept.keys(), ...acknowledged.keys()]);
  return [...hosts].flatMap((host) => {
    const [has, should] = [kept.get(host) ?? 0, acknowledged.get(host) ?? 0];
    return has === should ? [] : [`${host}: ${has} calls are kept, ${should} were acknowledged`];
  });
};

const soak = async (url: string, fleet: Fleet): Promise<string[]> => {
  const startMs = Date.now();
  const samples: { atMs: number; mb: number }[] = [];
  while (Date.now() - startMs < seconds * 1000) {
    await sleep(SAMPLE_MS);
    samples.push({ atMs: Date.now() - startMs, mb: await residentMb(url) });
  }
  const warmMs = seconds * 1000 * WARM_SHARE;
  const most = (from: number, to: number): number =>
    Math.max(...samples.filter(({ atMs }) => atMs >= from && atMs < to).map(({ mb }) => mb));
  const early = most(warmMs, 2 * warmMs);
  const late = most(2 * warmMs, Number.POSITIVE_INFINITY);
  const rate = Math.round((fleet.deltas * 25) / seconds);
  say(
    `${seconds} s: ${fleet.deltas} deltas, ${rate} endpoint records/s; resident at most ${early.toFixed(0)} MB in the second third, ${late.toFixed(0)} MB in the last`,
  );
  return late > early * GROWTH_MAX ? [`memory grew from ${early} to ${late} MB`] : [];
};

/** Kills the server again and again; gives the one that runs at the end. */
const killRounds = async (options: ServeOptions, first: Program): Promise<Program> => {
  let server = first;
  for (let round = 1; round <= kills; round++) {
    await sleep(300 + Math.random() * 2500);
    await server.end("SIGKILL");
    server = await serve(options);
    if (round % 10 === 0 || round === kills) say(`killed ${round} times`);
  }
  await sleep(1000);
  return server;
};

await withFolder(async (folder) => {
  const options: ServeOptions = { port: await freePort(), folder };
  let server = await serve(options);
  const { url } = server;
  const [sensors, pauseMs, seed] = [
    Number(values.sensors),
    Number(values.pause),
    Number(values.seed),
  ];
  const fleet = new Fleet({ url, sensors, pauseMs, seed });
  say(`${sensors} sensors, seed ${seed}`);
  fleet.start();
  const wrong: string[] = [];
  try {
    if (kills > 0) server = await killRounds(options, server);
    else wrong.push(...(await soak(url, fleet)));
    await fleet.stop();
    await settled(url);
    wrong.push(...(await differences(url, fleet.acknowledged)));
  } finally {
    await server.end();
  }
  const { deltas, repeats, refusals, failures } = fleet;
  say(
    `${deltas} deltas were acknowledged, ${repeats} repeats recognised, ${refusals} corrupt requests refused, ${failures} attempts failed`,
  );
  if (server.log().includes("warn")) say(server.log());
  if (repeats === 0 || refusals === 0) wrong.push("the disturbing sensor did not disturb");
  for (const line of wrong) say(line);
  if (wrong.length > 0) process.exitCode = 1;
  else say("nothing was lost, nothing was counted twice");
});
