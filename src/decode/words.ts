/** Big-endian signed 32 bit, which stays a small integer. Unchecked, as the reads of `base/bytes.ts`. */
export const readI32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
