/**
 * Reads a page of a list as its bytes come: `{"metadata": {…}, "items": [{…}, {…}]}`. Each item is handed over by itself and
 * the page is never held, since what a hundred pods become as values outlives many a garbage collection. Follows brackets,
 * strings and escapes only; whether an item is good JSON, JSON.parse decides.
 *
 *   Envelope: outside of lists of the outermost object  <->  Item: between the braces of a member of one
 */
import { kubernetesLimits } from "../base/limits.ts";

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;

const FIRST_BYTES = 1 << 15;

/** Bytes that grow to a limit. */
class Held {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  add(bytes: Uint8Array, start: number, end: number): void {
    const needed = this.#length + end - start;
    if (needed > kubernetesLimits.eventBytesMax) throw new Error("an object is too large");
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes.subarray(start, end), this.#length);
    this.#length = needed;
  }

  /** What was added since, as JSON. @throws SyntaxError */
  take(): unknown {
    const text = this.#bytes.toString("utf8", 0, this.#length);
    this.#length = 0;
    return JSON.parse(text) as unknown;
  }
}

export class PageReader {
  readonly #onItem: (item: unknown) => void;
  readonly #item = new Held();
  readonly #envelope = new Held();
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  /** Whether the bracket of depth 2 is a list. */
  #isInList = false;

  constructor(onItem: (item: unknown) => void) {
    this.#onItem = onItem;
  }

  push(bytes: Uint8Array): void {
    let from = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at]!;
      if (this.#isInString) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === BACKSLASH) this.#isEscaped = true;
        else if (byte === QUOTE) this.#isInString = false;
      } else if (byte === QUOTE) this.#isInString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        this.#depth += 1;
        if (this.#depth === 2 && byte === OPEN_BRACKET) {
          this.#envelope.add(bytes, from, at + 1);
          this.#isInList = true;
          from = at + 1;
        } else if (this.#depth === 3 && this.#isInList) from = at;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        this.#depth -= 1;
        if (this.#depth === 2 && this.#isInList) {
          this.#item.add(bytes, from, at + 1);
          this.#onItem(this.#item.take());
        } else if (this.#depth === 1 && this.#isInList) {
          this.#isInList = false;
          from = at;
        }
      }
    }
    // Between the items of a list there is nothing to keep.
    if (!this.#isInList) this.#envelope.add(bytes, from, bytes.length);
    else if (this.#depth > 2) this.#item.add(bytes, from, bytes.length);
  }

  /** What stands beside the items. @throws SyntaxError where the page was cut off or is none. */
  end(): unknown {
    return this.#envelope.take();
  }
}
