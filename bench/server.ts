/**
 * `npm run bench:server`: what the inventory costs at 2,000 APIs with 100,000 endpoints. The store is filled in this process, which
 * gives the rate of merging on one core; then `nta serve` runs on it, and is asked over HTTP. Prints the rate of ingest, the latency
 * of inference, of pages and documents, and resident memory of the program. `--apis N --endpoints N --seconds N --merge-only`.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Inventory, openInventory } from "../src/inventory/inventory.ts";
import { decodeBatch } from "../src/sensor/delta.ts";
import { keyIdOf } from "../src/sensor/hashkey.ts";
import { deltaText, exchangesOf, learnApi } from "./serverdeltas.ts";
import { ServerProgram } from "./serverprogram.ts";

const { values } = parseArgs({
  options: {
    apis: { type: "string", default: "2000" },
    endpoints: { type: "string", default: "100000" },
    seconds: { type: "string", default: "20" },
    "merge-only": { type: "boolean", default: false },
  },
});
const apiCount = Number(values.apis);
const endpointsPerApi = Math.round(Number(values.endpoints) / apiCount);
const underLoadMs = Number(values.seconds) * 1000;
const template = learnApi(exchangesOf(endpointsPerApi));
const folder = mkdtempSync(join(tmpdir(), "nta-bench-"));
const file = join(folder, "store", "inventory.db");
/** Of the store's own key: samples under another are not kept. */
let keyId = "";

const print = (name: string, value: string): void => console.log(`${name.padEnd(48)} ${value}`);
const rate = (count: number, ms: number): string =>
  `${Math.round((count / ms) * 1000).toLocaleString("en")}/s`;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
const quantile = (times: number[], share: number): number =>
  [...times].sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))]!;
const latency = (times: number[]): string =>
  `p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms (${times.length} times)`;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function timed(times: number[], work: () => Promise<unknown>): Promise<void> {
  const startMs = performance.now();
  await work();
  times.push(performance.now() - startMs);
}

print("machine", `${availableParallelism()} cores, load ${loadavg()[0]!.toFixed(1)}`);
try {
  mkdirSync(join(folder, "store"));
  await merging();
  if (!values["merge-only"]) await serving();
  print("store on disk", megabytes(statSync(file).size));
} finally {
  rmSync(folder, { recursive: true });
}

/** What a program on that store takes. */
async function serving(): Promise<void> {
  const server = await ServerProgram.start(folder);
  try {
    await infer(server);
    await lists(server);
    await documents(server);
    await underLoad(server);
    memory(server, "at most, all along");
  } finally {
    await server.end();
  }
}

/** What one core merges: from the JSON of deltas to the store, nothing else running. */
async function merging(): Promise<void> {
  const inventory = await openInventory({ url: `sqlite:${file}`, inferAfterMs: 3_600_000 });
  keyId = keyIdOf(inventory.hashKey);
  await merge(inventory, `first merge of ${apiCount} APIs`, {
    count: apiCount,
    apiOf: (index) => index,
    sensorOf: () => "first",
  });
  await merge(inventory, "200 sensors that hear the same 20 APIs", {
    count: 1000,
    apiOf: (index) => index % 20,
    sensorOf: (index) => `same-${index % 200}`,
  });
  await merge(inventory, "200 sensors that hear all APIs", {
    count: 1000,
    apiOf: (index) => index % apiCount,
    sensorOf: (index) => `all-${index % 200}`,
  });
  const small = learnApi(exchangesOf(1));
  const times: number[] = [];
  for (let sequence = 1; sequence <= 200; sequence += 1) {
    const text = deltaText({ template: small, host: hostOf(7), sensor: "one", sequence, keyId });
    await timed(times, () => ingest(inventory, text));
  }
  print("a delta of one endpoint, stored", latency(times));
  await inventory.close();
}

/** As many deltas wait as a server allows. */
async function merge(
  inventory: Inventory,
  what: string,
  plan: { count: number; apiOf(index: number): number; sensorOf(index: number): string },
): Promise<void> {
  const width = Math.max(1, Math.floor(5_000 / endpointsPerApi));
  let [tookMs, cpuMs] = [0, 0];
  for (let from = 0; from < plan.count; from += width) {
    const indexes = Array.from(
      { length: Math.min(width, plan.count - from) },
      (_, at) => from + at,
    );
    const texts = indexes.map((index) =>
      deltaText({
        template,
        host: hostOf(plan.apiOf(index)),
        sensor: plan.sensorOf(index),
        sequence: index + 1,
        keyId,
      }),
    );
    const cpu = process.cpuUsage();
    const startMs = performance.now();
    await Promise.all(texts.map((text) => ingest(inventory, text)));
    tookMs += performance.now() - startMs;
    const { user, system } = process.cpuUsage(cpu);
    cpuMs += (user + system) / 1000;
  }
  const records = plan.count * endpointsPerApi;
  print(what, `${rate(records, cpuMs)} of CPU time, ${rate(records, tookMs)} by the clock`);
}

async function ingest(inventory: Inventory, text: string): Promise<void> {
  const deltas = decodeBatch({ v: 1, deltas: [JSON.parse(text)] });
  if (typeof deltas === "string") throw new Error(deltas);
  await inventory.ingest(deltas);
}

async function infer(server: ServerProgram): Promise<void> {
  const startMs = performance.now();
  const cpuMs = server.cpuMs();
  await server.settled();
  const tookMs = performance.now() - startMs;
  print(
    "first inference of all, with document and rows",
    `${(tookMs / 1000).toFixed(1)} s, an API ${(tookMs / apiCount).toFixed(1)} ms, ${((server.cpuMs() - cpuMs) / apiCount).toFixed(1)} ms of CPU time`,
  );
  memory(server, "after inference");
}

async function lists(server: ServerProgram): Promise<void> {
  const pages: Record<string, (turn: number) => string> = {
    "a page of 100 APIs": (turn) =>
      `/apis?limit=100&sort=${["-calls", "name", "-lastMs", "-score", "errorShare", "endpoints"][turn % 6]}`,
    "a page of 100 APIs, searched": (turn) => `/apis?limit=100&q=api-${turn}`,
    "facets of all APIs": () => "/apis/facets",
    "a page of 100 endpoints of all": (turn) =>
      `/endpoints?limit=100&sort=${["path", "-calls", "-lastMs", "errorShare", "-p95Ms"][turn % 5]}`,
    "a page of 100 endpoints, searched": (turn) =>
      `/endpoints?limit=100&q=${["users", "cards", "files", "nothing-has-this"][turn % 4]}`,
    "a page of 100 findings": () => "/findings?limit=100",
    "a page of 100 changes": () => "/changes?limit=100",
    overview: () => "/overview",
    map: () => "/map",
  };
  const times = new Map(Object.keys(pages).map((name) => [name, [] as number[]]));
  for (let turn = 0; turn < 100; turn += 1) {
    for (const [name, path] of Object.entries(pages))
      await timed(times.get(name)!, () => server.get(path(turn)));
  }
  for (const [name, own] of times) print(name, latency(own));
}

async function documents(server: ServerProgram): Promise<void> {
  const { items } = JSON.parse(await server.get("/apis?limit=100")) as { items: { id: string }[] };
  const forms = {
    "YAML, first time": "format=yaml",
    "the same again": "format=yaml",
    "JSON, OpenAPI 3.1, first time": "format=json&openapi=3.1",
    "YAML, without evidence, first time": "format=yaml&evidence=false",
  };
  const times = new Map(Object.keys(forms).map((name) => [name, [] as number[]]));
  for (const { id } of items) {
    for (const [name, query] of Object.entries(forms))
      await timed(times.get(name)!, () => server.get(`/apis/${id}/document?${query}`));
  }
  for (const [name, own] of times)
    print(`a document of ${endpointsPerApi} endpoints, ${name}`, latency(own));
}

/** Lists while as many sensors send as can, and inference runs. */
async function underLoad(server: ServerProgram): Promise<void> {
  for (const [senders, pauseMs] of [
    [1, 50],
    [8, 0],
  ] as const) {
    const endMs = performance.now() + underLoadMs;
    const list: number[] = [];
    let [records, sequence] = [0, 0];
    const send = async (): Promise<void> => {
      while (performance.now() < endMs) {
        sequence += 1;
        const delta = deltaText({
          template,
          host: hostOf(sequence % apiCount),
          sensor: `load-${senders}`,
          sequence,
          keyId,
        });
        while (!(await server.send(`{"v":1,"deltas":[${delta}]}`))) await sleep(500);
        records += endpointsPerApi;
        if (pauseMs > 0) await sleep(pauseMs);
      }
    };
    const look = async (): Promise<void> => {
      while (performance.now() < endMs) {
        await timed(list, () => server.get("/apis?limit=100&sort=-lastMs"));
        await sleep(50);
      }
    };
    await Promise.all([...Array.from({ length: senders }, send), look()]);
    print(`a page of APIs while ${rate(records, underLoadMs)} records come`, latency(list));
  }
  memory(server, "after load");
}

function memory(server: ServerProgram, when: string): void {
  const { nowBytes, mostBytes } = server.memory();
  print(
    `resident memory of the program ${when}`,
    `${megabytes(nowBytes)}, at most ${megabytes(mostBytes)}`,
  );
}

function hostOf(index: number): string {
  return `api-${index}.example.test`;
}
