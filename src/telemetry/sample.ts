/**
 * A coordinated sample of keyed hashes: all values whose hash lies below a threshold that only falls. Two
 * samples under the same key can be intersected, whatever order their values came in.
 *
 * Invariant: `hashes` is sorted, without duplicates, has at most `capacity` members, all `<= threshold`, and
 * holds every value seen whose hash is `<= threshold`. Merge: the smaller threshold, the union, cut again.
 */
export interface ValueSample {
  threshold: number;
  readonly hashes: number[];
  /** Values offered, repeats included. */
  count: number;
}
