import { assert } from "../base/errors.ts";
import type { Tally } from "./tally.ts";

/** Cuts a file format into packets; knows nothing of chunks. */
export interface RecordReader {
  /** How many bytes, counted from the start of the record at hand, `read` must be given to go on. */
  need: number;
  readonly tally: Tally;
  /** Set by the reader where the bytes cannot be trusted any more, and by others, the sink included, to end it. */
  stopped: boolean;
  /**
   * Uses as many records as lie whole in `bytes[at, end)`. Returns where the first record stands that does not
   * (having set `need`), or a position behind `end` where the bytes up to there are of no interest.
   */
  read(bytes: Uint8Array, at: number, end: number): number;
}

/**
 * Gives a `RecordReader` the chunks of a stream. Records are read where they stand; only one that is split over
 * two chunks is copied.
 *
 *     chunk 1  [record][record][rec|       the head of the record waits in #carry,
 *     chunk 2             |ord][record]    its rest is added, up to `need` bytes
 *
 * Invariant: #carryLength < reader.need whenever `push` returns with something carried.
 */
export class Framer {
  readonly #reader: RecordReader;
  #carry = new Uint8Array(4096);
  #carryLength = 0;
  /** Bytes to pass over before the next record. */
  #skip = 0;

  constructor(reader: RecordReader) {
    this.#reader = reader;
  }

  /** Says that no more bytes come. Returns whether they ended inside a record. */
  end(): boolean {
    return !this.#reader.stopped && (this.#carryLength > 0 || this.#skip > 0);
  }

  push(chunk: Uint8Array, start: number, end: number): void {
    if (this.#reader.stopped) return;
    let at = this.#passOver(start, end);
    while (this.#carryLength > 0) {
      const missing = this.#reader.need - this.#carryLength;
      const taken = Math.min(missing, end - at);
      this.#append(chunk, at, at + taken);
      at += taken;
      if (taken < missing) return;
      const used = this.#reader.read(this.#carry, 0, this.#carryLength);
      if (this.#reader.stopped) return;
      if (used === 0) {
        assert(this.#reader.need > this.#carryLength, "a record reader made no progress");
      } else {
        this.#skip = used - this.#carryLength;
        this.#carryLength = 0;
        at = this.#passOver(at, end);
      }
    }
    if (at === end) return;
    const next = this.#reader.read(chunk, at, end);
    if (this.#reader.stopped) return;
    if (next > end) this.#skip = next - end;
    else this.#append(chunk, next, end);
  }

  #passOver(at: number, end: number): number {
    const skipped = Math.min(this.#skip, end - at);
    this.#skip -= skipped;
    return at + skipped;
  }

  #append(chunk: Uint8Array, start: number, end: number): void {
    const length = this.#carryLength + end - start;
    if (length > this.#carry.length) {
      const larger = new Uint8Array(Math.max(length, this.#reader.need));
      larger.set(this.#carry.subarray(0, this.#carryLength));
      this.#carry = larger;
    }
    this.#carry.set(chunk.subarray(start, end), this.#carryLength);
    this.#carryLength = length;
  }
}
