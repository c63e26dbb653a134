import { telemetryLimits } from "../base/limits.ts";
import type { ApiSummary } from "./summary.ts";

/** Counts `times` more of `key`; where there are too many keys, the half that is heard least goes. */
export function countBounded(
  counts: Map<string, number>,
  key: string,
  times: number,
  max: number,
): void {
  const count = counts.get(key);
  if (count === undefined && counts.size >= max) forgetHalf(counts);
  counts.set(key, (count ?? 0) + times);
}

/** Those heard least go, of equals the earlier ones. Where many come once, this is often: so nothing is sorted. */
function forgetHalf(counts: Map<string, number>): void {
  let left = counts.size >> 1;
  for (let floor = 0; left > 0; ) {
    let least = Number.POSITIVE_INFINITY;
    for (const count of counts.values()) if (count > floor && count < least) least = count;
    for (const [key, count] of counts) {
      if (count !== least) continue;
      counts.delete(key);
      left -= 1;
      if (left === 0) return;
    }
    floor = least;
  }
}

/** Where there are too many APIs, those that are heard most stay. */
export function forgetLeastHeard(summaries: Map<string, ApiSummary>): void {
  if (summaries.size <= telemetryLimits.apisMax) return;
  const order = [...summaries].map(([text, summary]) => ({ text, calls: callsOf(summary.root) }));
  order.sort((a, b) => b.calls - a.calls);
  for (const { text } of order.slice(telemetryLimits.apisMax)) summaries.delete(text);
}

function callsOf(node: ApiSummary["root"]): number {
  let calls = 0;
  for (const operation of node.operations.values()) calls += operation.calls;
  for (const child of node.children.values()) calls += callsOf(child);
  return calls;
}
