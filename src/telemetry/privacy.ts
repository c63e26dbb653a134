/**
 * What may leave the sensor besides names, classes and counts. A word is kept only where the value's form and the
 * name it stands under both allow it; counts play no part, so a rare value is as safe as a frequent one.
 */
import { telemetryLimits } from "../base/limits.ts";
import { NameFlag } from "./fieldnames.ts";
import { isDigit, isLetter, isUpper } from "./forms.ts";
import { Char, LexicalClass } from "./lexical.ts";
import { isKnownWord, surpriseOf } from "./vocabulary.ts";

export interface PrivacyRules {
  /** Keep words of what may be an enumeration. Without it no text of a value is kept at all. */
  readonly enumWords: boolean;
  /** Keep path segments that are words. Without it those outside the vocabulary become `{word}`. */
  readonly pathWords: boolean;
  /** Keep keyed hashes of identifiers. */
  readonly hashes: boolean;
  /** Keep addresses of callers; without it only whether they are private. */
  readonly callers: boolean;
}

export const defaultPrivacy: PrivacyRules = {
  enumWords: true,
  pathWords: true,
  hashes: true,
  callers: true,
};

/** `CHAR_BITS` of all bytes that a kept word may have: with any other, `mayKeepWord` need not be asked. */
export const KEPT_WORD_BITS =
  Char.LowerHex |
  Char.LowerOther |
  Char.UpperHex |
  Char.UpperOther |
  Char.Digit |
  Char.Space |
  Char.Dash |
  Char.Underscore |
  Char.Dot |
  Char.Colon |
  Char.Slash;

/**
 * May the word `bytes[start, end)`, of class `lexical`, under a name with these `NameFlag`s, be kept?
 *
 * Under a name that says nothing, every part of it must be of the public vocabulary. Under the name of an
 * enumeration, short codes and pronounceable words are allowed as well.
 */
export function mayKeepWord(
  flags: number,
  lexical: LexicalClass,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  if (end - start > telemetryLimits.wordBytesMax || (flags & NameFlag.Private) !== 0) return false;
  switch (lexical) {
    case LexicalClass.Word:
    case LexicalClass.Slug:
    case LexicalClass.Boolean:
    case LexicalClass.UriPath:
    case LexicalClass.Text:
      return areWords(bytes, start, end, (flags & NameFlag.EnumLike) !== 0);
    case LexicalClass.Locale:
      return (flags & NameFlag.EnumLike) !== 0;
    default:
      return false;
  }
}

/** Words a value may have: `In Progress`, `user_account.created`. */
const wordsMax = 4;

function areWords(bytes: Uint8Array, start: number, end: number, enumLike: boolean): boolean {
  let parts = 0;
  let digits = 0;
  let spaces = 0;
  let areKnown = true;
  let at = start;
  while (at < end) {
    const byte = bytes[at]!;
    if (isLetter(byte)) {
      if (parts === wordsMax || spaces > 2) return false;
      const stop = humpEnd(bytes, at, end);
      if (!isKnownWord(bytes, at, stop)) {
        if (!enumLike || !isLikeWord(bytes, at, stop)) return false;
        areKnown = false;
      }
      parts += 1;
      at = stop;
      continue;
    }
    if (isDigit(byte)) digits += 1;
    else if (byte === 0x20) spaces += 1;
    else if (byte !== 0x2d && byte !== 0x5f && byte !== 0x2e && byte !== 0x3a && byte !== 0x2f) {
      return false;
    }
    at += 1;
  }
  if (parts === 0 || spaces > 2) return false;
  // A number beside words that nobody else uses: `61 Rosewall Street`.
  if (digits > 0 && spaces > 0 && !areKnown) return false;
  return digits <= (enumLike ? 2 : 1);
}

/** Where the part of a camel-case word that begins at `at` ends; capitals in a row are one part. */
function humpEnd(bytes: Uint8Array, at: number, end: number): number {
  let stop = at + 1;
  if (isUpper(bytes[at]!) && stop < end && isUpper(bytes[stop]!)) {
    while (stop < end && isUpper(bytes[stop]!)) stop += 1;
    const nextLower = stop < end && isLetter(bytes[stop]!);
    return nextLower && stop - at > 1 ? stop - 1 : stop;
  }
  while (stop < end && isLetter(bytes[stop]!) && !isUpper(bytes[stop]!)) stop += 1;
  return stop;
}

/** Stricter than what tells a word from a random token: eighths of a bit of mean surprise. */
const keptSurpriseMax = 35;
const keptLettersMax = 16;
/** Codes of so few letters (`EUR`, `AT`) are no secrets. */
const codeLettersMax = 3;

/** Of an enumeration, though not of the vocabulary. */
function isLikeWord(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length <= codeLettersMax) return true;
  return length <= keptLettersMax && surpriseOf(bytes, start, end) <= keptSurpriseMax;
}
