/**
 * Exchanges that were heard before. One packet may pass several interfaces of a host (the client's veth, the bridge, the
 * server's veth), and address translation gives each copy other addresses and ports. What stays the same are the
 * sequence and acknowledgement numbers, so the exchange is known by those of the segment with which it ended.
 *
 * Of the copies the one that ends first counts. A response passes the interface that is nearest to the server first, so
 * that is the one with the port on which the server really listens.
 *
 * Two generations of an open-addressed table in shared memory, so that workers see each other's exchanges; where one is
 * half full, the older is cleared and becomes the newer. Memory is fixed; what is heard again later than a generation
 * is not recognised.
 *
 *     word 0   which generation is the newer
 *     word 1   entries in it
 *     then     2 generations of `slots` entries: two words each, 0 0 where free
 */
import { sensorLimits } from "../base/limits.ts";

const HEAD_WORDS = 2;
const GENERATION = 0;
const COUNT = 1;
const PROBES_MAX = 16;

/** The memory that all tables of a process are views of. */
export const duplicatesMemory = (slots: number = sensorLimits.duplicateSlots): SharedArrayBuffer =>
  new SharedArrayBuffer((HEAD_WORDS + 4 * slots) * 4);

export class Duplicates {
  readonly #words: Int32Array;
  readonly #slots: number;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.#slots = (this.#words.length - HEAD_WORDS) / 4;
  }

  /**
   * Whether an exchange that ended here was heard before; from now on it was. `ordinal` tells exchanges apart that ended
   * in one segment.
   */
  isRepeated(sequence: number, acknowledgement: number, ordinal: number): boolean {
    const first = (sequence + Math.imul(ordinal, 0x9e3779b1)) | 0 || 1;
    const second = acknowledgement | 0;
    const hash = mix(mix(first) ^ second);
    const newer = Atomics.load(this.#words, GENERATION) & 1;
    if (this.#find(newer, hash, first, second) || this.#find(1 - newer, hash, first, second)) {
      return true;
    }
    this.#add(newer, hash, first, second);
    return false;
  }

  #find(generation: number, hash: number, first: number, second: number): boolean {
    for (let probe = 0; probe < PROBES_MAX; probe += 1) {
      const at = this.#at(generation, hash + probe);
      const found = Atomics.load(this.#words, at);
      if (found === 0) return false;
      if (found === first && this.#words[at + 1] === second) return true;
    }
    return false;
  }

  #add(generation: number, hash: number, first: number, second: number): void {
    for (let probe = 0; probe < PROBES_MAX; probe += 1) {
      const at = this.#at(generation, hash + probe);
      if (Atomics.compareExchange(this.#words, at, 0, first) !== 0) continue;
      this.#words[at + 1] = second;
      if (Atomics.add(this.#words, COUNT, 1) + 1 >= this.#slots / 2) this.#turn(generation);
      return;
    }
    // A crowded place: there is room in the other generation, once it is cleared.
    this.#turn(generation);
    this.#add(1 - generation, hash, first, second);
  }

  /** The older generation is forgotten, and filled next. */
  #turn(generation: number): void {
    const next = 1 - generation;
    const start = HEAD_WORDS + next * this.#slots * 2;
    this.#words.fill(0, start, start + this.#slots * 2);
    Atomics.store(this.#words, COUNT, 0);
    Atomics.store(this.#words, GENERATION, next);
  }

  #at(generation: number, hash: number): number {
    return HEAD_WORDS + (generation * this.#slots + (hash & (this.#slots - 1))) * 2;
  }
}

/** Last step of MurmurHash3: each bit of the result depends on each bit of `value`. */
const mix = (value: number): number => {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
};
