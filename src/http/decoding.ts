import { httpLimits } from "../base/limits.ts";
import { type ByteTaker, type Codec, Coding } from "./codec.ts";
import { type CodecPool, CodingName, deflateCoding } from "./codings.ts";

/** What became of an encoded body. */
export const DecodeOutcome = { Whole: 0, Truncated: 1, Broken: 2, NoRoom: 3 } as const;
export type DecodeOutcome = (typeof DecodeOutcome)[keyof typeof DecodeOutcome];

/** Bytes that all flows hold together; asked before anything is held. */
export class HeldBudget {
  #byteCount = 0;

  take(byteCount: number): boolean {
    if (this.#byteCount + byteCount > httpLimits.heldBytesMax) return false;
    this.#byteCount += byteCount;
    return true;
  }

  give(byteCount: number): void {
    this.#byteCount -= byteCount;
  }

  get byteCount(): number {
    return this.#byteCount;
  }
}

const NO_BYTES = new Uint8Array(0);
const FIRST_HOLD_BYTES = 1024;
/** A buffer of at most so many bytes stays for the next body: most encoded bodies fit. */
const KEPT_HOLD_BYTES = 4096;

/**
 * One encoded body. A short one is held until its end and decoded at once with a decoder that is borrowed for
 * that moment; when it grows beyond `encodedHeldBytesMax` a decoder is borrowed until its end, and the body
 * streams through. Held bytes cost what arrived; a decoder costs 44 KB and more.
 */
export class Decoding {
  readonly #pool: CodecPool;
  readonly #budget: HeldBudget;
  #names: readonly CodingName[] = [];
  #taker: ByteTaker | null = null;
  #held: Uint8Array = NO_BYTES;
  #heldCount = 0;
  /** Outermost coding first; empty while the body is held. */
  readonly #chain: Codec[] = [];
  #streaming = false;
  #noRoom = false;

  constructor(pool: CodecPool, budget: HeldBudget) {
    this.#pool = pool;
    this.#budget = budget;
  }

  /** `names` in order of application, at least one. */
  begin(names: readonly CodingName[], taker: ByteTaker): void {
    this.#names = names;
    this.#taker = taker;
    this.#heldCount = 0;
    this.#streaming = false;
    this.#noRoom = false;
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    if (this.#noRoom) return;
    if (this.#streaming) {
      this.#chain[0]!.data(bytes, start, end);
      return;
    }
    if (
      this.#heldCount + end - start <= httpLimits.encodedHeldBytesMax &&
      this.#hold(bytes, start, end)
    )
      return;
    this.#stream(bytes, start, end);
  }

  /** The whole body stands at `[start, end)`: nothing is held. */
  decodeAll(bytes: Uint8Array, start: number, end: number): DecodeOutcome {
    if (start === end) return DecodeOutcome.Whole;
    this.#open(bytes[start]!, end - start > 1 ? bytes[start + 1]! : 0);
    this.#chain[0]!.data(bytes, start, end);
    return this.#close();
  }

  /** No more input comes. Never called twice. */
  end(): DecodeOutcome {
    if (this.#noRoom) return DecodeOutcome.NoRoom;
    if (this.#streaming) {
      for (const codec of this.#chain) this.#pool.release(codec.coding);
      return this.#close();
    }
    const outcome = this.decodeAll(this.#held, 0, this.#heldCount);
    this.#dropHeld();
    return outcome;
  }

  /** It is thrown away: what it keeps for a next body is free again. */
  release(): void {
    this.#budget.give(this.#held.length);
    this.#held = NO_BYTES;
  }

  #hold(bytes: Uint8Array, start: number, end: number): boolean {
    const needed = this.#heldCount + end - start;
    if (needed > this.#held.length) {
      const size = Math.max(needed, 2 * this.#held.length, FIRST_HOLD_BYTES);
      if (!this.#budget.take(size - this.#held.length)) return false;
      const larger = new Uint8Array(size);
      larger.set(this.#held.subarray(0, this.#heldCount));
      this.#held = larger;
    }
    this.#held.set(bytes.subarray(start, end), this.#heldCount);
    this.#heldCount = needed;
    return true;
  }

  /** Too long to be held: what is held goes first, and the rest as it comes. */
  #stream(bytes: Uint8Array, start: number, end: number): void {
    const held = this.#held;
    const heldCount = this.#heldCount;
    const firstAt = (index: number): number =>
      index < heldCount ? held[index]! : (bytes[start + index - heldCount] ?? 0);
    this.#noRoom = !this.#reserveAll(firstAt(0), firstAt(1));
    if (!this.#noRoom) {
      this.#open(firstAt(0), firstAt(1));
      this.#streaming = true;
      this.#chain[0]!.data(held, 0, heldCount);
      this.#chain[0]!.data(bytes, start, end);
    }
    this.#dropHeld();
  }

  #reserveAll(first: number, second: number): boolean {
    for (let index = 0; index < this.#names.length; index++) {
      if (this.#pool.reserve(this.#codingAt(index, first, second))) continue;
      while (--index >= 0) this.#pool.release(this.#codingAt(index, first, second));
      return false;
    }
    return true;
  }

  /** Coding `index` of the chain, outermost first. Only of the outermost the first bytes are known. */
  #codingAt(index: number, first: number, second: number): Coding {
    const name = this.#names[this.#names.length - 1 - index]!;
    if (name !== CodingName.Deflate) return FIXED_CODINGS[name]!;
    return index === 0 ? deflateCoding(first, second) : Coding.Zlib;
  }

  #open(first: number, second: number): void {
    let next = this.#taker!;
    for (let index = this.#names.length - 1; index >= 0; index--) {
      const codec = this.#pool.take(this.#codingAt(index, first, second));
      codec.begin(next);
      this.#chain.unshift(codec);
      next = codec;
    }
  }

  #close(): DecodeOutcome {
    let outcome: DecodeOutcome = DecodeOutcome.Whole;
    for (const codec of this.#chain) {
      if (!codec.end()) outcome = Math.max(outcome, DecodeOutcome.Truncated) as DecodeOutcome;
      if (codec.broken) outcome = DecodeOutcome.Broken;
      this.#pool.give(codec);
    }
    this.#chain.length = 0;
    this.#taker = null;
    return outcome;
  }

  #dropHeld(): void {
    if (this.#held.length > KEPT_HOLD_BYTES) this.release();
    this.#heldCount = 0;
  }
}

/** By `CodingName`; deflate is decided by its first bytes. */
const FIXED_CODINGS: readonly Coding[] = [Coding.Gzip, Coding.Zlib, Coding.Brotli, Coding.Zstd];
