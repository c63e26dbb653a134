import { readU16, readU16LE, readU32, readU32LE } from "../base/bytes.ts";

/** Reads of files whose byte order is that of the machine that wrote them. */
export const readOrdered16 = (bytes: Uint8Array, at: number, littleEndian: boolean): number =>
  littleEndian ? readU16LE(bytes, at) : readU16(bytes, at);

export const readOrdered32 = (bytes: Uint8Array, at: number, littleEndian: boolean): number =>
  littleEndian ? readU32LE(bytes, at) : readU32(bytes, at);
