/**
 * What the first bytes of a direction are: HTTP/1, another protocol, or not enough to tell. Signatures are
 * those of the protocols' own documents; they only name what is not HTTP, so a wrong name costs nothing.
 */
import { Buffer } from "node:buffer";
import { httpLimits } from "../base/limits.ts";
import { TOKEN_LOWER } from "./headername.ts";
import { commonMethod } from "./method.ts";
import { startsWith } from "./preamble.ts";
import { FlowKind } from "./tallies.ts";

/** Answers of `probe`; a number of `FlowKind` from 0 up means that protocol. */
export const Probe = {
  Request: -1,
  Response: -2,
  /** More bytes are needed. */
  NotSure: -3,
  /** The preface of a client that speaks HTTP/2, or what a server of it says first. */
  Http2Client: -4,
  Http2Server: -5,
} as const;

const LF = 10;
const CR = 13;
const SPACE = 32;
/** With so many bytes every signature below is decided. */
const DECISIVE_BYTES = 24;

export function probe(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === CR || bytes[at] === LF)) at++;
  if (at === end) return Probe.NotSure;
  if (startsWith(bytes, at, end, STATUS))
    return end - at < STATUS.length ? Probe.NotSure : Probe.Response;
  if (isUsualRequest(bytes, at, end)) return Probe.Request;
  if (startsWith(bytes, at, end, PREFACE))
    return end - at < PREFACE.length ? Probe.NotSure : Probe.Http2Client;
  if (isFirstSettings(bytes, at, end)) return Probe.Http2Server;
  const other = signature(bytes, at, end);
  if (other >= 0) return other;
  if (looksLikeRequest(bytes, at, end)) return Probe.Request;
  return end - at < DECISIVE_BYTES ? Probe.NotSure : FlowKind.unknown;
}

/** The server name of a TLS ClientHello (RFC 8446, section 4.1.2; RFC 6066, section 3), or null. */
export function tlsServerName(bytes: Uint8Array, start: number, end: number): string | null {
  const u16 = (at: number): number => (at + 1 < end ? (bytes[at]! << 8) | bytes[at + 1]! : 0);
  if (bytes[start] !== 0x16 || bytes[start + 5] !== 1) return null;
  let at = start + 43;
  if (at >= end) return null;
  at += 1 + bytes[at]!;
  at += 2 + u16(at);
  if (at >= end) return null;
  at += 1 + bytes[at]!;
  const stop = Math.min(end, at + 2 + u16(at));
  at += 2;
  while (at + 4 <= stop) {
    const byteCount = u16(at + 2);
    if (u16(at) === 0 && at + 9 <= stop) {
      const nameEnd = at + 9 + u16(at + 7);
      return nameEnd <= stop && nameEnd > at + 9
        ? Buffer.from(bytes.subarray(at + 9, nameEnd)).toString("latin1")
        : null;
    }
    at += 4 + byteCount;
  }
  return null;
}

/** Nothing but HTTP and its kin begins like this, so that no signature need be tried; NATS says CONNECT too. */
function isUsualRequest(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && bytes[at]! > SPACE && at - start <= httpLimits.methodBytesMax) at++;
  if (at === end || bytes[at] !== SPACE) return false;
  const method = commonMethod(bytes, start, at);
  return method !== undefined && method !== "CONNECT";
}

/** A method, a space, and the first byte of a target: so far as the bytes go. */
function looksLikeRequest(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && TOKEN_LOWER[bytes[at]!] !== 0) at++;
  if (at - start > httpLimits.methodBytesMax) return false;
  if (at === end || at === start || bytes[at] !== SPACE) return false;
  return at + 1 === end || bytes[at + 1]! >= SPACE;
}

const ascii = (text: string): readonly number[] => Array.from(text, (char) => char.charCodeAt(0));

const STATUS = ascii("HTTP/1.");
const PREFACE = ascii("PRI * HTTP/2.0\r\n");
/** Text protocols by how their first line begins, for what could pass as a request line. */
const COMMANDS: readonly (readonly [prefix: string, kind: number])[] = [
  ["EHLO ", FlowKind.smtp],
  ["HELO ", FlowKind.smtp],
  ["220 ", FlowKind.smtp],
  ["220-", FlowKind.smtp],
  ["MAIL FROM:", FlowKind.smtp],
  ["USER ", FlowKind.ftp],
  ["+OK", FlowKind.pop3],
  ["* OK", FlowKind.imap],
  ["NICK ", FlowKind.irc],
  ["SSH-", FlowKind.ssh],
  ["INFO {", FlowKind.nats],
  ["CONNECT {", FlowKind.nats],
  ["<stream:stream", FlowKind.xmpp],
  ["<?xml version='1.0'?><stream", FlowKind.xmpp],
  ["AMQP", FlowKind.amqp],
  ["RTSP/", FlowKind.rtsp],
  ["SIP/2.0 ", FlowKind.sip],
  ["\x13BitTorrent protocol", FlowKind.bittorrent],
];
const COMMAND_BYTES = COMMANDS.map(([prefix, kind]) => ({ prefix: ascii(prefix), kind }));

function signature(bytes: Uint8Array, start: number, end: number): number {
  const count = end - start;
  for (const { prefix, kind } of COMMAND_BYTES)
    if (count >= prefix.length && startsWith(bytes, start, end, prefix)) return kind;
  if (count < 8) return -1;
  const u8 = (at: number): number => bytes[start + at]!;
  const u32 = (at: number): number =>
    ((u8(at) << 24) | (u8(at + 1) << 16) | (u8(at + 2) << 8) | u8(at + 3)) >>> 0;
  const u32le = (at: number): number =>
    (u8(at) | (u8(at + 1) << 8) | (u8(at + 2) << 16) | (u8(at + 3) << 24)) >>> 0;
  for (const { kind, matches } of BINARY) if (matches({ count, u8, u32, u32le })) return kind;
  return -1;
}

interface Reader {
  /** Bytes that are there, at least 8. */
  readonly count: number;
  u8(at: number): number;
  u32(at: number): number;
  u32le(at: number): number;
}

/**
 * A frame of HTTP/2 (RFC 9113, section 6) that a side begins with, or is likely to be in the middle of a stream:
 * SETTINGS, PING, WINDOW_UPDATE, whole HEADERS.
 */
function isHttp2Frame({ count, u8, u32 }: Reader): boolean {
  if (count < 9 || u8(0) !== 0) return false;
  const byteCount = (u8(1) << 8) | u8(2);
  const streamId = u32(5);
  switch (u8(3)) {
    case 1:
      return (u8(4) & 4) !== 0 && streamId > 0 && streamId < 2 ** 31 && byteCount > 0;
    case 4:
      return u8(4) <= 1 && streamId === 0 && byteCount % 6 === 0;
    case 6:
      return u8(4) <= 1 && streamId === 0 && byteCount === 8;
    case 8:
      return u8(4) === 0 && streamId < 2 ** 31 && byteCount === 4;
    default:
      return false;
  }
}

/** SETTINGS, which a server of HTTP/2 sends first (RFC 9113, section 3.4). */
function isFirstSettings(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 9 || bytes[start + 3] !== 4 || bytes[start + 4] !== 0) return false;
  const byteCount = (bytes[start + 1]! << 8) | bytes[start + 2]!;
  const isOfConnection = [5, 6, 7, 8].every((offset) => bytes[start + offset] === 0);
  return bytes[start] === 0 && byteCount % 6 === 0 && isOfConnection;
}

/** Binary protocols, the surest signatures first. */
const BINARY: readonly { kind: number; matches(reader: Reader): boolean }[] = [
  {
    // A record of TLS 1.x or SSL 3: content type, version, length.
    kind: FlowKind.tls,
    matches: ({ u8 }) =>
      u8(0) >= 0x14 && u8(0) <= 0x18 && u8(1) === 3 && u8(2) <= 4 && u8(3) <= 0x48,
  },
  {
    kind: FlowKind.http2Joined,
    matches: isHttp2Frame,
  },
  {
    // SSLRequest and StartupMessage of protocol 3.
    kind: FlowKind.postgres,
    matches: ({ u32 }) =>
      (u32(0) === 8 && (u32(4) === 80877103 || u32(4) === 80877104)) ||
      (u32(0) < 10_000 && u32(4) === 196608),
  },
  {
    // Handshake V10: 3 bytes length, sequence 0, version 10, server version as text.
    kind: FlowKind.mysql,
    matches: ({ u8 }) =>
      u8(2) === 0 && u8(3) === 0 && u8(4) === 10 && u8(5) >= 0x30 && u8(5) <= 0x39,
  },
  {
    kind: FlowKind.mongodb,
    matches: ({ count, u32le }) =>
      count >= 16 && u32le(0) >= 16 && [1, 2004, 2005, 2010, 2011, 2012, 2013].includes(u32le(12)),
  },
  {
    // Length, then ApiVersions (18), Metadata (3) or Produce/Fetch with a small version.
    kind: FlowKind.kafka,
    matches: ({ count, u32, u8 }) =>
      count >= 14 &&
      u32(0) >= 10 &&
      u32(0) < 1 << 20 &&
      u8(4) === 0 &&
      [0, 1, 3, 18].includes(u8(5)) &&
      u8(6) === 0 &&
      u8(7) < 20,
  },
  {
    kind: FlowKind.smb,
    matches: ({ u8, u32 }) => u8(0) === 0 && (u32(4) === 0xff534d42 || u32(4) === 0xfe534d42),
  },
  { kind: FlowKind.rdp, matches: ({ u8 }) => u8(0) === 3 && u8(1) === 0 && u8(5) === 0xe0 },
  {
    kind: FlowKind.mssql,
    matches: ({ u8 }) => u8(0) === 0x12 && u8(1) === 1 && u8(4) === 0 && u8(5) === 0,
  },
  {
    kind: FlowKind.cassandra,
    matches: ({ u8 }) =>
      (u8(0) & 0x7f) >= 3 && (u8(0) & 0x7f) <= 5 && u8(1) <= 1 && u8(4) <= 16 && u8(5) === 0,
  },
  {
    kind: FlowKind.ldap,
    matches: ({ u8 }) => u8(0) === 0x30 && u8(2) === 2 && u8(3) === 1 && (u8(5) & 0x60) === 0x60,
  },
  {
    kind: FlowKind.mqtt,
    matches: ({ u8 }) =>
      u8(0) === 0x10 &&
      u8(2) === 0 &&
      (u8(3) === 4 || u8(3) === 6) &&
      u8(4) === 0x4d &&
      u8(5) === 0x51,
  },
  {
    kind: FlowKind.redis,
    matches: ({ u8 }) =>
      u8(0) === 0x2a && u8(1) >= 0x31 && u8(1) <= 0x39 && (u8(2) === CR || u8(3) === CR),
  },
  { kind: FlowKind.telnet, matches: ({ u8 }) => u8(0) === 0xff && u8(1) >= 0xfa && u8(3) === 0xff },
];
