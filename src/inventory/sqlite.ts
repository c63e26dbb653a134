/** `node:sqlite` as kysely's SQLite dialect wants it, with statements kept prepared. */
// biome-ignore lint/correctness/noUnresolvedImports: biome does not list this module of Node yet
import { backup, DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { type Dialect, type SqliteDatabase, SqliteDialect, type SqliteStatement } from "kysely";
import { inventoryLimits } from "../base/limits.ts";

export interface Sqlite {
  readonly dialect: Dialect;
  /** Writes the whole database to another file while it is in use. */
  copyTo(path: string): Promise<unknown>;
}

export function openSqlite(path: string): Sqlite {
  const database = new DatabaseSync(path);
  // A copy that was restored, and one that is opened a second time by mistake, wait for the other's turn to end.
  database.exec("pragma busy_timeout = 5000");
  database.exec("pragma journal_mode = wal");
  database.exec("pragma wal_autocheckpoint = 4000");
  database.exec("pragma synchronous = full");
  database.exec("pragma cache_size = -16000");
  database.exec("pragma temp_store = memory");
  database.exec("pragma journal_size_limit = 67108864");
  return {
    dialect: new SqliteDialect({ database: new Adapter(database) }),
    copyTo: (target) => copy(database, target),
  };
}

const COPY_TRIES = 5;
const SQLITE_BUSY = 5;

/** Who writes at the wrong moment makes a copy fail as busy, which Node tells as "not an error". */
async function copy(database: DatabaseSync, target: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await backup(database, target);
      return;
    } catch (error) {
      const { errcode } = error as { errcode?: number };
      if (tries === COPY_TRIES || (errcode !== 0 && errcode !== SQLITE_BUSY)) throw error;
    }
  }
}

class Adapter implements SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  prepare(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const prepared = wrap(this.#database.prepare(sql));
    const statement = sql === "rollback" ? this.#rollback(prepared) : prepared;
    const [oldest] = this.#statements.keys();
    if (this.#statements.size >= inventoryLimits.statementsMax && oldest !== undefined) {
      this.#statements.delete(oldest);
    }
    this.#statements.set(sql, statement);
    return statement;
  }

  /** A full disk ends a transaction by itself; that it was to be ended then is no error of its own. */
  #rollback(statement: SqliteStatement): SqliteStatement {
    const nothing = { changes: 0, lastInsertRowid: 0 };
    return {
      ...statement,
      run: (parameters) => (this.#database.isTransaction ? statement.run(parameters) : nothing),
    };
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }
}

const wrap = (statement: StatementSync): SqliteStatement => ({
  reader: statement.columns().length > 0,
  all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
  run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
  iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
});
