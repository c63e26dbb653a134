import { TOKEN_LOWER } from "./headername.ts";

/** What was odd about a head that could be read all the same; bits of `PooledHead.oddities`. */
export const Oddity = {
  /** A carriage return that no line feed follows: some readers end the line there. */
  bareCr: 1 << 0,
  nul: 1 << 1,
  /** A line that is no field: no colon, or a byte that no name has. It was left out. */
  strayLine: 1 << 2,
  /** White space between name and colon (RFC 9112, section 5.1, wants such a request refused). */
  spaceBeforeColon: 1 << 3,
  /** A value that goes on in the next line (RFC 9112, section 5.2). */
  folded: 1 << 4,
  /** One of the three before at a field that frames the message, or at what may pass as such a field. */
  framing: 1 << 5,
} as const;

const COLON = 58;

/**
 * Whether a line that is no proper field begins like Content-Length or Transfer-Encoding to a reader that skips
 * what does not belong into a name. Such a head has two readings.
 */
export function namesFraming(bytes: Uint8Array, start: number, end: number): boolean {
  let letters = "";
  for (let at = start; at < end && letters.length <= FRAMING_LETTERS_MAX; at++) {
    const byte = bytes[at]!;
    if (byte === COLON) break;
    const lower = TOKEN_LOWER[byte]!;
    if (lower >= 97 && lower <= 122) letters += String.fromCharCode(lower);
  }
  return letters.startsWith("contentlength") || letters.startsWith("transferencoding");
}
const FRAMING_LETTERS_MAX = 16;
