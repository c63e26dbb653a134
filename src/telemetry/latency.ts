/**
 * Durations as counts in buckets whose bounds grow by a fixed ratio (DDSketch, Masson et al., VLDB 2019):
 * quantiles within 5 %, merge adds. Key: bucket index; index 0 holds durations below 0.1 ms.
 */
export interface LatencySketch {
  count: number;
  readonly buckets: Map<number, number>;
}
