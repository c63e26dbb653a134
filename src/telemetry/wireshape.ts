/**
 * Shapes and parameters on the wire, each as a skeleton and its numbers. The skeleton says which names, classes and
 * words there are, the numbers how often; structures that occur again have one skeleton, which a dictionary
 * holds once. All keys are sorted, so that equal knowledge has equal bytes.
 *
 *     shape      := [bits, text?, items?, object?]                  numbers: the counters whose bit is set
 *     text       := [bits, [class…], [length…], [word…]?]           numbers: class and length counts, word counts, …
 *     object     := [bits, [name, shape, …], rest?, tags?]          numbers: whole, present (and repeated) of each
 *     tags       := [name, null | [word, [field…], …], …]           numbers: count, present of each field
 *     parameters := [name, text, …]                                 numbers: calls, repeated, …
 *     sample     := numbers alone: count, threshold (0 is all), how many, the hashes, each as a step from the last
 */
import { HASH_END } from "../base/hash.ts";
import { telemetryLimits } from "../base/limits.ts";
import { emptySample, type ValueSample } from "./sample.ts";
import {
  emptyObjectShape,
  emptyShape,
  emptyTextShape,
  type FieldShape,
  noText,
  type ObjectShape,
  type Shape,
  type TagVariant,
  type TextShape,
} from "./shape.ts";
import type { ParameterSummary } from "./summary.ts";
import { emptyTally, sumOf, type Tally, withCount } from "./tally.ts";
import { type Numbers, reject, WireProblem } from "./wirevalue.ts";

/** JSON arrays, numbers, strings and null, nested. */
export type Skeleton = number | string | null | readonly Skeleton[];

/** The order is on the wire: append. */
const COUNTERS = [
  "nulls",
  "booleans",
  "integers",
  "numbers",
  "integers64",
  "integersHuge",
  "negatives",
  "strings",
  "arrays",
  "objects",
  "emptyArrays",
] as const;
const TEXT_BIT = 1 << COUNTERS.length;
const SAMPLE_BIT = TEXT_BIT << 1;
const ITEMS_BIT = TEXT_BIT << 2;
const OBJECT_BIT = TEXT_BIT << 3;

export function writeShape(shape: Shape, numbers: number[]): Skeleton {
  let bits = 0;
  const skeleton: Skeleton[] = [0];
  for (let index = 0; index < COUNTERS.length; index += 1) {
    const count = shape[COUNTERS[index]!];
    if (count === 0) continue;
    bits |= 1 << index;
    numbers.push(count);
  }
  if (shape.integerSample !== null) {
    bits |= SAMPLE_BIT;
    writeSample(shape.integerSample, numbers);
  }
  if (shape.text !== null) {
    bits |= TEXT_BIT;
    skeleton.push(writeText(shape.text, numbers));
  }
  if (shape.items !== null) {
    bits |= ITEMS_BIT;
    skeleton.push(writeShape(shape.items, numbers));
  }
  if (shape.fields !== null) {
    bits |= OBJECT_BIT;
    skeleton.push(writeObject(shape.fields, numbers));
  }
  skeleton[0] = bits;
  return skeleton;
}

export function readShape(skeleton: unknown, numbers: Numbers, depth = 0): Shape {
  const parts = listOf(skeleton);
  if (depth > telemetryLimits.bodyDepthMax + 2) reject(WireProblem.TooDeep);
  const bits = bitsOf(parts[0], OBJECT_BIT << 1);
  const shape = emptyShape();
  for (let index = 0; index < COUNTERS.length; index += 1) {
    if ((bits & (1 << index)) !== 0) shape[COUNTERS[index]!] = numbers.count();
  }
  let at = 1;
  if ((bits & SAMPLE_BIT) !== 0) {
    shape.integerSample = readSample(numbers, telemetryLimits.fieldHashesMax);
  }
  if ((bits & TEXT_BIT) !== 0) shape.text = readText(parts[at++], numbers);
  if ((bits & ITEMS_BIT) !== 0) shape.items = readShape(parts[at++], numbers, depth + 1);
  if ((bits & OBJECT_BIT) !== 0) shape.fields = readObject(parts[at++], numbers, depth);
  return shape;
}

const TextBit = {
  Comma: 1,
  Space: 2,
  Pipe: 4,
  Others: 8,
  Sample: 16,
  Words: 32,
  NoEnum: 64,
} as const;

export function writeText(text: TextShape, numbers: number[]): Skeleton {
  let bits = 0;
  const classes = keysOf(text.classes, numbers);
  const lengths = keysOf(text.lengths, numbers);
  const skeleton: Skeleton[] = [0, classes, lengths];
  const add = (count: number, bit: number): void => {
    if (count === 0) return;
    bits |= bit;
    numbers.push(count);
  };
  add(text.commaLists, TextBit.Comma);
  add(text.spaceLists, TextBit.Space);
  add(text.pipeLists, TextBit.Pipe);
  add(text.others, TextBit.Others);
  const { words } = text;
  if (words === null) bits |= TextBit.NoEnum;
  else if (words.words.length > 0) {
    bits |= TextBit.Words;
    skeleton.push(words.words);
    for (const count of words.counts) numbers.push(count);
  }
  if (text.sample !== null) {
    bits |= TextBit.Sample;
    writeSample(text.sample, numbers);
  }
  skeleton[0] = bits;
  return skeleton;
}

export function readText(skeleton: unknown, numbers: Numbers): TextShape {
  const parts = listOf(skeleton);
  const bits = bitsOf(parts[0], TextBit.NoEnum << 1);
  const text = emptyTextShape();
  text.classes = readTally(parts[1], numbers, classMax);
  text.lengths = readTally(parts[2], numbers, lengthMax);
  text.count = sumOf(text.classes);
  if ((bits & TextBit.Comma) !== 0) text.commaLists = numbers.count();
  if ((bits & TextBit.Space) !== 0) text.spaceLists = numbers.count();
  if ((bits & TextBit.Pipe) !== 0) text.pipeLists = numbers.count();
  if ((bits & TextBit.Others) !== 0) text.others = numbers.count();
  if ((bits & TextBit.NoEnum) !== 0) text.words = null;
  else if ((bits & TextBit.Words) !== 0) {
    const words = listOf(parts[3]);
    if (words.length > telemetryLimits.enumWordsMax) reject(WireProblem.TooMany);
    text.words = { words: readWords(words), counts: words.map(() => numbers.count()) };
  }
  if ((bits & TextBit.Sample) !== 0)
    text.sample = readSample(numbers, telemetryLimits.slotHashesMax);
  return text;
}

function readWords(words: readonly unknown[]): readonly string[] {
  for (let at = 0; at < words.length; at += 1) {
    const word = textOf(words[at], telemetryLimits.wordBytesMax * 2);
    if (at > 0 && word <= (words[at - 1] as string)) reject(WireProblem.BadText);
  }
  return words as readonly string[];
}

const classMax = 63;
const lengthMax = 24;

function keysOf(tally: Tally, numbers: number[]): number[] {
  const keys: number[] = [];
  for (let at = 0; at < tally.length; at += 2) {
    keys.push(tally[at]!);
    numbers.push(tally[at + 1]!);
  }
  return keys;
}

function readTally(skeleton: unknown, numbers: Numbers, keyMax: number): Tally {
  let tally = emptyTally;
  for (const key of listOf(skeleton)) {
    tally = withCount(tally, bitsOf(key, keyMax + 1), numbers.count());
  }
  return tally;
}

const ObjectBit = { Whole: 1, RestNames: 2, Rest: 4, Tags: 8 } as const;

function writeObject(object: ObjectShape, numbers: number[]): Skeleton {
  let bits = 0;
  if (object.whole > 0) {
    bits |= ObjectBit.Whole;
    numbers.push(object.whole);
  }
  if (object.restNames > 0) {
    bits |= ObjectBit.RestNames;
    numbers.push(object.restNames);
  }
  const fields: Skeleton[] = [];
  for (const name of keysInOrder(object.fields)) {
    const field = object.fields.get(name)!;
    numbers.push(field.present);
    const shape = writeShape(field.shape, numbers);
    fields.push(name, field.repeated === undefined ? shape : [shape]);
    if (field.repeated !== undefined) numbers.push(field.repeated);
  }
  const skeleton: Skeleton[] = [bits, fields];
  if (object.rest !== null) {
    bits |= ObjectBit.Rest;
    skeleton.push(writeShape(object.rest, numbers));
  }
  if (object.tags !== null) {
    bits |= ObjectBit.Tags;
    skeleton.push(writeTags(object.tags, numbers));
  }
  skeleton[0] = bits;
  return skeleton;
}

function readObject(skeleton: unknown, numbers: Numbers, depth: number): ObjectShape {
  const parts = listOf(skeleton);
  const bits = bitsOf(parts[0], ObjectBit.Tags << 1);
  const object = emptyObjectShape();
  if ((bits & ObjectBit.Whole) !== 0) object.whole = numbers.count();
  if ((bits & ObjectBit.RestNames) !== 0) object.restNames = numbers.count();
  const fields = listOf(parts[1]);
  if (fields.length > telemetryLimits.fieldsMax * 2) reject(WireProblem.TooMany);
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const name = textOf(fields[index], nameMax);
    const present = numbers.count();
    const inner = listOf(fields[index + 1]);
    const repeats = Array.isArray(inner[0]);
    const shape = readShape(repeats ? inner[0] : inner, numbers, depth + 1);
    const field: FieldShape = { present, shape };
    if (repeats) field.repeated = numbers.count();
    object.fields.set(name, field);
  }
  let at = 2;
  if ((bits & ObjectBit.Rest) !== 0) object.rest = readShape(parts[at++], numbers, depth + 1);
  if ((bits & ObjectBit.Tags) !== 0) readTags(parts[at++], object, numbers);
  return object;
}

/** Names are at most `nameBytesMax` bytes; a pattern or an escaped brace may make them a little longer. */
export const nameMax: number = telemetryLimits.nameBytesMax * 4;

function writeTags(tags: NonNullable<ObjectShape["tags"]>, numbers: number[]): Skeleton {
  const skeleton: Skeleton[] = [];
  for (const name of keysInOrder(tags)) {
    const words = tags.get(name)!;
    if (words === null) {
      skeleton.push(name, null);
      continue;
    }
    const variants: Skeleton[] = [];
    for (const word of keysInOrder(words)) {
      const { count, present } = words.get(word)!;
      const fields = keysInOrder(present);
      numbers.push(count);
      for (const field of fields) numbers.push(present.get(field)!);
      variants.push(word, fields);
    }
    skeleton.push(name, variants);
  }
  return skeleton;
}

function readTags(skeleton: unknown, object: ObjectShape, numbers: Numbers): void {
  const tags = listOf(skeleton);
  object.tags = new Map();
  if (tags.length > telemetryLimits.tagsMax * 2) reject(WireProblem.TooMany);
  for (let index = 0; index + 1 < tags.length; index += 2) {
    const name = textOf(tags[index], nameMax);
    const inner = tags[index + 1];
    if (inner === null) {
      object.tags.set(name, null);
      continue;
    }
    const words = new Map<string, TagVariant>();
    const variants = listOf(inner);
    if (variants.length > telemetryLimits.tagWordsMax * 2) reject(WireProblem.TooMany);
    for (let at = 0; at + 1 < variants.length; at += 2) {
      const count = numbers.count();
      const present = new Map<string, number>();
      for (const field of listOf(variants[at + 1])) {
        present.set(textOf(field, nameMax), numbers.count());
      }
      words.set(textOf(variants[at], nameMax), { count, present });
    }
    object.tags.set(name, words);
  }
}

export function writeSample(sample: ValueSample, numbers: number[]): void {
  numbers.push(sample.count, sample.threshold === HASH_END ? 0 : sample.threshold);
  numbers.push(sample.hashes.length);
  let before = 0;
  for (const hash of sample.hashes) {
    numbers.push(hash - before);
    before = hash;
  }
}

export function readSample(numbers: Numbers, hashesMax: number): ValueSample {
  const sample = emptySample();
  sample.count = numbers.count();
  const threshold = numbers.count();
  sample.threshold = threshold === 0 ? HASH_END : threshold;
  const length = numbers.count();
  if (length > hashesMax) reject(WireProblem.TooMany);
  // One that grows by pushing takes room for 17 at first, and most have fewer.
  sample.hashes = new Array<number>(length);
  let hash = 0;
  for (let index = 0; index < length; index += 1) {
    const step = numbers.count();
    hash += step;
    if (hash > sample.threshold || (index > 0 && step === 0)) reject(WireProblem.BadSample);
    sample.hashes[index] = hash;
  }
  return sample;
}

export function writeParameters(
  parameters: ReadonlyMap<string, ParameterSummary>,
  numbers: number[],
): Skeleton {
  const skeleton: Skeleton[] = [];
  for (const name of keysInOrder(parameters)) {
    const parameter = parameters.get(name)!;
    numbers.push(parameter.calls, parameter.repeated);
    const text = parameter.text.count === 0 ? 0 : writeText(parameter.text, numbers);
    skeleton.push(name, parameter.sample === null ? text : [text]);
    if (parameter.sample !== null) writeSample(parameter.sample, numbers);
  }
  return skeleton;
}

export function readParameters(skeleton: unknown, numbers: Numbers): Map<string, ParameterSummary> {
  const parts = listOf(skeleton);
  if (parts.length > telemetryLimits.parametersMax * 2) reject(WireProblem.TooMany);
  const parameters = new Map<string, ParameterSummary>();
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const name = textOf(parts[index], nameMax);
    const calls = numbers.count();
    const repeated = numbers.count();
    const inner = parts[index + 1];
    const sampled = Array.isArray(inner) && inner.length === 1;
    const skeletonOfText = sampled ? inner[0] : inner;
    const text = skeletonOfText === 0 ? noText : readText(skeletonOfText, numbers);
    const sample = sampled ? readSample(numbers, telemetryLimits.slotHashesMax) : null;
    parameters.set(name, { calls, repeated, text, sample });
  }
  return parameters;
}

/** Sorted; mostly they are, as what was read is in order. */
export function keysInOrder(map: ReadonlyMap<string, unknown>): string[] {
  const keys = [...map.keys()];
  for (let at = 1; at < keys.length; at += 1) if (keys[at]! < keys[at - 1]!) return keys.sort();
  return keys;
}

export function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) reject(WireProblem.NotAList);
  return value as readonly unknown[];
}

/** A whole number from 0 below `end`. */
export function bitsOf(value: unknown, end: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value >= end) {
    reject(WireProblem.BadNumber);
  }
  return value as number;
}

export function textOf(value: unknown, lengthMax: number): string {
  if (typeof value !== "string" || value.length > lengthMax) reject(WireProblem.BadText);
  return value as string;
}
