import { telemetryLimits } from "../base/limits.ts";
import { CHAR_BITS, Char, isUtf8 } from "./lexical.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const Letter = Char.LowerHex | Char.LowerOther | Char.UpperHex | Char.UpperOther;

/**
 * Strings of JSON with escapes (RFC 8259, section 7), weighed where they stand: how long they are and which kinds of
 * characters they have. For most that is enough, since escapes stand in prose, and costs a third of what decoding and
 * judging them does. It changes no outcome: it says `isProse` only of what `Judge` would find to be text, no list and no word.
 */
export class EscapedText {
  /** Of the last string: decoded bytes, as UTF-8. */
  byteCount = 0;
  /** Whether it is prose beyond doubt. */
  isProse = false;

  /**
   * Weighs a string that is plain from `start` up to the backslash at `stop`, the union of its `CHAR_BITS` being `plainMask`.
   * Returns where it ends, or -1 where the chunk does not hold it, or it is wrong.
   */
  weigh(bytes: Uint8Array, start: number, stop: number, end: number, plainMask: number): number {
    let byteCount = stop - start;
    let mask = plainMask;
    let escaped = 0;
    let at = stop;
    while (at < end) {
      const byte = bytes[at]!;
      if (byte === QUOTE) {
        this.byteCount = byteCount;
        this.isProse =
          isProse(bytes[start]!, mask | escaped, byteCount) &&
          // What escapes stand for is whole characters, so what stands between them decides.
          ((mask & Char.High) === 0 ||
            (byteCount <= telemetryLimits.tokenBytesMax && isUtf8(bytes, start, at)));
        return at + 1;
      }
      // The longest escape has six bytes.
      if (byte !== BACKSLASH || at + 6 > end) return -1;
      const bits = ESCAPE_BITS[bytes[at + 1]!]!;
      if (bits > 0) {
        escaped |= bits;
        byteCount += 1;
        at += 2;
      } else if (bits === 0) return -1;
      else {
        const unit = unitAt(bytes, at + 2);
        if (unit < 0 || (unit & 0xf800) === 0xd800) return -1;
        escaped |= unit < 0x80 ? CHAR_BITS[unit]! : Char.High;
        byteCount += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
        at += 6;
      }
      const run = at;
      while (at < end) {
        const found = CHAR_BITS[bytes[at]!]!;
        if ((found & Char.JsonStop) !== 0) break;
        mask |= found;
        at += 1;
      }
      byteCount += at - run;
    }
    return -1;
  }
}

/** By the union of its characters and its first byte. Lists, words, dates, account numbers and keys are ruled out. */
function isProse(first: number, mask: number, byteCount: number): boolean {
  if ((mask & Char.Control) !== 0) return false;
  if ((mask & (Char.High | Char.Punctuation | Char.Break)) === 0) return false;
  if ((mask & (Char.Space | Char.Break)) === 0) return false;
  if ((mask & Char.High) !== 0) return true;
  return (CHAR_BITS[first]! & Letter) !== 0 && ((mask & Char.Digit) === 0 || byteCount > 64);
}

/** The number that four hexadecimal digits write; negative where they are none. */
const unitAt = (bytes: Uint8Array, at: number): number =>
  (HEX[bytes[at]!]! << 12) |
  (HEX[bytes[at + 1]!]! << 8) |
  (HEX[bytes[at + 2]!]! << 4) |
  HEX[bytes[at + 3]!]!;

/** `CHAR_BITS` of what the character behind a backslash stands for; 0 where it is none, negative for `u`. */
const ESCAPE_BITS: Int32Array = new Int32Array(256);
for (const [behind, plain] of ['""', "\\\\", "//", "b\b", "f\f", "n\n", "r\r", "t\t"])
  ESCAPE_BITS[behind!.charCodeAt(0)] = CHAR_BITS[plain!.charCodeAt(0)]! & ~Char.JsonStop;
ESCAPE_BITS["u".charCodeAt(0)] = -1;

const HEX: Int32Array = new Int32Array(256).fill(-1);
for (let digit = 0; digit < 16; digit += 1) {
  const text = digit.toString(16);
  HEX[text.charCodeAt(0)] = digit;
  HEX[text.toUpperCase().charCodeAt(0)] = digit;
}
