/**
 * The Huffman code of HPACK (RFC 7541, appendix B). It is canonical, so the lengths of its codes are all that need be known: symbols
 * by length, then by value, have codes in counting order.
 */

/** Bits of the code of each byte, as text of base 36; the last is that of the end of string. */
const LENGTHS =
  "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca" +
  "d67777777777777777777777878djde6f56565666577666567655677777fbeds" +
  "kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn" +
  "qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq" +
  "u";
const END_OF_STRING = 256;
const CODE_BITS_MAX = 30;

/**
 * A binary tree: entry `2 * node + bit` is the node that follows, or the complement of the symbol that the path means.
 */
const TREE = makeTree();

function makeTree(): Int16Array {
  const lengths = Array.from(LENGTHS, (digit) => Number.parseInt(digit, 36));
  const tree = new Int16Array(2 * lengths.length);
  let nodes = 1;
  let code = 0;
  for (let bits = 1; bits <= CODE_BITS_MAX; bits += 1) {
    code *= 2;
    for (const [symbol, length] of lengths.entries()) {
      if (length !== bits) continue;
      let at = 0;
      for (let bit = bits - 1; bit > 0; bit -= 1) {
        const index = at + (Math.floor(code / 2 ** bit) & 1);
        if (tree[index] === 0) tree[index] = nodes++;
        at = 2 * tree[index]!;
      }
      tree[at + (code & 1)] = ~symbol;
      code += 1;
    }
  }
  return tree;
}

/**
 * Writes what the bytes `[start, end)` mean to `into`, which has room for 8/5 of them. Returns how many bytes that is, or
 * -1 where they do not follow the code (section 5.2).
 */
export function decodeHuffman(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
): number {
  let count = 0;
  let node = 0;
  /** Since the last symbol. */
  let bits = 0;
  let onlyOnes = true;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    for (let shift = 7; shift >= 0; shift -= 1) {
      const bit = (byte >> shift) & 1;
      const next = TREE[2 * node + bit]!;
      bits += 1;
      onlyOnes = onlyOnes && bit === 1;
      if (next >= 0) {
        node = next;
        continue;
      }
      if (~next === END_OF_STRING) return -1;
      into[count++] = ~next;
      node = 0;
      bits = 0;
      onlyOnes = true;
    }
  }
  return bits < 8 && onlyOnes ? count : -1;
}
