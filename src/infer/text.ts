/** What strings are: their format, and their words where those are all there are. */

import { NameFlag, nameFlags } from "../telemetry/fieldnames.ts";
import { LexicalClass } from "../telemetry/lexical.ts";
import type { TextShape } from "../telemetry/shape.ts";
import { countIn } from "../telemetry/tally.ts";
import { compareText } from "./group.ts";
import type { Schema } from "./model.ts";
import * as thresholds from "./thresholds.ts";
import { splitWords } from "./words.ts";

/** Formats that a validator can check, by the class whose every value has them. */
const FORMATS: ReadonlyMap<number, string> = new Map([
  [LexicalClass.Uuid, "uuid"],
  [LexicalClass.Date, "date"],
  [LexicalClass.DateTime, "date-time"],
  [LexicalClass.Time, "time"],
  [LexicalClass.Duration, "duration"],
  [LexicalClass.Email, "email"],
  [LexicalClass.Uri, "uri"],
  [LexicalClass.Ipv4, "ipv4"],
  [LexicalClass.Ipv6, "ipv6"],
]);

type StringSchema = Extract<Schema, { kind: "string" }>;

/** `kin` is what has the same words, if any; `name` is that of the field or parameter, or empty. */
export function textSchema(text: TextShape, kin: TextShape, name: string): StringSchema {
  const isCandidate = !isMessage(name) && text.count >= thresholds.enumCountMin;
  const words = isCandidate ? enumeration(kin, name) : null;
  return { kind: "string", nullable: false, format: textFormat(text), words };
}

/** What stands in a field of a form, a part or an element: a value as text, or a file. */
export function partSchema(text: TextShape, kin: TextShape, name: string): Schema {
  if (text.count > 0 && countIn(text.classes, LexicalClass.Binary) === text.count)
    return { kind: "string", nullable: false, format: "binary", words: null };
  return valueSchema(text, name, kin);
}

/** Schema of text that stands for a value of a path, query or header: `12` is an integer where all are. */
export function valueSchema(text: TextShape, name: string, kin = text): Schema {
  const count = (lexicalClass: number): number => countIn(text.classes, lexicalClass);
  if (text.count > 0) {
    const integers = count(LexicalClass.Integer);
    if (integers === text.count)
      return { kind: "integer", nullable: false, format: intFormat(text) };
    if (integers + count(LexicalClass.Decimal) === text.count)
      return { kind: "number", nullable: false };
    if (count(LexicalClass.Boolean) === text.count) return { kind: "boolean", nullable: false };
  }
  return textSchema(text, kin, name);
}

export function textFormat(text: TextShape): string | null {
  for (const [lexicalClass, format] of FORMATS)
    if (text.count > 0 && countIn(text.classes, lexicalClass) === text.count) return format;
  return null;
}

/** Names of what is written for people: few texts may do for years and one more come tomorrow. */
function isMessage(name: string): boolean {
  return MESSAGES.has(splitWords(name).at(-1) ?? "");
}

const MESSAGES = new Set(
  "error message msg title detail details description text reason summary label name caption".split(
    " ",
  ),
);

/**
 * The words of a complete enumeration, sorted, or null. The part of the values whose word came only once estimates how
 * probable it is that the next value brings a new word (I. J. Good, Biometrika 1953).
 */
function enumeration(text: TextShape, name: string): readonly string[] | null {
  const { words, others } = text;
  // The word of a file is its content type.
  if (countIn(text.classes, LexicalClass.Binary) > 0 || words === null || others > 0) return null;
  const wordsMin = nameFlags(name) & (NameFlag.Tag | NameFlag.EnumLike) ? 1 : 2;
  if (words.words.length < wordsMin || words.words.length > thresholds.enumWordsMax) return null;
  let count = 0;
  let once = 0;
  for (const times of words.counts) {
    count += times;
    if (times === 1) once += 1;
  }
  if (count < thresholds.enumCountMin || once > thresholds.enumNewWordMax * count) return null;
  return [...words.words].sort(compareText);
}

/** Three bits of length are up to seven digits: surely 32 bits; four are up to fifteen: surely 64. */
function intFormat(text: TextShape): "int32" | "int64" | null {
  const longest = text.lengths.at(-2) ?? 0;
  if (longest <= 3) return "int32";
  return longest <= 4 ? "int64" : null;
}
