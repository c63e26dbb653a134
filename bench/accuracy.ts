/**
 * Scores the documents that nta writes from the sets of captures in the evaluation folder, beside other tools on
 * the same sets, and keeps the outcome in docs/accuracy.md.
 *
 *   npm run bench:accuracy -- [--only SET,SET] [--no-write] [--quick] [--own]
 *
 * `--quick` leaves out the variants of the captures and the other tools, and so does not write. `--own` scores nta alone and
 * keeps what the page says of the others, whom a change of nta does not change.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { evalFolder } from "../test/support/evaldata.ts";
import { makeSets, VARIANTS, type Variant } from "./accuracysets.ts";

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    "no-write": { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    own: { type: "boolean", default: false },
  },
});

const NTA = fileURLToPath(new URL("../bin/nta.cjs", import.meta.url));
const PEER = fileURLToPath(new URL("accuracypeer.ts", import.meta.url));
const TRUTH = fileURLToPath(new URL("accuracytruth.ts", import.meta.url));
const PAGE = fileURLToPath(new URL("../docs/accuracy.md", import.meta.url));
/** Errors are part of the truth, so all statuses are let in. */
const ALL_STATUSES = "1xx,2xx,3xx,4xx,5xx";

/** Figures of the page: how the scorer calls them, and the heading. */
const FIGURES = [
  { key: "opsF1", heading: "operations F1" },
  { key: "inflation", heading: "inflation" },
  { key: "grouping", heading: "grouping" },
  { key: "queryF1", heading: "query F1" },
  { key: "propsF1", heading: "properties F1" },
  { key: "required", heading: "required" },
  { key: "dict", heading: "maps" },
  { key: "format", heading: "format" },
  { key: "enum", heading: "words" },
  { key: "security", heading: "security" },
  { key: "roundTrip", heading: "round trip" },
  { key: "wrongTypeCaught", heading: "wrong type caught" },
  { key: "overGeneral", heading: "over-general" },
  { key: "headline", heading: "headline" },
] as const;

const PUBLISHED = "the published description";

interface Scores {
  readonly set?: string;
  readonly failed?: string;
  readonly [figure: string]: string | number | null | undefined;
}

const run = async (folder: string): Promise<void> => {
  const scratch = mkdtempSync(join(tmpdir(), "nta-accuracy-"));
  try {
    for (const name of ["score", "lib", "package.json", "package-lock.json"]) {
      cpSync(join(folder, name), join(scratch, name), { recursive: true });
    }
    execute("npm", ["ci", "--silent", "--no-fund", "--no-audit", "--ignore-scripts"], scratch);
    const nta = [process.execPath, NTA, "reconstruct", "{pcap}", "-o", "{out}"];
    const command = [...nta, "--http-status-codes", ALL_STATUSES];
    const runs = new Map<string, readonly Scores[]>();
    for (const [variant, text] of Object.entries(VARIANTS) as [Variant, string][]) {
      if (options.quick && variant !== "whole") continue;
      const sets = join(scratch, variant);
      await makeSets(variant, join(folder, "traffic"), sets);
      runs.set(variant === "whole" ? "**nta**" : `nta, ${text}`, score(scratch, sets, command));
    }
    const others = new Map([[PUBLISHED, [process.execPath, TRUTH, "{pcap}", "{out}"]]]);
    for (const tool of ["har-to-openapi", "redocly generate-spec"])
      others.set(`${tool}, run here`, [process.execPath, PEER, tool, "{pcap}", "{out}"]);
    if (!options.quick && !options.own)
      for (const [name, words] of others)
        runs.set(name, score(scratch, join(scratch, "whole"), words));
    finish(folder, runs);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
};

/** Scores of a command on each of the sets in a folder. */
const score = (scratch: string, sets: string, command: readonly string[]): Scores[] => {
  const json = join(scratch, "scores.json");
  const only = options.only === undefined ? [] : ["--only", options.only];
  execute(
    process.execPath,
    ["score/score-all.mjs", "--sets", sets, ...only, "--json", json, "--", ...command],
    scratch,
  );
  return (JSON.parse(readFileSync(json, "utf8")) as { sets: Scores[] }).sets;
};

const finish = (folder: string, runs: ReadonlyMap<string, readonly Scores[]>): void => {
  const [sets = []] = runs.values();
  const page = render(runs, readBaselines(join(folder, "baselines.tsv"), sets));
  console.log(page);
  const failed = sets.filter((each) => each.failed !== undefined);
  for (const { set } of failed) console.error(`!! ${set} failed; docs/accuracy.md stays as it is.`);
  if (failed.length > 0) process.exitCode = 1;
  else if (!options.quick && !options["no-write"] && options.only === undefined)
    writeFileSync(PAGE, page);
};

const execute = (program: string, words: readonly string[], folder: string): void => {
  const { status } = spawnSync(program, words, {
    cwd: folder,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status !== 0) throw new Error(`${program} ${words.join(" ")} ended with ${status}`);
};

/** Means of each other tool over the sets that were scored here, as far as its table goes. */
const readBaselines = (file: string, sets: readonly Scores[]): Map<string, Scores> => {
  const [header, ...lines] = readFileSync(file, "utf8").trim().split("\n");
  const names = header!.split("\t");
  const scored = new Set(sets.map(({ set }) => set));
  const rows = lines
    .map((line) => new Map(line.split("\t").map((cell, index) => [names[index]!, cell])))
    .filter((row) => scored.has(row.get("set")));
  const tools = [...new Set(rows.map((row) => row.get("tool")!))];
  return new Map(
    tools.map((tool) => {
      const own = rows.filter((row) => row.get("tool") === tool);
      const average = (figure: (row: Map<string, string>) => number): number | null => {
        const values = own.map(figure).filter(Number.isFinite);
        return values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;
      };
      const scores = {
        opsF1: average((row) => Number(row.get("ops_f1"))),
        inflation: average((row) => Number(row.get("found_ops")) / Number(row.get("truth_ops"))),
        grouping: average((row) => Number(row.get("grouping"))),
      };
      return [tool, scores];
    }),
  );
};

const isReal = ({ set }: Scores): boolean => set?.startsWith("real-") ?? false;

/** Means over the sets; a set that failed counts 0, as in the scorer. `inflation` is the median. */
const meanOf = (sets: readonly Scores[]): Scores =>
  Object.fromEntries(
    FIGURES.map(({ key }) => {
      const values = sets.flatMap((set) => {
        const value = set.failed === undefined ? set[key] : key === "inflation" ? null : 0;
        return typeof value === "number" ? [value] : [];
      });
      if (values.length === 0) return [key, null];
      const sorted = [...values].sort((a, b) => a - b);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return [key, key === "inflation" ? sorted[sorted.length >> 1]! : mean];
    }),
  );

const cells = (scores: Scores): string[] =>
  FIGURES.map(({ key }) => (typeof scores[key] === "number" ? scores[key].toFixed(3) : "–"));

/** Of a table of the page as it is, the rows of those that are not scored now. */
const keptRows = (first: string): string[][] => {
  if (!options.own) return [];
  const [, text = ""] = readFileSync(PAGE, "utf8").split(`\n| ${first} |`);
  const [rows = ""] = text.split("\n\n");
  return rows
    .split("\n")
    .map((row) =>
      row
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .filter(([name = ""]) => name === PUBLISHED || name.endsWith(", run here"));
};

/** Seconds that another tool had for a set. */
const peerSeconds = (): string => {
  const kept = /do not finish in (\d+) s/.exec(options.own ? readFileSync(PAGE, "utf8") : "");
  return kept?.[1] ?? "280";
};

const table = (first: string, rows: readonly (readonly string[])[]): string => {
  const heading = FIGURES.map((figure) => figure.heading);
  return [[first, ...heading], ["---", ...heading.map(() => "---:")], ...rows]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
};

const render = (
  runs: ReadonlyMap<string, readonly Scores[]>,
  published: ReadonlyMap<string, Scores>,
): string => {
  const [sets = []] = runs.values();
  const valid = sets.filter((set) => set["valid"] === "yes").length;
  const means = (first: string, keep: (set: Scores) => boolean): string[][] => [
    ...[...runs].map(([name, rows]) => [name, ...cells(meanOf(rows.filter(keep)))]),
    ...keptRows(first),
  ];
  const generated = "generated from published descriptions";
  const recorded = "recorded from real servers";
  const older = [...published].map(([tool, scores]) => [`${tool}, as published`, ...cells(scores)]);
  return `# Accuracy

Captures whose real content is known, the documents that \`nta reconstruct\` writes from them with all statuses let
in, and a scorer that knows nothing of nta. \`npm run bench:accuracy\` writes this page. ${valid} of ${sets.length} documents are
valid OpenAPI.

*headline* is round trip x wrong type caught x (1 - over-general): a document that accepts everything gets 0. *inflation*
is the median of found by true operations, all else are means. The other tools get the same exchanges as HAR; a set that they do not finish in ${peerSeconds()} s counts 0.
*${PUBLISHED}* is that of the server's authors, cut to the operations that were exercised: what its paths are
over-general by, no description with the right paths can be less. Rows "as published" stand in the evaluation folder.

What traffic cannot tell:

- *security* of real servers is one set, etcd, whose description declares a key that no call ever bore.
- *maps* of real servers is one set, Prometheus, in which one server watched itself: the label sets under \`metric\` had the
  same names in all objects, as records have. Fields called \`labels\` and \`annotations\` are maps by their name.
- *properties* and *required* of a published description are scored against what traffic showed, so what is declared
  and never sent counts against it; \`nta\` cannot say it at all.
- *words*: the generator draws the strings of undeclared fields called \`status\`, \`state\`, \`type\` and \`kind\` from five words. Over
  all traffic they are an enumeration, and \`nta\` says so; the scorer counts them as false. Others are false in less than 0.1 % of the fields.

[What makes a field required, nullable, an enumeration or a map](decisions/0016-evidence-of-fields.md) was measured on 41 more
sets, made from other descriptions.

${table(
  generated,
  means(generated, (set) => !isReal(set)),
)}

${table(recorded, means(recorded, isReal))}

${table("all", [...means("all", () => true), ...older])}

${table(
  "set",
  sets.map((set) => [
    set.set ?? "",
    ...(set.failed === undefined ? cells(set) : FIGURES.map(() => "failed")),
  ]),
)}
`;
};

const folder = evalFolder();
if (folder === null || !existsSync(join(folder, "traffic"))) {
  console.error("!! accuracy DID NOT RUN: no evaluation data; set NTA_EVAL_DIR.");
  process.exitCode = 1;
} else await run(folder);
