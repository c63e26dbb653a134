/** What was seen beside what is described: endpoints that nobody described, or that nobody calls, and where both differ. */

import { specLimits } from "../base/limits.ts";
import { frameOf } from "../infer/frame.ts";
import { compareText } from "../infer/group.ts";
import type { Api, Endpoint, Evidence } from "../infer/model.ts";
import type { DescribedOperation, Description } from "./description.ts";
import { driftOf } from "./drift.ts";
import { about, type Finding } from "./finding.ts";
import { ProblemList } from "./problems.ts";
import { schemaJson } from "./schema.ts";
import { SchemaReader } from "./schemaview.ts";

export interface CompareOptions {
  /** An operation that was last seen before this time is an orphan; without it one that was never seen is. */
  readonly orphanBeforeMs?: number;
}

/** Compares one API with a description of it. Findings are sorted by path, method, code and place. */
export function compareWithDescription(
  api: Api,
  description: Description,
  { orphanBeforeMs = Number.NEGATIVE_INFINITY }: CompareOptions = {},
): Finding[] {
  const router = new Router(description, api);
  const schemas = componentReader(api);
  const lastSeen = new Map<DescribedOperation, Evidence>();
  const findings: Finding[] = [];
  for (const endpoint of api.endpoints) {
    const match = router.find(endpoint);
    if (match.operation === null) {
      const shadow = shadowOf(endpoint, match.isPathKnown);
      if (shadow !== null) findings.push(shadow);
      continue;
    }
    const { evidence } = endpoint.operation;
    const known = lastSeen.get(match.operation);
    if (known === undefined || (known.lastMs ?? 0) < (evidence.lastMs ?? 0))
      lastSeen.set(match.operation, evidence);
    if (match.operation.isDeprecated)
      findings.push(
        about(
          endpoint,
          "zombie.operation",
          "",
          "it is marked deprecated and still called",
          evidence,
        ),
      );
    findings.push(...driftOf({ api, endpoint, described: match.operation, description, schemas }));
  }
  for (const operation of description.operations) {
    const seen = lastSeen.get(operation) ?? null;
    if (seen === null || (seen.lastMs ?? 0) < orphanBeforeMs)
      findings.push(orphanOf(operation, router.base, seen));
  }
  return findings.sort(compareFindings).slice(0, specLimits.differencesMax);
}

function shadowOf(endpoint: Endpoint, isPathKnown: boolean): Finding | null {
  const { method, operation } = endpoint;
  // Servers answer these by themselves for what is described.
  if (isPathKnown && (method === "HEAD" || method === "OPTIONS")) return null;
  const code = isPathKnown ? "shadow.method" : "shadow.path";
  const text = isPathKnown
    ? "the path is described without this method"
    : "no described path leads here";
  return about(endpoint, code, "", text, operation.evidence);
}

function orphanOf(operation: DescribedOperation, base: string, seen: Evidence | null): Finding {
  return {
    code: "orphan.operation",
    kind: "orphan",
    method: operation.method,
    path: `${base}${operation.path}`,
    place: "",
    text: seen === null ? "it is described and was never seen" : "it has not been seen for long",
    count: seen?.count ?? 0,
    firstMs: seen?.firstMs ?? null,
    lastMs: seen?.lastMs ?? null,
  };
}

function compareFindings(a: Finding, b: Finding): number {
  return (
    compareText(a.path, b.path) ||
    compareText(a.method, b.method) ||
    compareText(a.code, b.code) ||
    compareText(a.place, b.place)
  );
}

/** Schemas of the API as a document has them, so that one reader looks at both sides. */
function componentReader(api: Api): SchemaReader {
  const schemas = Object.fromEntries(
    [...api.components].map(([name, schema]) => [
      name,
      schemaJson(schema, { openapi: "3.1.0", evidence: true }),
    ]),
  );
  return new SchemaReader({ components: { schemas } }, new ProblemList(0));
}

/** Finds the described operation of an endpoint: the one with most words in common, as servers route. */
class Router {
  /** The base path under which most endpoints are found: gateways may cut it off. */
  readonly base: string;
  readonly #byLength = new Map<
    number,
    { readonly frames: readonly string[]; readonly operation: DescribedOperation }[]
  >();

  constructor(description: Description, api: Api) {
    for (const operation of description.operations) {
      const frames = framesOf(operation.path);
      const list = this.#byLength.get(frames.length) ?? [];
      this.#byLength.set(frames.length, list);
      list.push({ frames, operation });
    }
    const bases = [...new Set([...description.basePaths, ""])];
    const found = bases.map(
      (base) => api.endpoints.filter((each) => this.#route(each, base).isPathKnown).length,
    );
    this.base = bases[found.indexOf(Math.max(...found))]!;
  }

  find(endpoint: Endpoint): { operation: DescribedOperation | null; isPathKnown: boolean } {
    return this.#route(endpoint, this.base);
  }

  #route(
    { method, path }: Endpoint,
    base: string,
  ): { operation: DescribedOperation | null; isPathKnown: boolean } {
    if (base !== "" && path.text !== base && !path.text.startsWith(`${base}/`))
      return { operation: null, isPathKnown: false };
    const frames = framesOf(path.text.slice(base.length));
    let best: DescribedOperation | null = null;
    let bestWords = -1;
    let isPathKnown = false;
    for (const candidate of this.#byLength.get(frames.length) ?? []) {
      const words = wordsInCommon(candidate.frames, frames);
      if (words < 0) continue;
      isPathKnown = true;
      if (candidate.operation.method !== method || words <= bestWords) continue;
      best = candidate.operation;
      bestWords = words;
    }
    return { operation: best, isPathKnown };
  }
}

function framesOf(path: string): string[] {
  return frameOf(path === "" ? "/" : path).split("/");
}

/** How many words agree where the described frames take all that the seen ones take; -1 where they do not. */
function wordsInCommon(described: readonly string[], seen: readonly string[]): number {
  let words = 0;
  for (const [index, frame] of described.entries()) {
    const own = seen[index]!;
    if (frame === own) words += frame.includes("{}") ? 0.5 : 1;
    else if (!takes(frame, own)) return -1;
  }
  return words;
}

/** Whether a frame such as `{}` or `report-{}.pdf` takes what another stands for. */
function takes(frame: string, text: string): boolean {
  if (!frame.includes("{}") || text === "") return false;
  const first = frame.slice(0, frame.indexOf("{}"));
  const last = frame.slice(frame.lastIndexOf("{}") + 2);
  return text.startsWith(first) && text.endsWith(last) && text.length > first.length + last.length;
}
