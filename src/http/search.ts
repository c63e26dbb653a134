/**
 * Where the next message may begin in a stream whose framing was lost: behind a gap, or where listening began
 * in the middle. A message may begin anywhere, as a body need not end with a line. What is found here is a
 * candidate; only a whole head without any oddity makes it a message.
 */
import { httpLimits } from "../base/limits.ts";
import { TOKEN_LOWER } from "./headername.ts";

/** Which side speaks here. */
export const Role = { Unknown: 0, Request: 1, Response: 2 } as const;
export type Role = (typeof Role)[keyof typeof Role];

const LF = 10;
const CR = 13;
const SPACE = 32;
const LETTER_H = 72;
const VERSION: readonly number[] = [72, 84, 84, 80, 47, 49, 46];

/** What `findCandidate` found; reused. */
export class Candidate {
  /** Offset of the message's first byte, or -1. */
  start = -1;
  isRequest = false;
  /** Where to go on if this was none. */
  next = 0;
  /** Without a candidate: from here on the bytes are needed again when more have come. */
  keepFrom = 0;

  set(start: number, isRequest: boolean): void {
    this.start = start;
    this.isRequest = isRequest;
  }
}

/**
 * Looks for `HTTP/1.` from `from` on; a request's line may have begun as far back as `floor`. `floor` is where
 * the bytes that are surely one stream begin.
 */
export function findCandidate(
  bytes: Uint8Array,
  floor: number,
  from: number,
  end: number,
  role: Role,
  into: Candidate,
): void {
  into.start = -1;
  for (let at = from; at < end; at++) {
    if (bytes[at] !== LETTER_H) continue;
    const matched = matchVersion(bytes, at, end);
    if (matched === MISMATCH) continue;
    if (matched === PARTIAL) break;
    into.next = at + 1;
    // A status line goes on with a space, a request line ends here.
    if (bytes[at + VERSION.length + 1] === SPACE) {
      if (role === Role.Request) continue;
      into.set(at, false);
      return;
    }
    if (role === Role.Response || at === floor || bytes[at - 1] !== SPACE) continue;
    const start = requestStart(bytes, floor, at - 1);
    if (start < 0) continue;
    into.set(start, true);
    return;
  }
  into.keepFrom = tailStart(bytes, Math.max(floor, end - httpLimits.searchLineBytesMax), end, role);
}

const MISMATCH = 0;
const PARTIAL = 1;
const MATCH = 2;

/** `HTTP/1.`, a digit, and the byte behind it. */
function matchVersion(bytes: Uint8Array, start: number, end: number): number {
  const count = Math.min(end - start, VERSION.length);
  for (let index = 0; index < count; index++)
    if (bytes[start + index] !== VERSION[index]) return MISMATCH;
  return end - start < VERSION.length + 2 ? PARTIAL : MATCH;
}

/**
 * Start of the request line whose target ends at `targetEnd`, or -1. The method is the whole line's beginning,
 * or the end of what stands before the target if that is a method everybody knows.
 */
function requestStart(bytes: Uint8Array, floor: number, targetEnd: number): number {
  const lowest = Math.max(floor, targetEnd - httpLimits.searchLineBytesMax);
  let at = targetEnd;
  while (at > lowest && bytes[at - 1]! > SPACE) at--;
  if (at === targetEnd || at === lowest || bytes[at - 1] !== SPACE) return -1;
  const methodEnd = at - 1;
  at = methodEnd;
  while (
    at > lowest &&
    TOKEN_LOWER[bytes[at - 1]!] !== 0 &&
    methodEnd - at < httpLimits.methodBytesMax
  )
    at--;
  if (at === methodEnd) return -1;
  if (at > floor && bytes[at - 1] === LF) return at;
  return knownMethodStart(bytes, at, methodEnd);
}

/** RFC 9110, section 9.3, and what else is common; none is the end of another that a gap might have cut. */
const METHODS: readonly (readonly number[])[] = [
  "GET",
  "PUT",
  "POST",
  "HEAD",
  "PATCH",
  "TRACE",
  "DELETE",
  "OPTIONS",
  "CONNECT",
  "PROPFIND",
  "PROPPATCH",
  "MKCOL",
  "COPY",
  "MOVE",
  "SEARCH",
  "REPORT",
  "NOTIFY",
  "PURGE",
  "QUERY",
].map((name) => Array.from(name, (char) => char.charCodeAt(0)));

/** Whether the bytes are exactly a method that everybody knows. */
export const isKnownMethod = (bytes: Uint8Array, start: number, end: number): boolean =>
  knownMethodStart(bytes, start, end) === start;

function knownMethodStart(bytes: Uint8Array, lowest: number, end: number): number {
  for (const method of METHODS) {
    const start = end - method.length;
    if (start < lowest) continue;
    if (!method.every((byte, index) => bytes[start + index] === byte)) continue;
    // A longer word in capitals is some other word.
    if (start > lowest && isCapital(bytes[start - 1]!)) continue;
    return start;
  }
  return -1;
}

const isCapital = (byte: number): boolean => byte >= 65 && byte <= 90;

/**
 * First byte that may belong to a message whose version has not come yet: the last line, or of it the part
 * with at most two spaces, as a request line has.
 */
function tailStart(bytes: Uint8Array, lowest: number, end: number, role: Role): number {
  if (role === Role.Response) return Math.max(lowest, end - VERSION.length - 1);
  let spaces = 0;
  let at = end;
  while (at > lowest) {
    const byte = bytes[at - 1]!;
    if (byte === SPACE && ++spaces > 2) break;
    if (byte === LF || byte === CR) return at - 1;
    at--;
  }
  return at;
}
