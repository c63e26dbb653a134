import type { Counters } from "../base/counters.ts";

/** How often something was met, by its name. */
export type Counts = ReadonlyMap<string, number>;

export const countsOf = (counters: Counters<string>): Counts =>
  new Map(counters.entries().map(({ name, count }) => [name, count]));

/** What was met most first. */
export const byCount = <Key extends string | number>(
  counts: ReadonlyMap<Key, number>,
): (readonly [key: Key, count: number])[] =>
  [...counts].sort(([a, one], [b, two]) => two - one || (a < b ? -1 : 1));

export const sumCounts = <Key>(
  first: ReadonlyMap<Key, number>,
  other: ReadonlyMap<Key, number>,
): ReadonlyMap<Key, number> => {
  const total = new Map(first);
  for (const [key, count] of other) total.set(key, (total.get(key) ?? 0) + count);
  return total;
};
