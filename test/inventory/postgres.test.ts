import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { openStore, type Store } from "../../src/inventory/store.ts";
import { type Postgres, startPostgres } from "./postgres.ts";
import { inventorySuite } from "./suite.ts";
import { upgradeSuite } from "./upgrade.ts";

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

inventorySuite("PostgreSQL", async () => postgres.newDatabase());
upgradeSuite("PostgreSQL", async () => postgres.newDatabase());

test("a connection that breaks says nothing of what was asked, whenever it breaks", async () => {
  const url = postgres.newDatabase();
  const [store, other] = [await openStore(url), await openStore(url)];
  const unavailable = { kind: "unavailable", message: /^the store does not answer: / };
  try {
    const waits = store.write(async (tx) => sql`select pg_sleep(60)`.execute(tx));
    const refused = assert.rejects(waits, unavailable);
    await breakTransaction(other);
    await refused;
    for (const isRead of [true, false]) {
      const between = store.write(async (tx) => {
        await sql`select 1`.execute(tx);
        await breakTransaction(other);
        await sleep(100);
        if (isRead) await sql`select 1`.execute(tx);
      });
      await assert.rejects(between, unavailable);
    }
    const invalid = store.write(async (tx) => sql`select 1 / 0`.execute(tx));
    await assert.rejects(invalid, { code: "22012" });
    const last = await store.read(async (db) => sql`select 7 as seven`.execute(db));
    assert.deepEqual(last.rows, [{ seven: 7 }]);
  } finally {
    await store.close();
    await other.close();
  }
});

/** Of somebody else: waits until there is one. */
async function breakTransaction(store: Store): Promise<void> {
  const attempt = () =>
    store.read((db) =>
      sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
        and pid <> pg_backend_pid() and state in ('active', 'idle in transaction')`.execute(db),
    );
  while ((await attempt()).rows.length === 0) await sleep(20);
}
