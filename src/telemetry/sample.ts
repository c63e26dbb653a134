import { HASH_END } from "../base/hash.ts";

/**
 * A coordinated sample of keyed hashes: all values whose hash lies below a threshold that only falls. Two
 * samples under the same key can be intersected, whatever order their values came in.
 *
 * Invariant: `hashes` is sorted, without duplicates, has at most `capacity` members, all `<= threshold`, and
 * holds every value seen whose hash is `<= threshold`. Merge: the smaller threshold, the union, cut again.
 */
export interface ValueSample {
  threshold: number;
  hashes: number[];
  /** Values offered, repeats included. */
  count: number;
}

export const emptySample = (): ValueSample => ({ threshold: HASH_END, hashes: [], count: 0 });

/** Offers one hash (40 bits, `base/hash.ts`) to a sample of at most `capacity` hashes. */
export function observeHash(sample: ValueSample, hash: number, capacity: number): void {
  sample.count += 1;
  if (hash > sample.threshold) return;
  const hashes = sample.hashes;
  let low = 0;
  let high = hashes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (hashes[middle]! < hash) low = middle + 1;
    else high = middle;
  }
  if (hashes[low] === hash) return;
  hashes.splice(low, 0, hash);
  cut(sample, capacity);
}

/** Merges `from` into `into`. */
export function mergeSample(into: ValueSample, from: ValueSample, capacity: number): void {
  into.count += from.count;
  into.threshold = Math.min(into.threshold, from.threshold);
  const union: number[] = [];
  let left = 0;
  let right = 0;
  while (left < into.hashes.length || right < from.hashes.length) {
    const a = into.hashes[left] ?? Number.POSITIVE_INFINITY;
    const b = from.hashes[right] ?? Number.POSITIVE_INFINITY;
    if (a <= b) left += 1;
    if (b <= a) right += 1;
    const least = Math.min(a, b);
    if (least > into.threshold) break;
    union.push(least);
  }
  // A list that grew by pushing has room to spare.
  into.hashes = union.slice();
  cut(into, capacity);
}

/** Keeps the smallest `capacity` hashes; the threshold falls to the greatest of them. */
function cut(sample: ValueSample, capacity: number): void {
  if (sample.hashes.length <= capacity) return;
  sample.hashes.length = capacity;
  sample.threshold = sample.hashes[capacity - 1]!;
}
