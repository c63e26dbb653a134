import type { KeyedHash } from "../base/hash.ts";
import { telemetryLimits } from "../base/limits.ts";
import { NameFlag } from "./fieldnames.ts";
import { CHAR_BITS, Char, classifyMasked, LexicalClass } from "./lexical.ts";
import { KEPT_WORD_BITS, mayKeepWord, type PrivacyRules } from "./privacy.ts";
import {
  CLASS_MASK,
  CLASS_SHIFT,
  LENGTH_SHIFT,
  lengthClass,
  type Tape,
  TapeFlag,
  TapeKind,
} from "./tape.ts";
import { isKnownWord } from "./vocabulary.ts";
import type { WordTable } from "./words.ts";

/** Classes that identify something under any name, by bit. */
const STRONG_IDS =
  2 ** LexicalClass.Uuid +
  2 ** LexicalClass.Ulid +
  2 ** LexicalClass.Hex +
  2 ** LexicalClass.Opaque;

/** Classes that may identify something where the name says so, by bit (all below 32). */
const WEAK_IDS =
  STRONG_IDS +
  2 ** LexicalClass.Integer +
  2 ** LexicalClass.Decimal +
  2 ** LexicalClass.Base64 +
  2 ** LexicalClass.Base64Url +
  2 ** LexicalClass.Date +
  2 ** LexicalClass.Email +
  2 ** LexicalClass.Ipv4 +
  2 ** LexicalClass.Ipv6 +
  2 ** LexicalClass.Mac +
  2 ** LexicalClass.Hostname +
  2 ** LexicalClass.Semver +
  2 ** LexicalClass.Locale +
  2 ** LexicalClass.FileName +
  2 ** LexicalClass.Word +
  2 ** LexicalClass.Slug;

const OTHERS_THAN_WORDS = ~(KEPT_WORD_BITS | Char.JsonStop);
const LETTERS = Char.LowerHex | Char.LowerOther | Char.UpperHex | Char.UpperOther | Char.JsonStop;

/** `true` and `false` are words of the vocabulary that have a class of their own. */
function knownClass(bytes: Uint8Array, start: number, byteCount: number): LexicalClass {
  const first = bytes[start]! | 0x20;
  if (first !== 0x74 && first !== 0x66) return LexicalClass.Word;
  return byteCount === 4 || byteCount === 5
    ? classifyMasked(bytes, start, start + byteCount, Char.LowerOther)
    : LexicalClass.Word;
}

/** What one string is: its class, its length class, whether it is hashed, whether its text may be kept. */
export class Judge {
  readonly #hash: KeyedHash;
  readonly #privacy: PrivacyRules;
  /** The scalar entry of the last value, in the layout of `tape.ts`. */
  entry = 0;
  hashHigh = 0;
  hashLow = 0;
  /** Number of the word, where the entry has one. */
  word = 0;
  readonly words: WordTable;

  constructor(hash: KeyedHash, privacy: PrivacyRules, words: WordTable) {
    this.#hash = hash;
    this.#privacy = privacy;
    this.words = words;
  }

  /**
   * Judges the string whose first bytes are `bytes[start, end)` and which has `byteCount` bytes in all; `mask` is the
   * union of their `CHAR_BITS`, `flags` the `NameFlag`s of the name it stands under. Fills the hash; returns `entry`.
   */
  string(
    flags: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    byteCount: number,
    mask: number,
  ): number {
    // A word that is known needs no judgement of its letters, and may be kept wherever a word may.
    const isKnown = (mask & ~LETTERS) === 0 && byteCount >= 3 && isKnownWord(bytes, start, end);
    const lexical = isKnown
      ? knownClass(bytes, start, byteCount)
      : classifyMasked(bytes, start, end, mask);
    let entry =
      TapeKind.String | (lexical << CLASS_SHIFT) | (lengthClass(byteCount) << LENGTH_SHIFT);
    if (lexical === LexicalClass.Text) entry |= listFlags(bytes, start, end, mask);
    let ids = (flags & NameFlag.IdLike) !== 0 ? WEAK_IDS : STRONG_IDS;
    if ((flags & NameFlag.Secret) !== 0) ids = 0;
    const idClass = lexical === LexicalClass.PaddedInteger ? LexicalClass.Integer : lexical;
    if (
      idClass < 31 &&
      (ids & (1 << idClass)) !== 0 &&
      byteCount <= telemetryLimits.hashedBytesMax &&
      this.#privacy.hashes
    ) {
      entry |= TapeFlag.HasHash;
      this.#hash.update(bytes, start, end);
      this.hashHigh = this.#hash.high;
      this.hashLow = this.#hash.low;
    }
    if (
      byteCount <= telemetryLimits.wordBytesMax &&
      this.#privacy.enumWords &&
      (flags & NameFlag.Private) === 0 &&
      (isKnown ||
        ((mask & OTHERS_THAN_WORDS) === 0 && mayKeepWord(flags, lexical, bytes, start, end)))
    ) {
      this.word = this.words.id(bytes, start, end);
      if (this.word !== 0) entry |= TapeFlag.HasWord;
    }
    this.entry = entry;
    return entry;
  }

  /** The same for a value of which the mask is not known yet. */
  text(flags: number, bytes: Uint8Array, start: number, end: number): void {
    const stop = Math.min(end, start + telemetryLimits.tokenBytesMax);
    let mask = 0;
    for (let at = start; at < stop; at += 1) mask |= CHAR_BITS[bytes[at]!]!;
    this.string(flags, bytes, start, stop, end - start, mask & ~Char.JsonStop);
  }

  /** The entry of a text that is neither a list nor a word, without a look at it. */
  prose(byteCount: number): number {
    return (
      TapeKind.String |
      (LexicalClass.Text << CLASS_SHIFT) |
      (lengthClass(byteCount) << LENGTH_SHIFT)
    );
  }

  /** Hashes the digits of an integer in an id-like field; the entry gets its flag. */
  integer(entry: number, bytes: Uint8Array, start: number, end: number): number {
    this.entry = entry;
    if (!this.#privacy.hashes || end - start > telemetryLimits.hashedBytesMax) return entry;
    this.#hash.update(bytes, start, end);
    this.hashHigh = this.#hash.high;
    this.hashLow = this.#hash.low;
    this.entry = entry | TapeFlag.HasHash;
    return this.entry;
  }

  /** Writes the last judged value; the tape has room for it. */
  write(tape: Tape, inArray: boolean): void {
    const entry = this.entry;
    if ((entry & (TapeFlag.HasHash | TapeFlag.HasWord)) === 0) {
      tape.scalar(entry, inArray);
      return;
    }
    const entries = tape.entries;
    let at = tape.count;
    entries[at] = entry;
    at += 1;
    if ((entry & TapeFlag.HasHash) !== 0) {
      entries[at] = this.hashHigh;
      entries[at + 1] = this.hashLow;
      at += 2;
    }
    if ((entry & TapeFlag.HasWord) !== 0) {
      entries[at] = this.word;
      at += 1;
    }
    tape.count = at;
  }
}

export const lexicalOf = (entry: number): number => (entry >>> CLASS_SHIFT) & CLASS_MASK;

/** Is a text a list? At least two items, none empty, none with the punctuation of prose. */
function listFlags(bytes: Uint8Array, start: number, end: number, mask: number): number {
  const item =
    Char.LowerHex |
    Char.LowerOther |
    Char.UpperHex |
    Char.UpperOther |
    Char.Digit |
    Char.Dash |
    Char.Underscore |
    Char.Dot |
    Char.Colon |
    Char.Slash;
  const joiners = mask & ~(item | Char.JsonStop);
  let joiner = 0;
  let flag = 0;
  if (joiners === Char.Comma) {
    joiner = 0x2c;
    flag = TapeFlag.CommaList;
  } else if (joiners === Char.Space) {
    joiner = 0x20;
    flag = TapeFlag.SpaceList;
  } else if (joiners === Char.Pipe) {
    joiner = 0x7c;
    flag = TapeFlag.PipeList;
  } else return 0;
  if (bytes[start] === joiner || bytes[end - 1] === joiner) return 0;
  if (joiner === 0x20) return flag;
  for (let at = start + 1; at < end; at += 1) {
    if (bytes[at] === joiner && bytes[at - 1] === joiner) return 0;
  }
  return flag;
}
