/**
 * Objects whose names are data: a value per language, per day, per id. Told from records with optional fields
 * by their names (classes of values, or names that rarely come twice) and by values that are all of one kind.
 */

import { classify, LexicalClass } from "../telemetry/lexical.ts";
import type { Shape } from "../telemetry/shape.ts";
import * as thresholds from "./thresholds.ts";
import { splitWords } from "./words.ts";

interface Presence {
  readonly present: number;
  readonly shapes: readonly Shape[];
}

/** Whether all names are data. `name` is that of the field in which the objects stand. */
export function isMap(name: string, fields: ReadonlyMap<string, Presence>, whole: number): boolean {
  let present = 0;
  let ofClasses = 0;
  let most = 0;
  for (const [key, field] of fields) {
    present += field.present;
    if (looksLikeData(key)) ofClasses += field.present;
    else most = Math.max(most, field.present);
  }
  if (present === 0) return false;
  if (ofClasses > 0) {
    const isFewSeen = whole <= thresholds.mapFewObjects && isOneKind(fields);
    const isStructured = most >= whole * thresholds.mapNameShareMax && !isFewSeen;
    return !isStructured && ofClasses >= thresholds.mapClassesShareMin * present;
  }
  if (!isOneKind(fields)) return false;
  const words = splitWords(name);
  if (LABEL_NAMES.has(words.at(-1) ?? "") && areStrings(fields)) return true;
  const isCalledMap = words.some((word) => MAP_NAMES.has(word));
  const namesMin = isCalledMap ? thresholds.calledMapNamesMin : thresholds.mapNamesMin;
  if (fields.size < namesMin) return false;
  const share = isCalledMap ? thresholds.calledMapNameShareMax : thresholds.mapNameShareMax;
  const mean = present / (whole * fields.size);
  return most <= whole * share && mean <= thresholds.mapMeanShareMax;
}

/** Names that are values by themselves: a class, or what telemetry kept though it looks like a token. */
function looksLikeData(name: string): boolean {
  if (name.includes("{")) return true;
  const bytes = Buffer.from(name);
  return TOKENS.has(classify(bytes, 0, bytes.length));
}

const TOKENS: ReadonlySet<LexicalClass> = new Set([
  LexicalClass.Integer,
  LexicalClass.PaddedInteger,
  LexicalClass.Uuid,
  LexicalClass.Ulid,
  LexicalClass.Hex,
  LexicalClass.Base64Url,
  LexicalClass.Opaque,
  LexicalClass.Date,
  LexicalClass.DateTime,
  LexicalClass.Email,
  LexicalClass.Ipv4,
]);

/** Fields that hold what others chose to name. */
const MAP_NAMES = new Set(
  `metadata meta labels label tags annotations attributes attrs properties props params parameters headers variables
vars env environment extra extras custom options settings data context translations localizations locales map mapping
mappings dictionary dict index lookup counts totals stats`.split(/\s+/),
);

/** Fields whose strings are under names of the user's choice by convention, however few of those were seen. */
const LABEL_NAMES = new Set(["labels", "annotations"]);

function areStrings(fields: ReadonlyMap<string, Presence>): boolean {
  for (const { shapes } of fields.values())
    if (shapes.some(({ strings, nulls }) => strings === 0 && nulls === 0)) return false;
  return true;
}

function isOneKind(fields: ReadonlyMap<string, Presence>): boolean {
  let kinds = 0;
  for (const { shapes } of fields.values())
    for (const shape of shapes)
      kinds |=
        (shape.booleans > 0 ? 1 : 0) |
        (shape.integers + shape.numbers > 0 ? 2 : 0) |
        (shape.strings > 0 ? 4 : 0) |
        (shape.arrays > 0 ? 8 : 0) |
        (shape.objects > 0 ? 16 : 0);
  return (kinds & (kinds - 1)) === 0;
}
