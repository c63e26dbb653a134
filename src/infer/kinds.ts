/** How bodies are written, and what that says of their values. */

import type { BodyKind, BodySummary } from "../telemetry/summary.ts";
import { compareText } from "./group.ts";

export function mostFrequentKind(bodies: readonly BodySummary[]): BodyKind {
  const counts = new Map<BodyKind, number>();
  for (const { kinds } of bodies)
    for (const [kind, count] of kinds) counts.set(kind, (counts.get(kind) ?? 0) + count);
  const [first] = [...counts].sort(([a, m], [b, n]) => n - m || compareText(a, b));
  return first?.[0] ?? "binary";
}

/** Forms, parts and XML write a number like any other text, and a list as a name that comes again. */
export function isTextual(bodies: readonly BodySummary[]): boolean {
  return TEXTUAL.has(mostFrequentKind(bodies));
}

const TEXTUAL: ReadonlySet<BodyKind> = new Set<BodyKind>(["form", "multipart", "xml"]);
