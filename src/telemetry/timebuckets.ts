/**
 * Calls over time. All buckets have one width, the smallest of a fixed ladder at which they are at most
 * `timeBucketsMax`; so the outcome depends on the union alone.
 */
export interface TimeBuckets {
  widthMs: number;
  /** Key: start of the bucket divided by `widthMs`. */
  readonly buckets: Map<number, { calls: number; errors: number }>;
}
