/** Figures of calls in one span of time: counts that add up, and durations as a sketch. */
import {
  emptyLatency,
  type LatencySketch,
  latencyQuantile,
  mergeLatency,
} from "../telemetry/latency.ts";
import type { OperationSummary } from "../telemetry/summary.ts";
import { withCount } from "../telemetry/tally.ts";
import type { TrafficBucket } from "./trafficrows.ts";

export interface Figures {
  readonly statusClasses: number[];
  requestBytes: number;
  responseBytes: number;
  readonly latency: LatencySketch;
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

const emptyFigures = (): Figures => ({
  statusClasses: [0, 0, 0, 0, 0],
  requestBytes: 0,
  responseBytes: 0,
  latency: emptyLatency(),
});

export function addFigures(into: Figures, from: Figures): void {
  for (let index = 0; index < 5; index += 1) {
    into.statusClasses[index]! += from.statusClasses[index]!;
  }
  into.requestBytes += from.requestBytes;
  into.responseBytes += from.responseBytes;
  mergeLatency(into.latency, from.latency);
}

export const callsOf = ({ statusClasses }: Figures): number =>
  statusClasses.reduce((sum, count) => sum + count, 0);

export const errorsOf = ({ statusClasses }: Figures): number =>
  statusClasses[3]! + statusClasses[4]!;

/** Figures by operation (`GET`, `POST graphql:…`); for what is no node by `*`. */
export class FigureSet {
  readonly byOperation = new Map<string, Figures>();

  add(operation: string, figures: Figures): void {
    const known = this.byOperation.get(operation) ?? emptyFigures();
    this.byOperation.set(operation, known);
    addFigures(known, figures);
  }

  addAll(other: FigureSet): void {
    for (const [operation, figures] of other.byOperation) this.add(operation, figures);
  }

  get calls(): number {
    return this.#sum(callsOf);
  }

  get errors(): number {
    return this.#sum(errorsOf);
  }

  #sum(read: (figures: Figures) => number): number {
    let sum = 0;
    for (const figures of this.byOperation.values()) sum += read(figures);
    return sum;
  }

  /** `[operation, [1xx … 5xx, request bytes, response bytes, latency bucket, count, …], …]` */
  write(): string {
    const parts: unknown[] = [];
    for (const [operation, figures] of this.byOperation) {
      const { statusClasses, requestBytes, responseBytes, latency } = figures;
      parts.push(operation, [...statusClasses, requestBytes, responseBytes, ...latency.buckets]);
    }
    return JSON.stringify(parts);
  }

  static read(text: string): FigureSet {
    const set = new FigureSet();
    const parts = JSON.parse(text) as (string | number[])[];
    for (let at = 0; at + 1 < parts.length; at += 2) {
      const numbers = parts[at + 1] as number[];
      const latency = emptyLatency();
      for (let index = 7; index + 1 < numbers.length; index += 2) {
        latency.buckets = withCount(latency.buckets, numbers[index]!, numbers[index + 1]!);
        latency.count += numbers[index + 1]!;
      }
      set.byOperation.set(parts[at] as string, {
        statusClasses: numbers.slice(0, 5),
        requestBytes: numbers[5]!,
        responseBytes: numbers[6]!,
        latency,
      });
    }
    return set;
  }
}

/**
 * The operation's figures by the hour. A delta is mostly of one hour; where it is of several, as after an outage, calls and
 * errors by time are all that is known, so the rest is shared out in their proportion, with what is left in the last.
 */
export function figuresByHour(operation: OperationSummary): Map<number, Figures> {
  const hours = new Map<number, { calls: number; errors: number }>();
  const { widthMs, buckets } = operation.buckets;
  for (const [index, { calls, errors }] of buckets) {
    const startMs = Math.floor((index * widthMs) / HOUR_MS) * HOUR_MS;
    const known = hours.get(startMs) ?? { calls: 0, errors: 0 };
    hours.set(startMs, { calls: known.calls + calls, errors: known.errors + errors });
  }
  if (hours.size === 0) {
    hours.set(Math.floor(operation.lastMs / HOUR_MS) * HOUR_MS, { calls: 0, errors: 0 });
  }
  const left: Figures = {
    statusClasses: [...operation.statusClasses],
    requestBytes: operation.requestBytes,
    responseBytes: operation.responseBytes,
    latency: { count: operation.latency.count, buckets: operation.latency.buckets.slice() },
  };
  const sorted = [...hours].sort(([a], [b]) => a - b);
  const result = new Map<number, Figures>();
  for (const [startMs, hour] of sorted.slice(0, -1)) result.set(startMs, takeHour(left, hour));
  result.set(sorted.at(-1)![0], left);
  return result;
}

/** Moves what belongs to an hour of so many calls out of `from`. */
function takeHour(from: Figures, { calls, errors }: { calls: number; errors: number }): Figures {
  const [, , , failed, broken] = from.statusClasses as [number, number, number, number, number];
  const allErrors = failed + broken;
  const all = from.statusClasses.reduce((sum, count) => sum + count, 0);
  const shareOf = (part: number, whole: number): number =>
    whole <= 0 ? 0 : Math.min(1, part / whole);
  const errorShare = shareOf(errors, allErrors);
  const okShare = shareOf(calls - errors, all - allErrors);
  const share = shareOf(calls, all);
  const part = emptyFigures();
  from.statusClasses.forEach((count, index) => {
    const taken = Math.round(count * (index >= 3 ? errorShare : okShare));
    part.statusClasses[index] = taken;
    from.statusClasses[index] = count - taken;
  });
  part.requestBytes = Math.round(from.requestBytes * share);
  from.requestBytes -= part.requestBytes;
  part.responseBytes = Math.round(from.responseBytes * share);
  from.responseBytes -= part.responseBytes;
  const { buckets } = from.latency;
  for (let at = 0; at < buckets.length; at += 2) {
    const taken = Math.round(buckets[at + 1]! * share);
    if (taken === 0) continue;
    part.latency.buckets = withCount(part.latency.buckets, buckets[at]!, taken);
    part.latency.count += taken;
    from.latency.count -= taken;
    buckets[at + 1]! -= taken;
  }
  from.latency.buckets = buckets.filter((_, at) => buckets[at | 1]! > 0);
  return part;
}

export function bucketOf(startMs: number, figures: Figures): TrafficBucket {
  const { statusClasses, requestBytes, responseBytes, latency } = figures;
  return {
    startMs,
    calls: callsOf(figures),
    statusClasses,
    requestBytes,
    responseBytes,
    ...quantilesOf(latency),
  };
}

export const quantilesOf = (
  latency: LatencySketch,
): { p50Ms: number | null; p95Ms: number | null; p99Ms: number | null } => {
  const of = (quantile: number): number | null =>
    latency.count === 0 ? null : Math.round(latencyQuantile(latency, quantile) * 100) / 100;
  return { p50Ms: of(0.5), p95Ms: of(0.95), p99Ms: of(0.99) };
};
