/**
 * Looking at four bytes at a time (a little-endian word of a DataView). The answer to "which of them are ..." is a
 * word of marks: the high bit of a byte is set where the byte is. Marks above the lowest may be wrong, as a
 * subtraction borrows; the lowest is exact.
 */
const ONES = 0x01010101;
const HIGH_BITS = 0x80808080;
const COLONS = 0x3a3a3a3a;
const BOUND_14 = 0x0e0e0e0e;
const BOUND_33 = 0x21212121;

/** Offset (0-3) of the lowest mark; there is one. */
export const firstMarked = (marks: number): number => (31 - Math.clz32(marks & -marks)) >> 3;

/** Marks bytes below 14: the ends of lines, and other control characters. */
export const lineEndMarks = (word: number): number => (word - BOUND_14) & ~word & HIGH_BITS;

/** Marks what ends a name: a colon, white space, a control character. */
export const nameEndMarks = (word: number): number => {
  const colons = word ^ COLONS;
  return (((colons - ONES) & ~colons) | ((word - BOUND_33) & ~word)) & HIGH_BITS;
};

/** Offset of the next byte that is white space or a control character; there is one. */
export function nextWhiteSpace(view: DataView, start: number): number {
  let at = start;
  for (;;) {
    const word = view.getInt32(at, true);
    const marks = (word - BOUND_33) & ~word & HIGH_BITS;
    if (marks !== 0) return at + firstMarked(marks);
    at += 4;
  }
}
