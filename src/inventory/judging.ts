/** Findings of an API by the rules, and the score that they and other things add up to. */
import { inventoryLimits } from "../base/limits.ts";
import type { ApiView } from "./apiview.ts";
import type { LearnedFinding } from "./lesson.ts";
import { endpointId, findingId } from "./names.ts";
import type { Severity } from "./rows.ts";
import { RULES } from "./rules.ts";
import { SENSITIVITY } from "./sensitive.ts";
import { SEVERITIES } from "./severity.ts";

export function findingsOf(api: string, view: ApiView): LearnedFinding[] {
  const found = RULES.flatMap((rule) =>
    rule.find(view).map(({ view: about, severity, evidence }): LearnedFinding => {
      const method = about?.endpoint.method ?? null;
      const path = about?.endpoint.path.text ?? null;
      const endpoint = method === null || path === null ? null : endpointId(api, method, path);
      return {
        id: findingId(rule.name, api, endpoint),
        rule: rule.name,
        title: rule.title,
        severity: severity ?? rule.severity,
        method,
        path,
        endpoint,
        evidence: evidence.slice(0, inventoryLimits.evidenceLinesMax),
        advice: rule.advice,
      };
    }),
  );
  const heaviest = (a: LearnedFinding, b: LearnedFinding): number =>
    SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity);
  return found.sort(heaviest).slice(0, inventoryLimits.findingsMax);
}

/** What adds to the score where its weight is not changed: at most 10 together. */
export const DEFAULT_WEIGHTS: Readonly<Record<string, number>> = {
  external: 2,
  unauthenticated: 2,
  sensitive: 2,
  "findings-high": 2,
  "findings-medium": 1,
  "findings-low": 0.5,
  undocumented: 0.5,
};

/** Each part is between 0 and 1; several findings weigh more than one, ever less so. */
export function scoreOf(
  view: ApiView,
  findings: readonly LearnedFinding[],
  weights: Readonly<Record<string, number>>,
): number {
  const { endpoints, differences } = view;
  const saturating = (count: number): number => 1 - 0.5 ** count;
  const share = (count: number): number => (endpoints.length === 0 ? 0 : count / endpoints.length);
  const countOf = (severity: Severity): number =>
    findings.filter((each) => each.severity === severity).length;
  const sensitivity = endpoints.flatMap(({ sightings }) =>
    sightings.map(({ kind }) => SENSITIVITY[kind]),
  );
  const parts: Record<string, number> = {
    external: endpoints.some(({ heard }) => heard.externalCalls > 0) ? 1 : 0,
    unauthenticated: share(
      endpoints.filter(({ openCalls, authenticatedCalls }) => openCalls > authenticatedCalls)
        .length,
    ),
    sensitive: Math.max(0, ...sensitivity) / 3,
    "findings-high": saturating(countOf("high")),
    "findings-medium": saturating(countOf("medium")),
    "findings-low": saturating(countOf("low")),
    undocumented: share(differences.filter(({ kind }) => kind === "shadow").length),
  };
  let score = 0;
  for (const [name, part] of Object.entries(parts)) score += part * (weights[name] ?? 0);
  return Math.round(Math.min(10, score) * 10) / 10;
}
