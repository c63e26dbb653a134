/** One store of either engine: opened, migrated, and asked in transactions whose failures have names. */
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Kysely, sql, type Transaction } from "kysely";
import { UsageError } from "../base/errors.ts";
import { inventoryLimits } from "../base/limits.ts";
import { makeFolders } from "../sensor/folder.ts";
import { SCHEMA, statementsOf } from "./migrations.ts";
import { ConnectionLost, isPassing, postgresDialect } from "./postgres.ts";
import { InventoryProblem } from "./problem.ts";
import type { Database } from "./schema.ts";
import { openSqlite, type Sqlite } from "./sqlite.ts";

export type Engine = "sqlite" | "postgres";
export type Reader = Kysely<Database> | Transaction<Database>;

export class Store {
  readonly db: Kysely<Database>;
  readonly engine: Engine;
  readonly sqlite: Sqlite | null;
  #isClosed = false;

  constructor(db: Kysely<Database>, engine: Engine, sqlite: Sqlite | null) {
    this.db = db;
    this.engine = engine;
    this.sqlite = sqlite;
  }

  /** Whether nobody else writes, so that what was read may be kept in memory. */
  get isExclusive(): boolean {
    return this.engine === "sqlite";
  }

  /** All of it or nothing. SQLite runs them one after the other; PostgreSQL together, so lock what is read to be written. */
  async write<Result>(work: (tx: Transaction<Database>) => Promise<Result>): Promise<Result> {
    return await this.#attempt(work, 1);
  }

  /**
   * The same for work that has no effect outside of the transaction. Where transactions of PostgreSQL wait for each other in a
   * circle, it ends one of them; that one begins again.
   */
  async writeAgain<Result>(work: (tx: Transaction<Database>) => Promise<Result>): Promise<Result> {
    return await this.#attempt(work, ATTEMPTS_MAX);
  }

  async #attempt<Result>(
    work: (tx: Transaction<Database>) => Promise<Result>,
    attemptsMax: number,
  ): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.db.transaction().execute(work);
      } catch (error) {
        if (attempt >= attemptsMax || !isDeadlock(error)) throw problemOf(error);
        await sleep(attempt * AGAIN_MS * (1 + Math.random()));
      }
    }
  }

  async read<Result>(work: (db: Reader) => Promise<Result>): Promise<Result> {
    try {
      return await work(this.db);
    } catch (error) {
      throw problemOf(error);
    }
  }

  async copyTo(path: string): Promise<void> {
    if (this.sqlite === null) throw new Error("internal error: PostgreSQL is dumped by table");
    await this.sqlite.copyTo(path);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.db.destroy();
  }
}

const ATTEMPTS_MAX = 8;
const AGAIN_MS = 20;

/** `deadlock_detected` and `serialization_failure`. */
const isDeadlock = (error: unknown): boolean => {
  const { code } = error as { code?: unknown };
  return code === "40P01" || code === "40001";
};

/**
 * SQLite's codes that say nothing of what was asked (sqlite.org/rescode.html): no permission, busy, locked, no memory, a file system
 * that is read-only, interrupted, input or output, a broken file, one that cannot be opened, a lock of another protocol, a
 * schema that changed, no database at all.
 */
const PASSING_OF_SQLITE: readonly number[] = [3, 5, 6, 7, 8, 9, 10, 11, 14, 15, 17, 26];

/** What an engine says when it fails, as a problem that a caller can act on; what is no failure of the engine stays. */
export function problemOf(error: unknown): unknown {
  if (error instanceof InventoryProblem) return error;
  const { code, errcode } = error as { code?: unknown; errcode?: number };
  const primary = (errcode ?? 0) & 0xff;
  if (primary === 13 || code === "53100") {
    return new InventoryProblem(
      "disk-full",
      "the store has no room: free space on its disk",
      inventoryLimits.retryAfterMs,
    );
  }
  if (code === "22021") return new InventoryProblem("invalid", "a text holds a NUL character");
  const isSqlite = code === "ERR_SQLITE_ERROR" && PASSING_OF_SQLITE.includes(primary);
  if (!isSqlite && !isPassing(code) && !(error instanceof ConnectionLost)) return error;
  return new InventoryProblem(
    "unavailable",
    `the store does not answer: ${(error as Error).message}`,
    inventoryLimits.retryAfterMs,
  );
}

export async function openStore(url: string): Promise<Store> {
  const store = url.startsWith("sqlite:")
    ? openFile(url.slice("sqlite:".length))
    : await openPostgres(url);
  try {
    await migrate(store, url);
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

function openFile(path: string): Store {
  if (path === "")
    throw new UsageError(
      "the store sqlite: names no file: write sqlite:PATH, such as sqlite:nta.db",
    );
  try {
    if (path !== ":memory:") makeFolders(dirname(path), 0o777);
    const sqlite = openSqlite(path);
    return new Store(new Kysely<Database>({ dialect: sqlite.dialect }), "sqlite", sqlite);
  } catch (error) {
    throw new UsageError(
      `the store ${path} cannot be opened: ${(error as Error).message}. Name another file with --store.`,
    );
  }
}

async function openPostgres(url: string): Promise<Store> {
  if (!/^postgres(?:ql)?:\/\//.test(url)) {
    throw new UsageError("the store is sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE");
  }
  return new Store(new Kysely<Database>({ dialect: await postgresDialect(url) }), "postgres", null);
}

/** Takes a store of any earlier version to this one. A lock keeps two servers from doing it at the same time. */
async function migrate(store: Store, url: string): Promise<void> {
  const where = store.engine === "sqlite" ? url.slice("sqlite:".length) : "the PostgreSQL database";
  try {
    await store.db.transaction().execute(async (tx) => {
      if (store.engine === "postgres") await sql`select pg_advisory_xact_lock(7237121)`.execute(tx);
      await sql`create table if not exists meta (name text primary key, value text not null)`.execute(
        tx,
      );
      const row = await tx
        .selectFrom("meta")
        .select("value")
        .where("name", "=", "schema")
        .executeTakeFirst();
      const from = Number(row?.value ?? 0);
      if (from > SCHEMA) {
        throw new UsageError(
          `${where} was written by a newer nta (schema ${from}; this one knows ${SCHEMA}): upgrade nta, or restore a backup of before.`,
        );
      }
      for (const statement of statementsOf(store.engine, from, SCHEMA, Date.now()))
        await sql.raw(statement).execute(tx);
      const value = String(SCHEMA);
      await tx
        .insertInto("meta")
        .values({ name: "schema", value })
        .onConflict((on) => on.column("name").doUpdateSet({ value }))
        .execute();
      await tx
        .insertInto("meta")
        .values({ name: "hash-key", value: randomBytes(16).toString("base64") })
        .onConflict((on) => on.column("name").doNothing())
        .execute();
    });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `${where} cannot be used as a store: ${(error as Error).message || String(error)}`,
    );
  }
}
