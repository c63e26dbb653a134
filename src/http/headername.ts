/**
 * Names of header fields as small numbers, so that the hot path compares integers. Names of the constant table
 * have fixed numbers; others are interned as they come, in a bounded table that the whole process shares (a
 * number therefore means the same name in every head). A name is found by hash and then verified, so two names
 * never share a number. Four bytes are taken at a time: a name costs about 15 ns, byte by byte it was 60 ns.
 */
import { httpLimits } from "../base/limits.ts";

/** Fixed numbers of well-known names. Order is free: numbers never leave the process. */
export const HeaderName = {
  /** A name that found no room in the table. */
  None: 0,
  Host: 1,
  ContentType: 2,
  ContentLength: 3,
  TransferEncoding: 4,
  ContentEncoding: 5,
  Connection: 6,
  Upgrade: 7,
  Authorization: 8,
  Cookie: 9,
  SetCookie: 10,
  UserAgent: 11,
  Accept: 12,
  AcceptEncoding: 13,
  AcceptLanguage: 14,
  AcceptCharset: 15,
  Date: 16,
  Server: 17,
  Location: 18,
  ContentDisposition: 19,
  ContentLanguage: 20,
  ContentLocation: 21,
  ContentRange: 22,
  Range: 23,
  IfRange: 24,
  IfMatch: 25,
  IfNoneMatch: 26,
  IfModifiedSince: 27,
  IfUnmodifiedSince: 28,
  ETag: 29,
  LastModified: 30,
  CacheControl: 31,
  Pragma: 32,
  Expires: 33,
  Age: 34,
  Vary: 35,
  Via: 36,
  Forwarded: 37,
  XForwardedFor: 38,
  XForwardedHost: 39,
  XForwardedProto: 40,
  XForwardedPort: 41,
  XForwardedPrefix: 42,
  XRealIp: 43,
  XRequestId: 44,
  XCorrelationId: 45,
  Traceparent: 46,
  Tracestate: 47,
  Baggage: 48,
  XB3TraceId: 49,
  XB3SpanId: 50,
  XB3ParentSpanId: 51,
  XB3Sampled: 52,
  Origin: 53,
  Referer: 54,
  Expect: 55,
  Te: 56,
  Trailer: 57,
  KeepAlive: 58,
  ProxyAuthorization: 59,
  ProxyAuthenticate: 60,
  ProxyConnection: 61,
  WwwAuthenticate: 62,
  XApiKey: 63,
  XAuthToken: 64,
  XCsrfToken: 65,
  XRequestedWith: 66,
  XHttpMethodOverride: 67,
  SoapAction: 68,
  Http2Settings: 69,
  SecWebSocketKey: 70,
  SecWebSocketVersion: 71,
  SecWebSocketAccept: 72,
  SecWebSocketProtocol: 73,
  SecWebSocketExtensions: 74,
  Allow: 75,
  RetryAfter: 76,
  Link: 77,
  AcceptRanges: 78,
  AccessControlAllowOrigin: 79,
  AccessControlAllowMethods: 80,
  AccessControlAllowHeaders: 81,
  AccessControlAllowCredentials: 82,
  AccessControlExposeHeaders: 83,
  AccessControlMaxAge: 84,
  AccessControlRequestMethod: 85,
  AccessControlRequestHeaders: 86,
  StrictTransportSecurity: 87,
  ContentSecurityPolicy: 88,
  XContentTypeOptions: 89,
  XFrameOptions: 90,
  XXssProtection: 91,
  XPoweredBy: 92,
  ReferrerPolicy: 93,
  PermissionsPolicy: 94,
  Dnt: 95,
  UpgradeInsecureRequests: 96,
  SecFetchDest: 97,
  SecFetchMode: 98,
  SecFetchSite: 99,
  SecFetchUser: 100,
  SecChUa: 101,
  SecChUaMobile: 102,
  SecChUaPlatform: 103,
  Priority: 104,
  MaxForwards: 105,
  From: 106,
  AltSvc: 107,
  IdempotencyKey: 108,
  /** Numbers of names that were interned at run time begin here. */
  FirstUnknown: 128,
} as const;
export type HeaderName = (typeof HeaderName)[keyof typeof HeaderName];

/** Names whose spelling is not the words of their key joined by hyphens. */
const IRREGULAR: ReadonlyMap<string, string> = new Map([
  ["ETag", "etag"],
  ["SoapAction", "soapaction"],
  ["Http2Settings", "http2-settings"],
  ["SecWebSocketKey", "sec-websocket-key"],
  ["SecWebSocketVersion", "sec-websocket-version"],
  ["SecWebSocketAccept", "sec-websocket-accept"],
  ["SecWebSocketProtocol", "sec-websocket-protocol"],
  ["SecWebSocketExtensions", "sec-websocket-extensions"],
  ["XB3TraceId", "x-b3-traceid"],
  ["XB3SpanId", "x-b3-spanid"],
  ["XB3ParentSpanId", "x-b3-parentspanid"],
]);

/** RFC 9110, section 5.6.2: bytes of a token, in lower case; 0 for every other byte. */
export const TOKEN_LOWER: Uint8Array = (() => {
  const table = new Uint8Array(256);
  for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")
    table[char.charCodeAt(0)] = char.charCodeAt(0);
  for (let upper = 65; upper <= 90; upper++) table[upper] = upper + 32;
  return table;
})();

/** Bytes with this bit set are lower case; of the bytes of a name it changes letters and `@[\\]^_` only. */
export const FOLD = 0x20202020;
/** Mixes four folded bytes of a name into its hash, which starts at 0 and ends with `hashEnd`. */
export const hashStep = (hash: number, word: number): number => Math.imul(hash ^ word, 0x9e3779b1);
export const hashEnd = (hash: number, byteCount: number): number => {
  const mixed = hash ^ byteCount;
  return mixed ^ (mixed >>> 15);
};

const NAMES_MAX = httpLimits.headerNamesMax;
const WORDS = httpLimits.headerNameBytesMax / 4;
const SLOT_MASK = 4 * NAMES_MAX - 1;
/** Names made to collide get no number rather than a long search. */
const PROBES_MAX = 16;

/** Open addressing, linear probing. Invariant: at most a quarter of the slots is used. */
const slots = new Uint16Array(4 * NAMES_MAX);
const hashes = new Int32Array(NAMES_MAX);
/** The folded bytes of each name, four a word, the last word filled up with zeros. */
const words = new Int32Array(NAMES_MAX * WORDS);
const lengths = new Uint8Array(NAMES_MAX);
/** Whether the name has an underscore, which folding takes for the control character DEL. */
const underscored = new Uint8Array(NAMES_MAX);
const strings: string[] = [];
let nextId: number = HeaderName.FirstUnknown;

/** What `internName` answers for bytes that are no token. */
export const NOT_A_NAME = -1;

/**
 * Number of the name at `[start, end)` of `view`, whose hash the caller made. The caller has seen that no
 * byte is below 0x21 and that four bytes behind `end` may be read.
 */
export function internName(view: DataView, start: number, end: number, hash: number): number {
  let slot = hash & SLOT_MASK;
  for (let probe = 0; probe < PROBES_MAX; probe++) {
    const id = slots[slot]!;
    if (id === 0) return addName(view, start, end, hash, slot);
    if (hashes[id] === hash && sameName(id, view, start, end)) return id;
    slot = (slot + 1) & SLOT_MASK;
  }
  return isToken(view, start, end) ? HeaderName.None : NOT_A_NAME;
}

/** Lower-case text of an interned name; not for `HeaderName.None`. */
export const nameText = (id: number): string => strings[id]!;

function sameName(id: number, view: DataView, start: number, end: number): boolean {
  if (lengths[id] !== end - start) return false;
  let index = id * WORDS;
  let at = start;
  for (; at + 4 <= end; at += 4)
    if (words[index++] !== (view.getInt32(at, true) | FOLD)) return false;
  if (at < end && words[index] !== lastWord(view, at, end)) return false;
  return underscored[id] === 0 || isToken(view, start, end);
}

/** The last one to three bytes of a name, folded, above them zeros. */
export const lastWord = (view: DataView, at: number, end: number): number =>
  (view.getInt32(at, true) | FOLD) & ((1 << ((end - at) << 3)) - 1);

function addName(view: DataView, start: number, end: number, hash: number, slot: number): number {
  if (!isToken(view, start, end)) return NOT_A_NAME;
  if (nextId >= NAMES_MAX || end - start > httpLimits.headerNameBytesMax) return HeaderName.None;
  for (let at = start; at < end; at++)
    if (FOLDED_TOGETHER.includes(view.getUint8(at))) return HeaderName.None;
  store(nextId, view, start, end, hash, slot);
  return nextId++;
}

/** Other bytes of a token that folding takes for a different one: ^ ` | ~ . Such names get no number. */
const FOLDED_TOGETHER: readonly number[] = [0x5e, 0x60, 0x7c, 0x7e];

function isToken(view: DataView, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (TOKEN_LOWER[view.getUint8(at)] === 0) return false;
  return end > start;
}

function store(
  id: number,
  view: DataView,
  start: number,
  end: number,
  hash: number,
  slot: number,
): void {
  let index = id * WORDS;
  let at = start;
  for (; at + 4 <= end; at += 4) words[index++] = view.getInt32(at, true) | FOLD;
  if (at < end) words[index] = lastWord(view, at, end);
  let name = "";
  for (at = start; at < end; at++) name += String.fromCharCode(TOKEN_LOWER[view.getUint8(at)]!);
  strings[id] = name;
  underscored[id] = name.includes("_") ? 1 : 0;
  lengths[id] = end - start;
  hashes[id] = hash;
  slots[slot] = id;
}

for (const [key, id] of Object.entries(HeaderName)) {
  if (id === HeaderName.None || id === HeaderName.FirstUnknown) continue;
  const name = IRREGULAR.get(key) ?? key.replaceAll(/(?<!^)(?=[A-Z])/g, "-").toLowerCase();
  const view = new DataView(new ArrayBuffer(httpLimits.headerNameBytesMax + 4));
  for (let at = 0; at < name.length; at++) view.setUint8(at, name.charCodeAt(at));
  const hash = hashName(view, 0, name.length);
  let slot = hash & SLOT_MASK;
  while (slots[slot] !== 0) slot = (slot + 1) & SLOT_MASK;
  store(id, view, 0, name.length, hash, slot);
}

/** Hash of a whole name. */
export function hashName(view: DataView, start: number, end: number): number {
  let hash = 0;
  let at = start;
  for (; at + 4 <= end; at += 4) hash = hashStep(hash, view.getInt32(at, true) | FOLD);
  return hashEnd(hashStep(hash, lastWord(view, at, end)), end - start);
}
