import type { Direction } from "../reassemble/stream.ts";
import type { HeldBudget } from "./decoding.ts";
import type { Said } from "./readerowner.ts";

const NO_BYTES = new Uint8Array(0);
const FIRST_HOLD_BYTES = 512;
/** Pieces whose times are told apart; later ones share the last time. */
const ARRIVALS_MAX = 32;

/** Bytes of one direction that cannot be decided before more have come, and when each of them came. */
export class HeldBytes {
  bytes: Uint8Array = NO_BYTES;
  count = 0;
  readonly #budget: HeldBudget;
  /** From which offset on bytes came at what time. While bytes are held the first offset is 0. */
  readonly #arrivals: { offset: number; readonly timeMs: number }[] = [];

  constructor(budget: HeldBudget) {
    this.#budget = budget;
  }

  /** False where there is no room in the budget of all flows; then nothing was added. */
  add(source: Uint8Array, start: number, end: number, timeMs: number): boolean {
    const needed = this.count + end - start;
    if (needed > this.bytes.length) {
      const size = Math.max(needed, FIRST_HOLD_BYTES, this.bytes.length * 2);
      if (!this.#budget.take(size - this.bytes.length)) return false;
      const larger = new Uint8Array(size);
      larger.set(this.bytes.subarray(0, this.count));
      this.bytes = larger;
    }
    const arrivals = this.#arrivals;
    if (arrivals.at(-1)?.timeMs !== timeMs && arrivals.length < ARRIVALS_MAX)
      arrivals.push({ offset: this.count, timeMs });
    this.bytes.set(source.subarray(start, end), this.count);
    this.count = needed;
    return true;
  }

  /** The first `byteCount` bytes are decided. */
  drop(byteCount: number): void {
    if (byteCount >= this.count) {
      this.clear();
      return;
    }
    if (byteCount === 0) return;
    this.bytes.copyWithin(0, byteCount, this.count);
    this.count -= byteCount;
    const arrivals = this.#arrivals;
    while (arrivals.length > 1 && arrivals[1]!.offset <= byteCount) arrivals.shift();
    for (const arrival of arrivals) arrival.offset = Math.max(0, arrival.offset - byteCount);
  }

  clear(): void {
    this.#budget.give(this.bytes.length);
    this.bytes = NO_BYTES;
    this.count = 0;
    this.#arrivals.length = 0;
  }

  /** All of it, as bytes of this direction; null where there is none. */
  said(direction: Direction): Said | null {
    const { bytes, count } = this;
    if (count === 0) return null;
    return { direction, bytes, start: 0, end: count, timeMs: this.timeOf(count - 1) };
  }

  /** When the byte at `offset` came. */
  timeOf(offset: number): number {
    const arrivals = this.#arrivals;
    let index = arrivals.length - 1;
    while (index > 0 && arrivals[index]!.offset > offset) index--;
    return arrivals[index]?.timeMs ?? Number.NaN;
  }
}
