/**
 * How long a message's body is: RFC 9112, section 6.3, item by item. Where the RFC calls a message's framing
 * faulty, no reading of the body is trusted, because sender and receiver may each have had another one.
 */
import { HeaderName } from "./headername.ts";
import { Oddity } from "./oddity.ts";
import type { PooledHead } from "./pooledhead.ts";

export const Framing = {
  /** No body. */
  None: 0,
  /** As many bytes as `BodyFraming.length` says. */
  Length: 1,
  Chunked: 2,
  /** Until the connection closes. */
  Close: 3,
  Bad: 4,
} as const;
export type Framing = (typeof Framing)[keyof typeof Framing];

/** What matters of a method for the framing of its response. */
export const MethodKind = { Other: 0, Head: 1, Connect: 2, Unknown: 3 } as const;
export type MethodKind = (typeof MethodKind)[keyof typeof MethodKind];

/** What `requestFraming` and `responseFraming` found; reused. */
export class BodyFraming {
  length = 0;
  /** Codings of Transfer-Encoding before the last, which is chunked: lower case, in order of application. */
  transferCodings: string[] = NO_CODINGS;
}
const NO_CODINGS: string[] = [];

export function requestFraming(head: PooledHead, into: BodyFraming): Framing {
  into.transferCodings = NO_CODINGS;
  if (head.oddities & UNTRUSTED) return Framing.Bad;
  const hasLength = head.indexOf(HeaderName.ContentLength, 0) >= 0;
  if (head.indexOf(HeaderName.TransferEncoding, 0) >= 0) {
    // Section 6.1: a client that sends both, or 1.0 with a transfer coding, may be smuggling.
    if (hasLength || head.line.minorVersion === 0) return Framing.Bad;
    return readTransferCodings(head, into) === Coding.Chunked ? Framing.Chunked : Framing.Bad;
  }
  if (!hasLength) return Framing.None;
  into.length = contentLength(head);
  return into.length < 0 ? Framing.Bad : lengthFraming(into);
}

export function responseFraming(head: PooledHead, method: MethodKind, into: BodyFraming): Framing {
  into.transferCodings = NO_CODINGS;
  const { status } = head.line;
  if (head.line.malformed) return Framing.Bad;
  if (method === MethodKind.Head || status < 200 || status === 204 || status === 304)
    return Framing.None;
  if (method === MethodKind.Connect && status < 300) return Framing.None;
  if (head.oddities & UNTRUSTED) return Framing.Bad;
  const hasLength = head.indexOf(HeaderName.ContentLength, 0) >= 0;
  if (head.indexOf(HeaderName.TransferEncoding, 0) >= 0) {
    const coding = readTransferCodings(head, into);
    if (coding === Coding.Bad) return Framing.Bad;
    // Every client reads such a response by its transfer coding, whatever its length says (item 3).
    if (coding === Coding.Chunked && head.line.minorVersion === 1) return Framing.Chunked;
    if (coding !== Coding.Identity) {
      if (hasLength || head.line.minorVersion === 0) return Framing.Bad;
      return Framing.Close;
    }
  }
  if (!hasLength) return Framing.Close;
  into.length = contentLength(head);
  return into.length < 0 ? Framing.Bad : lengthFraming(into);
}

const lengthFraming = (into: BodyFraming): Framing =>
  into.length === 0 ? Framing.None : Framing.Length;

/** Section 2.2 (bare CR) and RFC 9110, section 5.5 (NUL): readers differ in where the head's lines end. */
const UNTRUSTED = Oddity.bareCr | Oddity.nul | Oddity.framing;

const Coding = { Chunked: 0, Other: 1, Identity: 2, Bad: 3 } as const;
type Coding = (typeof Coding)[keyof typeof Coding];

/**
 * The list of transfer codings, whose last must be chunked and must be so once. `identity` alone is what
 * RFC 2616 allowed and old servers send; it says nothing.
 */
function readTransferCodings(head: PooledHead, into: BodyFraming): Coding {
  const first = head.indexOf(HeaderName.TransferEncoding, 0);
  const onlyOne = head.indexOf(HeaderName.TransferEncoding, first + 1) < 0;
  if (onlyOne && head.valueIs(first, CHUNKED)) return Coding.Chunked;
  const codings: string[] = [];
  for (let index = first; index >= 0; index = head.indexOf(HeaderName.TransferEncoding, index + 1))
    for (const part of head.valueAt(index).split(",")) {
      const coding = part.replaceAll(/^[ \t]+|[ \t]+$/g, "").toLowerCase();
      if (coding !== "") codings.push(coding);
    }
  if (codings.length > CODINGS_MAX || codings.length === 0) return Coding.Bad;
  if (!codings.every((coding) => TRANSFER_CODINGS.has(coding))) return Coding.Bad;
  if (codings.length === 1 && codings[0] === "identity") return Coding.Identity;
  const chunkedAt = codings.indexOf("chunked");
  if (chunkedAt < 0) return Coding.Other;
  if (chunkedAt !== codings.length - 1) return Coding.Bad;
  into.transferCodings = codings.slice(0, -1);
  return Coding.Chunked;
}

/** The usual case. */
const CHUNKED: readonly number[] = [...Buffer.from("chunked")];

const CODINGS_MAX = 4;
const TRANSFER_CODINGS: ReadonlySet<string> = new Set([
  "chunked",
  "gzip",
  "x-gzip",
  "deflate",
  "compress",
  "x-compress",
  "identity",
]);

/**
 * Section 6.3, item 5: all fields and all members of their lists must be the same decimal number. Returns -1
 * where they are not.
 */
function contentLength(head: PooledHead): number {
  let length = -1;
  for (
    let index = head.indexOf(HeaderName.ContentLength, 0);
    index >= 0;
    index = head.indexOf(HeaderName.ContentLength, index + 1)
  ) {
    const { fields, bytes } = head;
    let at = fields[index * 5 + 3]!;
    const end = fields[index * 5 + 4]!;
    for (;;) {
      const memberEnd = memberEndOf(bytes, at, end);
      const value = decimal(bytes, at, memberEnd);
      if (value < 0 || (length >= 0 && value !== length)) return -1;
      length = value;
      if (memberEnd === end) break;
      at = memberEnd + 1;
    }
  }
  return length;
}

const COMMA = 44;
const SPACE = 32;
const TAB = 9;
const ZERO = 48;

function memberEndOf(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== COMMA) at++;
  return at;
}

/** Digits with white space around them; -1 for anything else, and for what no double holds exactly. */
function decimal(bytes: Uint8Array, start: number, end: number): number {
  let from = start;
  let to = end;
  while (from < to && (bytes[from] === SPACE || bytes[from] === TAB)) from++;
  while (to > from && (bytes[to - 1] === SPACE || bytes[to - 1] === TAB)) to--;
  if (from === to) return -1;
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
    if (value > Number.MAX_SAFE_INTEGER) return -1;
  }
  return value;
}
