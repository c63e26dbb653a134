/**
 * What is left of values when the values are gone: counted kinds, by fusion on kind (one shape for all values
 * that stood at one place). All counts add under merge.
 */

import type { ValueSample } from "./sample.ts";
import { emptyTally, type Tally } from "./tally.ts";
import { noWords, type WordCounts } from "./wordcounts.ts";

/**
 * A JSON value, or what a form, a multipart body or an XML document has at one place.
 *
 * Invariant: `nulls + booleans + integers + numbers + strings + arrays + objects` is the number of values seen.
 */
export interface Shape {
  nulls: number;
  booleans: number;
  /** Numbers without fraction and exponent; `numbers` are the others, so any number is counted once. */
  integers: number;
  numbers: number;
  /** Integers that need more than 32 bits, and more than 64. */
  integers64: number;
  integersHuge: number;
  negatives: number;
  strings: number;
  arrays: number;
  objects: number;
  text: TextShape | null;
  /** Integers in an id-like field: joined with path slots. */
  integerSample: ValueSample | null;
  /** Shape of all items of all arrays here. */
  items: Shape | null;
  emptyArrays: number;
  fields: ObjectShape | null;
}

export interface ObjectShape {
  /** Objects that were scanned to their end: the denominator of presence. */
  whole: number;
  /**
   * By field name, or by its class in the notation of `segment.ts` where the name looks like an identifier.
   * `present` counts objects that were scanned to their end and had the field.
   */
  readonly fields: Map<string, FieldShape>;
  /** Values whose names were beyond the limit; `restNames` counts them. */
  rest: Shape | null;
  restNames: number;
  /**
   * For tag-like fields (`type`, `kind`, `event`, ...), by word: how many whole objects bore it, and how many of
   * those had which other field. Null per tag where its words are too many, null for all where there is none.
   */
  tags: Map<string, Map<string, TagVariant> | null> | null;
}

export interface FieldShape {
  /** Whole objects that had the field. */
  present: number;
  /** Whole objects that had it more than once: repeated form fields, parts, XML elements. Absent is 0. */
  repeated?: number;
  shape: Shape;
}

export interface TagVariant {
  count: number;
  readonly present: Map<string, number>;
}

/** Strings at one place: how many of each lexical class (`lexical.ts`), how long, which words. */
export interface TextShape {
  count: number;
  /** By `LexicalClass`. */
  classes: Tally;
  /** Length classes: by the bit length of the byte count (0, 1, 2-3, 4-7, ...), at most 24. */
  lengths: Tally;
  /** Values that are lists of at least two items by comma, space or pipe. */
  commaLists: number;
  spaceLists: number;
  pipeLists: number;
  /** Words that may be kept; of files in a multipart body their content types. Null where there were too many. */
  words: WordCounts | null;
  /** Strings that were no candidates for a word (too long, refused by name, ...): then no enumeration is complete. */
  others: number;
  sample: ValueSample | null;
}

export const emptyShape = (): Shape => ({
  nulls: 0,
  booleans: 0,
  integers: 0,
  numbers: 0,
  integers64: 0,
  integersHuge: 0,
  negatives: 0,
  strings: 0,
  arrays: 0,
  objects: 0,
  text: null,
  integerSample: null,
  items: null,
  emptyArrays: 0,
  fields: null,
});

export const emptyObjectShape = (): ObjectShape => ({
  whole: 0,
  fields: new Map(),
  rest: null,
  restNames: 0,
  tags: null,
});

export const emptyTextShape = (): TextShape => ({
  count: 0,
  classes: emptyTally,
  lengths: emptyTally,
  commaLists: 0,
  spaceLists: 0,
  pipeLists: 0,
  words: noWords,
  others: 0,
  sample: null,
});

/** For what bore no string that was judged: it is never written to, so all of those share it. */
export const noText: TextShape = Object.freeze(emptyTextShape());
