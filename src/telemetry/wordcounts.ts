/**
 * The words of a small enumeration with their counts: two lists, sorted by word, that are never changed, so that what is
 * equal can be shared. Null is the knowledge that it is no enumeration: past so many distinct words all are forgotten for
 * good. The sum is a union, so the outcome depends on the union alone.
 */
export interface WordCounts {
  readonly words: readonly string[];
  readonly counts: readonly number[];
}

export const noWords: WordCounts = { words: [], counts: [] };

export const wordCountsOf = (entries: readonly (readonly [string, number])[]): WordCounts => {
  if (entries.length === 0) return noWords;
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  return { words: sorted.map(([word]) => word), counts: sorted.map(([, count]) => count) };
};

/** The union of both, null where it has more than `wordsMax` words. */
export function sumOfWords(
  a: WordCounts | null,
  b: WordCounts | null,
  wordsMax: number,
): WordCounts | null {
  if (a === null || b === null) return null;
  if (b.words.length === 0) return a;
  if (a.words.length === 0) return b.words.length > wordsMax ? null : b;
  const words: string[] = [];
  const counts: number[] = [];
  let left = 0;
  let right = 0;
  while (left < a.words.length || right < b.words.length) {
    const word = a.words[left];
    const other = b.words[right];
    const isLeft = other === undefined || (word !== undefined && word <= other);
    const isRight = word === undefined || (other !== undefined && other <= word);
    words.push(isLeft ? word! : other!);
    counts.push((isLeft ? a.counts[left]! : 0) + (isRight ? b.counts[right]! : 0));
    if (isLeft) left += 1;
    if (isRight) right += 1;
  }
  if (words.length > wordsMax) return null;
  return {
    words: words.length === a.words.length ? a.words : words.slice(),
    counts: counts.slice(),
  };
}
