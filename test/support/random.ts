/** A seeded source of randomness (sfc32): the same seed gives the same sequence on every machine. */
export class Random {
  #a: number;
  #b: number;
  #c = 0x9e3779b9;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed >>> 0;
    this.#b = Math.floor(seed / 0x100000000) >>> 0;
    for (let round = 0; round < 15; round++) this.word();
  }

  /** 32 random bits. */
  word(): number {
    const result = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result >>> 0;
  }

  /** From 0 up to, not including, 1. */
  unit(): number {
    return this.word() / 0x100000000;
  }

  /** A whole number of `[from, to)`. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.unit() * (to - from));
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.integer(0, items.length)]!;
  }

  hex(digits: number): string {
    let text = "";
    while (text.length < digits) text += this.word().toString(16).padStart(8, "0");
    return text.slice(0, digits);
  }

  /** RFC 9562, version 4. */
  uuid(): string {
    const hex = this.hex(32);
    const variant = "89ab"[this.integer(0, 4)];
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
  }

  /** Letters and digits, as random tokens have them. */
  token(characters: number): string {
    let text = "";
    while (text.length < characters) text += ALPHABET[this.integer(0, ALPHABET.length)];
    return text;
  }
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
