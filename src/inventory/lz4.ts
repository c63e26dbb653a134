/**
 * The block format of LZ4 (lz4_Block_format.md of its project), for bytes of a few kilobytes: a call of zlib takes longer to begin
 * than this takes as a whole. A block is sequences of
 *
 *     token            literals, length of the match less 4: four bits each, 15 where more follow
 *     255 … n          the rest of the literals' length
 *     literal bytes
 *     offset           16 bits, little end first: how far back the match begins
 *     255 … n          the rest of the match's length
 *
 * of which the last ends with its literals.
 */
import { LZ4_BYTES_MAX } from "../base/limits.ts";

const MATCH_MIN = 4;
/** The last bytes are literals, and no match begins in the last twelve. */
const LITERALS_LAST = 5;
const MATCH_FREE = 12;
const HASH_BITS = 12;
/** Where four bytes of a hash stood last, plus one. */
const places = new Uint16Array(1 << HASH_BITS);

/** How long a block of so many bytes may become. */
export const lz4LengthMax = (length: number): number => length + Math.ceil(length / 255) + 16;

/** Packs `source` (at most `LZ4_BYTES_MAX` bytes) into `target` from `at`, and gives where the block ends. */
export function packLz4(source: Uint8Array, target: Uint8Array, at: number): number {
  const { length } = source;
  if (length > LZ4_BYTES_MAX) throw new Error("internal error: too long to be packed as one block");
  places.fill(0);
  let end = at;
  let start = 0;
  const last = length - MATCH_FREE;
  for (let here = 0; here < last; ) {
    const word =
      source[here]! |
      (source[here + 1]! << 8) |
      (source[here + 2]! << 16) |
      (source[here + 3]! << 24);
    const hash = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
    const match = places[hash]! - 1;
    places[hash] = here + 1;
    if (match < 0 || !areAlike(source, match, here)) {
      here += 1;
      continue;
    }
    let matchEnd = here + MATCH_MIN;
    const matchEndMax = length - LITERALS_LAST;
    const offset = here - match;
    while (matchEnd < matchEndMax && source[matchEnd] === source[matchEnd - offset]) matchEnd += 1;
    end = writeLiterals(source, start, here, target, end, matchEnd - here - MATCH_MIN);
    target[end++] = offset & 0xff;
    target[end++] = offset >>> 8;
    end = writeRest(target, end, matchEnd - here - MATCH_MIN);
    start = matchEnd;
    here = matchEnd;
  }
  return writeLiterals(source, start, length, target, end, 0);
}

const areAlike = (bytes: Uint8Array, a: number, b: number): boolean =>
  bytes[a] === bytes[b] &&
  bytes[a + 1] === bytes[b + 1] &&
  bytes[a + 2] === bytes[b + 2] &&
  bytes[a + 3] === bytes[b + 3];

/** A token and its literals; `match` is the length of the match less four. */
function writeLiterals(
  source: Uint8Array,
  from: number,
  to: number,
  target: Uint8Array,
  at: number,
  match: number,
): number {
  const length = to - from;
  target[at] = (Math.min(length, 15) << 4) | Math.min(match, 15);
  let end = writeRest(target, at + 1, length);
  for (let index = from; index < to; index += 1) target[end++] = source[index]!;
  return end;
}

/** What of a length does not stand in its token. */
function writeRest(target: Uint8Array, at: number, length: number): number {
  if (length < 15) return at;
  let end = at;
  let rest = length - 15;
  for (; rest >= 255; rest -= 255) target[end++] = 255;
  target[end++] = rest;
  return end;
}

/** Unpacks a block from `at` into `target`, and gives how long what was packed is. Throws where the block is none. */
export function unpackLz4(source: Uint8Array, at: number, target: Uint8Array): number {
  const { length } = source;
  let from = at;
  let end = 0;
  const lengthOf = (bits: number): number => {
    let sum = bits;
    if (bits < 15) return sum;
    for (let more = 255; more === 255; from += 1) {
      if (from >= length) throw broken();
      more = source[from]!;
      sum += more;
    }
    return sum;
  };
  while (from < length) {
    const token = source[from]!;
    from += 1;
    const literals = lengthOf(token >>> 4);
    if (from + literals > length || end + literals > target.length) throw broken();
    for (const stop = end + literals; end < stop; ) target[end++] = source[from++]!;
    if (from === length) return end;
    if (from + 2 > length) throw broken();
    const offset = source[from]! | (source[from + 1]! << 8);
    from += 2;
    const match = lengthOf(token & 15) + MATCH_MIN;
    if (offset === 0 || offset > end || end + match > target.length) throw broken();
    for (const stop = end + match; end < stop; end += 1) target[end] = target[end - offset]!;
  }
  throw broken();
}

const broken = (): Error => new Error("internal error: a packed block is broken");
