/** Where heads begin and may end, in bytes of which not all are there. */
import { httpLimits } from "../base/limits.ts";

const LF = 10;
const CR = 13;
/** So many held bytes are read again with every piece, so that a head that is none is known early. */
const REREAD_BYTES = 1 << 11;

/** RFC 9112, section 2.2: blank lines before a message are passed over. */
export function skipBlankLines(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === LF || bytes[at] === CR)) at++;
  return at;
}

/**
 * Whether it is worth reading the head that begins at `at`, whose bytes before `seenEnd` were read before: many bytes
 * are read again only once those that joined them may end it.
 */
export function mayEndHead(bytes: Uint8Array, at: number, seenEnd: number, end: number): boolean {
  if (at >= seenEnd || end - at < REREAD_BYTES || end - at >= httpLimits.headBytesMax) return true;
  for (let index = Math.max(at + 1, seenEnd - 2); index < end; index++) {
    if (bytes[index] !== LF) continue;
    const before = bytes[index - 1] === CR ? index - 2 : index - 1;
    if (before >= at && bytes[before] === LF) return true;
  }
  return false;
}
