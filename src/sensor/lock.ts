import { closeSync, constants, openSync } from "node:fs";
// biome-ignore lint/correctness/noUnresolvedImports: the linter's list of Node's modules lacks it
import { DatabaseSync } from "node:sqlite";

/** Held until `release`, or until the process ends, however it ends. */
export interface Lock {
  release(): void;
}

/** SQLite's answer where another connection holds the lock. */
const SQLITE_BUSY = 5;

/**
 * Takes the lock of the file `path`, or gives null where another process holds it.
 *
 * The lock is SQLite's exclusive lock on an empty database: a record lock of the kernel (fcntl), the only one that
 * Node reaches without native code. So it goes with its process even by kill -9, there is nothing stale to detect, no
 * moment in which two may take it, and it holds between containers that share a volume, where process ids say nothing.
 */
export function takeLock(path: string): Lock | null {
  closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600));
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return null;
    throw error;
  }
  return { release: () => database.close() };
}
