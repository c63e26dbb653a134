import { readFileSync } from "node:fs";
import type { Settings } from "../base/config.ts";
import { UsageError } from "../base/errors.ts";
import { type Hints, noHints } from "../infer/hints.ts";

/** Hints of the file that `--hints` names, and the aliases of `--host-alias`. */
export const readHints = ({ hints: path, hostAlias }: Settings): Hints => {
  const hints = path === "" ? noHints : noHints;
  const merges = hostAlias.map(({ from, to }) => [to, from]);
  return { ...hints, merges: [...hints.merges, ...merges] };
};
