import { addressText } from "./address.ts";
import type { Endpoint } from "./stream.ts";

/** A power of two; 120 bytes each: 30 KB. */
const SLOT_COUNT = 256;
const KEY_WORDS = 5;

/**
 * Ends of flows as text. Most flows of a host have one of a few servers at one end: flows that are open at a time share
 * what is said of it, as far as no other end has taken its place here.
 */
export class Endpoints {
  readonly #keys = new Int32Array(SLOT_COUNT * KEY_WORDS);
  readonly #endpoints: (Endpoint | null)[] = new Array(SLOT_COUNT).fill(null);

  /** `at` is where the address stands in `words`. */
  of(words: Int32Array, at: number, port: number): Endpoint {
    const word0 = words[at]!;
    const word1 = words[at + 1]!;
    const word2 = words[at + 2]!;
    const word3 = words[at + 3]!;
    const mixed = Math.imul(word0 ^ word1 ^ word2 ^ word3 ^ (port << 7), 0x9e3779b1);
    const slot = mixed >>> 24;
    const key = slot * KEY_WORDS;
    const keys = this.#keys;
    const known = this.#endpoints[slot] ?? null;
    if (
      known !== null &&
      keys[key] === word0 &&
      keys[key + 1] === word1 &&
      keys[key + 2] === word2 &&
      keys[key + 3] === word3 &&
      keys[key + 4] === port
    ) {
      return known;
    }
    const endpoint = { ip: addressText(word0, word1, word2, word3), port };
    keys.set([word0, word1, word2, word3, port], key);
    this.#endpoints[slot] = endpoint;
    return endpoint;
  }
}
