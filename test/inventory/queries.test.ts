//! Whatever the page asks for is found by an index: what each engine says that it would do, in a store of many rows.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
// biome-ignore lint/correctness/noUnresolvedImports: biome does not list this module of Node yet
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import pg from "pg";
import { call, FixtureSensor, NOW_MS } from "../../src/inventory/deltas.fixture.ts";
import { type Inventory, openInventory } from "../../src/inventory/inventory.ts";
import { fillStore } from "./mass.ts";
import { startPostgres } from "./postgres.ts";

/** A table with fewer rows is read as fast as an index; those of APIs, sources and sensors are such. */
const LARGE_ROWS = 10_000;

type Step = readonly [name: string, ask: () => Promise<unknown>];

/** All that the page, the command line and the server itself ask for. */
const stepsOf = (inventory: Inventory, api: string, endpoint: string): Step[] => {
  const { apis, endpoints, documents, feed, forwarding, audit, sensors, sessions } = inventory;
  const dayMs = 86_400_000;
  const [fromMs, toMs] = [NOW_MS - dayMs, NOW_MS + dayMs];
  const steps: Step[] = [
    ["overview", () => apis.overview()],
    ["overview since", () => apis.overview(fromMs)],
    ["map", () => apis.map()],
    ["facets", () => apis.facets({})],
    ["API", () => apis.detail(api)],
    ["API, traffic", () => apis.traffic(api, fromMs, toMs)],
    ["API, traffic of a month", () => apis.traffic(api, NOW_MS - 30 * dayMs, toMs)],
    ["API, callers", () => apis.callers(api)],
    ["APIs found", () => apis.list({ q: "api 77", sort: "-calls" })],
    ["endpoint", () => endpoints.detail(api, endpoint)],
    ["endpoint, traffic", () => endpoints.traffic(api, endpoint, fromMs, toMs)],
    ["endpoints of an API", () => endpoints.list({ api, sort: "path", limit: 1000 })],
    ["endpoints found", () => endpoints.list({ q: "things/4711", limit: 8, sort: "-calls" })],
    ["endpoints found nowhere", () => endpoints.list({ q: "nothing-has-this", sort: "-calls" })],
    [
      "endpoints found everywhere",
      () => endpoints.list({ q: "things", limit: 100, sort: "-calls" }),
    ],
    ["endpoints of two words", () => endpoints.list({ q: "get 99", limit: 100, sort: "-lastMs" })],
    ["endpoints found by path", () => endpoints.list({ q: "things/4711", sort: "path" })],
    ["endpoints of a method", () => endpoints.list({ method: "GET", limit: 50 })],
    ["document", () => documents.text(api, { openapi: "3.0", format: "yaml", evidence: false })],
    ["versions", () => documents.versions(api)],
    ["changes since", () => feed.changes({ sinceMs: fromMs, limit: 10 })],
    ["changes of a kind", () => feed.changes({ kind: "api-new" })],
    ["changes that break", () => feed.changes({ breaking: true })],
    ["changes after", () => feed.changesAfter("zzz", 1000)],
    ["findings of an API", () => feed.findings({ api })],
    ["deliveries that are dead", () => forwarding.deliveries({ state: "dead" })],
    ["deliveries of one", () => forwarding.deliveries({ forwarder: "w1" })],
    ["deliveries that are due", () => forwarding.due(NOW_MS, 50)],
    ["forwarders", () => forwarding.list()],
    ["audit of an API", () => audit.list({ api })],
    ["sensors", () => sensors.list()],
    ["session", () => sessions.find("x")],
    ["figures", () => inventory.figures()],
  ];
  for (const sort of ["name", "calls", "endpoints", "lastMs", "score"])
    steps.push([`APIs by ${sort}`, () => paged((cursor) => apis.list({ sort, ...cursor }))]);
  for (const sort of ["path", "calls", "errorShare", "p95Ms", "firstMs", "lastMs"]) {
    for (const order of [sort, `-${sort}`])
      steps.push([
        `endpoints by ${order}`,
        () => paged((cursor) => endpoints.list({ sort: order, ...cursor })),
      ]);
  }
  for (const query of [{}, { state: "open" }, { severity: "high" }, { rule: "rule3" }])
    steps.push([
      `findings ${JSON.stringify(query)}`,
      () => paged((cursor) => feed.findings({ ...query, ...cursor })),
    ]);
  for (const query of [{}, { api }])
    steps.push([
      `changes ${JSON.stringify(query)}`,
      () => paged((cursor) => feed.changes({ ...query, ...cursor })),
    ]);
  steps.push(["audit", () => paged((cursor) => audit.list(cursor))]);
  steps.push(["deliveries", () => paged((cursor) => forwarding.deliveries(cursor))]);
  return steps;
};

/** Two pages, as the second is found in another way. */
async function paged(
  list: (query: { cursor?: string; limit: number }) => Promise<{ next: string | null }>,
): Promise<void> {
  const { next } = await list({ limit: 50 });
  if (next !== null) await list({ limit: 50, cursor: next });
}

interface Asked {
  readonly step: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Runs all steps in a full store. Gives what the engine was asked. */
async function askAll(
  context: TestContext,
  url: string,
  watch: (hear: (text: string, values: readonly unknown[]) => void) => () => void,
): Promise<readonly Asked[]> {
  const filledMs = performance.now();
  await fillStore(url, NOW_MS);
  context.diagnostic(`filled in ${Math.round((performance.now() - filledMs) / 1000)} s`);
  const inventory = await openInventory({ url, now: () => NOW_MS, inferAfterMs: 0 });
  const asked = new Map<string, Asked>();
  const times: [ms: number, step: string][] = [];
  try {
    await inventory.ingest(new FixtureSensor("tap-1").hear([call("GET /users/17")]));
    await inventory.settled();
    const [real] = (await inventory.apis.list({ q: "shop.test" })).items;
    const [endpoint] = (await inventory.endpoints.list({ api: real!.id })).items;
    let step = "";
    const unwatch = watch((text, values) => {
      if (/^\s*(?:select|with|update|delete)\b/i.test(text))
        asked.set(text, { step, text, values });
    });
    try {
      for (const [name, ask] of stepsOf(inventory, real!.id, endpoint!.id)) {
        step = name;
        const startMs = performance.now();
        await ask();
        times.push([performance.now() - startMs, name]);
      }
    } finally {
      unwatch();
    }
  } finally {
    await inventory.close();
  }
  times.sort(([a], [b]) => b - a);
  for (const [ms, name] of times.slice(0, 8)) context.diagnostic(`${Math.round(ms)} ms: ${name}`);
  context.diagnostic(`${asked.size} queries`);
  assert.ok(asked.size > 60, `${asked.size} queries`);
  return [...asked.values()];
}

test("SQLite reads no large table from end to end", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "nta-queries-"));
  const path = join(folder, "inventory.db");
  try {
    const { prepare } = DatabaseSync.prototype;
    const asked = await askAll(context, `sqlite:${path}`, (hear) => {
      DatabaseSync.prototype.prepare = function (text: string) {
        hear(text, []);
        return prepare.call(this, text);
      };
      return () => {
        DatabaseSync.prototype.prepare = prepare;
      };
    });
    const database = new DatabaseSync(path);
    const large = new Set(
      (
        database.prepare("select name from sqlite_master where type = 'table'").all() as {
          name: string;
        }[]
      )
        .map(({ name }) => name)
        .filter((name) => {
          const { rows } = database.prepare(`select count(*) as rows from "${name}"`).get() as {
            rows: number;
          };
          return rows >= LARGE_ROWS;
        }),
    );
    assert.ok(large.has("endpoints") && large.has("traffic") && large.has("changes"));
    const wrong: string[] = [];
    for (const { step, text } of asked) {
      const plan = database.prepare(`explain query plan ${text}`).all() as { detail: string }[];
      for (const { detail } of plan) {
        const table = /^SCAN (\w+)(?! USING (?:COVERING )?INDEX)/.exec(detail)?.[1] ?? "";
        const isWhole = large.has(table) && !/ USING (?:COVERING )?INDEX/.test(detail);
        if (isWhole) wrong.push(`${step}: ${detail}\n  ${text}`);
      }
    }
    database.close();
    assert.deepEqual(wrong, []);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

interface Plan {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly Plans?: readonly Plan[];
}

function* nodesOf(plan: Plan): Generator<Plan> {
  yield plan;
  for (const inner of plan.Plans ?? []) yield* nodesOf(inner);
}

test("PostgreSQL reads no large table from end to end", async (context) => {
  const postgres = await startPostgres();
  try {
    const url = postgres.newDatabase();
    const { query } = pg.Client.prototype;
    const asked = await askAll(context, url, (hear) => {
      pg.Client.prototype.query = function (this: pg.Client, ...words: unknown[]) {
        if (typeof words[0] === "string") hear(words[0], (words[1] ?? []) as unknown[]);
        return (query as (...all: unknown[]) => unknown).apply(this, words);
      } as typeof query;
      return () => {
        pg.Client.prototype.query = query;
      };
    });
    const client = new pg.Client(url);
    await client.connect();
    const { rows: tables } = await client.query<{ relname: string }>(
      "select relname from pg_class where relkind in ('r', 'p') and reltuples >= $1",
      [LARGE_ROWS],
    );
    const large = new Set(tables.map(({ relname }) => relname));
    assert.ok(large.has("endpoints"));
    const wrong: string[] = [];
    for (const { step, text, values } of asked) {
      const { rows } = await client.query<{ "QUERY PLAN": readonly { Plan: Plan }[] }>(
        `explain (format json) ${text}`,
        [...values],
      );
      for (const node of nodesOf(rows[0]!["QUERY PLAN"][0]!.Plan)) {
        const isWhole = node["Node Type"] === "Seq Scan" && large.has(node["Relation Name"] ?? "");
        if (isWhole) wrong.push(`${step}: all of ${node["Relation Name"]}\n  ${text}`);
      }
    }
    await client.end();
    assert.deepEqual(wrong, []);
  } finally {
    await postgres.stop();
  }
});
