/**
 * Shapes while they are being counted: the same knowledge as `shape.ts`, laid out for adding to. Names are
 * numbers, fields stand in an array in the order in which they came, and small counts are pairs in arrays.
 * `freezeShape` makes the value that leaves this room.
 */
import { telemetryLimits } from "../base/limits.ts";
import { absorbShape } from "./mergeshape.ts";
import type { NameTable } from "./names.ts";
import { emptySample, observeHash, type ValueSample } from "./sample.ts";
import {
  emptyObjectShape,
  emptyShape,
  type ObjectShape,
  type Shape,
  type TagVariant,
  type TextShape,
} from "./shape.ts";

/** How many nodes all shapes of a sensor may still make; shared by everything that makes them. */
export interface NodeBudget {
  left: number;
  refused: number;
}

export class ShapeTally {
  nulls = 0;
  booleans = 0;
  integers = 0;
  numbers = 0;
  integers64 = 0;
  integersHuge = 0;
  negatives = 0;
  strings = 0;
  arrays = 0;
  objects = 0;
  emptyArrays = 0;
  text: TextTally | null = null;
  integerSample: ValueSample | null = null;
  items: ShapeTally | null = null;
  object: ObjectTally | null = null;
}

export class ObjectTally {
  whole = 0;
  readonly fields: FieldTally[] = [];
  /** Position of the field that `fieldOf` returned last. */
  foundAt = 0;
  /** Position by name, from the ninth field on. */
  index: Map<number, number> | null = null;
  rest: ShapeTally | null = null;
  restNames = 0;
  /** What fields that were forgotten had; merged into `rest` when this is frozen. */
  forgotten: Shape | null = null;
  tags: Map<number, Map<string, VariantTally> | null> | null = null;
}

export class FieldTally {
  readonly nameId: number;
  present = 0;
  repeated = 0;
  /** Values seen here, whole objects or not: what tells how much a field is heard. */
  heard = 0;
  /** Serial number of the object that had this field last, and whether that one had it twice. */
  instance = 0;
  instanceRepeated = 0;
  readonly shape = new ShapeTally();

  constructor(nameId: number) {
    this.nameId = nameId;
  }
}

/** `present` by position of the field in `ObjectTally.fields`. */
export interface VariantTally {
  count: number;
  readonly present: number[];
}

export class TextTally {
  count = 0;
  /** Pairs of class and count. */
  readonly classes: number[] = [];
  /** By length class. */
  readonly lengths: number[] = [];
  commaLists = 0;
  spaceLists = 0;
  pipeLists = 0;
  words: string[] | null = [];
  wordCounts: number[] = [];
  wordHashes: number[] = [];
  others = 0;
  sample: ValueSample | null = null;

  /** Counts one value by its class and length class. */
  observe(lexical: number, lengthBits: number): void {
    this.count += 1;
    const classes = this.classes;
    let at = 0;
    while (at < classes.length && classes[at] !== lexical) at += 2;
    if (at < classes.length) classes[at + 1]! += 1;
    else classes.push(lexical, 1);
    const lengths = this.lengths;
    while (lengths.length <= lengthBits) lengths.push(0);
    lengths[lengthBits]! += 1;
  }

  observeHash(high: number, low: number, capacity: number): void {
    this.sample ??= emptySample();
    observeHash(this.sample, high * 0x100000000 + (low >>> 0), capacity);
  }

  /** Counts a word that may be kept. Its bytes are ASCII. */
  observeWord(bytes: Uint8Array, start: number, end: number): void {
    const words = this.words;
    if (words === null) return;
    let hash = 0x811c9dc5 | 0;
    for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    const hashes = this.wordHashes;
    for (let index = 0; index < hashes.length; index += 1) {
      if (hashes[index] === hash && isSame(words[index]!, bytes, start, end)) {
        this.wordCounts[index]! += 1;
        return;
      }
    }
    if (words.length >= telemetryLimits.enumWordsMax) {
      this.words = null;
      this.wordCounts = [];
      this.wordHashes = [];
      return;
    }
    words.push(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1"));
    this.wordCounts.push(1);
    hashes.push(hash);
  }
}

function isSame(word: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (word.length !== end - start) return false;
  for (let index = 0; index < word.length; index += 1) {
    if (word.charCodeAt(index) !== bytes[start + index]) return false;
  }
  return true;
}

export function freezeShape(tally: ShapeTally, names: NameTable): Shape {
  const shape = emptyShape();
  shape.nulls = tally.nulls;
  shape.booleans = tally.booleans;
  shape.integers = tally.integers;
  shape.numbers = tally.numbers;
  shape.integers64 = tally.integers64;
  shape.integersHuge = tally.integersHuge;
  shape.negatives = tally.negatives;
  shape.strings = tally.strings;
  shape.arrays = tally.arrays;
  shape.objects = tally.objects;
  shape.emptyArrays = tally.emptyArrays;
  shape.integerSample = tally.integerSample === null ? null : freezeSample(tally.integerSample);
  shape.text = tally.text === null ? null : freezeText(tally.text);
  shape.items = tally.items === null ? null : freezeShape(tally.items, names);
  shape.fields = tally.object === null ? null : freezeObject(tally.object, names);
  return shape;
}

function freezeObject(tally: ObjectTally, names: NameTable): ObjectShape {
  const object = emptyObjectShape();
  object.whole = tally.whole;
  for (const field of tally.fields) {
    const frozen = { present: field.present, shape: freezeShape(field.shape, names) };
    object.fields.set(
      names.text(field.nameId),
      field.repeated > 0 ? { ...frozen, repeated: field.repeated } : frozen,
    );
  }
  object.rest = tally.rest === null ? null : freezeShape(tally.rest, names);
  object.restNames = tally.restNames;
  if (tally.forgotten !== null) {
    object.rest ??= emptyShape();
    absorbShape(object.rest, tally.forgotten);
  }
  if (tally.tags !== null) {
    for (const [nameId, words] of tally.tags) {
      object.tags.set(names.text(nameId), words === null ? null : freezeTag(words, tally, names));
    }
  }
  return object;
}

function freezeTag(
  words: Map<string, VariantTally>,
  tally: ObjectTally,
  names: NameTable,
): Map<string, TagVariant> {
  const frozen = new Map<string, TagVariant>();
  for (const [word, variant] of words) {
    const present = new Map<string, number>();
    for (let index = 0; index < variant.present.length; index += 1) {
      const count = variant.present[index]!;
      const field = tally.fields[index];
      if (count > 0 && field !== undefined) present.set(names.text(field.nameId), count);
    }
    frozen.set(word, { count: variant.count, present });
  }
  return frozen;
}

export function freezeText(tally: TextTally): TextShape {
  const classes = new Map<number, number>();
  for (let at = 0; at < tally.classes.length; at += 2) {
    classes.set(tally.classes[at]!, tally.classes[at + 1]!);
  }
  const lengths = new Map<number, number>();
  for (let bits = 0; bits < tally.lengths.length; bits += 1) {
    const count = tally.lengths[bits]!;
    if (count > 0) lengths.set(bits, count);
  }
  return {
    count: tally.count,
    classes,
    lengths,
    commaLists: tally.commaLists,
    spaceLists: tally.spaceLists,
    pipeLists: tally.pipeLists,
    words: {
      words:
        tally.words === null
          ? null
          : new Map(tally.words.map((word, index) => [word, tally.wordCounts[index]!])),
      others: tally.others,
    },
    sample: tally.sample === null ? null : freezeSample(tally.sample),
  };
}

export const freezeSample = (sample: ValueSample): ValueSample => ({
  threshold: sample.threshold,
  hashes: sample.hashes.slice(),
  count: sample.count,
});

/**
 * The field `nameId` of an object, made if there is room; null where it has to go into `rest`. `guess` is the
 * position where it is expected. The position is left in `object.foundAt`.
 */
export function fieldOf(
  object: ObjectTally,
  nameId: number,
  guess: number,
  budget: NodeBudget,
  names: NameTable,
): FieldTally | null {
  const fields = object.fields;
  const expected = fields[guess];
  if (expected !== undefined && expected.nameId === nameId) {
    object.foundAt = guess;
    return expected;
  }
  if (nameId === 0) return null;
  if (object.index === null) {
    for (let at = 0; at < fields.length; at += 1) {
      const field = fields[at]!;
      if (field.nameId === nameId) {
        object.foundAt = at;
        return field;
      }
    }
  } else {
    const at = object.index.get(nameId);
    if (at !== undefined) {
      object.foundAt = at;
      return fields[at]!;
    }
  }
  return addField(object, nameId, budget, names);
}

const indexedFrom = 8;

function addField(
  object: ObjectTally,
  nameId: number,
  budget: NodeBudget,
  names: NameTable,
): FieldTally | null {
  if (budget.left <= 0) {
    budget.refused += 1;
    return null;
  }
  if (object.fields.length >= telemetryLimits.fieldsMax) forgetFields(object, budget, names);
  budget.left -= 1;
  const field = new FieldTally(nameId);
  object.foundAt = object.fields.length;
  object.fields.push(field);
  if (object.fields.length > indexedFrom) {
    if (object.index === null) {
      object.index = new Map(object.fields.map((each, at) => [each.nameId, at]));
    } else object.index.set(nameId, object.foundAt);
  }
  return field;
}

/** Half of the fields stay: those heard most, of equals the later ones. */
function forgetFields(object: ObjectTally, budget: NodeBudget, names: NameTable): void {
  const fields = object.fields;
  const order = fields
    .map((_, at) => at)
    .sort((a, b) => fields[b]!.heard - fields[a]!.heard || b - a);
  const kept = order.slice(0, fields.length >> 1).sort((a, b) => a - b);
  const stays = new Set(kept);
  for (let at = 0; at < fields.length; at += 1) {
    if (stays.has(at)) continue;
    const field = fields[at]!;
    object.forgotten ??= emptyShape();
    absorbShape(object.forgotten, freezeShape(field.shape, names));
    object.restNames += 1;
    budget.left += countNodes(field.shape);
  }
  const left = kept.map((at) => fields[at]!);
  fields.splice(0, fields.length, ...left);
  object.index = new Map(left.map((field, at) => [field.nameId, at]));
  // Variants count fields by position, which has changed.
  if (object.tags !== null) for (const nameId of object.tags.keys()) object.tags.set(nameId, null);
}

function countNodes(tally: ShapeTally): number {
  let count = 1;
  if (tally.items !== null) count += countNodes(tally.items);
  if (tally.object !== null) {
    for (const field of tally.object.fields) count += countNodes(field.shape);
  }
  return count;
}
