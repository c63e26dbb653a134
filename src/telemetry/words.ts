import { telemetryLimits } from "../base/limits.ts";

/**
 * Every distinct word that may be kept (`privacy.ts`), once, by number. Number 0 is none: the table is full.
 *
 * Words are found by hash and compared byte by byte, so that no string is made of one that is known: `slots` is an
 * open-addressing table of numbers, word `n` is `bytes[offsets[n], offsets[n] + lengths[n])`.
 */
export class WordTable {
  readonly #texts: string[] = [""];
  readonly #offsets = new Int32Array(telemetryLimits.wordsMax);
  readonly #lengths = new Uint16Array(telemetryLimits.wordsMax);
  readonly #slots = new Int32Array(telemetryLimits.wordsMax * 2);
  #bytes = new Uint8Array(4096);
  #bytesUsed = 0;

  /** The number of the ASCII word `bytes[start, end)`. */
  id(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    const mask = this.#slots.length - 1;
    let hash = length;
    for (let at = start; at < end; at += 1) hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
    hash = Math.imul(hash, 0x9e3779b1);
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (;;) {
      const id = this.#slots[slot]!;
      if (id === 0) break;
      if (this.#lengths[id] === length && this.#isAt(id, bytes, start, length)) return id;
      slot = (slot + 1) & mask;
    }
    if (this.#texts.length >= telemetryLimits.wordsMax) return 0;
    const id = this.#texts.push(Buffer.from(bytes.subarray(start, end)).toString("latin1")) - 1;
    this.#slots[slot] = id;
    this.#lengths[id] = length;
    this.#offsets[id] = this.#bytesUsed;
    this.#bytesUsed += length;
    if (this.#bytesUsed > this.#bytes.length) {
      const grown = new Uint8Array(this.#bytesUsed * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(bytes.subarray(start, end), this.#offsets[id]);
    return id;
  }

  #isAt(id: number, bytes: Uint8Array, start: number, length: number): boolean {
    const at = this.#offsets[id]!;
    for (let index = 0; index < length; index += 1) {
      if (this.#bytes[at + index] !== bytes[start + index]) return false;
    }
    return true;
  }

  idOf(text: string): number {
    const bytes = Buffer.from(text, "latin1");
    return this.id(bytes, 0, bytes.length);
  }

  text(id: number): string {
    return this.#texts[id] ?? "";
  }

  get count(): number {
    return this.#texts.length;
  }
}
