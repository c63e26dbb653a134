//! Partitions come and go while servers merge: nothing is lost, nobody fails, and there is nothing to vacuum.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { call, FixtureSensor } from "../../src/inventory/deltas.fixture.ts";
import { type Inventory, openInventory } from "../../src/inventory/inventory.ts";
import { startPostgres } from "../inventory/postgres.ts";

const DAY_MS = 86_400_000;
/** In steps of two. */
const DAYS = 40;

test("partitions are made, coarsened and dropped under load", async (context) => {
  const postgres = await startPostgres();
  const url = postgres.newDatabase();
  let nowMs = Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS / 2;
  const open = () => openInventory({ url, now: () => nowMs, inferAfterMs: 10 });
  const servers = [await open(), await open()];
  const client = new pg.Client(url);
  let isOver = false;
  try {
    await client.connect();
    let calls = 0;
    let lastDayCalls = 0;
    /** One after the other, as a sensor does; whatever fails is sent again, as it does too. */
    const feed = async (server: Inventory, name: string): Promise<void> => {
      const sensor = new FixtureSensor(name);
      for (let round = 0; !isOver; round += 1) {
        const timeMs = nowMs - (round % 3) * 3_600_000;
        const deltas = sensor.hear([
          call(`GET /users/${round % 20}`, { timeMs }),
          call(`GET /orders/${round % 20}`, { timeMs }),
        ]);
        while (true) {
          try {
            // Merging changes what it is given; over the wire each attempt is its own.
            await server.ingest(structuredClone(deltas));
            break;
          } catch (error) {
            context.diagnostic(`sent again: ${(error as Error).message}`);
            await sleep(50);
          }
        }
        calls += 2;
        if (nowMs === lastMs) lastDayCalls += 2;
        await sleep(10);
      }
    };
    const lastMs = nowMs + DAYS * DAY_MS;
    const feeding = servers.map((server, index) => feed(server, `tap-${index}`));
    const partitions = async (): Promise<string[]> => {
      const { rows } = await client.query<{ name: string }>(
        "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'traffic'::regclass order by 1",
      );
      return rows.map(({ name }) => name);
    };
    const first = await partitions();
    assert.ok(first.length >= 10, first.join());
    for (let day = 2; day <= DAYS; day += 2) {
      const beforeCalls = calls;
      while (calls < beforeCalls + 8) await sleep(10);
      nowMs += 2 * DAY_MS;
      // Both at the same moment, as servers that started together do.
      await Promise.all(servers.map((server) => server.tick(nowMs)));
    }
    while (lastDayCalls < 8) await sleep(10);
    isOver = true;
    await Promise.all(feeding);
    await servers[0]!.settled();
    await servers[0]!.tick(nowMs);

    const left = await partitions();
    context.diagnostic(`${calls} calls; partitions: ${left.join(" ")}`);
    assert.equal(left.filter((name) => first.includes(name) && !name.endsWith("_other")).length, 0);
    assert.ok(left.length <= 45, "those past their retention are gone");
    assert.ok(left.filter((name) => /^traffic_d\d/.test(name)).length >= 20, "days");
    assert.ok(left.filter((name) => /^traffic_h\d/.test(name)).length >= 9, "hours");
    const [api] = (await servers[1]!.apis.list({})).items;
    assert.equal(api!.calls, calls);
    const { rows } = await client.query<{ calls: string; width: string }>(
      `select sum(calls) as calls, width_ms as width from traffic where source = '*' group by width_ms order by width_ms`,
    );
    assert.equal(rows.length, 2);
    const kept = rows.reduce((sum, row) => sum + Number(row.calls), 0);
    const shown = await servers[1]!.apis.traffic(api!.id, 0, nowMs + DAY_MS);
    assert.equal(
      shown.buckets.reduce((sum, bucket) => sum + bucket.calls, 0),
      kept,
    );
    const { rows: deleted } = await client.query<{ count: string }>(
      "select coalesce(sum(n_tup_del), 0) as count from pg_stat_user_tables where relname like 'traffic%'",
    );
    assert.equal(Number(deleted[0]!.count), 0, "rows go with their partitions");
  } finally {
    isOver = true;
    await client.end();
    for (const server of servers) await server.close();
    await postgres.stop();
  }
});
