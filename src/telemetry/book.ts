/**
 * Shapes and parameters of one operation while they are being counted: the same knowledge as `shape.ts`, in one
 * array of numbers. What one call touches lies together, so that a call costs few cache lines: with an object a node,
 * reading them from memory took longer than scanning the bodies.
 *
 * A node is 16 numbers, one cache line. It is a field of an object, a parameter, the items of an array, or a root. Its
 * fields are a list, in the order in which they came. A node with strings has a text block, and one with
 * rarer things a rare block, of 16 numbers each; what has no fixed size is in a side object. Offset 0 is none.
 *
 *     node   name next child items instance present integers strings numbers booleans nulls objects arrays text rare fields
 *     text   class count class count samples sampleHigh (lengths of 1 to 7 bits) others side words
 *     rare   repeated repeatedInstance integers64 huge negatives emptyArrays cut restNames rest last samples sampleHigh side
 *     words  room count (word times)*
 *
 * Counts are 31 bits, which `telemetry.ts` keeps from running over.
 */
import { HASH_LOW_SPAN } from "../base/hash.ts";
import { telemetryLimits } from "../base/limits.ts";
import { emptySample, observeHash, type ValueSample } from "./sample.ts";
import type { Shape } from "./shape.ts";
import { noWords, type WordCounts, wordCountsOf } from "./wordcounts.ts";
import type { WordTable } from "./words.ts";

export const Node = {
  Name: 0,
  Next: 1,
  Child: 2,
  Items: 3,
  /** Serial number of the object or message that had this last. */
  Instance: 4,
  Present: 5,
  Integers: 6,
  Strings: 7,
  Numbers: 8,
  Booleans: 9,
  Nulls: 10,
  Objects: 11,
  Arrays: 12,
  Text: 13,
  Rare: 14,
  Fields: 15,
} as const;

export const Text = {
  Class: 0,
  ClassCount: 1,
  OtherClass: 2,
  OtherClassCount: 3,
  Samples: 4,
  /** Upper 20 bits of the sample's threshold: what lies above needs no look at the sample. */
  SampleHigh: 5,
  /** Count of lengths of one bit; those of two to seven bits follow. */
  Lengths: 6,
  Others: 13,
  Side: 14,
  Words: 15,
} as const;

export const Rare = {
  Repeated: 0,
  RepeatedInstance: 1,
  Integers64: 2,
  IntegersHuge: 3,
  Negatives: 4,
  EmptyArrays: 5,
  /** Objects that were not scanned to their end. */
  Cut: 6,
  RestNames: 7,
  Rest: 8,
  LastChild: 9,
  Samples: 10,
  SampleHigh: 11,
  Side: 12,
} as const;

const BLOCK = 16;
/** Lengths that a text block counts: of 1 to 7 bits. */
export const inlineLengthBits = 7;
const WORD_NUMBERS = 2;
const WORDS_HEAD = 2;
/** In the place of a words block: there were too many. */
export const NO_ENUM = 1;

/** What a text has that is rare or has no fixed size. */
export class TextSide {
  /** Pairs of class and count, beyond the first two classes. */
  readonly classes: number[] = [];
  /** By length class, where the block has no place. */
  readonly lengths: number[] = [];
  commaLists = 0;
  spaceLists = 0;
  pipeLists = 0;
  sample: ValueSample | null = null;
}

/** What an object or a field of integers has that is rare or has no fixed size. */
export class RareSide {
  sample: ValueSample | null = null;
  /** By name of the tag and word; null where there are too many words. */
  tags: Map<number, Map<number, VariantTally> | null> | null = null;
  /** What fields that were forgotten had. */
  forgotten: Shape | null = null;
}

/** `present` by position of the field in the object's list. */
export interface VariantTally {
  count: number;
  readonly present: number[];
}

/** How many nodes all books may still make; shared by everything that makes them. */
export interface NodeBudget {
  left: number;
  refused: number;
}

export class Book {
  cells: Int32Array = new Int32Array(BLOCK * 8);
  readonly texts: TextSide[] = [];
  readonly rares: RareSide[] = [];
  readonly budget: NodeBudget;
  #used: number = BLOCK;
  /** Blocks that were given back, by how many lie together. */
  readonly #free: Record<number, number[]> = { 1: [], 2: [], 4: [] };
  readonly #freeTexts: number[] = [];
  readonly #freeRares: number[] = [];
  nodeCount = 0;
  /** How often fields were forgotten to make room, by the limit that was reached. */
  readonly lost = new Map<number, number>();
  /** Positions of fields of wide objects, by object and name. */
  #wide: Map<number, number> | null = null;

  constructor(budget: NodeBudget) {
    this.budget = budget;
  }

  /** The book is thrown away: what it took of the budget is free again. */
  close(): void {
    this.budget.left += this.nodeCount;
    this.nodeCount = 0;
  }

  get byteCount(): number {
    return this.cells.byteLength;
  }

  /** A new node, whatever the budget says: roots and items are few. */
  node(nameId: number): number {
    this.budget.left -= 1;
    this.nodeCount += 1;
    const at = this.#allocate(1);
    this.cells[at + Node.Name] = nameId;
    return at;
  }

  /** `blocks` blocks of zeros: 1, 2 or 4. */
  #allocate(blocks: number): number {
    const free = this.#free[blocks]?.pop();
    if (free !== undefined) {
      this.cells.fill(0, free, free + blocks * BLOCK);
      return free;
    }
    const at = this.#used;
    this.#used = at + blocks * BLOCK;
    if (this.#used > this.cells.length) {
      const grown = new Int32Array(Math.max(this.#used, Math.ceil(this.cells.length * 1.5)));
      grown.set(this.cells);
      this.cells = grown;
    }
    return at;
  }

  items(node: number): number {
    const known = this.cells[node + Node.Items]!;
    if (known !== 0) return known;
    const items = this.node(0);
    this.cells[node + Node.Items] = items;
    return items;
  }

  text(node: number): number {
    const known = this.cells[node + Node.Text]!;
    if (known !== 0) return known;
    const text = this.#allocate(1);
    this.cells[node + Node.Text] = text;
    this.cells[text + Text.SampleHigh] = 0x7fffffff;
    return text;
  }

  textSide(text: number): TextSide {
    const known = this.cells[text + Text.Side]!;
    if (known !== 0) return this.texts[known - 1]!;
    const side = new TextSide();
    this.cells[text + Text.Side] = keep(this.texts, side, this.#freeTexts);
    return side;
  }

  rare(node: number): number {
    const known = this.cells[node + Node.Rare]!;
    if (known !== 0) return known;
    const rare = this.#allocate(1);
    this.cells[node + Node.Rare] = rare;
    this.cells[rare + Rare.SampleHigh] = 0x7fffffff;
    return rare;
  }

  /** Adds to a number of the rare block, which may move the cells: nobody else holds them meanwhile. */
  countRare(node: number, index: number, times: number): void {
    const rare = this.rare(node);
    this.cells[rare + index]! += times;
  }

  rareSide(rare: number): RareSide {
    const known = this.cells[rare + Rare.Side]!;
    if (known !== 0) return this.rares[known - 1]!;
    const side = new RareSide();
    this.cells[rare + Rare.Side] = keep(this.rares, side, this.#freeRares);
    return side;
  }

  /** The node of what has no name of its own in an object, because there were too many. */
  rest(node: number): number {
    const rare = this.rare(node);
    this.cells[rare + Rare.RestNames]! += 1;
    const known = this.cells[rare + Rare.Rest]!;
    if (known !== 0) return known;
    const rest = this.node(0);
    this.cells[rare + Rare.Rest] = rest;
    return rest;
  }

  /** The field `nameId` of an object, made if there is room; 0 where there is none. */
  field(object: number, nameId: number, fieldsMax: number, forget: ForgetFields): number {
    if (nameId === 0) return 0;
    const cells = this.cells;
    const count = cells[object + Node.Fields]!;
    if (count <= listedFieldsMax) {
      for (let at = cells[object + Node.Child]!; at !== 0; at = cells[at + Node.Next]!) {
        if (cells[at + Node.Name] === nameId) return at;
      }
    } else {
      const known = this.#wide?.get(object * NAME_SPAN + nameId);
      if (known !== undefined) return known;
    }
    if (this.budget.left <= 0) {
      this.budget.refused += 1;
      return 0;
    }
    if (count >= fieldsMax) {
      forget(this, object);
      this.lost.set(fieldsMax, (this.lost.get(fieldsMax) ?? 0) + 1);
    }
    return this.#append(object, nameId);
  }

  #append(object: number, nameId: number): number {
    const rare = this.rare(object);
    const field = this.node(nameId);
    const cells = this.cells;
    const last = cells[rare + Rare.LastChild]!;
    if (last === 0) cells[object + Node.Child] = field;
    else cells[last + Node.Next] = field;
    cells[rare + Rare.LastChild] = field;
    const count = cells[object + Node.Fields]! + 1;
    cells[object + Node.Fields] = count;
    if (count === listedFieldsMax + 1) this.indexFields(object);
    else if (count > listedFieldsMax) this.#wide!.set(object * NAME_SPAN + nameId, field);
    return field;
  }

  /** Brings the fields of a wide object into the index. */
  indexFields(object: number): void {
    this.#wide ??= new Map();
    const cells = this.cells;
    for (let at = cells[object + Node.Child]!; at !== 0; at = cells[at + Node.Next]!) {
      this.#wide.set(object * NAME_SPAN + cells[at + Node.Name]!, at);
    }
  }

  /** Keeps only these fields of an object, in this order, and gives back the others. */
  keepFields(object: number, kept: readonly number[]): void {
    const cells = this.cells;
    const stays = new Set(kept);
    for (let at = cells[object + Node.Child]!; at !== 0; ) {
      const next = cells[at + Node.Next]!;
      this.#wide?.delete(object * NAME_SPAN + cells[at + Node.Name]!);
      if (!stays.has(at)) this.release(at);
      at = next;
    }
    cells[object + Node.Child] = kept[0] ?? 0;
    for (let index = 0; index < kept.length; index += 1) {
      cells[kept[index]! + Node.Next] = kept[index + 1] ?? 0;
    }
    cells[this.rare(object) + Rare.LastChild] = kept[kept.length - 1] ?? 0;
    cells[object + Node.Fields] = kept.length;
    if (kept.length > listedFieldsMax) this.indexFields(object);
  }

  /** Gives back a node and all below it. */
  release(node: number): void {
    const cells = this.cells;
    for (let at = cells[node + Node.Child]!; at !== 0; ) {
      const next = cells[at + Node.Next]!;
      this.#wide?.delete(node * NAME_SPAN + cells[at + Node.Name]!);
      this.release(at);
      at = next;
    }
    if (cells[node + Node.Items] !== 0) this.release(cells[node + Node.Items]!);
    const text = cells[node + Node.Text]!;
    if (text !== 0) {
      const words = cells[text + Text.Words]!;
      if (words > NO_ENUM) this.#free[blocksFor(cells[words]!)]!.push(words);
      if (cells[text + Text.Side] !== 0) this.#freeTexts.push(cells[text + Text.Side]! - 1);
      this.#free[1]!.push(text);
    }
    const rare = cells[node + Node.Rare]!;
    if (rare !== 0) {
      if (cells[rare + Rare.Rest] !== 0) this.release(cells[rare + Rare.Rest]!);
      if (cells[rare + Rare.Side] !== 0) this.#freeRares.push(cells[rare + Rare.Side]! - 1);
      this.#free[1]!.push(rare);
    }
    this.#free[1]!.push(node);
    this.nodeCount -= 1;
    this.budget.left += 1;
  }

  /** Counts that the object or message `instance`, which stands for `times`, had this field; 0 for one that was cut. */
  bear(field: number, instance: number, times: number): void {
    const cells = this.cells;
    if (cells[field + Node.Instance] !== instance) {
      cells[field + Node.Instance] = instance;
      cells[field + Node.Present]! += times;
      return;
    }
    const rare = this.rare(field);
    if (this.cells[rare + Rare.RepeatedInstance] === instance) return;
    this.cells[rare + Rare.RepeatedInstance] = instance;
    this.cells[rare + Rare.Repeated]! += times;
  }

  /** Counts `times` strings of one class and length class. */
  strings(node: number, lexical: number, lengthBits: number, times: number): number {
    const text = this.text(node);
    const cells = this.cells;
    cells[node + Node.Strings]! += times;
    const key = lexical + 1;
    if (cells[text + Text.Class] === key) cells[text + Text.ClassCount]! += times;
    else this.#countClass(text, key, times);
    if (lengthBits >= 1 && lengthBits <= inlineLengthBits) {
      cells[text + Text.Lengths + lengthBits - 1]! += times;
    } else {
      const { lengths } = this.textSide(text);
      while (lengths.length <= lengthBits) lengths.push(0);
      lengths[lengthBits]! += times;
    }
    return text;
  }

  #countClass(text: number, key: number, times: number): void {
    const cells = this.cells;
    for (let at = text; at < text + Text.Samples; at += 2) {
      if (cells[at] === 0) cells[at] = key;
      if (cells[at] === key) {
        cells[at + 1]! += times;
        return;
      }
    }
    const { classes } = this.textSide(text);
    const at = classes.findIndex((value, index) => (index & 1) === 0 && value === key - 1);
    if (at >= 0) classes[at + 1]! += times;
    else classes.push(key - 1, times);
  }

  /** Offers the hash of a string to the text's sample. */
  textHash(text: number, high: number, low: number, hashesMax: number): void {
    const cells = this.cells;
    cells[text + Text.Samples]! += 1;
    if (high > cells[text + Text.SampleHigh]!) return;
    const side = this.textSide(text);
    side.sample ??= emptySample();
    observeHash(side.sample, high * HASH_LOW_SPAN + low, hashesMax);
    cells[text + Text.SampleHigh] = Math.floor(side.sample.threshold / HASH_LOW_SPAN);
  }

  /** Offers the hash of an integer to the node's sample. */
  integerHash(node: number, high: number, low: number): void {
    const rare = this.rare(node);
    const cells = this.cells;
    cells[rare + Rare.Samples]! += 1;
    if (high > cells[rare + Rare.SampleHigh]!) return;
    const side = this.rareSide(rare);
    side.sample ??= emptySample();
    const hash = high * HASH_LOW_SPAN + low;
    observeHash(side.sample, hash, telemetryLimits.fieldHashesMax);
    cells[rare + Rare.SampleHigh] = Math.floor(side.sample.threshold / HASH_LOW_SPAN);
  }

  /** Counts a word that may be kept, by its number. */
  word(text: number, wordId: number): void {
    let words = this.cells[text + Text.Words]!;
    if (words === NO_ENUM) return;
    if (words === 0) words = this.#growWords(text, 0);
    let cells = this.cells;
    const count = cells[words + 1]!;
    const stop = words + WORDS_HEAD + count * WORD_NUMBERS;
    for (let at = words + WORDS_HEAD; at < stop; at += WORD_NUMBERS) {
      if (cells[at] === wordId) {
        cells[at + 1]! += 1;
        return;
      }
    }
    if (count >= telemetryLimits.enumWordsMax) {
      this.#free[blocksFor(cells[words]!)]!.push(words);
      cells[text + Text.Words] = NO_ENUM;
      return;
    }
    if (count >= cells[words]!) {
      words = this.#growWords(text, words);
      cells = this.cells;
    }
    const at = words + WORDS_HEAD + count * WORD_NUMBERS;
    cells[at] = wordId;
    cells[at + 1] = 1;
    cells[words + 1] = count + 1;
  }

  #growWords(text: number, words: number): number {
    const before = words === 0 ? 0 : this.cells[words]!;
    const room = before === 0 ? 7 : before === 7 ? 15 : telemetryLimits.enumWordsMax;
    const grown = this.#allocate(blocksFor(room));
    const cells = this.cells;
    if (words !== 0) cells.copyWithin(grown, words, words + WORDS_HEAD + before * WORD_NUMBERS);
    cells[grown] = room;
    cells[text + Text.Words] = grown;
    if (words !== 0) this.#free[blocksFor(before)]!.push(words);
    return grown;
  }

  /** The words of a text with their counts, or null where there were too many. */
  wordsOf(text: number, table: WordTable): WordCounts | null {
    const words = this.cells[text + Text.Words]!;
    if (words === NO_ENUM) return null;
    if (words === 0) return noWords;
    const entries: [string, number][] = [];
    const stop = words + WORDS_HEAD + this.cells[words + 1]! * WORD_NUMBERS;
    for (let at = words + WORDS_HEAD; at < stop; at += WORD_NUMBERS) {
      entries.push([table.text(this.cells[at]!), this.cells[at + 1]!]);
    }
    return wordCountsOf(entries);
  }
}

/** Words blocks of 7, 15 and `enumWordsMax` (20) words are 1, 2 and 4 blocks. */
const blocksFor = (room: number): number => (room <= 7 ? 1 : room <= 15 ? 2 : 4);

/** Puts a side where one was given back, else at the end; returns its place, counted from 1. */
function keep<Side>(sides: Side[], side: Side, free: number[]): number {
  const at = free.pop();
  if (at === undefined) return sides.push(side);
  sides[at] = side;
  return at + 1;
}

/** Makes room among the fields of an object that has too many. */
export type ForgetFields = (book: Book, object: number) => void;

/** Up to so many fields are found by walking the list. */
const listedFieldsMax = 10;
/** More than there are names. */
const NAME_SPAN = 2 ** 20;
