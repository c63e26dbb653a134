import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
} from "node:fs";
import type { Settings } from "../base/config.ts";
import { UsageError } from "../base/errors.ts";
import { copyStore } from "../inventory/copying.ts";
import { openInventory } from "../inventory/inventory.ts";
import { storePath, takeStore } from "./server/storefile.ts";
import { printLine } from "./standardoutput.ts";

/** Puts a backup where the store is; what was there is kept beside it. */
export const restore = async (operands: readonly string[], settings: Settings): Promise<number> => {
  const [file] = operands;
  if (/^postgres(?:ql)?:/.test(settings.store)) return restoreInto(file!, settings.store);
  const path = storePath(settings.store);
  if (path === null) {
    throw new UsageError(
      "--store: a backup is restored to sqlite:PATH or to an empty postgres:// database",
    );
  }
  refuseOther(file!);
  const lock = takeStore(settings.store);
  const partial = `${path}.${process.pid}.partial`;
  const aside = `${path}.before-${Date.now().toString(36)}`;
  const hadStore = existsSync(path);
  try {
    await copyWhole(file!, partial);
    for (const ending of ENDINGS) {
      if (existsSync(path + ending)) renameSync(path + ending, aside + ending);
    }
    renameSync(partial, path);
  } finally {
    for (const ending of ENDINGS) rmSync(partial + ending, { force: true });
    lock?.release();
  }
  printLine(`${path} is what ${file} holds${hadStore ? `; what was there is ${aside}` : ""}`);
  return 0;
};

/** A database of SQLite, and what it keeps beside it while it is open. */
const ENDINGS = ["", "-wal", "-shm"] as const;

/** Copies a backup and opens the copy once, so that nothing takes a store's place that is none. */
const copyWhole = async (file: string, partial: string): Promise<void> => {
  try {
    copyFileSync(file, partial);
    chmodSync(partial, 0o600);
    const inventory = await openInventory({ url: `sqlite:${partial}` });
    await inventory.close();
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? "it is no whole backup of nta";
    throw new UsageError(`${file} cannot be restored (${reason}); the store is as it was`);
  }
};

/** PostgreSQL has no file to put aside, so its database must be empty. */
const restoreInto = async (file: string, store: string): Promise<number> => {
  refuseOther(file);
  const { apis = 0 } = await copyStore(`sqlite:${file}`, store);
  printLine(`the database holds what ${file} holds: ${apis} APIs`);
  return 0;
};

const MAGIC = "SQLite format 3\0";

const refuseOther = (file: string): void => {
  if (!existsSync(file)) throw new UsageError(`${file}: there is no such file`);
  const head = Buffer.alloc(MAGIC.length);
  try {
    const descriptor = openSync(file, "r");
    readSync(descriptor, head, 0, head.length, 0);
    closeSync(descriptor);
  } catch (error) {
    throw new UsageError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  if (head.toString("latin1") !== MAGIC) throw new UsageError(`${file} is no backup of nta`);
};
