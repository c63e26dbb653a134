/**
 * A keyed hash of short values: HalfSipHash-1-3 (Aumasson and Bernstein), chosen because all its arithmetic is in
 * 32 bits; the second half of the result is folded from the other half of the state. The key belongs to one installation (or one offline job), so hashes of
 * different installations cannot be compared, and a value cannot be guessed without the key.
 *
 * The result is left in two fields, so that nothing is allocated per value.
 */
export class KeyedHash {
  readonly #key0: number;
  readonly #key1: number;
  /** Low 20 bits of the last result. */
  low = 0;
  /** 20 more bits of it: together 40, enough to join what is alike, and each bit more is a bit on the wire. */
  high = 0;

  /** `key`: 8 bytes are used; a shorter key is refused. */
  constructor(key: Uint8Array) {
    if (key.length < 8) throw new Error("internal error: a hash key has at least 8 bytes");
    this.#key0 = key[0]! | (key[1]! << 8) | (key[2]! << 16) | (key[3]! << 24);
    this.#key1 = key[4]! | (key[5]! << 8) | (key[6]! << 16) | (key[7]! << 24);
  }

  /** Hashes `bytes[start, end)` into `low` and `high`. */
  update(bytes: Uint8Array, start: number, end: number): void {
    let v0 = this.#key0;
    let v1 = this.#key1 ^ 0xee;
    let v2 = 0x6c796765 ^ this.#key0;
    let v3 = 0x74656462 ^ this.#key1;
    const length = end - start;
    const blocksEnd = end - (length & 3);
    let m = 0;
    let at = start;
    for (;;) {
      if (at < blocksEnd) {
        m = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      } else {
        m = length << 24;
        if (at + 2 < end) m |= bytes[at + 2]! << 16;
        if (at + 1 < end) m |= bytes[at + 1]! << 8;
        if (at < end) m |= bytes[at]!;
      }
      v3 ^= m;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= m;
      if (at >= blocksEnd) break;
      at += 4;
    }
    v2 ^= 0xff;
    for (let round = 0; round < 3; round += 1) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    this.low = (v1 ^ v3) >>> 12;
    this.high = ((v0 ^ v2) >>> 0) & 0xfffff;
  }

  /** The hash of `bytes[start, end)` as one number of 40 bits. */
  number(bytes: Uint8Array, start: number, end: number): number {
    this.update(bytes, start, end);
    return this.high * HASH_LOW_SPAN + this.low;
  }
}

/** What one of `high` counts for in a hash that is one number. */
export const HASH_LOW_SPAN = 2 ** 20;
/** Where the 40 bits of a hash end: the threshold of a sample that holds everything. */
export const HASH_END = 2 ** 40;
