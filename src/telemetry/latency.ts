import { emptyTally, sumOfTallies, type Tally, withCount } from "./tally.ts";

/**
 * Durations as counts in buckets whose bounds grow by a fixed ratio (DDSketch, Masson et al., VLDB 2019):
 * quantiles within 5 %, merge adds. Key: bucket index; index 0 holds durations below 0.1 ms.
 */
export interface LatencySketch {
  count: number;
  buckets: Tally;
}

/** Ratio of neighbouring bounds; a bucket's middle is within 5 % of whatever lies in it. */
const RATIO = 1.1;
const SCALE = 1 / Math.log(RATIO);
const FLOOR_MS = 0.1;
/** Index of the last bucket: 0.1 ms times 1.1 to the 176th is half an hour. */
const bucketMax = 176;

export const emptyLatency = (): LatencySketch => ({ count: 0, buckets: emptyTally });

export function observeLatency(sketch: LatencySketch, durationMs: number, times = 1): void {
  sketch.count += times;
  sketch.buckets = withCount(sketch.buckets, latencyBucket(durationMs), times);
}

function latencyBucket(durationMs: number): number {
  if (!(durationMs >= FLOOR_MS)) return 0;
  return Math.min(bucketMax, 1 + Math.floor(Math.log(durationMs / FLOOR_MS) * SCALE));
}

/** Merges `from` into `into`. */
export function mergeLatency(into: LatencySketch, from: LatencySketch): void {
  into.count += from.count;
  into.buckets = sumOfTallies(into.buckets, from.buckets);
}

/** The duration in milliseconds below which the share `quantile` (0 to 1) of all lies; 0 where there are none. */
export function latencyQuantile(sketch: LatencySketch, quantile: number): number {
  let left = quantile * sketch.count;
  const { buckets } = sketch;
  for (let at = 0; at < buckets.length; at += 2) {
    left -= buckets[at + 1]!;
    if (left <= 0) return bucketMiddleMs(buckets[at]!);
  }
  const last = buckets.at(-2);
  return last === undefined ? 0 : bucketMiddleMs(last);
}

const bucketMiddleMs = (index: number): number =>
  index === 0 ? FLOOR_MS / 2 : (FLOOR_MS * RATIO ** (index - 1) * (1 + RATIO)) / 2;
