import { telemetryLimits } from "../base/limits.ts";
import { type Book, type ForgetFields, Node, Rare, Text, type VariantTally } from "./book.ts";
import { NameFlag } from "./fieldnames.ts";
import { forgetFields } from "./freeze.ts";
import { lexicalOf } from "./judge.ts";
import type { NameTable } from "./names.ts";
import type { Tables } from "./tables.ts";
import {
  KIND_MASK,
  LENGTH_MASK,
  LENGTH_SHIFT,
  REPEAT_SHIFT,
  type Tape,
  TapeFlag,
  TapeKind,
} from "./tape.ts";

const LISTS = TapeFlag.CommaList | TapeFlag.SpaceList | TapeFlag.PipeList;

/** Adds what tapes hold to books. One instance serves a whole sensor; it keeps no state between calls. */
export class Joiner {
  readonly #names: NameTable;
  readonly #forget: ForgetFields;
  /** Every object on a tape has a serial number, so that a name that comes twice in it is seen. */
  #instance = 0;
  #entries = new Int32Array(0);
  #count = 0;

  constructor(tables: Tables) {
    this.#names = tables.names;
    this.#forget = forgetFields(tables);
  }

  /** Adds every value of the tape to the node `root` of `book`. */
  join(tape: Tape, book: Book, root: number): void {
    this.#entries = tape.entries;
    this.#count = tape.count;
    let at = 0;
    while (at < this.#count) at = this.#value(book, at, root);
  }

  /** Adds the value at `at` to `node` and returns where the next one begins. */
  #value(book: Book, at: number, node: number): number {
    const entry = this.#entries[at]!;
    switch (entry & KIND_MASK) {
      case TapeKind.String:
        return this.#string(book, at, entry, node);
      case TapeKind.Integer:
        book.cells[node + Node.Integers]! += 1;
        return (entry & ~KIND_MASK) === 0 ? at + 1 : this.#rareInteger(book, at, entry, node);
      case TapeKind.Number:
        book.cells[node + Node.Numbers]! += 1;
        if ((entry & TapeFlag.Negative) !== 0) book.countRare(node, Rare.Negatives, 1);
        return at + 1;
      case TapeKind.Boolean:
        book.cells[node + Node.Booleans]! += 1;
        return at + 1;
      case TapeKind.Null:
        book.cells[node + Node.Nulls]! += 1;
        return at + 1;
      case TapeKind.Object:
        return this.#object(book, at, entry, node);
      case TapeKind.Array:
        return this.#array(book, at, entry, node);
      default:
        return at + 1;
    }
  }

  #string(book: Book, from: number, entry: number, node: number): number {
    let at = from + 1;
    const text = book.strings(node, lexicalOf(entry), (entry >>> LENGTH_SHIFT) & LENGTH_MASK, 1);
    if ((entry & LISTS) !== 0) countLists(book, text, entry, 1);
    if ((entry & TapeFlag.HasHash) !== 0) {
      const low = this.#entries[at + 1]!;
      book.textHash(text, this.#entries[at]!, low, telemetryLimits.fieldHashesMax);
      at += 2;
    }
    if ((entry & TapeFlag.HasWord) !== 0) {
      book.word(text, this.#entries[at]!);
      at += 1;
    } else book.cells[text + Text.Others]! += 1;
    return at;
  }

  #rareInteger(book: Book, from: number, entry: number, node: number): number {
    countRareInteger(book, node, entry, 1);
    if ((entry & TapeFlag.HasHash) === 0) return from + 1;
    book.integerHash(node, this.#entries[from + 1]!, this.#entries[from + 2]!);
    return from + 3;
  }

  #array(book: Book, from: number, entry: number, node: number): number {
    book.cells[node + Node.Arrays]! += 1;
    let at = from + 1;
    if (at >= this.#count) return at;
    if (this.#entries[at] === TapeKind.End) {
      if ((entry & TapeFlag.Whole) !== 0) book.countRare(node, Rare.EmptyArrays, 1);
      return at + 1;
    }
    const items = book.items(node);
    while (at < this.#count) {
      const item = this.#entries[at]!;
      if (item === TapeKind.End) return at + 1;
      if ((item & KIND_MASK) === TapeKind.Repeat) {
        repeatScalar(book, items, this.#entries[at - 1]!, item >>> REPEAT_SHIFT);
        at += 1;
      } else at = this.#value(book, at, items);
    }
    return at;
  }

  #object(book: Book, from: number, entry: number, node: number): number {
    book.cells[node + Node.Objects]! += 1;
    const whole = (entry & TapeFlag.Whole) !== 0;
    if (!whole) book.countRare(node, Rare.Cut, 1);
    this.#instance = (this.#instance + 1) | 0;
    const instance = this.#instance;
    const flags = this.#names.flags;
    let guess = book.cells[node + Node.Child]!;
    let tagged = false;
    let at = from + 1;
    while (at < this.#count) {
      const name = this.#entries[at]!;
      at += 1;
      if (name >= 0 || at >= this.#count) break;
      const nameId = ~name;
      let field = guess;
      if (guess === 0 || book.cells[guess + Node.Name] !== nameId) {
        field = book.field(node, nameId, telemetryLimits.fieldsMax, this.#forget);
        if (field === 0) {
          at = this.#value(book, at, book.rest(node));
          continue;
        }
      }
      const cells = book.cells;
      guess = cells[field + Node.Next]!;
      if (cells[field + Node.Instance] === instance) book.bear(field, instance, whole ? 1 : 0);
      else {
        cells[field + Node.Instance] = instance;
        if (whole) cells[field + Node.Present]! += 1;
      }
      if ((flags[nameId]! & NameFlag.Tag) !== 0) tagged ||= whole && isWord(this.#entries[at]!);
      at = this.#value(book, at, field);
    }
    if (tagged) this.#tags(book, node, instance, from);
    return at;
  }

  /** Counts for each tag of the whole object at `from` which fields came with its word. */
  #tags(book: Book, node: number, instance: number, from: number): void {
    let at = from + 1;
    while (at < this.#count) {
      const name = this.#entries[at]!;
      if (name >= 0) return;
      const nameId = ~name;
      const value = this.#entries[at + 1]!;
      if ((this.#names.flags[nameId]! & NameFlag.Tag) !== 0 && isWord(value)) {
        const wordAt = at + 2 + ((value & TapeFlag.HasHash) !== 0 ? 2 : 0);
        const variant = this.#variant(book, node, nameId, this.#entries[wordAt]!);
        if (variant !== null) countVariant(variant, book, node, instance);
      }
      at = this.#skip(at + 1);
    }
  }

  #variant(book: Book, node: number, nameId: number, word: number): VariantTally | null {
    const side = book.rareSide(book.rare(node));
    side.tags ??= new Map();
    let words = side.tags.get(nameId);
    if (words === undefined) {
      if (side.tags.size >= telemetryLimits.tagsMax) return null;
      words = new Map();
      side.tags.set(nameId, words);
    }
    if (words === null) return null;
    let variant = words.get(word);
    if (variant === undefined) {
      if (words.size >= telemetryLimits.tagWordsMax) {
        side.tags.set(nameId, null);
        return null;
      }
      variant = { count: 0, present: [] };
      words.set(word, variant);
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
      else if (kind !== TapeKind.Repeat) {
        if ((entry & TapeFlag.HasHash) !== 0) at += 2;
        if ((entry & TapeFlag.HasWord) !== 0) at += 1;
      }
      if (depth <= 0) return at;
    }
    return at;
  }
}

const isWord = (entry: number): boolean =>
  (entry & KIND_MASK) === TapeKind.String && (entry & TapeFlag.HasWord) !== 0;

export function countLists(book: Book, text: number, entry: number, times: number): void {
  const side = book.textSide(text);
  if ((entry & TapeFlag.CommaList) !== 0) side.commaLists += times;
  if ((entry & TapeFlag.SpaceList) !== 0) side.spaceLists += times;
  if ((entry & TapeFlag.PipeList) !== 0) side.pipeLists += times;
}

function countRareInteger(book: Book, node: number, entry: number, times: number): void {
  if ((entry & (TapeFlag.Negative | TapeFlag.Integer64)) === 0) return;
  const rare = book.rare(node);
  if ((entry & TapeFlag.Negative) !== 0) book.cells[rare + Rare.Negatives]! += times;
  if ((entry & TapeFlag.Integer64) !== 0) book.cells[rare + Rare.Integers64]! += times;
  if ((entry & TapeFlag.IntegerHuge) !== 0) book.cells[rare + Rare.IntegersHuge]! += times;
}

/** `times` more of a scalar that has neither hash nor word. */
function repeatScalar(book: Book, node: number, entry: number, times: number): void {
  switch (entry & KIND_MASK) {
    case TapeKind.Null:
      book.cells[node + Node.Nulls]! += times;
      return;
    case TapeKind.Boolean:
      book.cells[node + Node.Booleans]! += times;
      return;
    case TapeKind.Number:
      book.cells[node + Node.Numbers]! += times;
      if ((entry & TapeFlag.Negative) !== 0) book.countRare(node, Rare.Negatives, times);
      return;
    case TapeKind.Integer:
      book.cells[node + Node.Integers]! += times;
      countRareInteger(book, node, entry, times);
      return;
    default: {
      const bits = (entry >>> LENGTH_SHIFT) & LENGTH_MASK;
      const text = book.strings(node, lexicalOf(entry), bits, times);
      book.cells[text + Text.Others]! += times;
      if ((entry & LISTS) !== 0) countLists(book, text, entry, times);
    }
  }
}

function countVariant(variant: VariantTally, book: Book, node: number, instance: number): void {
  variant.count += 1;
  const { cells } = book;
  const { present } = variant;
  let position = 0;
  for (let at = cells[node + Node.Child]!; at !== 0; at = cells[at + Node.Next]!) {
    if (present.length <= position) present.push(0);
    if (cells[at + Node.Instance] === instance) present[position]! += 1;
    position += 1;
  }
}
