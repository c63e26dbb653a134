/**
 * The first line of a message, read in place: request-line (RFC 9112, section 3) and status-line (section 4).
 * The reader is lenient where only one meaning is possible: bare line feeds, several spaces, no reason phrase,
 * any byte but controls in the target.
 */
import { httpLimits } from "../base/limits.ts";
import { TOKEN_LOWER } from "./headername.ts";

const LF = 10;
const CR = 13;
const SPACE = 32;
const TAB = 9;
const DOT = 46;
const ZERO = 48;
const NINE = 57;

const NEED_MORE = -1;
const BROKEN = -2;

/** What a start line said. Offsets count from the line's first byte. Reused. */
export class StartLine {
  methodEnd = 0;
  targetStart = 0;
  targetEnd = 0;
  /** 0 or 1; a higher minor version is read as 1 (RFC 9110, section 2.5). */
  minorVersion = 0;
  status = 0;
  /** Whether white space stands inside the target: only believed where a message must begin. */
  spaced = false;
  /** A status line that does not have the form of one; what it frames is not trusted. */
  malformed = false;
}

/** Returns the offset behind the line, -1 where bytes are missing, or -2 where it is no request of HTTP/1. */
export function readRequestLine(
  bytes: Uint8Array,
  start: number,
  end: number,
  line: StartLine,
): number {
  let at = start;
  while (at < end && TOKEN_LOWER[bytes[at]!] !== 0) at++;
  if (at - start > httpLimits.methodBytesMax) return BROKEN;
  if (at === end) return NEED_MORE;
  if (at === start || bytes[at] !== SPACE) return BROKEN;
  line.methodEnd = at - start;
  while (at < end && bytes[at] === SPACE) at++;
  line.targetStart = at - start;
  line.spaced = false;
  line.malformed = false;
  for (;;) {
    while (at < end && bytes[at]! > SPACE) at++;
    if (at >= end) return NEED_MORE;
    const byte = bytes[at]!;
    if (byte !== SPACE && byte !== TAB) return BROKEN;
    const targetEnd = at;
    while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
    const next = readVersion(bytes, at, end, line);
    if (next === NEED_MORE) return NEED_MORE;
    if (next !== BROKEN) {
      const lineEnd = readLineEnd(bytes, next, end);
      if (lineEnd !== BROKEN) {
        line.targetEnd = targetEnd - start;
        return line.targetEnd > line.targetStart ? lineEnd : BROKEN;
      }
    }
    line.spaced = true;
  }
}

/**
 * Returns the offset behind the line, -1 where bytes are missing, or -2 where it is no status line of HTTP/1. The
 * status is what digits the three bytes behind the space are, as the grammar gives it that place; a line in which
 * they are not three digits between spaces is `malformed`.
 */
export function readStatusLine(
  bytes: Uint8Array,
  start: number,
  end: number,
  line: StartLine,
): number {
  let at = readVersion(bytes, start, end, line);
  if (at < 0) return at;
  const versionEnd = at;
  while (at < end && bytes[at]! < SPACE && bytes[at] !== CR && bytes[at] !== LF) at++;
  line.malformed = at > versionEnd;
  if (at === end) return NEED_MORE;
  if (bytes[at] !== SPACE) return BROKEN;
  while (at < end && bytes[at] === SPACE) at++;
  if (at + 3 >= end) return mayBeStatus(bytes, at, end) ? NEED_MORE : BROKEN;
  line.status = 0;
  for (const codeEnd = at + 3; at < codeEnd; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit >= 0 && digit <= 9) line.status = line.status * 10 + digit;
    else if (isLineOrSpace(digit + ZERO)) return BROKEN;
    else line.malformed = true;
  }
  if (line.status === 0 && line.malformed) return BROKEN;
  if (line.status < 100 || bytes[at]! > SPACE) line.malformed = true;
  while (at < end && bytes[at] !== LF) {
    if (bytes[at] === 0) line.malformed = true;
    // A bare CR: some readers end the line there and take what follows for a field.
    if (bytes[at] === CR && at + 1 < end && bytes[at + 1] !== LF) line.malformed = true;
    at++;
  }
  return at < end ? at + 1 : NEED_MORE;
}

/** Answers of `startsStatusLine`. */
export const StatusLine = { No: 0, NotSure: 1, Yes: 2 } as const;
export type StatusLine = (typeof StatusLine)[keyof typeof StatusLine];

/** Whether `HTTP/1.`, a digit, a space, three digits and a space or line end stand at `start`. */
export function startsStatusLine(bytes: Uint8Array, start: number, end: number): StatusLine {
  const stop = Math.min(end, start + STATUS_FORM.length);
  for (let at = start; at < stop; at++) {
    const byte = bytes[at]!;
    const wanted = STATUS_FORM[at - start]!;
    if (wanted === ZERO ? byte < ZERO || byte > NINE : byte !== wanted) return StatusLine.No;
  }
  if (stop - start < STATUS_FORM.length || stop === end) return StatusLine.NotSure;
  const behind = bytes[stop]!;
  return behind === SPACE || behind === CR || behind === LF ? StatusLine.Yes : StatusLine.No;
}
/** `ZERO` stands for any digit. */
const STATUS_FORM: readonly number[] = [72, 84, 84, 80, 47, 49, DOT, ZERO, SPACE, ZERO, ZERO, ZERO];

/** `HTTP/1.` and a digit; sets `minorVersion`. */
function readVersion(bytes: Uint8Array, start: number, end: number, line: StartLine): number {
  const count = Math.min(end - start, VERSION.length);
  for (let index = 0; index < count; index++)
    if (bytes[start + index] !== VERSION[index]) return BROKEN;
  const at = start + VERSION.length;
  if (at >= end) return NEED_MORE;
  const digit = bytes[at]!;
  if (digit < ZERO || digit > NINE) return BROKEN;
  line.minorVersion = digit === ZERO ? 0 : 1;
  return at + 1;
}
const VERSION: readonly number[] = [72, 84, 84, 80, 47, 49, DOT];

/** White space, then a line end. */
function readLineEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
  if (at < end && bytes[at] === CR) at++;
  if (at >= end) return NEED_MORE;
  return bytes[at] === LF ? at + 1 : BROKEN;
}

function mayBeStatus(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (isLineOrSpace(bytes[at]!)) return false;
  return true;
}

const isLineOrSpace = (byte: number): boolean => byte === SPACE || byte === CR || byte === LF;
