//! Captures from public projects against an independent dissector's table. Every difference is in known.md with
//! its reason; a line there that is no longer true is an error as well.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Comparison, compare, readTable, type TableRow } from "./support/dissector.ts";
import { skipWithoutEval } from "./support/evaldata.ts";

const skip = skipWithoutEval("the comparison with a dissector's table");

/** Files of level `core` that agree, and exchanges of the others that were found, at least. */
const CORE_FILES_MIN = 0.99;
const EXCHANGES_MIN = 0.97;

interface Known {
  readonly missing: number;
  readonly extra: number;
  /** Whether nta is right; else something is missing in it. */
  readonly isOurs: boolean;
}

/** Lines such as "| `folder/file.pcap` | 1 | 1 | ours | why |". */
const readKnown = (): Map<string, Known> => {
  const text = readFileSync(new URL("differential/known.md", import.meta.url), "utf8");
  const rows = text.matchAll(/^\| `([^`]+)` \| (\d+) \| (\d+) \| (ours|theirs|open) \| \S.* \|$/gm);
  return new Map(
    [...rows].map(([, file, missing, extra, verdict]) => [
      file!,
      { missing: Number(missing), extra: Number(extra), isOurs: verdict === "ours" },
    ]),
  );
};

test("exchanges agree with the table", { skip }, async (context) => {
  const known = readKnown();
  const table = readTable();
  assert.ok(table.length >= 388);
  const results: { row: TableRow; comparison: Comparison }[] = [];
  for (const row of table) results.push({ row, comparison: await compare(row) });
  const unexplained = results
    .filter(({ row, comparison: { missing, extra } }) => {
      const { missing: knownMissing = 0, extra: knownExtra = 0 } = known.get(row.file) ?? {};
      return missing.length !== knownMissing || extra.length !== knownExtra;
    })
    .map(({ row, comparison: { missing, extra } }) => ({
      file: row.file,
      traits: row.traits.join(" "),
      missing: `${missing.length}: ${missing.slice(0, 5).join(", ")}`,
      extra: `${extra.length}: ${extra.slice(0, 5).join(", ")}`,
    }));
  for (const level of ["core", "hard", "other"]) {
    const own = results.filter(({ row }) => row.level === level);
    const agreeing = own.filter(({ comparison: c }) => c.missing.length + c.extra.length === 0);
    const sum = (figure: (each: (typeof own)[number]) => number): number =>
      own.reduce((total, each) => total + figure(each), 0);
    const expected = sum(({ comparison }) => comparison.expected);
    const found = sum(({ comparison }) => comparison.found);
    const partial = sum(({ comparison }) => comparison.partial);
    const ours = sum(({ row, comparison }) =>
      known.get(row.file)?.isOurs === true ? comparison.missing.length : 0,
    );
    const extra = sum(({ comparison }) => comparison.extra.length);
    context.diagnostic(
      `${level}: ${agreeing.length} of ${own.length} files agree; of ${expected} exchanges ${found} are the same, ` +
        `${partial} with a response that was captured in part, ${ours} differ and ours is right; ${extra} are not in the table`,
    );
    if (level === "core") assert.ok(agreeing.length / own.length >= CORE_FILES_MIN, level);
    assert.ok((found + partial + ours) / expected >= EXCHANGES_MIN, level);
  }
  assert.deepEqual(unexplained, []);
  const stale = [...known.keys()].filter((file) => !table.some((row) => row.file === file));
  assert.deepEqual(stale, [], "listed in known.md, but not in the table");
});
