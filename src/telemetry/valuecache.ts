/**
 * Judgements of short strings that came before, so that a value that comes again (a status, a country, the name of
 * whoever polls) is not judged again. It changes no outcome: what it holds is what `Judge` would say.
 *
 * Direct-mapped; a place is 8 numbers: two hashes of the string, which stand for it, the flags of its name with its
 * length, and what goes on the tape: entry, hash (high, low), word.
 */
const PLACES = 2_048;
const PLACE = 8;

export class ValueCache {
  readonly cells: Int32Array = new Int32Array(PLACES * PLACE);

  /** Where a string with these hashes under a name with these flags is, if it is here. */
  static place(first: number, second: number, flags: number): number {
    // Flags of names take six bits: a word under several kinds of names has a place for each.
    return ((first ^ (second >>> 7) ^ (flags << 5)) & (PLACES - 1)) * PLACE;
  }
}

/** Positions within a place. */
export const Cached = {
  First: 0,
  Second: 1,
  Key: 2,
  Entry: 3,
  HashHigh: 4,
  HashLow: 5,
  Word: 6,
} as const;

/** Strings longer than this seldom come again. */
export const cachedBytesMax = 40;

/**
 * By name, a doubt grows by a step with each value that is not in the cache and falls by a relief with each that is: a
 * miss costs a quarter of what a hit saves. From `doubtMin` on values go round the cache, each taking one
 * off, until it is tried again; so names whose values are all different do not push out the others.
 */
export const doubtMin = 64;
export const doubtStep = 4;
export const doubtRelief = 12;
/** What a miss adds where a name is in doubt already: so many values go round before the next trial. */
export const doubtPause = 32;
