import { closeSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { makeFolders } from "../../sensor/folder.ts";
import { type Lock, takeLock } from "../../sensor/lock.ts";

/** Path of a store in a SQLite file; null for any other store. */
export const storePath = (store: string): string | null =>
  /^sqlite:(?!:memory:)(.+)$/.exec(store)?.[1] ?? null;

/**
 * Makes the folder of a SQLite file, for nobody else to read (it tells what is spoken on the network), and takes the file for
 * this process alone: a second server would not see what the first one has in memory. Null where the store is no file.
 */
export const takeStore = (store: string): Lock | null => {
  const path = storePath(store);
  if (path === null) return null;
  const lock = attempt(path, () => {
    makeFolders(dirname(path), 0o700);
    return takeLock(`${path}.lock`);
  });
  if (lock === null) {
    throw new UsageError(`--store: another nta uses ${path}; end it first, or name another file`);
  }
  return lock;
};

/** Makes the file where there is none, for nobody else to read; SQLite's own files beside it follow its mode. */
export const makeStoreFile = (store: string): void => {
  const path = storePath(store);
  if (path !== null) attempt(path, () => closeSync(openSync(path, "a", 0o600)));
};

const attempt = <Result>(path: string, work: () => Result): Result => {
  try {
    return work();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === "EISDIR" ? "it is a folder" : (code ?? message);
    throw new UsageError(`--store: ${path} cannot be used (${reason}); name another place`);
  }
};
