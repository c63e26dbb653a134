/**
 * Patterns of path segments (and of names that look like identifiers): literal text, with `{class}` where a
 * value was, such as `users`, `{uuid}`, `report-{int}.pdf`, `v1.users:batchGet`. Class names are those of
 * `SEGMENT_CLASSES`. Braces that came from traffic are percent-encoded, so a `{` always opens a class.
 * Literal text is percent-decoded where that is safe (RFC 3986, section 6.2.2.2), so one resource has one key.
 */
import { telemetryLimits } from "../base/limits.ts";
import { isDateAt, isDigit, isLetter, isUuid, lowerText } from "./forms.ts";
import { CHAR_BITS, Char, classifyMasked, LexicalClass } from "./lexical.ts";
import { isRandomPart, isVersion } from "./randomness.ts";
import { isKnownWord } from "./vocabulary.ts";

/** Class names of the pattern notation, by lexical class. What is not here stays literal. */
export const SEGMENT_CLASSES: ReadonlyMap<LexicalClass, string> = new Map([
  [LexicalClass.Integer, "int"],
  [LexicalClass.Decimal, "decimal"],
  [LexicalClass.Uuid, "uuid"],
  [LexicalClass.Ulid, "ulid"],
  [LexicalClass.Hex, "hex"],
  [LexicalClass.Base64, "base64"],
  [LexicalClass.Base64Url, "base64url"],
  [LexicalClass.Opaque, "opaque"],
  [LexicalClass.Jwt, "jwt"],
  [LexicalClass.Date, "date"],
  [LexicalClass.DateTime, "datetime"],
  [LexicalClass.Time, "time"],
  [LexicalClass.Email, "email"],
  [LexicalClass.Uri, "uri"],
  [LexicalClass.Ipv4, "ipv4"],
  [LexicalClass.Ipv6, "ipv6"],
  [LexicalClass.Mac, "mac"],
  [LexicalClass.Hostname, "hostname"],
  [LexicalClass.Phone, "phone"],
  [LexicalClass.Card, "card"],
  [LexicalClass.Iban, "iban"],
  [LexicalClass.Secret, "secret"],
  [LexicalClass.Text, "text"],
  [LexicalClass.Binary, "binary"],
]);

/** The class that stands for words whose text was dropped because a node had too many children. */
export const WORD_CLASS = "word";
export const WORD_KEY: string = `{${WORD_CLASS}}`;

/** Keys that are one class and nothing else are few, so they are never forgotten. */
export const isPureClass = (key: string): boolean =>
  key.startsWith("{") && key.indexOf("}") === key.length - 1;

/**
 * One segment taken apart: the pattern's text, and where in `bytes` (the segment, percent-decoded) the value of
 * each of its classes stands. Reused from segment to segment.
 */
export interface SegmentReading {
  key: string;
  readonly bytes: Uint8Array;
  byteCount: number;
  slotCount: number;
  readonly slotStarts: Int32Array;
  readonly slotEnds: Int32Array;
  readonly slotClasses: Int32Array;
}

export const emptyReading = (): SegmentReading => ({
  key: "",
  bytes: new Uint8Array(telemetryLimits.segmentBytesMax),
  byteCount: 0,
  slotCount: 0,
  slotStarts: new Int32Array(telemetryLimits.segmentSlotsMax),
  slotEnds: new Int32Array(telemetryLimits.segmentSlotsMax),
  slotClasses: new Int32Array(telemetryLimits.segmentSlotsMax),
});

/** The pattern of the path segment with these bytes (as sent, percent-encoded); `position` is 0 below the root. */
export function segmentPattern(segment: string, position = 1): string {
  const reading = emptyReading();
  const bytes = Buffer.from(segment);
  readSegment(bytes, 0, bytes.length, position, false, reading);
  return reading.key;
}

/**
 * Reads `raw[start, end)`. `position` is the segment's place in the path and `last` whether none follows: an API's
 * version stands near the root (`/1.0/`, `/2010-04-01/`, `/1/boards`), and there it is no value.
 */
export function readSegment(
  raw: Uint8Array,
  start: number,
  end: number,
  position: number,
  last: boolean,
  reading: SegmentReading,
): void {
  reading.slotCount = 0;
  const mask = decodeInto(raw, start, end, reading);
  const length = reading.byteCount;
  const lexical = classifyMasked(reading.bytes, 0, length, mask);
  if (isRootVersion(reading.bytes, length, lexical, position, last)) {
    reading.key = literalText(reading.bytes, 0, length);
    return;
  }
  const whole = wholeClass(lexical, mask);
  if (whole !== null || length >= telemetryLimits.segmentBytesMax) {
    const className = whole ?? LexicalClass.Text;
    pushSlot(reading, className, 0, length);
    reading.key = `{${SEGMENT_CLASSES.get(className)}}`;
    return;
  }
  if ((mask & (Char.Digit | SPLITTING)) === 0 && lexical !== LexicalClass.Opaque) {
    reading.key = literalText(reading.bytes, 0, length);
    return;
  }
  reading.key = subPattern(reading, 0, length, lexical, PATH_RULES);
}

/** Reads `raw[start, end)`, which is a word whatever it looks like. */
export function readLiteral(
  raw: Uint8Array,
  start: number,
  end: number,
  reading: SegmentReading,
): void {
  reading.slotCount = 0;
  decodeInto(raw, start, end, reading);
  reading.key = literalText(reading.bytes, 0, reading.byteCount);
}

/** Bytes that may put values into a segment even where it has no digit: lists, matrix and OData parameters. */
const SPLITTING = Char.Comma | Char.Equals | Char.Punctuation;

function isRootVersion(
  bytes: Uint8Array,
  length: number,
  lexical: LexicalClass,
  position: number,
  last: boolean,
): boolean {
  if (lexical === LexicalClass.Decimal) return position <= 1 && length <= 5 && bytes[0] !== 0x2d;
  if (lexical === LexicalClass.Date) return position === 0;
  if (lexical === LexicalClass.Integer) return position === 0 && length === 1 && !last;
  return false;
}

/** The class that stands for the whole segment, or null where it stays literal or is taken apart. */
function wholeClass(lexical: LexicalClass, mask: number): LexicalClass | null {
  switch (lexical) {
    // Digits are an integer here even where they pass for a card's or a telephone's number: one slot, one class.
    case LexicalClass.Card:
      return (mask & ~Char.Digit) === 0 ? LexicalClass.Integer : LexicalClass.Card;
    case LexicalClass.PaddedInteger:
      return LexicalClass.Integer;
    case LexicalClass.DateTimeOther:
      return LexicalClass.DateTime;
    case LexicalClass.Hostname:
    case LexicalClass.Opaque:
    case LexicalClass.Text:
      return (mask & (Char.Space | Char.Break)) !== 0 ? LexicalClass.Text : null;
    case LexicalClass.UriPath:
      return null;
    default:
      return SEGMENT_CLASSES.has(lexical) ? lexical : null;
  }
}

interface SubPatternRules {
  /** Runs of digits at least this long are values wherever they stand. */
  readonly digitsMin: number;
  /** Whether what stands between commas, behind `=`, in quotes or parentheses is a value even if it is a word. */
  readonly lists: boolean;
}

const PATH_RULES: SubPatternRules = { digitsMin: 3, lists: true };
const NAME_RULES: SubPatternRules = { digitsMin: 4, lists: false };

/** Takes a segment apart at everything that is no letter or digit; values become classes, words stay. */
function subPattern(
  reading: SegmentReading,
  start: number,
  end: number,
  lexical: LexicalClass,
  rules: SubPatternRules,
): string {
  const bytes = reading.bytes;
  let key = "";
  let foreignWords = false;
  let random = false;
  let valueContext = rules.lists && isPlainList(bytes, start, end);
  let at = start;
  while (at < end) {
    const byte = bytes[at]!;
    if (!isLetter(byte) && !isDigit(byte) && byte < 0x80) {
      if (rules.lists) valueContext = contextBehind(byte, valueContext);
      key += literalText(bytes, at, at + 1);
      at += 1;
      continue;
    }
    let runEnd = valueEnd(bytes, at, end);
    if (valueContext) runEnd = decimalEnd(bytes, at, runEnd, end);
    const known = runClass(bytes, at, runEnd, valueContext ? 1 : rules.digitsMin);
    if (known === LexicalClass.Word) {
      const digitsAt = trailingDigits(bytes, at, runEnd, rules.digitsMin);
      // In `Id=1` the name is no value.
      const isValue = valueContext && (bytes[runEnd] !== 0x3d || runEnd >= end);
      if (isValue) key += pushSlot(reading, LexicalClass.Word, at, runEnd);
      else if (digitsAt > 0) {
        key += literalText(bytes, at, digitsAt);
        key += pushSlot(reading, LexicalClass.Integer, digitsAt, runEnd);
      } else {
        key += literalText(bytes, at, runEnd);
        if (runEnd - at > 4 && !isKnownWord(bytes, at, runEnd)) foreignWords = true;
      }
    } else {
      random ||= known === LexicalClass.Opaque || known === LexicalClass.Hex;
      key += pushSlot(reading, known, at, runEnd);
    }
    at = runEnd;
  }
  const crowded = reading.slotCount > telemetryLimits.segmentSlotsMax;
  if (reading.slotCount > 1 && !crowded && rules.lists) key = foldList(reading, key);
  // A random token with a prefix that is no word is one random token: its prefix may be random too.
  if (crowded || (random && foreignWords) || (lexical === LexicalClass.Opaque && !random)) {
    reading.slotCount = 0;
    return pushSlot(reading, LexicalClass.Opaque, start, end);
  }
  return key;
}

/** A comma list that is no list of parameters. */
function isPlainList(bytes: Uint8Array, start: number, end: number): boolean {
  let commas = false;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    if (byte === 0x28 || byte === 0x3b || byte === 0x3d) return false;
    commas ||= byte === 0x2c;
  }
  return commas;
}

/** Are we in a value behind this punctuation? Behind `=` and in parentheses and quotes we are; `;` ends it. */
function contextBehind(byte: number, before: boolean): boolean {
  if (byte === 0x3d || byte === 0x28 || byte === 0x27 || byte === 0x2c) return true;
  if (byte === 0x3b || byte === 0x29) return false;
  return before;
}

/** Where the run of letters and digits at `at` ends; a UUID or a date is one run. */
function valueEnd(bytes: Uint8Array, at: number, end: number): number {
  if (end - at >= 36 && bytes[at + 8] === 0x2d && isUuid(bytes, at) && isHexAndDash(bytes, at)) {
    return at + 36;
  }
  if (end - at >= 10 && bytes[at + 4] === 0x2d && isDateAt(bytes, at)) return at + 10;
  let stop = at;
  while (stop < end) {
    const byte = bytes[stop]!;
    if (!isLetter(byte) && !isDigit(byte) && byte < 0x80) break;
    stop += 1;
  }
  return stop;
}

/** Where digits end that a dot and digits follow, else `runEnd`. */
function decimalEnd(bytes: Uint8Array, at: number, runEnd: number, end: number): number {
  if (bytes[runEnd] !== 0x2e || runEnd + 1 >= end || !isDigit(bytes[at]!)) return runEnd;
  let stop = runEnd + 1;
  while (stop < end && isDigit(bytes[stop]!)) stop += 1;
  return stop > runEnd + 1 ? stop : runEnd;
}

function isHexAndDash(bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < 36; index += 1) {
    const byte = bytes[at + index]!;
    const hex = isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
    if (!hex && byte !== 0x2d) return false;
  }
  return true;
}

/** `Word` is what stays as it is. */
function runClass(bytes: Uint8Array, start: number, end: number, digitsMin: number): LexicalClass {
  const length = end - start;
  let mask = 0;
  for (let at = start; at < end; at += 1) mask |= CHAR_BITS[bytes[at]!]!;
  if ((mask & ~Char.Digit) === 0) {
    return length >= digitsMin ? LexicalClass.Integer : LexicalClass.Word;
  }
  if ((mask & Char.High) !== 0) return LexicalClass.Word;
  if (length === 36) return LexicalClass.Uuid;
  if (length === 10 && (mask & Char.Dash) !== 0) return LexicalClass.Date;
  const lexical = classifyMasked(bytes, start, end, mask);
  if (lexical === LexicalClass.Hex || lexical === LexicalClass.Ulid) return lexical;
  if (lexical === LexicalClass.Decimal) return lexical;
  return isRandomPart(bytes, start, end) ? LexicalClass.Opaque : LexicalClass.Word;
}

/** Where the digits behind a word begin, if they are a number rather than part of the word (`ipv4`); else 0. */
function trailingDigits(bytes: Uint8Array, start: number, end: number, digitsMin: number): number {
  let at = end;
  while (at > start && isDigit(bytes[at - 1]!)) at -= 1;
  const digits = end - at;
  const letters = at - start;
  if (digits === 0 || letters === 0) return 0;
  if (end - start <= 7 && NUMBERED_WORDS.has(lowerText(bytes, start, end))) return 0;
  if (digits >= digitsMin) return isVersion(bytes, start, end) ? 0 : at;
  if (digitsMin === PATH_RULES.digitsMin && letters === 1) {
    return isVersion(bytes, start, end) ? 0 : at;
  }
  return 0;
}

/** Words of formats and products whose digits count nothing. */
const NUMBERED_WORDS: ReadonlySet<string> = new Set(
  "s3 x64 x86 x509 p12 e164 h264 h265 sha224 sha256 sha384 sha512 iso8601".split(" "),
);

/** A list of any length is written as one of two: `{int},{int}`. */
function foldList(reading: SegmentReading, key: string): string {
  const items = key.split(",");
  if (items.length < 2) return key;
  const first = items[0]!;
  if (!first.startsWith("{") || items.some((item) => item !== first)) {
    return key;
  }
  reading.slotCount = 2;
  return `${first},${first}`;
}

/** Counts a slot beyond the limit without keeping it, so that the caller sees that there are too many. */
function pushSlot(
  reading: SegmentReading,
  lexical: LexicalClass,
  start: number,
  end: number,
): string {
  const index = reading.slotCount;
  if (index < telemetryLimits.segmentSlotsMax) {
    reading.slotStarts[index] = start;
    reading.slotEnds[index] = end;
    reading.slotClasses[index] = lexical;
  }
  reading.slotCount = index + 1;
  return lexical === LexicalClass.Word ? `{${WORD_CLASS}}` : `{${SEGMENT_CLASSES.get(lexical)}}`;
}

/** Percent-decodes into `reading.bytes`, cut at its length; returns the union of the bytes' `CHAR_BITS`. */
function decodeInto(raw: Uint8Array, start: number, end: number, reading: SegmentReading): number {
  const bytes = reading.bytes;
  let count = 0;
  let mask = 0;
  for (let at = start; at < end && count < bytes.length; at += 1) {
    let byte = raw[at]!;
    if (byte === 0x25 && at + 2 < end) {
      const high = hexValue(raw[at + 1]!);
      const low = hexValue(raw[at + 2]!);
      if (high >= 0 && low >= 0) {
        byte = high * 16 + low;
        at += 2;
      }
    }
    mask |= CHAR_BITS[byte]!;
    bytes[count] = byte;
    count += 1;
  }
  reading.byteCount = count;
  return mask & ~Char.JsonStop;
}

export function hexValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

const HEX = "0123456789ABCDEF";
const KEPT_PUNCTUATION = "-._~!$&'()*+,;=:@";
const IS_KEPT: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return 0;
  return isLetter(byte) || isDigit(byte) || KEPT_PUNCTUATION.includes(String.fromCharCode(byte))
    ? 1
    : 0;
});

/** Decoded bytes as they stand in a key: what a segment may hold as it is, the rest percent-encoded. */
function literalText(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    text +=
      IS_KEPT[byte] === 1
        ? String.fromCharCode(byte)
        : `%${HEX.charAt(byte >> 4)}${HEX.charAt(byte & 15)}`;
  }
  return text;
}

const nameReading = emptyReading();
const nameLettersMin = 12;

/**
 * The pattern of a name (field, parameter, cookie) that looks like a value, such as `{uuid}` or
 * `customfield_{int}`; null where the name is kept as it is. Braces of a kept name are percent-encoded.
 */
export function namePattern(bytes: Uint8Array, start: number, end: number): string | null {
  if (end - start > telemetryLimits.nameBytesMax) return "{text}";
  let mask = 0;
  let braces = false;
  let brackets = false;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    mask |= CHAR_BITS[byte]!;
    braces ||= byte === 0x7b || byte === 0x7d;
    brackets ||= byte === 0x5b;
  }
  if (brackets) return bracketPattern(bytes, start, end);
  if (braces) return escapeBraces(Buffer.from(bytes.subarray(start, end)).toString("utf8"));
  const lexical = classifyMasked(bytes, start, end, mask & ~Char.JsonStop);
  switch (lexical) {
    case LexicalClass.Text:
      return isPhrase(bytes, start, end) ? null : "{text}";
    case LexicalClass.Opaque:
    case LexicalClass.Slug: {
      // Abbreviations look random too; as names they are common, and random names without a digit are not.
      const short = end - start < nameLettersMin;
      if ((mask & Char.Digit) === 0 && (short || lexical === LexicalClass.Slug)) return null;
      nameReading.bytes.set(bytes.subarray(start, end));
      nameReading.slotCount = 0;
      const pattern = subPattern(nameReading, 0, end - start, lexical, NAME_RULES);
      return nameReading.slotCount > 0 ? pattern : null;
    }
    case LexicalClass.Word: {
      const digitsAt = trailingDigits(bytes, start, end, NAME_RULES.digitsMin);
      return digitsAt > 0
        ? `${Buffer.from(bytes.subarray(start, digitsAt)).toString("latin1")}{int}`
        : null;
    }
    default: {
      const className = SEGMENT_CLASSES.get(lexical);
      return className === undefined ? null : `{${className}}`;
    }
  }
}

/** A name of several words (`First Name`, `Total (EUR)`): short, no number, no part that looks random. */
function isPhrase(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > 64) return false;
  let part = start;
  let digits = 0;
  for (let at = start; at <= end; at += 1) {
    const byte = at < end ? bytes[at]! : 0x20;
    if (isLetter(byte) || byte >= 0x80) {
      digits = 0;
      continue;
    }
    if (isDigit(byte)) {
      digits += 1;
      if (digits >= 3) return false;
      continue;
    }
    if (at < end && !PHRASE_MARKS.includes(String.fromCharCode(byte))) return false;
    if (at > part && isRandomPart(bytes, part, at)) return false;
    part = at + 1;
    digits = 0;
  }
  return true;
}

const PHRASE_MARKS = " -_./()%#&'$@,+<>?=:*`";

/** `filter[status]` stays, `items[0]` is `items[{int}]`. */
function bracketPattern(bytes: Uint8Array, start: number, end: number): string | null {
  let pattern = "";
  let changed = false;
  let from = start;
  for (let at = start; at <= end; at += 1) {
    const byte = at < end ? bytes[at]! : 0x5b;
    if (byte !== 0x5b && byte !== 0x5d) continue;
    const part = at > from ? namePattern(bytes, from, at) : null;
    pattern += part ?? Buffer.from(bytes.subarray(from, at)).toString("utf8");
    changed ||= part !== null;
    if (at < end) pattern += byte === 0x5b ? "[" : "]";
    from = at + 1;
  }
  return changed ? pattern : null;
}

function escapeBraces(text: string): string {
  return text.replaceAll("{", "%7B").replaceAll("}", "%7D");
}
