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
