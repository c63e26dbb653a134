import { accessSync, constants, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { UsageError } from "../base/errors.ts";
import { makeFolders } from "../sensor/folder.ts";

/** Documents are for everybody whom the umask lets read them. */
const FOLDER_MODE = 0o777;

/** Refuses a folder that cannot be written to before any work is done; makes nothing yet. */
export const checkFolder = (folder: string, flag = "-o"): void => {
  let existing = resolve(folder);
  let found = statSync(existing, { throwIfNoEntry: false });
  try {
    while (found === undefined && dirname(existing) !== existing) {
      existing = dirname(existing);
      found = statSync(existing, { throwIfNoEntry: false });
    }
    if (found?.isDirectory() === false) throw Object.assign(new Error(), { code: "ENOTDIR" });
    accessSync(existing, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw cannotWrite(folder, error, flag);
  }
};

export const makeFolder = (folder: string): void => {
  try {
    makeFolders(folder, FOLDER_MODE);
  } catch (error) {
    throw cannotWrite(folder, error);
  }
};

/**
 * Writes `text` beside its place and renames it there: whoever looks sees the old document or the whole new one.
 * Gives the path.
 */
export const writeDocument = (folder: string, name: string, text: string): string => {
  const path = join(folder, name);
  const partial = join(folder, `.${name}.${process.pid}.partial`);
  try {
    writeFileSync(partial, text);
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw cannotWrite(path, error);
  }
  return path;
};

const cannotWrite = (path: string, error: unknown, flag = "-o"): UsageError => {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  return new UsageError(
    `cannot write to ${path}: ${WRITE_ADVICE.get(code) ?? code}. Name another folder with ${flag}.`,
  );
};

const WRITE_ADVICE: ReadonlyMap<string, string> = new Map([
  ["EACCES", "no permission"],
  ["EPERM", "no permission"],
  ["EROFS", "the file system is read-only"],
  ["ENOSPC", "the disk is full"],
  ["EDQUOT", "the disk quota is used up"],
  ["ENOTDIR", "a part of the path is a file, not a folder"],
  ["EEXIST", "a part of the path is a file, not a folder"],
  ["EISDIR", "there is a folder of that name"],
  ["ENAMETOOLONG", "the name is too long"],
  ["ELOOP", "its symbolic links go round in a circle"],
  ["ENOENT", "such a folder cannot be made there"],
]);
