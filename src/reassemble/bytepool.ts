/**
 * Buffers for copies of segments, used again: to allocate one costs 2 us, ten times what it takes to fill it. Sizes
 * are powers of two, so at most half of a buffer is waste; the smallest live on the heap and the largest come seldom,
 * those are made exact.
 */
const SMALLEST_BITS = 7;
const LARGEST_BITS = 11;
/** Spare buffers of each size: five sizes, 640 KiB together. */
const SPARE_BYTES_MAX = 1 << 17;

export class BytePool {
  readonly #spare: Uint8Array[][] = Array.from(
    { length: LARGEST_BITS - SMALLEST_BITS + 1 },
    () => [],
  );

  /** At least `byteCount` bytes, with whatever was in them. */
  take(byteCount: number): Uint8Array {
    const bits = 32 - Math.clz32(byteCount - 1);
    if (byteCount <= 64 || bits > LARGEST_BITS) return new Uint8Array(byteCount);
    const sizeBits = Math.max(bits, SMALLEST_BITS);
    return this.#spare[sizeBits - SMALLEST_BITS]!.pop() ?? new Uint8Array(1 << sizeBits);
  }

  /** Gives back what `take` gave; nobody may use it any more. */
  give(bytes: Uint8Array): void {
    const bits = 31 - Math.clz32(bytes.length);
    if (bits < SMALLEST_BITS || bits > LARGEST_BITS || bytes.length !== 1 << bits) return;
    const spare = this.#spare[bits - SMALLEST_BITS]!;
    if (spare.length << bits < SPARE_BYTES_MAX) spare.push(bytes);
  }
}
