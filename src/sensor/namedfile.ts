import { readFileSync } from "node:fs";
import { UsageError } from "../base/errors.ts";

/** The text of a file that an operator named. @throws UsageError where it cannot be read; `named` says where it was named. */
export function readNamedFile(named: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = REASONS.get(code ?? "") ?? code ?? message;
    throw new UsageError(`${named}: ${path} cannot be read: ${reason}`);
  }
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "there is no such file"],
  ["ENOTDIR", "a part of the path is a file, not a folder"],
  ["EACCES", "no permission"],
  ["EPERM", "no permission"],
  ["EISDIR", "it is a folder"],
  ["ERR_STRING_TOO_LONG", "it is too large"],
  ["ERR_FS_FILE_TOO_LARGE", "it is too large"],
]);
