/**
 * Merging of shapes. `absorb...(into, from)` adds `from` to `into` and may keep parts of `from`, which must not
 * be used afterwards. Commutative and associative in what it leaves in `into`, below the limits.
 */
import { telemetryLimits } from "../base/limits.ts";
import { mergeSample } from "./sample.ts";
import {
  emptyShape,
  type FieldShape,
  type ObjectShape,
  type Shape,
  type TagVariant,
  type TextShape,
} from "./shape.ts";
import { sumOfTallies } from "./tally.ts";
import { sumOfWords } from "./wordcounts.ts";

export function absorbShape(into: Shape, from: Shape): void {
  into.nulls += from.nulls;
  into.booleans += from.booleans;
  into.integers += from.integers;
  into.numbers += from.numbers;
  into.integers64 += from.integers64;
  into.integersHuge += from.integersHuge;
  into.negatives += from.negatives;
  into.strings += from.strings;
  into.arrays += from.arrays;
  into.objects += from.objects;
  into.emptyArrays += from.emptyArrays;
  if (into.text === null) into.text = from.text;
  else if (from.text !== null) absorbText(into.text, from.text);
  if (into.integerSample === null) into.integerSample = from.integerSample;
  else if (from.integerSample !== null) {
    mergeSample(into.integerSample, from.integerSample, telemetryLimits.fieldHashesMax);
  }
  if (into.items === null) into.items = from.items;
  else if (from.items !== null) absorbShape(into.items, from.items);
  if (into.fields === null) into.fields = from.fields;
  else if (from.fields !== null) absorbObject(into.fields, from.fields);
}

export function absorbText(into: TextShape, from: TextShape): void {
  into.count += from.count;
  into.classes = sumOfTallies(into.classes, from.classes);
  into.lengths = sumOfTallies(into.lengths, from.lengths);
  into.commaLists += from.commaLists;
  into.spaceLists += from.spaceLists;
  into.pipeLists += from.pipeLists;
  into.words = sumOfWords(into.words, from.words, telemetryLimits.enumWordsMax);
  into.others += from.others;
  into.sample = absorbSample(into.sample, from.sample, telemetryLimits.fieldHashesMax);
}

/** The union of two samples of which either may be missing. */
export function absorbSample(
  into: TextShape["sample"],
  from: TextShape["sample"],
  capacity: number,
): TextShape["sample"] {
  if (into === null) return from;
  if (from !== null) mergeSample(into, from, capacity);
  return into;
}

export function addCounts<Key>(into: Map<Key, number>, from: ReadonlyMap<Key, number>): void {
  for (const [key, count] of from) into.set(key, (into.get(key) ?? 0) + count);
}

function absorbObject(into: ObjectShape, from: ObjectShape): void {
  into.whole += from.whole;
  into.restNames += from.restNames;
  for (const [name, field] of from.fields) {
    const known = into.fields.get(name);
    if (known === undefined) into.fields.set(name, field);
    else absorbField(known, field);
  }
  if (from.rest !== null) {
    if (into.rest === null) into.rest = from.rest;
    else absorbShape(into.rest, from.rest);
  }
  absorbTags(into, from);
  if (into.fields.size > telemetryLimits.fieldsMax) cutFields(into);
}

function absorbField(into: FieldShape, from: FieldShape): void {
  into.present += from.present;
  const repeated = (into.repeated ?? 0) + (from.repeated ?? 0);
  if (repeated > 0) into.repeated = repeated;
  absorbShape(into.shape, from.shape);
}

/** The most heard stay, of equals those whose names sort first; the others go into `rest`. */
function cutFields(object: ObjectShape): void {
  const order = [...object.fields].sort(
    ([nameA, a], [nameB, b]) =>
      valuesOf(b.shape) - valuesOf(a.shape) || (nameA < nameB ? -1 : nameA > nameB ? 1 : 0),
  );
  for (const [name, field] of order.slice(telemetryLimits.fieldsMax)) {
    object.fields.delete(name);
    object.restNames += 1;
    object.rest ??= emptyShape();
    absorbShape(object.rest, field.shape);
  }
}

/** Values seen at one place. */
export function valuesOf(shape: Shape): number {
  return (
    shape.nulls +
    shape.booleans +
    shape.integers +
    shape.numbers +
    shape.strings +
    shape.arrays +
    shape.objects
  );
}

function absorbTags(into: ObjectShape, from: ObjectShape): void {
  if (into.tags === null || from.tags === null) {
    into.tags ??= from.tags;
    return;
  }
  for (const [name, variants] of from.tags) {
    const known = into.tags.get(name);
    if (known === undefined) into.tags.set(name, variants);
    else if (known === null || variants === null) into.tags.set(name, null);
    else {
      absorbVariants(known, variants);
      if (known.size > telemetryLimits.tagWordsMax) into.tags.set(name, null);
    }
  }
  if (into.tags.size > telemetryLimits.tagsMax) {
    for (const name of [...into.tags.keys()].sort().slice(telemetryLimits.tagsMax)) {
      into.tags.delete(name);
    }
  }
}

function absorbVariants(into: Map<string, TagVariant>, from: Map<string, TagVariant>): void {
  for (const [word, variant] of from) {
    const known = into.get(word);
    if (known === undefined) into.set(word, variant);
    else {
      known.count += variant.count;
      addCounts(known.present, variant.present);
    }
  }
}
