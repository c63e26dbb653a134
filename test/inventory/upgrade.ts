/** A store of an earlier schema, with rows, becomes one of this schema; each engine runs it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { call, FixtureSensor, NOW_MS } from "../../src/inventory/deltas.fixture.ts";
import { openInventory } from "../../src/inventory/inventory.ts";
import { SCHEMA, statementsOf } from "../../src/inventory/migrations.ts";
import { NO_MINUTES } from "../../src/inventory/minutes.ts";
import type { Database } from "../../src/inventory/schema.ts";
import { openStore, type Store } from "../../src/inventory/store.ts";

const DAY_MS = 86_400_000;
const TABLES = ["sources", "nodes", "traffic", "apis", "endpoints", "endpoint_facts"] as const;
const MORE = ["versions", "changes", "audit", "sensors", "sequences"] as const;

const rowsOf = async (store: Store, table: keyof Database): Promise<Record<string, unknown>[]> => {
  const { rows } = await sql<Record<string, unknown>>`
    select * from ${sql.table(table)}`.execute(store.db);
  return rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
};

/** What this program wrote, in the tables of an earlier one. */
const makeEarlier = async (fromUrl: string, url: string, schema: number): Promise<void> => {
  const [from, to] = [await openStore(fromUrl), await openStore(url)];
  try {
    const drop = to.engine === "postgres" ? " cascade" : "";
    const tables = await (to.engine === "postgres"
      ? sql<{ name: string }>`select tablename as name from pg_tables where schemaname = 'public'`
      : sql<{ name: string }>`select name from sqlite_master where type = 'table'`
    ).execute(to.db);
    for (const { name } of tables.rows)
      if (name !== "meta") await sql.raw(`drop table if exists ${name}${drop}`).execute(to.db);
    for (const text of statementsOf(to.engine, 0, schema, Date.now()))
      await sql.raw(text).execute(to.db);
    await to.db
      .updateTable("meta")
      .set({ value: String(schema) })
      .where("name", "=", "schema")
      .execute();
    // What an earlier program did not know it did not keep.
    await sql`update sources set minutes = ${NO_MINUTES}`.execute(from.db);
    const known = await to.db.introspection.getTables();
    for (const table of [...TABLES, ...MORE]) {
      const columns = new Set(
        known.find(({ name }) => name === table)!.columns.map(({ name }) => name),
      );
      const rows = (await rowsOf(from, table)).map((row) =>
        Object.fromEntries(Object.entries(row).filter(([name]) => columns.has(name))),
      );
      const dynamic = to.db as never as {
        insertInto(name: string): { values(rows: unknown): { execute(): Promise<unknown> } };
      };
      for (const row of rows) await dynamic.insertInto(table).values(row).execute();
    }
  } finally {
    await from.close();
    await to.close();
  }
};

export const upgradeSuite = (engine: string, makeStore: () => Promise<string>): void => {
  for (let schema = 1; schema < SCHEMA; schema += 1) {
    test(`a store of schema ${schema} on ${engine} is taken along with its rows`, async () => {
      const [fromUrl, url] = [await makeStore(), await makeStore()];
      const sensor = new FixtureSensor("tap-1");
      // Years ago as in an old capture, some days ago, today, and a clock that is far ahead.
      const nowMs = Date.now();
      const times = [NOW_MS - 3000 * DAY_MS, nowMs - 20 * DAY_MS, nowMs - 3 * DAY_MS, nowMs];
      times.push(nowMs + 400 * DAY_MS);
      const first = await openInventory({ url: fromUrl, inferAfterMs: 0 });
      for (const timeMs of times) {
        await first.ingest(sensor.hear([call("GET /users/17", { timeMs })]));
        await first.settled();
      }
      const [api] = (await first.apis.list({})).items;
      const document = { openapi: "3.0", format: "yaml", evidence: false } as const;
      const { text } = await first.documents.text(api!.id, document);
      await first.close();
      await makeEarlier(fromUrl, url, schema);

      const before = await openStore(fromUrl);
      const inventory = await openInventory({ url, inferAfterMs: 0 });
      const after = await openStore(url);
      try {
        for (const table of [...TABLES, ...MORE])
          assert.deepEqual(await rowsOf(after, table), await rowsOf(before, table), table);
        const texts = await rowsOf(after, "endpoint_texts");
        assert.deepEqual(texts, await rowsOf(before, "endpoint_texts"));
        assert.equal(texts.length, 1);
        assert.ok((await rowsOf(after, "traffic")).length >= 10);
        assert.ok((await rowsOf(after, "changes")).length >= 1);
        const detail = await inventory.apis.detail(api!.id);
        assert.equal(detail.calls, times.length);
        assert.equal((await inventory.documents.text(api!.id, document)).text, text);
        const sum = async (fromMs: number, toMs: number): Promise<number> =>
          (await inventory.apis.traffic(api!.id, fromMs, toMs)).buckets.reduce(
            (calls, bucket) => calls + bucket.calls,
            0,
          );
        const endMs = nowMs + 500 * DAY_MS;
        assert.equal(await sum(0, endMs), times.length);
        await inventory.ingest(sensor.hear([call("GET /users/17", { timeMs: nowMs })]));
        assert.equal(await sum(0, endMs), times.length + 1);
        const tickAll = async (atMs: number): Promise<void> => {
          for (let turn = 0; turn < 3; turn++) await inventory.tick(atMs);
        };
        await tickAll(nowMs);
        assert.equal(await sum(0, endMs), times.length, "what is past its retention is gone");
        await tickAll(nowMs + 15 * DAY_MS);
        assert.equal(await sum(0, endMs), times.length - 1, "days are sums of hours");
        const widths = (await rowsOf(after, "traffic"))
          .filter(({ start_ms }) => Number(start_ms) < nowMs + 2 * DAY_MS)
          .map(({ width_ms }) => width_ms);
        assert.deepEqual([...new Set(widths)], [DAY_MS]);
        await tickAll(nowMs + 60 * DAY_MS);
        assert.equal(await sum(0, endMs), 1, "only what lies ahead is left");
        await tickAll(nowMs + 800 * DAY_MS);
        assert.deepEqual(await rowsOf(after, "changes"), []);
        assert.deepEqual(await rowsOf(after, "traffic"), []);
      } finally {
        await before.close();
        await after.close();
        await inventory.close();
      }
    });
  }
};
