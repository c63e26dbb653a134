import { closeSync, copyFileSync, existsSync, openSync, readSync, renameSync } from "node:fs";
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
  const aside = `${path}.before-${Date.now().toString(36)}`;
  const hadStore = existsSync(path);
  for (const suffix of ["", "-wal", "-shm"]) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  copyFileSync(file!, path);
  const inventory = await openInventory({ url: settings.store });
  await inventory.close();
  lock?.release();
  printLine(`${path} is what ${file} holds${hadStore ? `; what was there is ${aside}` : ""}`);
  return 0;
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
  const descriptor = openSync(file, "r");
  readSync(descriptor, head, 0, head.length, 0);
  closeSync(descriptor);
  if (head.toString("latin1") !== MAGIC) throw new UsageError(`${file} is no backup of nta`);
};
