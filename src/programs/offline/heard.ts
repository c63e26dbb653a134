import type { CaptureResult } from "../../capture/reader.ts";
import { apiKeyText, mergeSummaries } from "../../telemetry/merge.ts";
import type { ApiSummary } from "../../telemetry/summary.ts";
import { type Counts, sumCounts } from "../counts.ts";

/** What a job heard in its captures: plain values, so that threads can hand it over. */
export interface Heard {
  readonly summaries: readonly ApiSummary[];
  /** Exchanges by what became of them (`REASONS`). */
  readonly exchanges: Counts;
  /** Packets by what they were. */
  readonly packets: Counts;
  /** Connections by what was spoken on them. */
  readonly flows: Counts;
  /** Connections by the port of the end that was called. */
  readonly ports: ReadonlyMap<number, number>;
  /** TLS connections by the name that the client asked for. */
  readonly serverNames: Counts;
  readonly captures: readonly CaptureResult[];
  readonly warnings: readonly string[];
}

/** Two shares of one job: each met all packets, but only the connections that fell to it. */
export const joinShares = (first: Heard, other: Heard): Heard => ({
  summaries: joinSummaries(first.summaries, other.summaries),
  exchanges: sumCounts(first.exchanges, other.exchanges),
  packets: first.packets,
  flows: sumCounts(first.flows, other.flows),
  ports: sumCounts(first.ports, other.ports),
  serverNames: sumCounts(first.serverNames, other.serverNames),
  captures: first.captures,
  warnings: [...new Set([...first.warnings, ...other.warnings])],
});

const joinSummaries = (
  first: readonly ApiSummary[],
  other: readonly ApiSummary[],
): readonly ApiSummary[] => {
  const joined = new Map(first.map((summary) => [apiKeyText(summary.key), summary]));
  for (const summary of other) {
    const text = apiKeyText(summary.key);
    const known = joined.get(text);
    joined.set(text, known === undefined ? summary : mergeSummaries(known, summary));
  }
  return [...joined.values()];
};
