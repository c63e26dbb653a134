/**
 * Calls by the minute for as long as somebody may want to see them move, beside the hours that are kept. They are one short text
 * in the row of their source, which is written with each delta anyway.
 */
import { inventoryLimits } from "../base/limits.ts";
import type { OperationSummary } from "../telemetry/summary.ts";
import type { TrafficBucket } from "./trafficrows.ts";

export const MINUTE_MS = 60_000;

/** Calls of each status class, 1xx to 5xx, by minutes since the epoch; of these the last `minutesMax` stay. */
export type Minutes = Map<number, number[]>;

/** Adds what an operation says. Where its buckets are wider than a minute, calls are spread over them. */
export function addMinutes(into: Minutes, operation: OperationSummary): void {
  const { statusClasses, firstMs, lastMs } = operation;
  const { widthMs, buckets } = operation.buckets;
  const [firstMinute, lastMinute] = [minuteOf(firstMs), minuteOf(lastMs)];
  const isError = (index: number): boolean => index >= 3;
  const all = { well: 0, badly: 0 };
  for (const { calls, errors } of buckets.values()) {
    all.well += calls - errors;
    all.badly += errors;
  }
  /** What came by so many calls is its share of each class, rounded so that all of them sum up to the whole. */
  const part = (index: number, done: typeof all): number => {
    const [some, whole] = isError(index) ? [done.badly, all.badly] : [done.well, all.well];
    return whole === 0 ? 0 : Math.round((statusClasses[index]! * some) / whole);
  };
  const before = { well: 0, badly: 0 };
  for (const [index, { calls, errors }] of [...buckets].sort(([a], [b]) => a - b)) {
    const start = Math.min(lastMinute, Math.max(firstMinute, (index * widthMs) / MINUTE_MS));
    const end = Math.max(start, Math.min(lastMinute, ((index + 1) * widthMs) / MINUTE_MS - 1)) + 1;
    const doneAt = (minute: number): typeof all => {
      const share = (minute - start) / (end - start);
      return {
        well: before.well + (calls - errors) * share,
        badly: before.badly + errors * share,
      };
    };
    const from = Math.max(start, lastMinute - inventoryLimits.minutesMax + 1);
    for (let minute = from; minute < end; minute += 1) {
      const [done, then] = [doneAt(minute), doneAt(minute + 1)];
      add(
        into,
        minute,
        statusClasses.map((_, at) => part(at, then) - part(at, done)),
      );
    }
    before.well += calls - errors;
    before.badly += errors;
  }
  if (into.size > inventoryLimits.minutesMax) dropOld(into);
}

export function mergeMinutes(into: Minutes, from: Minutes): void {
  for (const [minute, classes] of from) add(into, minute, classes);
  dropOld(into);
}

/** `[first minute, [after it, 1xx, 2xx, …], …]`, without noughts at the ends. */
export function writeMinutes(minutes: Minutes): string {
  const sorted = [...minutes].sort(([a], [b]) => a - b);
  const first = sorted[0]?.[0] ?? 0;
  return JSON.stringify([
    first,
    ...sorted.map(([minute, classes]) => {
      const last = classes.findLastIndex((count) => count !== 0);
      return [minute - first, ...classes.slice(0, last + 1)];
    }),
  ]);
}

/** As they are written; a store of an earlier schema has these too. */
export const NO_MINUTES = "[0]";

export function readMinutes(text: string): Minutes {
  const [first, ...rest] = JSON.parse(text) as [number, ...number[][]];
  return new Map(
    rest.map(([after = 0, ...classes]) => [
      first + after,
      Array.from({ length: 5 }, (_, index) => classes[index] ?? 0),
    ]),
  );
}

/** Whether nothing that was heard since then is missing. */
export const isKnownSince = (minutes: Minutes, sinceMs: number, lastHeardMs: number): boolean =>
  lastHeardMs < sinceMs ||
  (minutes.size > 0 &&
    Math.max(...minutes.keys()) - inventoryLimits.minutesMax < minuteOf(sinceMs));

export const minuteBuckets = (minutes: Minutes, fromMs: number, toMs: number): TrafficBucket[] =>
  [...minutes]
    .filter(([minute]) => minute >= minuteOf(fromMs) && minute * MINUTE_MS < toMs)
    .sort(([a], [b]) => a - b)
    .map(([minute, statusClasses]) => ({
      startMs: minute * MINUTE_MS,
      calls: statusClasses.reduce((sum, count) => sum + count, 0),
      statusClasses,
      ...{ requestBytes: null, responseBytes: null, p50Ms: null, p95Ms: null, p99Ms: null },
    }));

const minuteOf = (timeMs: number): number => Math.floor(timeMs / MINUTE_MS);

function add(into: Minutes, minute: number, classes: readonly number[]): void {
  const known = into.get(minute);
  if (known === undefined) into.set(minute, [...classes]);
  else for (const [index, count] of classes.entries()) known[index]! += count;
}

function dropOld(minutes: Minutes): void {
  if (minutes.size === 0) return;
  const oldest = Math.max(...minutes.keys()) - inventoryLimits.minutesMax + 1;
  for (const minute of minutes.keys()) if (minute < oldest) minutes.delete(minute);
}
