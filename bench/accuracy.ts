/**
 * Scores the documents that nta writes from the sets of captures in the evaluation folder, beside other tools on
 * the same sets, and keeps the outcome in docs/accuracy.md.
 *
 *   npm run bench:accuracy -- [--only SET,SET] [--no-write]
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { evalFolder } from "../test/support/evaldata.ts";

const { values: options } = parseArgs({
  options: { only: { type: "string" }, "no-write": { type: "boolean", default: false } },
});

const NTA = fileURLToPath(new URL("../bin/nta.cjs", import.meta.url));
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
  { key: "roundTrip", heading: "round trip" },
  { key: "wrongTypeCaught", heading: "wrong type caught" },
  { key: "overGeneral", heading: "over-general" },
  { key: "headline", heading: "headline" },
] as const;

interface Scores {
  readonly set?: string;
  readonly failed?: string;
  readonly [figure: string]: string | number | null | undefined;
}

const run = (folder: string): void => {
  const scratch = mkdtempSync(join(tmpdir(), "nta-accuracy-"));
  try {
    for (const name of ["score", "lib", "package.json", "package-lock.json"]) {
      cpSync(join(folder, name), join(scratch, name), { recursive: true });
    }
    symlinkSync(join(folder, "traffic"), join(scratch, "traffic"));
    execute("npm", ["ci", "--silent", "--no-fund", "--no-audit"], scratch);
    const json = join(scratch, "scores.json");
    const only = options.only === undefined ? [] : ["--only", options.only];
    execute(
      process.execPath,
      [
        ...["score/score-all.mjs", "--sets", "traffic", ...only, "--json", json, "--"],
        ...[process.execPath, NTA, "reconstruct", "{pcap}", "-o", "{out}"],
        ...["--http-status-codes", ALL_STATUSES],
      ],
      scratch,
    );
    const { mean, sets } = JSON.parse(readFileSync(json, "utf8")) as {
      mean: Scores;
      sets: Scores[];
    };
    const others = readBaselines(join(folder, "baselines.tsv"), sets);
    const page = render(mean, sets, others);
    console.log(page);
    const failed = sets.filter(({ failed }) => failed !== undefined);
    for (const { set } of failed)
      console.error(`!! ${set} failed; docs/accuracy.md stays as it is.`);
    if (failed.length > 0) process.exitCode = 1;
    else if (!options["no-write"] && options.only === undefined) writeFileSync(PAGE, page);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
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

const render = (
  mean: Scores,
  sets: readonly Scores[],
  others: ReadonlyMap<string, Scores>,
): string => {
  const heading = FIGURES.map((figure) => figure.heading);
  const cells = (scores: Scores): string[] =>
    FIGURES.map(({ key }) => (typeof scores[key] === "number" ? scores[key].toFixed(3) : "–"));
  const table = (first: string, rows: readonly (readonly string[])[]): string =>
    [[first, ...heading], ["---", ...heading.map(() => "---:")], ...rows]
      .map((row) => `| ${row.join(" | ")} |`)
      .join("\n");
  const tools = [...others].map(([tool, scores]) => [tool, ...cells(scores)]);
  return `# Accuracy

Captures whose real content is known, the documents that \`nta reconstruct\` writes from them with all statuses let
in, and a scorer that knows nothing of nta. \`npm run bench:accuracy\` writes this page.

*headline* is round trip x wrong type caught x (1 - over-general): a document that accepts everything gets 0.
\`reference-description\` is what the published description itself scores when cut to what was exercised.

${table("mean over the sets", [["**nta**", ...cells(mean)], ...tools])}

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
} else run(folder);
