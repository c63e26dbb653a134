/** How bodies are written, and what that says of their values. */

import { type BodyKind, type BodySummary, bodyKinds } from "../telemetry/summary.ts";
import { countIn, emptyTally, sumOfTallies } from "../telemetry/tally.ts";
import { compareText } from "./group.ts";

export function mostFrequentKind(bodies: readonly BodySummary[]): BodyKind {
  const kinds = bodies.reduce((sum, body) => sumOfTallies(sum, body.kinds), emptyTally);
  const [first] = bodyKinds
    .map((kind, index) => ({ kind, count: countIn(kinds, index) }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || compareText(a.kind, b.kind));
  return first?.kind ?? "binary";
}

/** Forms, parts and XML write a number like any other text, and a list as a name that comes again. */
export function isTextual(bodies: readonly BodySummary[]): boolean {
  return TEXTUAL.has(mostFrequentKind(bodies));
}

const TEXTUAL: ReadonlySet<BodyKind> = new Set<BodyKind>(["form", "multipart", "xml"]);
