//! Where traffic differs from a description that was changed in known ways, another tool sees it differ too.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { frameOf } from "../../src/infer/frame.ts";
import { infer } from "../../src/infer/infer.ts";
import type { Api } from "../../src/infer/model.ts";
import { readCaptures } from "../../src/programs/pipeline.ts";
import { compareWithDescription } from "../../src/spec/compare.ts";
import type { Description } from "../../src/spec/description.ts";
import { readDescription } from "../../src/spec/import.ts";
import { defaultPrivacy } from "../../src/telemetry/privacy.ts";
import { defaultSelection } from "../../src/telemetry/selection.ts";
import { Telemetry } from "../../src/telemetry/telemetry.ts";
import { evalFolder, skipWithoutEval } from "../support/evaldata.ts";
import { withFolder } from "../support/nta.ts";
import { Random } from "../support/random.ts";
import { type Doc, makeChanges } from "./changes.ts";
import { redocly } from "./redocly.ts";

const SETS = ["readme-3.0-petstore", "increase.com", "meilisearch"];
const SITES_MAX = 6;
/** Changes after which calls that were right before are not what is described. */
const EDITS = [
  "operation removed",
  "status of success removed",
  "parameter removed",
  "field answered of another type",
  "new required field answered",
];

/** It looks at a response whose status is not described only where there is a `default`. */
const ONLY_OURS = "status of success removed";

/** Requests that failed teach us nothing of parameters, and it looks at those too. */
const succeeded = (har: string): string => {
  const { log } = JSON.parse(har) as { log: { entries: { response: { status: number } }[] } };
  const entries = log.entries.filter(({ response }) => response.status < 400);
  return JSON.stringify({ log: { ...log, entries } });
};

const describe = (document: Doc): Description => readDescription(JSON.stringify(document)).value!;

const hear = async (har: string, description: Description): Promise<Api> => {
  const selection = { ...defaultSelection, statuses: ["xxx"], noise: false };
  const hashKey = Buffer.from("test key");
  const telemetry = new Telemetry({ selection, privacy: defaultPrivacy, hashKey });
  const signal = new AbortController().signal;
  await readCaptures([har], telemetry, { signal, onPiece: () => {} });
  const authorityOf = () => description.authority;
  const { apis } = infer(telemetry.summaries(), { hashOf: () => 0, authorityOf });
  return apis[0]!;
};

/** What is said of each operation, as `GET /pets/{}`, in texts that do not depend on other operations. */
type Remarks = Map<string, Set<string>>;

const remark = (remarks: Remarks, method: string, path: string, text: string): void => {
  const key = `${method} ${frameOf(path)}`;
  remarks.set(key, (remarks.get(key) ?? new Set()).add(text));
};

const ours = (api: Api, document: Doc): Remarks => {
  const description = describe(document);
  const [base] = description.basePaths;
  const remarks: Remarks = new Map();
  for (const { kind, code, method, path, place } of compareWithDescription(api, description))
    if (kind !== "orphan" && !code.startsWith("drift.security"))
      remark(remarks, method, path.slice(base!.length), `${code} ${place}`);
  return remarks;
};

const theirs = (har: string, before: Doc, document: Doc, folder: string): Remarks => {
  const [path, report] = [join(folder, "described.json"), join(folder, "report.json")];
  writeFileSync(path, JSON.stringify(document));
  const words = [
    "drift",
    har,
    "--api",
    path,
    "--match-mode=basepath",
    "--format=json",
    "-o",
    report,
  ];
  redocly(words, folder);
  const { problems } = JSON.parse(readFileSync(report, "utf8")) as {
    problems: {
      ruleId: string;
      message: string;
      method: string;
      path: string;
      details?: { operationPathTemplate?: string };
    }[];
  };
  const [base] = describe(before).basePaths;
  const templates = Object.keys(before["paths"] as Doc);
  const remarks: Remarks = new Map();
  for (const { ruleId, message, method, path: called, details } of problems) {
    if (ruleId === "security-baseline") continue;
    const template =
      details?.operationPathTemplate ??
      templates.find((each) => patternOf(`${base!}${each}`).test(called));
    if (template !== undefined) remark(remarks, method, template, `${ruleId} ${message}`);
  }
  return remarks;
};

/** What paths a template takes, perhaps those of a template too. */
const patternOf = (template: string): RegExp => {
  const texts = frameOf(template).split("{}");
  const escaped = texts.map((text) => text.replaceAll(/[.*+?^$()[\]\\|]/g, "\\$&"));
  return new RegExp(`^${escaped.join("[^/]+")}/?$`);
};

/** Operations of which more is said than before. */
const moreOf = (before: Remarks, after: Remarks): string[] =>
  [...after]
    .filter(([key, texts]) => [...texts].some((text) => !before.get(key)?.has(text)))
    .map(([key]) => key)
    .sort();

const skip = skipWithoutEval("the comparison of drift with another tool's");

for (const [index, set] of SETS.entries()) {
  test(`calls that ${set} no longer describes are told as another tool tells them`, { skip }, () =>
    withFolder(async (folder) => {
      const from = (name: string): string => join(evalFolder()!, "traffic", set, name);
      const before = JSON.parse(readFileSync(from("reference.json"), "utf8")) as Doc;
      const after = structuredClone(before);
      const har = join(folder, "succeeded.har");
      writeFileSync(har, succeeded(readFileSync(from("heldout.har"), "utf8")));
      const api = await hear(har, describe(before));
      const made = makeChanges(after, new Random(index + 1), SITES_MAX, EDITS);
      const own = moreOf(ours(api, before), ours(api, after));
      const other = moreOf(theirs(har, before, before, folder), theirs(har, before, after, folder));
      const whats = new Map(
        made.map(({ what, method, path }) => [`${method} ${frameOf(path)}`, what]),
      );
      const templates = Object.keys(after["paths"] as Doc);
      // Where another template takes calls to what is gone, it takes them for calls of that.
      const isTaken = (path: string): boolean =>
        templates.some((each) => frameOf(each) !== path && patternOf(each).test(path));
      const isKnown = (key: string): boolean =>
        own.includes(key) &&
        (whats.get(key) === ONLY_OURS ||
          (whats.get(key) === "operation removed" && isTaken(key.split(" ")[1]!)));
      const differences = [
        ...own.filter((key) => !other.includes(key)),
        ...other.filter((key) => !own.includes(key)),
      ].filter((key) => !isKnown(key));
      assert.ok(other.length >= 6, "too few of the changes concern what was called");
      assert.deepEqual(
        differences.map((key) => `${whats.get(key) ?? "unchanged"}: ${key}`),
        [],
      );
    }),
  );
}
