/**
 * Counts by a small number, as `[key, count, key, count, …]` sorted by key. Most have one or two entries, for which a
 * `Map` takes 200 bytes. An array is as long as it must be: adding a key makes a new one, so `into.tally = …`
 * is how one is changed, and an empty one may be shared.
 */
export type Tally = number[];

export const emptyTally: Tally = Object.freeze<number[]>([]) as Tally;

/** The count of `key`, 0 where there is none. */
export function countIn(tally: Tally, key: number): number {
  for (let at = 0; at < tally.length; at += 2) if (tally[at] === key) return tally[at + 1]!;
  return 0;
}

/** All counts together. */
export function sumOf(tally: Tally): number {
  let sum = 0;
  for (let at = 1; at < tally.length; at += 2) sum += tally[at]!;
  return sum;
}

/** `tally` with `count` more of `key`: itself, or a longer one. */
export function withCount(tally: Tally, key: number, count: number): Tally {
  let at = 0;
  while (at < tally.length && tally[at]! < key) at += 2;
  if (tally[at] === key) {
    tally[at + 1]! += count;
    return tally;
  }
  const longer = new Array<number>(tally.length + 2);
  for (let index = 0; index < at; index += 1) longer[index] = tally[index]!;
  longer[at] = key;
  longer[at + 1] = count;
  for (let index = at; index < tally.length; index += 1) longer[index + 2] = tally[index]!;
  return longer;
}

/** The sum of both, which is `into` where it has all keys of `from`; else neither of them is changed. */
export function sumOfTallies(into: Tally, from: Tally): Tally {
  let shared = 0;
  for (let at = 0, other = 0; other < from.length; other += 2) {
    while (at < into.length && into[at]! < from[other]!) at += 2;
    if (into[at] === from[other]) shared += 2;
  }
  if (shared === from.length) {
    for (let at = 0, other = 0; other < from.length; other += 2) {
      while (into[at]! < from[other]!) at += 2;
      into[at + 1]! += from[other + 1]!;
    }
    return into;
  }
  const sum = new Array<number>(into.length + from.length - shared);
  let at = 0;
  let other = 0;
  for (let end = 0; end < sum.length; end += 2) {
    const key = into[at] ?? Number.POSITIVE_INFINITY;
    const otherKey = from[other] ?? Number.POSITIVE_INFINITY;
    sum[end] = Math.min(key, otherKey);
    sum[end + 1] = 0;
    if (key <= otherKey) {
      sum[end + 1]! += into[at + 1]!;
      at += 2;
    }
    if (otherKey <= key) {
      sum[end + 1]! += from[other + 1]!;
      other += 2;
    }
  }
  return sum;
}
