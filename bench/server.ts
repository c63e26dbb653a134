/**
 * `npm run bench:server`: what the inventory costs at 2,000 APIs with 100,000 endpoints. Prints the rate of ingest, the
 * latency of merge and inference, of list pages and documents, and resident memory. `--apis N --endpoints N --store URL`.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Inventory, openInventory } from "../src/inventory/inventory.ts";
import { type Delta, decodeBatch } from "../src/sensor/delta.ts";
import { deltaText, exchangesOf, learnApi } from "./serverdeltas.ts";

const { values } = parseArgs({
  options: {
    apis: { type: "string", default: "2000" },
    endpoints: { type: "string", default: "100000" },
    store: { type: "string", default: "" },
    seconds: { type: "string", default: "10" },
  },
});
const apiCount = Number(values.apis);
const endpointsPerApi = Math.round(Number(values.endpoints) / apiCount);
const folder = mkdtempSync(join(tmpdir(), "nta-bench-"));
const url = values.store === "" ? `sqlite:${join(folder, "bench.db")}` : values.store;

const print = (name: string, value: string): void => console.log(`${name.padEnd(46)} ${value}`);
const rate = (count: number, ms: number): string =>
  `${Math.round((count / ms) * 1000).toLocaleString("en")}/s`;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
const quantile = (times: number[], share: number): number =>
  [...times].sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))]!;
const latency = (times: number[]): string =>
  `p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms (${times.length} times)`;

async function timed(times: number[], work: () => Promise<unknown>): Promise<void> {
  const startMs = performance.now();
  await work();
  times.push(performance.now() - startMs);
}

let inventory: Inventory = await openInventory({ url, inferAfterMs: 3_600_000 });
await fill();
await memory("after ingest");
await infer();
await ingestRates();
await lists();
await documents();
await underLoad();
await memory("at the end");
if (values.store === "") print("store on disk", megabytes(statSync(join(folder, "bench.db")).size));
await inventory.close();
rmSync(folder, { recursive: true });

/** Every API for the first time, each in a delta of its own. */
async function fill(): Promise<void> {
  const template = learnApi(exchangesOf(endpointsPerApi));
  const times: number[] = [];
  let mergedMs = 0;
  let sequence = 0;
  for (let from = 0; from < apiCount; from += 20) {
    const deltas = Array.from({ length: Math.min(20, apiCount - from) }, (_, index) => {
      sequence += 1;
      return parse(deltaText({ template, host: hostOf(from + index), sensor: "bench", sequence }));
    }).flat();
    const startMs = performance.now();
    await inventory.ingest(deltas);
    mergedMs += performance.now() - startMs;
    times.push(performance.now() - startMs);
  }
  print(
    `first merge of ${apiCount} APIs, ${apiCount * endpointsPerApi} endpoints`,
    `${rate(apiCount * endpointsPerApi, mergedMs)} endpoint records`,
  );
}

async function infer(): Promise<void> {
  const startMs = performance.now();
  await inventory.settled();
  const tookMs = performance.now() - startMs;
  const { endpoints } = await inventory.figures();
  print(
    "first inference of all, with document and rows",
    `${(tookMs / 1000).toFixed(1)} s, ${(tookMs / apiCount).toFixed(1)} ms an API (${endpoints} endpoints concluded)`,
  );
}

/** 200 sensors that hear again what is known: what a server does all day. */
async function ingestRates(): Promise<void> {
  const template = learnApi(exchangesOf(endpointsPerApi));
  for (const [what, apis] of [
    ["sensors that hear the same 20 APIs", 20],
    ["sensors that hear all APIs", apiCount],
  ] as const) {
    const texts = Array.from({ length: 400 }, (_, index) =>
      deltaText({
        template,
        host: hostOf(index % apis),
        sensor: `s${index % 200}-${apis}`,
        sequence: 1 + Math.floor(index / 200),
      }),
    );
    const parsed = texts.slice(0, Math.floor(5_500 / endpointsPerApi)).map(parse);
    const operations = parsed.length * endpointsPerApi;
    const cpu = process.cpuUsage();
    const startMs = performance.now();
    const times: number[] = [];
    await Promise.all(parsed.map((deltas) => timed(times, () => inventory.ingest(deltas))));
    const tookMs = performance.now() - startMs;
    const { user, system } = process.cpuUsage(cpu);
    print(
      `merge and store, 200 ${what}`,
      `${rate(operations, tookMs)}; ${rate(operations, (user + system) / 1000)} of CPU time`,
    );
  }
  const text = deltaText({
    template: learnApi(exchangesOf(1)),
    host: hostOf(7),
    sensor: "one",
    sequence: 1,
  });
  const times: number[] = [];
  for (let sequence = 1; sequence <= 200; sequence += 1) {
    const [delta] = parse(text.replace('"sequence":1', `"sequence":${sequence}`));
    await timed(times, () => inventory.ingest([delta!]));
  }
  print("a delta of one endpoint, stored", latency(times));
}

async function lists(): Promise<void> {
  const list: number[] = [];
  const search: number[] = [];
  const facets: number[] = [];
  const endpoints: number[] = [];
  const found: number[] = [];
  const sorts = ["-calls", "name", "-lastMs", "-score", "errorShare", "endpoints"];
  for (let turn = 0; turn < 200; turn += 1) {
    await timed(list, () => inventory.apis.list({ sort: sorts[turn % sorts.length]!, limit: 100 }));
    await timed(search, () => inventory.apis.list({ q: `api-${turn}`, limit: 100 }));
    if (turn % 4 === 0) await timed(facets, () => inventory.apis.facets({}));
    const sort = ["path", "-calls", "-lastMs", "errorShare", "-p95Ms"][turn % 5]!;
    await timed(endpoints, () => inventory.endpoints.list({ sort, limit: 100 }));
    if (turn % 4 === 0)
      await timed(found, () =>
        inventory.endpoints.list({ q: `${["users", "cards", "files"][turn % 3]}`, limit: 100 }),
      );
  }
  print("a page of 100 APIs", latency(list));
  print("a page of 100 APIs, searched", latency(search));
  print("facets of all APIs", latency(facets));
  print("a page of 100 endpoints of all", latency(endpoints));
  print("a page of 100 endpoints, searched", latency(found));
  const overview: number[] = [];
  const map: number[] = [];
  for (let turn = 0; turn < 20; turn += 1) {
    await timed(overview, () => inventory.apis.overview());
    await timed(map, () => inventory.apis.map());
  }
  print("overview", latency(overview));
  print("map", latency(map));
}

async function documents(): Promise<void> {
  const { items } = await inventory.apis.list({ limit: 100 });
  const first: number[] = [];
  const again: number[] = [];
  const json: number[] = [];
  const plain: number[] = [];
  for (const { id } of items) {
    await timed(first, () =>
      inventory.documents.text(id, { openapi: "3.0", format: "yaml", evidence: true }),
    );
    await timed(again, () =>
      inventory.documents.text(id, { openapi: "3.0", format: "yaml", evidence: true }),
    );
    await timed(json, () =>
      inventory.documents.text(id, { openapi: "3.1", format: "json", evidence: true }),
    );
    await timed(plain, () =>
      inventory.documents.text(id, { openapi: "3.0", format: "yaml", evidence: false }),
    );
  }
  print(`a document of ${endpointsPerApi} endpoints, YAML, first time`, latency(first));
  print("the same again", latency(again));
  print("as JSON, first time", latency(json));
  print("without evidence, YAML, first time", latency(plain));
}

/** Lists while sensors send and inference runs. */
async function underLoad(): Promise<void> {
  await inventory.close();
  inventory = await openInventory({ url, inferAfterMs: 2_000 });
  const template = learnApi(exchangesOf(endpointsPerApi));
  const endMs = performance.now() + Number(values.seconds) * 1000;
  const list: number[] = [];
  let records = 0;
  let sequence = 100;
  const send = async (): Promise<void> => {
    while (performance.now() < endMs) {
      sequence += 1;
      const deltas = parse(
        deltaText({ template, host: hostOf(sequence % apiCount), sensor: "load", sequence }),
      );
      await inventory.ingest(deltas);
      records += endpointsPerApi;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const look = async (): Promise<void> => {
    while (performance.now() < endMs) {
      await timed(list, () => inventory.apis.list({ sort: "-lastMs", limit: 100 }));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await Promise.all([send(), look()]);
  print(
    `a page of APIs while ${rate(records, Number(values.seconds) * 1000)} records come`,
    latency(list),
  );
}

async function memory(when: string): Promise<void> {
  const { rss, heapUsed, external } = process.memoryUsage();
  print(
    `resident memory ${when}`,
    `${megabytes(rss)}, of it ${megabytes(heapUsed)} heap of this thread, ${megabytes(external)} buffers`,
  );
}

function hostOf(index: number): string {
  return `api-${index}.example.test`;
}

function parse(text: string): Delta[] {
  const deltas = decodeBatch({ v: 1, deltas: [JSON.parse(text)] });
  if (typeof deltas === "string") throw new Error(deltas);
  return [...deltas];
}
