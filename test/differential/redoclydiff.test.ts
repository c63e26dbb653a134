//! Changes that are known are told, and judged to break callers or not, as another tool tells and judges them.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { diffDescriptions } from "../../src/spec/diff.ts";
import { readDescription } from "../../src/spec/import.ts";
import { evalFolder, skipWithoutEval } from "../support/evaldata.ts";
import { withFolder } from "../support/nta.ts";
import { Random } from "../support/random.ts";
import { type Doc, EDITS, makeChanges } from "./changes.ts";
import { redocly } from "./redocly.ts";

const SETS = ["readme-3.0-petstore", "hcloud", "gitea.io", "meilisearch", "increase.com"];
const SITES_MAX = 3;

/** Where we judge otherwise: who handles a failure that no longer comes is not broken by that. */
const KNOWN: ReadonlyMap<string, string> = new Map([
  ["status of failure removed", "harmless, breaking"],
]);

type Verdict = "nothing" | "harmless" | "breaking";

/** By operation, as `GET /pets`; changes of a whole path count for each of its operations. */
type Verdicts = Map<string, Verdict>;

const worse = (verdicts: Verdicts, key: string, verdict: Verdict): void => {
  if (verdicts.get(key) !== "breaking") verdicts.set(key, verdict);
};

const ours = (before: Doc, after: Doc): Verdicts => {
  const [from, to] = [before, after].map((each) => readDescription(JSON.stringify(each)).value!);
  const verdicts: Verdicts = new Map();
  for (const { method, path, isBreaking } of diffDescriptions(from!, to!))
    worse(verdicts, `${method} ${path}`, isBreaking ? "breaking" : "harmless");
  return verdicts;
};

const theirs = (before: Doc, after: Doc, folder: string): Verdicts => {
  const [from, to] = [join(folder, "before.json"), join(folder, "after.json")] as const;
  writeFileSync(from, JSON.stringify(before));
  writeFileSync(to, JSON.stringify(after));
  const report = join(folder, "report.json");
  const words = ["diff", from, to, "--format=json", "--fail-on=none", "-o", report];
  const { status, stderr } = redocly(words, folder);
  assert.equal(status, 0, stderr);
  const { changes } = JSON.parse(readFileSync(report, "utf8")) as {
    changes: { path: string; impact: string }[];
  };
  const verdicts: Verdicts = new Map();
  for (const { path: pointer, impact } of changes) {
    const [, paths, path, method] = pointer.split("/");
    if (paths !== "paths" || method === undefined) continue;
    const name = path!.replaceAll("~1", "/").replaceAll("~0", "~");
    worse(
      verdicts,
      `${method.toUpperCase()} ${name}`,
      impact === "major" ? "breaking" : "harmless",
    );
  }
  return verdicts;
};

const skip = skipWithoutEval("the comparison of changes with another tool's");
const tried = new Set<string>();

for (const [index, set] of SETS.entries()) {
  test(`known changes to ${set} are judged as another tool judges them`, { skip }, () =>
    withFolder((folder) => {
      const path = join(evalFolder()!, "traffic", set, "reference.json");
      const before = JSON.parse(readFileSync(path, "utf8")) as Doc;
      const after = structuredClone(before);
      const made = makeChanges(after, new Random(index + 1), SITES_MAX);
      const [own, other] = [ours(before, after), theirs(before, after, folder)];
      const differences = made.flatMap(({ what, method, path: place }) => {
        const key = `${method} ${place}`;
        const verdicts = `${own.get(key) ?? "nothing"}, ${other.get(key) ?? "nothing"}`;
        tried.add(what);
        const isKnown = KNOWN.get(what) === verdicts;
        return isKnown || /^(harmless|breaking), \1$/.test(verdicts)
          ? []
          : [`${what}: ${verdicts} (${key})`];
      });
      assert.deepEqual(differences, []);
      const changed = new Set(made.map(({ method, path: place }) => `${method} ${place}`));
      assert.deepEqual(
        [...own.keys()].filter((key) => !changed.has(key)),
        [],
      );
    }),
  );
}

test("each kind of change was made somewhere", { skip }, () =>
  assert.deepEqual([...tried].sort(), Object.keys(EDITS).sort()),
);
