import { telemetryLimits } from "../base/limits.ts";
import { NameFlag } from "./fieldnames.ts";
import type { NameTable } from "./names.ts";
import { emptySample, observeHash } from "./sample.ts";
import {
  type FieldTally,
  fieldOf,
  type NodeBudget,
  ObjectTally,
  ShapeTally,
  TextTally,
  type VariantTally,
} from "./tally.ts";
import {
  CLASS_MASK,
  CLASS_SHIFT,
  KIND_MASK,
  LENGTH_MASK,
  LENGTH_SHIFT,
  REPEAT_SHIFT,
  type Tape,
  TapeFlag,
  TapeKind,
} from "./tape.ts";

/** Adds what tapes hold to tallies. One instance serves a whole sensor; it keeps no state between calls. */
export class Joiner {
  readonly #names: NameTable;
  readonly #budget: NodeBudget;
  /** Every object on a tape has a serial number, so that a name that comes twice in it is seen. */
  #instance = 0;
  #entries = new Int32Array(0);
  #bytes = new Uint8Array(0);
  #count = 0;

  constructor(names: NameTable, budget: NodeBudget) {
    this.#names = names;
    this.#budget = budget;
  }

  /** Adds every value of the tape to `root`. */
  join(tape: Tape, root: ShapeTally): void {
    this.#entries = tape.entries;
    this.#bytes = tape.bytes;
    this.#count = tape.count;
    let at = 0;
    while (at < this.#count) at = this.#value(at, root);
  }

  /** Adds the value at `at` to `shape` and returns where the next one begins. */
  #value(at: number, shape: ShapeTally): number {
    const entry = this.#entries[at]!;
    switch (entry & KIND_MASK) {
      case TapeKind.String:
        return this.#string(at, entry, shape);
      case TapeKind.Integer:
        return this.#integer(at, entry, shape);
      case TapeKind.Number:
        shape.numbers += 1;
        if ((entry & TapeFlag.Negative) !== 0) shape.negatives += 1;
        return at + 1;
      case TapeKind.Boolean:
        shape.booleans += 1;
        return at + 1;
      case TapeKind.Null:
        shape.nulls += 1;
        return at + 1;
      case TapeKind.Object:
        return this.#object(at, entry, shape);
      case TapeKind.Array:
        return this.#array(at, entry, shape);
      default:
        return at + 1;
    }
  }

  #string(from: number, entry: number, shape: ShapeTally): number {
    let at = from + 1;
    shape.strings += 1;
    let text = shape.text;
    if (text === null) {
      text = new TextTally();
      shape.text = text;
    }
    text.observe((entry >>> CLASS_SHIFT) & CLASS_MASK, (entry >>> LENGTH_SHIFT) & LENGTH_MASK);
    if ((entry & (TapeFlag.CommaList | TapeFlag.SpaceList | TapeFlag.PipeList)) !== 0) {
      countLists(text, entry, 1);
    }
    if ((entry & TapeFlag.HasHash) !== 0) {
      const high = this.#entries[at]!;
      text.observeHash(high, this.#entries[at + 1]!, telemetryLimits.fieldHashesMax);
      at += 2;
    }
    if ((entry & TapeFlag.HasWord) !== 0) {
      const word = this.#entries[at]!;
      text.observeWord(this.#bytes, word >>> 6, (word >>> 6) + (word & 63));
      at += 1;
    } else text.others += 1;
    return at;
  }

  #integer(from: number, entry: number, shape: ShapeTally): number {
    shape.integers += 1;
    if ((entry & ~KIND_MASK) === 0) return from + 1;
    if ((entry & TapeFlag.Negative) !== 0) shape.negatives += 1;
    if ((entry & TapeFlag.Integer64) !== 0) shape.integers64 += 1;
    if ((entry & TapeFlag.IntegerHuge) !== 0) shape.integersHuge += 1;
    if ((entry & TapeFlag.HasHash) === 0) return from + 1;
    shape.integerSample ??= emptySample();
    const hash = this.#entries[from + 1]! * 0x100000000 + (this.#entries[from + 2]! >>> 0);
    observeHash(shape.integerSample, hash, telemetryLimits.fieldHashesMax);
    return from + 3;
  }

  #array(from: number, entry: number, shape: ShapeTally): number {
    shape.arrays += 1;
    let at = from + 1;
    if (at >= this.#count) return at;
    if (this.#entries[at] === TapeKind.End) {
      if ((entry & TapeFlag.Whole) !== 0) shape.emptyArrays += 1;
      return at + 1;
    }
    let items = shape.items;
    if (items === null) {
      items = new ShapeTally();
      shape.items = items;
      this.#budget.left -= 1;
    }
    while (at < this.#count) {
      const item = this.#entries[at]!;
      if (item === TapeKind.End) return at + 1;
      if ((item & KIND_MASK) === TapeKind.Repeat) {
        repeatScalar(items, this.#entries[at - 1]!, item >>> REPEAT_SHIFT);
        at += 1;
      } else at = this.#value(at, items);
    }
    return at;
  }

  #object(from: number, entry: number, shape: ShapeTally): number {
    shape.objects += 1;
    let object = shape.object;
    if (object === null) {
      object = new ObjectTally();
      shape.object = object;
    }
    const whole = (entry & TapeFlag.Whole) !== 0;
    if (whole) object.whole += 1;
    this.#instance += 1;
    const instance = this.#instance;
    let guess = 0;
    let tagAt = 0;
    let at = from + 1;
    while (at < this.#count) {
      const name = this.#entries[at]!;
      if (name >= 0) {
        at += 1;
        break;
      }
      at += 1;
      if (at >= this.#count) break;
      const nameId = ~name;
      const field = fieldOf(object, nameId, guess, this.#budget, this.#names);
      if (field === null) {
        object.restNames += 1;
        object.rest ??= new ShapeTally();
        at = this.#value(at, object.rest);
        continue;
      }
      guess = object.foundAt + 1;
      field.heard += 1;
      if (field.instance !== instance) {
        field.instance = instance;
        field.instanceRepeated = 0;
        if (whole) field.present += 1;
      } else if (field.instanceRepeated === 0) {
        field.instanceRepeated = 1;
        if (whole) field.repeated += 1;
      }
      if (whole && (this.#names.flags[nameId]! & NameFlag.Tag) !== 0) {
        const value = this.#entries[at]!;
        if ((value & KIND_MASK) === TapeKind.String && (value & TapeFlag.HasWord) !== 0) tagAt = at;
      }
      at = this.#value(at, field.shape);
    }
    if (tagAt > 0) this.#tags(object, instance, from);
    return at;
  }

  /** Counts for each tag of the whole object at `from` which fields came with its word. */
  #tags(object: ObjectTally, instance: number, from: number): void {
    let at = from + 1;
    while (at < this.#count) {
      const name = this.#entries[at]!;
      if (name >= 0) return;
      const nameId = ~name;
      const value = this.#entries[at + 1]!;
      if (
        (this.#names.flags[nameId]! & NameFlag.Tag) !== 0 &&
        (value & KIND_MASK) === TapeKind.String &&
        (value & TapeFlag.HasWord) !== 0
      ) {
        const wordAt = at + 2 + ((value & TapeFlag.HasHash) !== 0 ? 2 : 0);
        const word = this.#entries[wordAt]!;
        const variant = this.#variant(object, nameId, word);
        if (variant !== null) countVariant(variant, object.fields, instance);
      }
      at = this.#skip(at + 1);
    }
  }

  #variant(object: ObjectTally, nameId: number, word: number): VariantTally | null {
    object.tags ??= new Map();
    let words = object.tags.get(nameId);
    if (words === undefined) {
      if (object.tags.size >= telemetryLimits.tagsMax) return null;
      words = new Map();
      object.tags.set(nameId, words);
    }
    if (words === null) return null;
    const offset = word >>> 6;
    const text = Buffer.from(this.#bytes.buffer, offset, word & 63).toString("latin1");
    let variant = words.get(text);
    if (variant === undefined) {
      if (words.size >= telemetryLimits.tagWordsMax) {
        object.tags.set(nameId, null);
        return null;
      }
      variant = { count: 0, present: [] };
      words.set(text, variant);
    }
    return variant;
  }

  /** Where the value behind the one at `at` begins. */
  #skip(from: number): number {
    let depth = 0;
    let at = from;
    while (at < this.#count) {
      const entry = this.#entries[at]!;
      at += 1;
      if (entry < 0) continue;
      const kind = entry & KIND_MASK;
      if (kind === TapeKind.Object || kind === TapeKind.Array) depth += 1;
      else if (kind === TapeKind.End) depth -= 1;
      else {
        if ((entry & TapeFlag.HasHash) !== 0) at += 2;
        if (kind === TapeKind.String && (entry & TapeFlag.HasWord) !== 0) at += 1;
      }
      if (depth <= 0) return at;
    }
    return at;
  }
}

function countLists(text: TextTally, entry: number, times: number): void {
  if ((entry & TapeFlag.CommaList) !== 0) text.commaLists += times;
  if ((entry & TapeFlag.SpaceList) !== 0) text.spaceLists += times;
  if ((entry & TapeFlag.PipeList) !== 0) text.pipeLists += times;
}

/** `times` more of a scalar that has neither hash nor word. */
function repeatScalar(shape: ShapeTally, entry: number, times: number): void {
  const negatives = (entry & TapeFlag.Negative) !== 0 ? times : 0;
  switch (entry & KIND_MASK) {
    case TapeKind.Null:
      shape.nulls += times;
      return;
    case TapeKind.Boolean:
      shape.booleans += times;
      return;
    case TapeKind.Number:
      shape.numbers += times;
      shape.negatives += negatives;
      return;
    case TapeKind.Integer:
      shape.integers += times;
      shape.negatives += negatives;
      if ((entry & TapeFlag.Integer64) !== 0) shape.integers64 += times;
      if ((entry & TapeFlag.IntegerHuge) !== 0) shape.integersHuge += times;
      return;
    default:
      repeatString(shape, entry, times);
  }
}

function repeatString(shape: ShapeTally, entry: number, times: number): void {
  const text = shape.text;
  if (text === null) return;
  shape.strings += times;
  text.count += times;
  text.others += times;
  const lexical = (entry >>> CLASS_SHIFT) & CLASS_MASK;
  for (let at = 0; at < text.classes.length; at += 2) {
    if (text.classes[at] === lexical) text.classes[at + 1]! += times;
  }
  text.lengths[(entry >>> LENGTH_SHIFT) & LENGTH_MASK]! += times;
  countLists(text, entry, times);
}

function countVariant(
  variant: VariantTally,
  fields: readonly FieldTally[],
  instance: number,
): void {
  variant.count += 1;
  const present = variant.present;
  for (let at = 0; at < fields.length; at += 1) {
    if (fields[at]!.instance !== instance) continue;
    while (present.length <= at) present.push(0);
    present[at]! += 1;
  }
}
