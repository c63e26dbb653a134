/**
 * Stores copied table by table, from either engine to either: a backup of PostgreSQL is a SQLite file, and a restore reads
 * such a file into an empty store.
 */
import { renameSync, rmSync, statSync } from "node:fs";
import { type Kysely, sql, type Transaction } from "kysely";
import { UsageError } from "../base/errors.ts";
import { inventoryLimits } from "../base/limits.ts";
import type { Database } from "./schema.ts";
import { TABLE_KEYS } from "./schema.ts";
import { openStore, type Store } from "./store.ts";

/** Writes the whole store to a SQLite file beside its place and renames it there. Gives its bytes. */
export async function backupStore(store: Store, path: string): Promise<number> {
  const partial = `${path}.${process.pid}.partial`;
  rmSync(partial, { force: true });
  try {
    if (store.engine === "sqlite") await store.copyTo(partial);
    else {
      const target = await openStore(`sqlite:${partial}`);
      try {
        await copyTables(store, target);
      } finally {
        await target.close();
      }
    }
    renameSync(partial, path);
  } finally {
    for (const ending of ["", "-wal", "-shm"]) rmSync(`${partial}${ending}`, { force: true });
  }
  return statSync(path).size;
}

/** Copies a store into an empty one. The first must not be written meanwhile, unless it is PostgreSQL. */
export async function copyStore(fromUrl: string, toUrl: string): Promise<Record<string, number>> {
  const from = await openStore(fromUrl);
  try {
    const to = await openStore(toUrl);
    try {
      const used = await to.db.selectFrom("sources").select("id").limit(1).executeTakeFirst();
      if (used !== undefined)
        throw new UsageError("the target store is not empty: name a new one, or remove it first");
      return await copyTables(from, to);
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

async function copyTables(from: Store, to: Store): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const copy = (reader: Transaction<Database>): Promise<void> =>
    to.write(async (writer) => {
      for (const table of Object.keys(TABLE_KEYS) as (keyof Database)[]) {
        counts[table] = await copyTable(table, reader, writer);
      }
    });
  // One snapshot, so that a delta is in it with its name or not at all.
  if (from.engine === "postgres")
    await from.db.transaction().setIsolationLevel("repeatable read").execute(copy);
  else await from.db.transaction().execute(copy);
  return counts;
}

async function copyTable(
  table: keyof Database,
  reader: Transaction<Database>,
  writer: Transaction<Database>,
): Promise<number> {
  const keys = TABLE_KEYS[table];
  await sql`delete from ${sql.table(table)}`.execute(writer);
  let count = 0;
  let after: readonly unknown[] | null = null;
  for (;;) {
    const order = sql.join(keys.map((key) => sql.ref(key)));
    const behind: ReturnType<typeof sql> =
      after === null
        ? sql``
        : sql`where (${order}) > (${sql.join(after.map((value) => sql`${value}`))})`;
    const { rows }: { rows: Record<string, unknown>[] } = await sql<Record<string, unknown>>`
      select * from ${sql.table(table)} ${behind} order by ${order} limit ${inventoryLimits.copiedRows}`.execute(
      reader,
    );
    if (rows.length === 0) return count;
    const dynamic = writer as unknown as Kysely<Record<string, Record<string, unknown>>>;
    for (let at = 0; at < rows.length; at += inventoryLimits.rowsMax) {
      await dynamic
        .insertInto(table)
        .values(rows.slice(at, at + inventoryLimits.rowsMax))
        .execute();
    }
    count += rows.length;
    const last: Record<string, unknown> = rows.at(-1)!;
    after = keys.map((key) => last[key]);
  }
}
