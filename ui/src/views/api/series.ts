/** Figures of endpoints over time, and of folders what their endpoints have together. */
import type { EndpointSeries } from "../../../../src/server/contract.ts";

export type Series = Omit<EndpointSeries["endpoints"][number], "id">;
export type SeriesById = ReadonlyMap<string, Series>;

export const byId = (series: EndpointSeries | undefined): SeriesById =>
  new Map(series?.endpoints.map((each) => [each.id, each]));

/** Latencies do not add up, so those of a sum are left out. */
export const addSeries = (into: Series | null, more: Series | undefined): Series | null => {
  if (more === undefined) return into;
  if (into === null) return { calls: [...more.calls], errors: [...more.errors], p95Ms: [] };
  more.calls.forEach((calls, index) => {
    into.calls[index]! += calls;
    into.errors[index]! += more.errors[index]!;
  });
  return into;
};

/** Of each bucket the share of calls that failed. */
export const errorShares = ({ calls, errors }: Series): number[] =>
  errors.map((failed, index) => (failed === 0 ? 0 : failed / calls[index]!));
