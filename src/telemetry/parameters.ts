import { telemetryLimits } from "../base/limits.ts";
import { type Book, type ForgetFields, Node, Text } from "./book.ts";
import { countLists } from "./join.ts";
import { type Judge, lexicalOf } from "./judge.ts";
import { LENGTH_MASK, LENGTH_SHIFT, TapeFlag } from "./tape.ts";

/**
 * Adds the parameters of one message after the other to a node of a book, of which they are the fields. Messages
 * name them in the same order again and again, so the next one is guessed.
 */
export class ParameterWriter {
  readonly #forget: ForgetFields;
  #book: Book | null = null;
  #root = 0;
  #message = 0;
  #guess = 0;
  /** How many messages the one that is counted stands for. */
  times = 1;
  /** Whether every value is looked at, or only the first of each parameter. */
  looksAtValues = true;

  constructor(forget: ForgetFields) {
    this.#forget = forget;
  }

  /** Message number `message` begins, whose parameters are those of the node `root`. */
  begin(book: Book, root: number, message: number): void {
    this.#book = book;
    this.#root = root;
    this.#message = message;
    this.#guess = book.cells[root + Node.Child]!;
  }

  /** Counts that the message bore `nameId`; its node, or 0 where there is no room. */
  count(nameId: number): number {
    const book = this.#book!;
    let field = this.#guess;
    if (field === 0 || book.cells[field + Node.Name] !== nameId) {
      field = book.field(this.#root, nameId, telemetryLimits.parametersMax, this.#forget);
      if (field === 0) return 0;
    }
    book.bear(field, this.#message, this.times);
    this.#guess = book.cells[field + Node.Next]!;
    return field;
  }

  /** Whether the value of what `count` gave is to be looked at. */
  wants(field: number): boolean {
    return field !== 0 && (this.looksAtValues || this.#book!.cells[field + Node.Text] === 0);
  }

  /** Counts the value that `judge` has judged last. */
  observe(field: number, judge: Judge): void {
    observeText(this.#book!, field, judge, telemetryLimits.fieldHashesMax);
  }
}

/** Counts at `node` the value that `judge` has judged last. */
export function observeText(book: Book, node: number, judge: Judge, hashesMax: number): void {
  const entry = judge.entry;
  const text = book.strings(node, lexicalOf(entry), (entry >>> LENGTH_SHIFT) & LENGTH_MASK, 1);
  const lists = TapeFlag.CommaList | TapeFlag.SpaceList | TapeFlag.PipeList;
  if ((entry & lists) !== 0) countLists(book, text, entry, 1);
  if ((entry & TapeFlag.HasHash) !== 0) {
    book.textHash(text, judge.hashHigh, judge.hashLow, hashesMax);
  }
  if ((entry & TapeFlag.HasWord) !== 0) book.word(text, judge.word);
  else book.cells[text + Text.Others]! += 1;
}
