import {
  fileExtensionAt,
  hasZone,
  isBase64,
  isCard,
  isCompactDateTime,
  isDateAt,
  isDigit,
  isDuration,
  isEmail,
  isExponent,
  isHexRun,
  isHostname,
  isIban,
  isIpv4,
  isIpv6,
  isJwt,
  isLocale,
  isMac,
  isPhone,
  isSecret,
  isSemver,
  isTimeAt,
  isUlid,
  isUpper,
  isUri,
  isUuid,
  startsWith,
  uriSchemeEnd,
} from "./forms.ts";
import { hasRandomPart, isGibberish, isRandomPart } from "./randomness.ts";

/**
 * What kind of text a value is. One table for path segments, names, parameters, headers and JSON strings.
 * The numbers are on the wire and in stores: append, never renumber.
 */
export const LexicalClass = {
  Empty: 0,
  Boolean: 1,
  Integer: 2,
  Decimal: 3,
  Uuid: 4,
  Ulid: 5,
  /** At least 8 hexadecimal digits, some of them decimal: digests, object ids. */
  Hex: 6,
  Base64: 7,
  Base64Url: 8,
  /** A token that looks random and is none of the others. */
  Opaque: 9,
  Jwt: 10,
  /** RFC 3339 full-date. */
  Date: 11,
  /** RFC 3339 date-time. */
  DateTime: 12,
  Time: 13,
  /** ISO 8601 duration. */
  Duration: 14,
  Email: 15,
  Uri: 16,
  UriPath: 17,
  Ipv4: 18,
  Ipv6: 19,
  Mac: 20,
  Hostname: 21,
  Phone: 22,
  /** Passes the Luhn check and has an issuer's prefix. */
  Card: 23,
  Iban: 24,
  /** A known form of a credential (`ghp_`, `AKIA`, `sk_live_`, a PEM block). */
  Secret: 25,
  Semver: 26,
  Locale: 27,
  FileName: 28,
  /** One word: letters, perhaps with a few digits behind, camelCase and UPPER_CASE included. */
  Word: 29,
  /** Several words joined by `-`, `_`, `.` or `:`. */
  Slug: 30,
  /** Anything with white space or punctuation of prose. */
  Text: 31,
  /** Bytes that are no text, or a file in a multipart body. */
  Binary: 32,
  /** A date-time that is not RFC 3339: RFC 9110 dates, `2024-01-02 03:04:05`, no zone. */
  DateTimeOther: 33,
  /** An integer with zeros before it: digits that name something, and no number (RFC 8259, section 6). */
  PaddedInteger: 34,
} as const;
export type LexicalClass = (typeof LexicalClass)[keyof typeof LexicalClass];

/** What a byte is, as one bit of a mask: a value is judged by the union of its bytes first. */
export const Char = {
  LowerHex: 1 << 0,
  LowerOther: 1 << 1,
  UpperHex: 1 << 2,
  UpperOther: 1 << 3,
  Digit: 1 << 4,
  Dash: 1 << 5,
  Underscore: 1 << 6,
  Dot: 1 << 7,
  Colon: 1 << 8,
  Slash: 1 << 9,
  Plus: 1 << 10,
  Equals: 1 << 11,
  At: 1 << 12,
  Space: 1 << 13,
  Comma: 1 << 14,
  Pipe: 1 << 15,
  Tilde: 1 << 16,
  /** Other printable ASCII. */
  Punctuation: 1 << 17,
  /** Tab, line feed, carriage return. */
  Break: 1 << 18,
  /** Other control characters. */
  Control: 1 << 19,
  /** Bytes of 0x80 and above. */
  High: 1 << 20,
  /** In JSON text: what ends a run of plain string bytes (quote, backslash, control characters). */
  JsonStop: 1 << 21,
} as const;

const Lower = Char.LowerHex | Char.LowerOther;
const Upper = Char.UpperHex | Char.UpperOther;
const Letter = Lower | Upper;
const Alnum = Letter | Char.Digit;
const HexDigit = Char.LowerHex | Char.UpperHex | Char.Digit;

/** `Char` bits by byte. */
export const CHAR_BITS: Int32Array = makeCharBits();

function makeCharBits(): Int32Array {
  const bits = new Int32Array(256);
  const set = (characters: string, bit: number) => {
    for (const character of characters) bits[character.charCodeAt(0)] = bit;
  };
  for (let byte = 0; byte < 256; byte += 1) {
    if (byte >= 0x80) bits[byte] = Char.High;
    else if (byte < 0x20 || byte === 0x7f) bits[byte] = Char.Control;
    else bits[byte] = Char.Punctuation;
  }
  set("abcdef", Char.LowerHex);
  set("ghijklmnopqrstuvwxyz", Char.LowerOther);
  set("ABCDEF", Char.UpperHex);
  set("GHIJKLMNOPQRSTUVWXYZ", Char.UpperOther);
  set("0123456789", Char.Digit);
  set("-", Char.Dash);
  set("_", Char.Underscore);
  set(".", Char.Dot);
  set(":", Char.Colon);
  set("/", Char.Slash);
  set("+", Char.Plus);
  set("=", Char.Equals);
  set("@", Char.At);
  set(" ", Char.Space);
  set(",", Char.Comma);
  set("|", Char.Pipe);
  set("~", Char.Tilde);
  set("\t\n\r", Char.Break);
  for (let byte = 0; byte < 0x20; byte += 1) bits[byte]! |= Char.JsonStop;
  bits[0x22]! |= Char.JsonStop;
  bits[0x5c]! |= Char.JsonStop;
  return bits;
}

/** The class of `bytes[start, end)`. Linear, without allocation. Longer values are judged by their first bytes. */
export function classify(bytes: Uint8Array, start: number, end: number): LexicalClass {
  const stop = Math.min(end, start + classifiedBytesMax);
  let mask = 0;
  for (let at = start; at < stop; at += 1) mask |= CHAR_BITS[bytes[at]!]!;
  return classifyMasked(bytes, start, stop, mask);
}

const classifiedBytesMax = 1024;

/** The same, where the caller knows the union of the bytes' `CHAR_BITS` (`JsonStop` is ignored). */
export function classifyMasked(
  bytes: Uint8Array,
  start: number,
  end: number,
  mask: number,
): LexicalClass {
  const length = end - start;
  if (length === 0) return LexicalClass.Empty;
  if ((mask & ~(Letter | Char.JsonStop)) === 0) return classifyLetters(bytes, start, end, mask);
  if ((mask & ~(Char.Digit | Char.JsonStop)) === 0) {
    return length >= 13 && length <= 19 && isCard(bytes, start, end)
      ? LexicalClass.Card
      : classifyDigits(bytes, start, end);
  }
  if ((mask & (Char.Control | Char.High)) !== 0) {
    return classifyForeign(bytes, start, end, mask);
  }
  if ((mask & (Char.Space | Char.Break)) !== 0) return classifySpaced(bytes, start, end, mask);
  if ((mask & Letter) === 0) return classifyNumeric(bytes, start, end, mask);
  if (length >= 16 && bytes[start + 4] === 0x2d && bytes[start + 13] === 0x3a) {
    const separator = bytes[start + 10]! | 0x20;
    if (separator === 0x74 && isDateAt(bytes, start) && isTimeAt(bytes, start + 11, end)) {
      return hasZone(bytes, end) ? LexicalClass.DateTime : LexicalClass.DateTimeOther;
    }
  }
  return classifyMixed(bytes, start, end, mask);
}

function classifyLetters(
  bytes: Uint8Array,
  start: number,
  end: number,
  mask: number,
): LexicalClass {
  const length = end - start;
  if (length === 4 && isWord4(bytes, start, 0x74, 0x72, 0x75, 0x65)) return LexicalClass.Boolean;
  if (
    length === 5 &&
    isWord4(bytes, start, 0x66, 0x61, 0x6c, 0x73) &&
    (bytes[start + 4]! | 0x20) === 0x65
  ) {
    return LexicalClass.Boolean;
  }
  const random =
    (mask & Upper) === 0 || (mask & Lower) === 0
      ? isGibberish(bytes, start, end)
      : isRandomPart(bytes, start, end);
  return random ? LexicalClass.Opaque : LexicalClass.Word;
}

function isWord4(
  bytes: Uint8Array,
  at: number,
  a: number,
  b: number,
  c: number,
  d: number,
): boolean {
  return (
    (bytes[at]! | 0x20) === a &&
    (bytes[at + 1]! | 0x20) === b &&
    (bytes[at + 2]! | 0x20) === c &&
    (bytes[at + 3]! | 0x20) === d
  );
}

/** Values with control characters or bytes beyond ASCII. */
function classifyForeign(
  bytes: Uint8Array,
  start: number,
  end: number,
  mask: number,
): LexicalClass {
  if ((mask & Char.Control) !== 0) return LexicalClass.Binary;
  if (!isUtf8(bytes, start, end)) return LexicalClass.Binary;
  if ((mask & (Char.Space | Char.Break | Char.Punctuation | Char.Comma)) !== 0) {
    return LexicalClass.Text;
  }
  if ((mask & Char.Colon) !== 0 && uriSchemeEnd(bytes, start, end) > 0) return LexicalClass.Text;
  if (bytes[start] === 0x2f) return LexicalClass.UriPath;
  if ((mask & Char.At) !== 0) return LexicalClass.Text;
  if (end - start > 48) return LexicalClass.Text;
  return (mask & (Char.Dash | Char.Underscore | Char.Dot | Char.Colon)) === 0
    ? LexicalClass.Word
    : LexicalClass.Slug;
}

/** Accepts a sequence that the end cuts off: long values are judged by their first bytes. */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    if (at + 4 <= end && (bytes[at]! | bytes[at + 1]! | bytes[at + 2]! | bytes[at + 3]!) < 0x80) {
      at += 4;
      continue;
    }
    const byte = bytes[at]!;
    at += 1;
    if (byte < 0x80) continue;
    let follow = 0;
    if (byte >= 0xc2 && byte < 0xe0) follow = 1;
    else if (byte >= 0xe0 && byte < 0xf0) follow = 2;
    else if (byte >= 0xf0 && byte < 0xf5) follow = 3;
    else return false;
    for (; follow > 0 && at < end; follow -= 1) {
      if ((bytes[at]! & 0xc0) !== 0x80) return false;
      at += 1;
    }
  }
  return true;
}

/** Values with white space: almost always prose, but telephone and card numbers and dates may have it. */
function classifySpaced(bytes: Uint8Array, start: number, end: number, mask: number): LexicalClass {
  const length = end - start;
  const first = bytes[start]!;
  if (length > 64) return startsWithPem(bytes, start) ? LexicalClass.Secret : LexicalClass.Text;
  if ((mask & (Letter | Char.Break)) === 0) return classifyNumeric(bytes, start, end, mask);
  if ((mask & Char.Digit) !== 0 && isDigit(first) && length >= 16 && isDateAt(bytes, start)) {
    return isTimeAt(bytes, start + 11, end) ? LexicalClass.DateTimeOther : LexicalClass.Text;
  }
  // RFC 9110, section 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
  if (
    length >= 28 &&
    length <= 31 &&
    bytes[start + 3] === 0x2c &&
    bytes[start + 4] === 0x20 &&
    isDigit(bytes[start + 5]!) &&
    (mask & Char.Colon) !== 0
  ) {
    return LexicalClass.DateTimeOther;
  }
  if (length >= 18 && isUpper(first) && isIban(bytes, start, end)) return LexicalClass.Iban;
  if (startsWithPem(bytes, start)) return LexicalClass.Secret;
  return LexicalClass.Text;
}

function startsWithPem(bytes: Uint8Array, start: number): boolean {
  return startsWith(bytes, start, start + 11, "-----BEGIN ");
}

/** Values without letters that are more than digits. */
function classifyNumeric(
  bytes: Uint8Array,
  start: number,
  end: number,
  mask: number,
): LexicalClass {
  const length = end - start;
  const first = bytes[start]!;
  let digits = 0;
  let dots = 0;
  let colons = 0;
  let dashes = 0;
  let gaps = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    if (isDigit(byte)) digits += 1;
    else if (byte === 0x2e) dots += 1;
    else if (byte === 0x3a) colons += 1;
    else if (byte === 0x2d) dashes += 1;
    else if (byte === 0x20 || byte === 0x28 || byte === 0x29) gaps += 1;
  }
  const others = length - digits - dots - colons - dashes - gaps;
  if (first === 0x2f) return LexicalClass.UriPath;
  if (digits === 0)
    return colons >= 2 && isIpv6(bytes, start, end) ? LexicalClass.Ipv6 : plain(mask);
  if (digits + dashes === length && dashes === 1 && first === 0x2d) {
    return classifyDigits(bytes, start + 1, end);
  }
  if (digits + dots === length) return classifyDotted(bytes, start, end, dots);
  if (digits + dots + dashes === length && first === 0x2d && dots === 1 && dashes === 1) {
    return LexicalClass.Decimal;
  }
  if (length === 10 && dashes === 2 && isDateAt(bytes, start)) return LexicalClass.Date;
  if (dashes >= 2 && length >= 16 && isDateAt(bytes, start)) {
    if (bytes[start + 10] === 0x20 && isTimeAt(bytes, start + 11, end)) {
      return LexicalClass.DateTimeOther;
    }
  }
  if (colons > 0 && others === 0 && isTimeAt(bytes, start, end)) return LexicalClass.Time;
  if (colons === 5 && length === 17 && isMac(bytes, start, end)) return LexicalClass.Mac;
  if (colons >= 2 && isIpv6(bytes, start, end)) return LexicalClass.Ipv6;
  if (dashes + gaps > 0 && others === 0 && digits >= 13 && digits <= 19) {
    if (dots === 0 && colons === 0 && isCard(bytes, start, end)) return LexicalClass.Card;
  }
  if (isPhone(bytes, start, end, digits, dashes + gaps + dots)) return LexicalClass.Phone;
  return plain(mask);
}

function classifyDigits(bytes: Uint8Array, start: number, end: number): LexicalClass {
  const isPadded = bytes[start] === 0x30 && end - start > 1;
  return isPadded ? LexicalClass.PaddedInteger : LexicalClass.Integer;
}

/** Neither word nor number: a slug where only joiners stand between its parts, else text. */
function plain(mask: number): LexicalClass {
  const joiners = Char.Dash | Char.Underscore | Char.Dot | Char.Colon | Char.Tilde;
  return (mask & ~(Alnum | joiners | Char.JsonStop)) === 0 ? LexicalClass.Slug : LexicalClass.Text;
}

/** Digits and dots. */
function classifyDotted(bytes: Uint8Array, start: number, end: number, dots: number): LexicalClass {
  if (dots === 1) {
    return isDigit(bytes[start]!) && isDigit(bytes[end - 1]!)
      ? LexicalClass.Decimal
      : LexicalClass.Slug;
  }
  if (dots === 3 && isIpv4(bytes, start, end)) return LexicalClass.Ipv4;
  return dots === 2 ? LexicalClass.Semver : LexicalClass.Slug;
}

/** Printable ASCII without white space, with a letter and something else. */
function classifyMixed(bytes: Uint8Array, start: number, end: number, mask: number): LexicalClass {
  const length = end - start;
  const first = bytes[start]!;
  if (length === 36 && (mask & ~(HexDigit | Char.Dash)) === 0 && isUuid(bytes, start)) {
    return LexicalClass.Uuid;
  }
  if (length >= 11 && isSecret(bytes, start, end)) return LexicalClass.Secret;
  if (length === 17 && isMac(bytes, start, end)) return LexicalClass.Mac;
  if ((mask & Char.Colon) !== 0) {
    if (uriSchemeEnd(bytes, start, end) > 0) {
      return isUri(bytes, start, end) ? LexicalClass.Uri : LexicalClass.Text;
    }
    if ((mask & ~(HexDigit | Char.Colon | Char.Dot | Char.JsonStop)) === 0) {
      if (isIpv6(bytes, start, end)) return LexicalClass.Ipv6;
    }
    if (isDigit(first) && isTimeAt(bytes, start, end)) return LexicalClass.Time;
  }
  if ((mask & Char.At) !== 0) {
    return isEmail(bytes, start, end) ? LexicalClass.Email : plainAt(bytes, start, end, mask);
  }
  if (first === 0x2f) return LexicalClass.UriPath;
  if ((mask & Char.Dot) !== 0) {
    const dotted = classifyWithDots(bytes, start, end, mask);
    if (dotted >= 0) return dotted as LexicalClass;
  }
  if ((mask & ~(Alnum | Char.JsonStop)) === 0) return classifyAlnum(bytes, start, end, mask);
  if ((mask & (Char.Slash | Char.Plus | Char.Equals)) !== 0 && isBase64(bytes, start, end, mask)) {
    return LexicalClass.Base64;
  }
  if ((mask & (Char.Dash | Char.Underscore)) !== 0 && length >= 5 && length <= 11) {
    if (isLocale(bytes, start, end)) return LexicalClass.Locale;
  }
  return classifyJoined(bytes, start, end, mask);
}

/** `@alice`, `name@1.2`: words with a mark are slugs where nothing else speaks against it. */
function plainAt(bytes: Uint8Array, start: number, end: number, mask: number): LexicalClass {
  const allowed =
    Alnum | Char.Dash | Char.Underscore | Char.Dot | Char.At | Char.Slash | Char.Colon;
  if ((mask & ~(allowed | Char.JsonStop)) !== 0) return LexicalClass.Text;
  return hasRandomPart(bytes, start, end) ? LexicalClass.Opaque : LexicalClass.Slug;
}

/** Letters and digits only. */
function classifyAlnum(bytes: Uint8Array, start: number, end: number, mask: number): LexicalClass {
  const length = end - start;
  const first = bytes[start]!;
  if ((mask & ~(HexDigit | Char.JsonStop)) === 0 && length >= 8 && isOneCase(mask)) {
    return LexicalClass.Hex;
  }
  if (length === 26 && first >= 0x30 && first <= 0x37 && isUlid(bytes, start, end)) {
    return LexicalClass.Ulid;
  }
  if (length >= 15 && length <= 34 && isUpper(first) && isIban(bytes, start, end)) {
    return LexicalClass.Iban;
  }
  // RFC 3339, appendix A: `P3Y6M4DT12H30M5S`.
  if (first === 0x50 && length >= 3 && isDuration(bytes, start, end)) return LexicalClass.Duration;
  if (length > 10 && first === 0x30 && (bytes[start + 1]! | 0x20) === 0x78) {
    if (isHexRun(bytes, start + 2, end)) return LexicalClass.Hex;
  }
  if (length >= 16 && isCompactDateTime(bytes, start, end)) return LexicalClass.DateTimeOther;
  if (isExponent(bytes, start, end)) return LexicalClass.Decimal;
  return isRandomPart(bytes, start, end) ? LexicalClass.Opaque : LexicalClass.Word;
}

/** Words joined by something. */
function classifyJoined(bytes: Uint8Array, start: number, end: number, mask: number): LexicalClass {
  if ((mask & ~(HexDigit | Char.Plus | Char.Dash | Char.JsonStop)) === 0) {
    if (isExponent(bytes, start, end)) return LexicalClass.Decimal;
  }
  const joiners = Char.Dash | Char.Underscore | Char.Dot | Char.Colon | Char.Tilde;
  if ((mask & ~(Alnum | joiners | Char.Slash | Char.Plus | Char.JsonStop)) !== 0) {
    return LexicalClass.Text;
  }
  if (hasRandomPart(bytes, start, end)) {
    const urlSafe = (mask & ~(Alnum | Char.Dash | Char.Underscore | Char.JsonStop)) === 0;
    const mixed = (mask & Upper) !== 0 && (mask & Lower) !== 0 && (mask & Char.Digit) !== 0;
    return urlSafe && mixed && end - start >= 16 ? LexicalClass.Base64Url : LexicalClass.Opaque;
  }
  return (mask & Char.Slash) !== 0 ? LexicalClass.UriPath : LexicalClass.Slug;
}

/** What has a dot: JWT, version, file, host. -1 where it is none of them. */
function classifyWithDots(
  bytes: Uint8Array,
  start: number,
  end: number,
  mask: number,
): LexicalClass | -1 {
  const length = end - start;
  if (length >= 32 && startsWith(bytes, start, end, "eyJ") && isJwt(bytes, start, end)) {
    return LexicalClass.Jwt;
  }
  if (isSemver(bytes, start, end)) return LexicalClass.Semver;
  if (isExponent(bytes, start, end)) return LexicalClass.Decimal;
  const extensionAt = fileExtensionAt(bytes, start, end);
  if (extensionAt >= 0) return LexicalClass.FileName;
  const hostMask = Alnum | Char.Dash | Char.Dot | Char.JsonStop | Char.Colon;
  if ((mask & ~hostMask) === 0 && isHostname(bytes, start, end)) return LexicalClass.Hostname;
  return -1;
}

function isOneCase(mask: number): boolean {
  return (mask & Lower) === 0 || (mask & Upper) === 0;
}
