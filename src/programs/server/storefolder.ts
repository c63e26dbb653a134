import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { UsageError } from "../../base/errors.ts";

/** Makes the folder of a SQLite file, for nobody else to read: it tells what is spoken on the network. */
export const makeStoreFolder = (store: string): void => {
  const path = /^sqlite:(?!:memory:)(.+)$/.exec(store)?.[1];
  if (path === undefined) return;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `--store: the folder of ${path} cannot be made (${code}); name another place`,
    );
  }
};
