import { telemetryLimits } from "../base/limits.ts";

/**
 * Calls over time. All buckets have one width, the smallest of a fixed ladder at which they are at most
 * `timeBucketsMax`; so the outcome depends on the union alone.
 */
export interface TimeBuckets {
  widthMs: number;
  /** Key: start of the bucket divided by `widthMs`. */
  readonly buckets: Map<number, { calls: number; errors: number }>;
}

const MINUTE_MS = 60_000;
/** Each width divides the next, so buckets can be joined without knowing what was in them. */
export const TIME_BUCKET_WIDTHS_MS: readonly number[] = [
  MINUTE_MS,
  5 * MINUTE_MS,
  15 * MINUTE_MS,
  60 * MINUTE_MS,
  6 * 60 * MINUTE_MS,
  24 * 60 * MINUTE_MS,
  7 * 24 * 60 * MINUTE_MS,
  28 * 24 * 60 * MINUTE_MS,
  28 * 28 * 24 * 60 * MINUTE_MS,
];

export const emptyTimeBuckets = (): TimeBuckets => ({ widthMs: MINUTE_MS, buckets: new Map() });

/** Counts `calls` at `timeMs`, of which `errors` were answered with 4xx or 5xx. */
export function observeTime(
  into: TimeBuckets,
  timeMs: number,
  calls: number,
  errors: number,
): void {
  add(into, Math.floor(timeMs / into.widthMs), calls, errors);
  fit(into);
}

/** Merges `from` into `into`. */
export function mergeTimeBuckets(into: TimeBuckets, from: TimeBuckets): void {
  while (into.widthMs < from.widthMs) coarsen(into);
  const ratio = into.widthMs / from.widthMs;
  for (const [index, bucket] of from.buckets) {
    add(into, Math.floor(index / ratio), bucket.calls, bucket.errors);
  }
  fit(into);
}

function add(into: TimeBuckets, index: number, calls: number, errors: number): void {
  const bucket = into.buckets.get(index);
  if (bucket === undefined) into.buckets.set(index, { calls, errors });
  else {
    bucket.calls += calls;
    bucket.errors += errors;
  }
}

function fit(into: TimeBuckets): void {
  while (into.buckets.size > telemetryLimits.timeBucketsMax && coarsen(into));
}

/** To the next width of the ladder; false at its end, where the oldest buckets go instead. */
function coarsen(into: TimeBuckets): boolean {
  const next = TIME_BUCKET_WIDTHS_MS.find((widthMs) => widthMs > into.widthMs);
  if (next === undefined) {
    for (const index of [...into.buckets.keys()].sort((a, b) => a - b)) {
      if (into.buckets.size <= telemetryLimits.timeBucketsMax) break;
      into.buckets.delete(index);
    }
    return false;
  }
  const ratio = next / into.widthMs;
  const before = [...into.buckets];
  into.buckets.clear();
  into.widthMs = next;
  for (const [index, bucket] of before) {
    add(into, Math.floor(index / ratio), bucket.calls, bucket.errors);
  }
  return true;
}
