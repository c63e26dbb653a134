/**
 * What may stand before the first message of a stream: the PROXY protocol's header (versions 1 and 2), which load
 * balancers put there, or one side's part of a SOCKS dialogue (version 4: SOCKS4 and 4a; version 5: RFC 1928,
 * with the password of RFC 1929), behind which a tunnel begins. Each side's part can be measured without the
 * other.
 */

/** Answers of `preambleEnd` that are no offset. */
export const Preamble = {
  /** The bytes so far may be the beginning of one. */
  NeedMore: -1,
  None: -2,
} as const;

const LF = 10;
const CR = 13;
const ascii = (text: string): readonly number[] => Array.from(text, (char) => char.charCodeAt(0));
const PROXY_V1 = ascii("PROXY ");
const PROXY_V1_BYTES_MAX = 107;
const PROXY_V2: readonly number[] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10];
const PROXY_V2_BYTES_MAX = 2048;
const SOCKS4_TEXT_BYTES_MAX = 512;

/** Offset behind the preamble that begins at `start`, or a `Preamble` code. */
export function preambleEnd(bytes: Uint8Array, start: number, end: number): number {
  switch (bytes[start]) {
    case PROXY_V1[0]:
      return proxyV1(bytes, start, end);
    case CR:
      return proxyV2(bytes, start, end);
    case 4:
      return socks4Request(bytes, start, end);
    case 0:
      return socks4Reply(bytes, start, end);
    case 5:
      return socks5(bytes, start, end);
    default:
      return Preamble.None;
  }
}

/** Whether the bytes are `prefix` so far as they go. */
export function startsWith(
  bytes: Uint8Array,
  start: number,
  end: number,
  prefix: readonly number[],
): boolean {
  const count = Math.min(prefix.length, end - start);
  for (let index = 0; index < count; index++)
    if (bytes[start + index] !== prefix[index]) return false;
  return count > 0;
}

function proxyV1(bytes: Uint8Array, start: number, end: number): number {
  if (!startsWith(bytes, start, end, PROXY_V1)) return Preamble.None;
  const limit = Math.min(end, start + PROXY_V1_BYTES_MAX);
  for (let at = start; at < limit; at++) if (bytes[at] === LF) return at + 1;
  return limit < end ? Preamble.None : Preamble.NeedMore;
}

function proxyV2(bytes: Uint8Array, start: number, end: number): number {
  if (!startsWith(bytes, start, end, PROXY_V2)) return Preamble.None;
  if (end - start < 16) return Preamble.NeedMore;
  const byteCount = 16 + (bytes[start + 14]! << 8) + bytes[start + 15]!;
  if (byteCount > PROXY_V2_BYTES_MAX) return Preamble.None;
  return start + byteCount <= end ? start + byteCount : Preamble.NeedMore;
}

/** 4, command, port, address, user, 0; with an address of 0.0.0.x a host name and 0 follow. */
function socks4Request(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > 1 && bytes[start + 1] !== 1 && bytes[start + 1] !== 2) return Preamble.None;
  if (end - start < 9) return Preamble.NeedMore;
  const named = bytes[start + 4] === 0 && bytes[start + 5] === 0 && bytes[start + 6] === 0;
  let at = textEnd(bytes, start + 8, end);
  if (at >= 0 && named && bytes[start + 7] !== 0) at = textEnd(bytes, at, end);
  return at;
}

function textEnd(bytes: Uint8Array, start: number, end: number): number {
  const limit = Math.min(end, start + SOCKS4_TEXT_BYTES_MAX);
  for (let at = start; at < limit; at++) if (bytes[at] === 0) return at + 1;
  return limit < end ? Preamble.None : Preamble.NeedMore;
}

/** 0, result 90 to 93, port, address. */
function socks4Reply(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > 1 && (bytes[start + 1]! < 90 || bytes[start + 1]! > 93)) return Preamble.None;
  return end - start < 8 ? Preamble.NeedMore : start + 8;
}

/**
 * Client: 5, count, methods; perhaps 1, user, password; then 5, command, 0, address. Server: 5, method; perhaps 1,
 * result; then 5, result, 0, address. A server's method is at most 3 or 255 and what follows it begins with 5 or 1,
 * so the two can be told apart.
 */
function socks5(bytes: Uint8Array, start: number, end: number): number {
  const client = socks5Rest(bytes, start + 2 + (bytes[start + 1] ?? 0), end, true);
  if (client >= 0) return client;
  const server = socks5Rest(bytes, start + 2, end, false);
  return server >= 0 ? server : Math.max(client, server);
}

function socks5Rest(bytes: Uint8Array, start: number, end: number, isClient: boolean): number {
  let at = start;
  if (at >= end) return Preamble.NeedMore;
  if (bytes[at] === 1) {
    if (!isClient) at += 2;
    else {
      at += 2 + (bytes[at + 1] ?? 0);
      at += 1 + (bytes[at] ?? 0);
    }
  }
  if (at + 5 > end) return at < end && bytes[at] !== 5 ? Preamble.None : Preamble.NeedMore;
  if (bytes[at] !== 5 || bytes[at + 2] !== 0) return Preamble.None;
  if (isClient && (bytes[at + 1]! < 1 || bytes[at + 1]! > 3)) return Preamble.None;
  const kind = bytes[at + 3]!;
  const addressBytes = kind === 1 ? 4 : kind === 4 ? 16 : kind === 3 ? 1 + bytes[at + 4]! : -1;
  if (addressBytes < 0) return Preamble.None;
  const next = at + 4 + addressBytes + 2;
  return next <= end ? next : Preamble.NeedMore;
}
