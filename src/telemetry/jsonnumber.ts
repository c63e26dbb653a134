/** JSON numbers (RFC 8259, section 6) as entries of a tape. */
import { isDigit } from "./forms.ts";
import { TapeFlag, TapeKind } from "./tape.ts";

/** Every byte that a number may have. */
export const isNumberByte = (byte: number): boolean =>
  isDigit(byte) || byte === 0x2e || byte === 0x2d || byte === 0x2b || (byte | 0x20) === 0x65;

/** Checks the grammar of RFC 8259, section 6, and says what the number is; -1 where it is none. */
export function numberEntry(bytes: Uint8Array, start: number, end: number): number {
  const negative = bytes[start] === 0x2d;
  const whole = negative ? start + 1 : start;
  let at = whole;
  while (at < end && isDigit(bytes[at]!)) at += 1;
  const digits = at - whole;
  if (digits === 0 || (digits > 1 && bytes[whole] === 0x30)) return -1;
  const sign = negative ? TapeFlag.Negative : 0;
  if (at === end) {
    if (digits < 10) return TapeKind.Integer | sign;
    return TapeKind.Integer | sign | integerWidth(bytes, whole, digits, negative);
  }
  if (bytes[at] === 0x2e) {
    const fraction = at + 1;
    at = fraction;
    while (at < end && isDigit(bytes[at]!)) at += 1;
    if (at === fraction) return -1;
  }
  if (at < end && (bytes[at]! | 0x20) === 0x65) {
    at += 1;
    if (bytes[at] === 0x2b || bytes[at] === 0x2d) at += 1;
    const exponent = at;
    while (at < end && isDigit(bytes[at]!)) at += 1;
    if (at === exponent) return -1;
  }
  return at === end ? TapeKind.Number | sign : -1;
}

/** Flags of an integer of at least 10 digits: beyond 32 bits, beyond 64 (signed or unsigned). */
function integerWidth(bytes: Uint8Array, start: number, digits: number, negative: boolean): number {
  if (digits === 10) {
    return isAbove(bytes, start, negative ? "2147483648" : "2147483647") ? TapeFlag.Integer64 : 0;
  }
  const limit = negative ? "9223372036854775808" : "18446744073709551615";
  if (digits > limit.length) return TapeFlag.Integer64 | TapeFlag.IntegerHuge;
  if (digits < limit.length || !isAbove(bytes, start, limit)) return TapeFlag.Integer64;
  return TapeFlag.Integer64 | TapeFlag.IntegerHuge;
}

/** Compares digits with a limit of the same length. */
function isAbove(bytes: Uint8Array, start: number, limit: string): boolean {
  for (let index = 0; index < limit.length; index += 1) {
    const difference = bytes[start + index]! - limit.charCodeAt(index);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
