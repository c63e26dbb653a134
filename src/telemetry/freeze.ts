/** What a book holds, as the values that leave this room. */
import {
  type Book,
  type ForgetFields,
  inlineLengthBits,
  Node,
  Rare,
  Text,
  type VariantTally,
} from "./book.ts";
import { absorbShape } from "./mergeshape.ts";
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
import { nothing, type ParameterSummary, type SlotSummary } from "./summary.ts";
import type { Tables } from "./tables.ts";
import { sumOf, withCount } from "./tally.ts";

export function freezeShape(book: Book, node: number, tables: Tables): Shape {
  const { cells } = book;
  const shape = emptyShape();
  shape.nulls = cells[node + Node.Nulls]!;
  shape.booleans = cells[node + Node.Booleans]!;
  shape.integers = cells[node + Node.Integers]!;
  shape.numbers = cells[node + Node.Numbers]!;
  shape.strings = cells[node + Node.Strings]!;
  shape.arrays = cells[node + Node.Arrays]!;
  shape.objects = cells[node + Node.Objects]!;
  const rare = cells[node + Node.Rare]!;
  if (rare !== 0) {
    shape.integers64 = cells[rare + Rare.Integers64]!;
    shape.integersHuge = cells[rare + Rare.IntegersHuge]!;
    shape.negatives = cells[rare + Rare.Negatives]!;
    shape.emptyArrays = cells[rare + Rare.EmptyArrays]!;
    const side = cells[rare + Rare.Side]!;
    const sample = side === 0 ? null : book.rares[side - 1]!.sample;
    if (sample !== null) shape.integerSample = freezeSample(sample, cells[rare + Rare.Samples]!);
  }
  if (shape.strings > 0) shape.text = freezeText(book, cells[node + Node.Text]!, tables);
  const items = cells[node + Node.Items]!;
  if (items !== 0) shape.items = freezeShape(book, items, tables);
  if (shape.objects > 0) shape.fields = freezeObject(book, node, tables);
  return shape;
}

function freezeObject(book: Book, node: number, tables: Tables): ObjectShape {
  const { cells } = book;
  const object = emptyObjectShape();
  const rare = cells[node + Node.Rare]!;
  object.whole = cells[node + Node.Objects]! - (rare === 0 ? 0 : cells[rare + Rare.Cut]!);
  for (const at of fieldsOf(book, node)) {
    const field: FieldShape = {
      present: cells[at + Node.Present]!,
      shape: freezeShape(book, at, tables),
    };
    const repeated = repeatedOf(book, at);
    if (repeated > 0) field.repeated = repeated;
    object.fields.set(tables.names.text(cells[at + Node.Name]!), field);
  }
  if (rare === 0) return object;
  object.restNames = cells[rare + Rare.RestNames]!;
  const rest = cells[rare + Rare.Rest]!;
  if (rest !== 0) object.rest = freezeShape(book, rest, tables);
  const side = cells[rare + Rare.Side]!;
  if (side === 0) return object;
  const { forgotten, tags } = book.rares[side - 1]!;
  if (forgotten !== null) {
    object.rest ??= emptyShape();
    absorbShape(object.rest, structuredClone(forgotten));
  }
  if (tags !== null) freezeTags(book, node, tags, object, tables);
  return object;
}

function freezeTags(
  book: Book,
  node: number,
  tags: ReadonlyMap<number, Map<number, VariantTally> | null>,
  object: ObjectShape,
  tables: Tables,
): void {
  const fields = fieldsOf(book, node).map((at) => tables.names.text(book.cells[at + Node.Name]!));
  object.tags = new Map();
  for (const [nameId, words] of tags) {
    if (words === null) {
      object.tags.set(tables.names.text(nameId), null);
      continue;
    }
    const frozen = new Map<string, TagVariant>();
    for (const [word, variant] of words) {
      const present = new Map<string, number>();
      for (let index = 0; index < variant.present.length; index += 1) {
        if (variant.present[index]! > 0) present.set(fields[index]!, variant.present[index]!);
      }
      frozen.set(tables.words.text(word), { count: variant.count, present });
    }
    object.tags.set(tables.names.text(nameId), frozen);
  }
}

/** Offsets of the fields of an object, in the order in which they came. */
function fieldsOf(book: Book, node: number): number[] {
  const { cells } = book;
  const fields: number[] = [];
  for (let at = cells[node + Node.Child]!; at !== 0; at = cells[at + Node.Next]!) fields.push(at);
  return fields;
}

function repeatedOf(book: Book, field: number): number {
  const rare = book.cells[field + Node.Rare]!;
  return rare === 0 ? 0 : book.cells[rare + Rare.Repeated]!;
}

function freezeText(book: Book, text: number, tables: Tables): TextShape {
  const { cells } = book;
  const frozen = emptyTextShape();
  for (let at = text; at < text + Text.Samples; at += 2) {
    if (cells[at] !== 0) frozen.classes = withCount(frozen.classes, cells[at]! - 1, cells[at + 1]!);
  }
  for (let bits = 1; bits <= inlineLengthBits; bits += 1) {
    const count = cells[text + Text.Lengths + bits - 1]!;
    if (count > 0) frozen.lengths = withCount(frozen.lengths, bits, count);
  }
  frozen.others = cells[text + Text.Others]!;
  frozen.words = book.wordsOf(text, tables.words);
  const sideAt = cells[text + Text.Side]!;
  const side = sideAt === 0 ? null : book.texts[sideAt - 1]!;
  if (side !== null) {
    for (let at = 0; at < side.classes.length; at += 2) {
      frozen.classes = withCount(frozen.classes, side.classes[at]!, side.classes[at + 1]!);
    }
    for (let bits = 0; bits < side.lengths.length; bits += 1) {
      const count = side.lengths[bits]!;
      if (count > 0) frozen.lengths = withCount(frozen.lengths, bits, count);
    }
    frozen.commaLists = side.commaLists;
    frozen.spaceLists = side.spaceLists;
    frozen.pipeLists = side.pipeLists;
  }
  frozen.count = sumOf(frozen.classes);
  const sample = side?.sample ?? null;
  if (sample !== null) frozen.sample = freezeSample(sample, cells[text + Text.Samples]!);
  return frozen;
}

const freezeSample = (sample: ValueSample, count: number): ValueSample => ({
  threshold: sample.threshold,
  hashes: sample.hashes.slice(),
  count,
});

/** The fields of `root` as parameters. */
export function freezeParameters(
  book: Book,
  root: number,
  tables: Tables,
): Map<string, ParameterSummary> {
  if (root === 0) return nothing;
  const parameters = new Map<string, ParameterSummary>();
  for (const at of fieldsOf(book, root)) {
    const text = book.cells[at + Node.Text]!;
    const frozen = text === 0 ? noText : freezeText(book, text, tables);
    const { sample } = frozen;
    if (sample !== null) frozen.sample = null;
    parameters.set(tables.names.text(book.cells[at + Node.Name]!), {
      calls: book.cells[at + Node.Present]!,
      repeated: repeatedOf(book, at),
      text: frozen,
      sample,
    });
  }
  return parameters;
}

/** A node of path slots: a text with its sample apart. */
export function freezeSlot(book: Book, node: number, tables: Tables): SlotSummary {
  const text = book.cells[node + Node.Text]!;
  const frozen = text === 0 ? emptyTextShape() : freezeText(book, text, tables);
  const sample = frozen.sample ?? emptySample();
  frozen.sample = null;
  return { text: frozen, sample };
}

/** Half of an object's fields stay: those heard most, of equals the later ones. The others become its rest. */
export function forgetFields(tables: Tables): ForgetFields {
  return (book, object) => {
    const fields = fieldsOf(book, object).map((at, position) => ({
      at,
      position,
      heard: heardOf(book, at),
    }));
    const order = [...fields].sort((a, b) => b.heard - a.heard || b.position - a.position);
    const kept = order.slice(0, fields.length >> 1).sort((a, b) => a.position - b.position);
    const rare = book.rare(object);
    const side = book.rareSide(rare);
    for (const { at } of order.slice(fields.length >> 1)) {
      side.forgotten ??= emptyShape();
      absorbShape(side.forgotten, freezeShape(book, at, tables));
      book.cells[rare + Rare.RestNames]! += 1;
    }
    // Variants count fields by position, which has changed.
    if (side.tags !== null) for (const nameId of side.tags.keys()) side.tags.set(nameId, null);
    book.keepFields(
      object,
      kept.map(({ at }) => at),
    );
  };
}

/** Values seen at a node, or messages that bore it. */
function heardOf(book: Book, node: number): number {
  const { cells } = book;
  let heard = cells[node + Node.Present]!;
  for (let at = Node.Integers; at <= Node.Arrays; at += 1) heard += cells[node + at]!;
  return heard;
}
