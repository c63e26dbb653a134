/** JSON and XML in UTF-16, which RFC 8259 retired and some systems still send, turned into UTF-8 as it passes. */
export type ByteOrder = "big" | "little";

/** The byte order that a mark or the zero beside the first ASCII character tells; null where it is not UTF-16. */
export function utf16Order(bytes: Uint8Array, start: number, end: number): ByteOrder | null {
  if (end - start < 2) return null;
  const first = bytes[start]!;
  const second = bytes[start + 1]!;
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return "big";
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return "little";
  return null;
}

export class Utf16Reader {
  readonly #big: boolean;
  #held = -1;
  #highSurrogate = 0;
  readonly #output = new Uint8Array(4096);

  constructor(order: ByteOrder) {
    this.#big = order === "big";
  }

  data(
    bytes: Uint8Array,
    start: number,
    end: number,
    into: { data(bytes: Uint8Array, start: number, end: number): void },
  ): void {
    let count = 0;
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at]!;
      if (this.#held < 0) {
        this.#held = byte;
        continue;
      }
      const unit = this.#big ? (this.#held << 8) | byte : (byte << 8) | this.#held;
      this.#held = -1;
      if (count + 4 > this.#output.length) {
        into.data(this.#output, 0, count);
        count = 0;
      }
      count = this.#encode(unit, count);
    }
    if (count > 0) into.data(this.#output, 0, count);
  }

  /** Appends a code unit as UTF-8; a high surrogate waits for its partner. */
  #encode(unit: number, from: number): number {
    const output = this.#output;
    if (unit >= 0xd800 && unit < 0xdc00) {
      this.#highSurrogate = unit;
      return from;
    }
    let code = unit;
    if (unit >= 0xdc00 && unit < 0xe000) {
      code =
        this.#highSurrogate === 0
          ? 0xfffd
          : 0x10000 + ((this.#highSurrogate - 0xd800) << 10) + (unit - 0xdc00);
    }
    this.#highSurrogate = 0;
    if (code < 0x80) {
      output[from] = code;
      return from + 1;
    }
    let at = from;
    if (code < 0x800) output[at++] = 0xc0 | (code >> 6);
    else {
      if (code < 0x10000) output[at++] = 0xe0 | (code >> 12);
      else {
        output[at++] = 0xf0 | (code >> 18);
        output[at++] = 0x80 | ((code >> 12) & 0x3f);
      }
      output[at++] = 0x80 | ((code >> 6) & 0x3f);
    }
    output[at++] = 0x80 | (code & 0x3f);
    return at;
  }
}
