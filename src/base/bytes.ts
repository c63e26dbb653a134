/**
 * The only unchecked reads of the hot path. Every caller has compared its bounds with the length first,
 * so the `!` hold; shifts over a Uint8Array cost a fourth of what `Buffer.readUInt16BE` does.
 */
export const readU8 = (bytes: Uint8Array, at: number): number => bytes[at]!;

/** Big-endian (network order) unsigned 16 bit. */
export const readU16 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! << 8) | bytes[at + 1]!;

/** Big-endian unsigned 32 bit. */
export const readU32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;

/** Little-endian unsigned 16 bit. */
export const readU16LE = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[at + 1]! << 8);

/** Little-endian unsigned 32 bit. */
export const readU32LE = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
