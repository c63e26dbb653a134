import type { Settings } from "../base/config.ts";
import { UsageError } from "../base/errors.ts";
import { type Hints, noHints } from "../infer/hints.ts";
import { readNamedFile } from "../sensor/namedfile.ts";

/** Hints of the file that `--hints` names, and the aliases of `--host-alias`. */
export const readHints = async ({ hints: path, hostAlias }: Settings): Promise<Hints> => {
  const hints = path === "" ? noHints : await readFile(path);
  const merges = hostAlias.map(({ from, to }) => [to, from]);
  return { ...hints, merges: [...hints.merges, ...merges] };
};

const readFile = async (path: string): Promise<Hints> => {
  const { parseHints } = await import("../spec/hints.ts");
  const { value, problems } = parseHints(readNamedFile("--hints", path));
  if (problems.length === 0) return value;
  throw new UsageError(`${path}: ${problems[0]!.replaceAll(/\s+/g, " ")}; see docs/hints.md`);
};
