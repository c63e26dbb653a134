import { telemetryLimits } from "../base/limits.ts";

/**
 * The words of a small enumeration with their counts, or the knowledge that it is not one: past
 * `enumWordsMax` distinct words all are forgotten for good (`words` is null). Merge is union, so the outcome
 * depends on the union alone.
 */
export interface EnumSketch {
  words: Map<string, number> | null;
  /** Strings seen that were no candidates (too long, not a word, refused by name): then no complete enumeration. */
  others: number;
}

export const emptyEnum = (): EnumSketch => ({ words: new Map(), others: 0 });

/** Adds `count` occurrences of a word that may be kept. */
export function observeWord(sketch: EnumSketch, word: string, count = 1): void {
  if (sketch.words === null) return;
  sketch.words.set(word, (sketch.words.get(word) ?? 0) + count);
  if (sketch.words.size > telemetryLimits.enumWordsMax) sketch.words = null;
}

/** Merges `from` into `into`. */
export function mergeEnum(into: EnumSketch, from: EnumSketch): void {
  into.others += from.others;
  if (from.words === null) into.words = null;
  if (into.words === null || from.words === null) return;
  for (const [word, count] of from.words) observeWord(into, word, count);
}
