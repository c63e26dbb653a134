/** The hash of the flow table. */
import type { Segment } from "../decode/segment.ts";

/**
 * Multilinear hashing of the key's 16-bit halves with secret coefficients: whatever two keys a sender picks, they
 * collide with the probability of chance (Dietzfelbinger, "Universal hashing and k-wise independent random
 * variables via integer arithmetic without primes", 1996). The last multiplication spreads the low bits.
 */
export function hashFlow(
  secret: Int32Array,
  segment: Segment,
  a3: number,
  b3: number,
  ports: number,
): number {
  let sum =
    (secret[0]! +
      Math.imul(secret[1]!, a3 & 0xffff) +
      Math.imul(secret[2]!, a3 >>> 16) +
      Math.imul(secret[3]!, b3 & 0xffff) +
      Math.imul(secret[4]!, b3 >>> 16) +
      Math.imul(secret[5]!, ports & 0xffff) +
      Math.imul(secret[6]!, ports >>> 16)) |
    0;
  if (!isIpv4(segment)) sum = (sum + upperProduct(secret, segment)) | 0;
  return Math.imul(sum ^ (sum >>> 16), secret[7]! | 1);
}

const isIpv4 = (segment: Segment): boolean =>
  (segment.source0 | segment.source1 | segment.target0 | segment.target1) === 0 &&
  segment.source2 === 0xffff &&
  segment.target2 === 0xffff;

/** The same for the upper words of IPv6 addresses: one sum for each end, and their product, which needs no order. */
const upperProduct = (secret: Int32Array, segment: Segment): number =>
  Math.imul(
    upperSum(secret, segment.source0, segment.source1, segment.source2) | 1,
    upperSum(secret, segment.target0, segment.target1, segment.target2) | 1,
  );

const upperSum = (secret: Int32Array, word0: number, word1: number, word2: number): number =>
  (secret[8]! +
    Math.imul(secret[9]!, word0 & 0xffff) +
    Math.imul(secret[10]!, word0 >>> 16) +
    Math.imul(secret[11]!, word1 & 0xffff) +
    Math.imul(secret[12]!, word1 >>> 16) +
    Math.imul(secret[13]!, word2 & 0xffff) +
    Math.imul(secret[14]!, word2 >>> 16)) |
  0;

/** Words from the seed (splitmix32). */
export function hashSecret(seed: number): Int32Array {
  let state = seed | 0;
  return Int32Array.from({ length: 15 }, () => {
    state = (state + 0x9e3779b9) | 0;
    let word = state ^ (state >>> 16);
    word = Math.imul(word, 0x21f0aaad);
    word ^= word >>> 15;
    word = Math.imul(word, 0x735a2d97);
    return word ^ (word >>> 15);
  });
}
