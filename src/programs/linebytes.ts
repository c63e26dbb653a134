/**
 * Lines of JSON as bytes, written one behind the other into one buffer that is used again and again. What is known
 * before is copied four bytes at a time, which takes a third of the time of single bytes.
 */

/** ASCII that is written as it stands. */
export interface FixedText {
  readonly words: Int32Array;
  readonly byteCount: number;
}

/** Of any text that is written, a byte may become `\u00e9`. */
const ESCAPED_BYTES_MAX = 6;
/** A text is written in whole words, so up to three bytes behind its end. */
const SLACK_BYTES = 4;

const QUOTE = 0x22;
const ZERO = 0x30;

/** Bytes that stand for themselves in a JSON string of ASCII. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x7f && byte !== QUOTE && byte !== 0x5c ? 1 : 0,
);

export const fixedText = (ascii: string): FixedText => {
  const bytes = Buffer.alloc((ascii.length + 3) & ~3);
  bytes.write(ascii, "latin1");
  const words = Int32Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readInt32LE(at * 4));
  return { words, byteCount: ascii.length };
};

export class LineBytes {
  /** Bytes that were written since the last `take`. */
  byteCount = 0;
  #bytes: Uint8Array;
  #view: DataView;
  readonly #flush: (bytes: Uint8Array, byteCount: number) => void;

  constructor(bufferBytes: number, flush: (bytes: Uint8Array, byteCount: number) => void) {
    this.#bytes = new Uint8Array(bufferBytes);
    this.#view = new DataView(this.#bytes.buffer);
    this.#flush = flush;
  }

  /** Makes room for `fixedBytes` that need no escape and texts of `textBytes`; what was written may be flushed. */
  reserve(fixedBytes: number, textBytes: number): void {
    const needed = fixedBytes + ESCAPED_BYTES_MAX * textBytes + SLACK_BYTES;
    if (this.byteCount + needed <= this.#bytes.length) return;
    this.flush();
    if (needed <= this.#bytes.length) return;
    this.#bytes = new Uint8Array(needed);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Hands on what was written. */
  flush(): void {
    if (this.byteCount > 0) this.#flush(this.#bytes, this.byteCount);
    this.byteCount = 0;
  }

  fixed({ words, byteCount }: FixedText): void {
    const view = this.#view;
    const start = this.byteCount;
    for (let index = 0; index < words.length; index++)
      view.setInt32(start + (index << 2), words[index]!, true);
    this.byteCount = start + byteCount;
  }

  /** ASCII that needs no escape. */
  plain(text: string): void {
    const bytes = this.#bytes;
    let at = this.byteCount;
    for (let index = 0; index < text.length; index++) bytes[at++] = text.charCodeAt(index);
    this.byteCount = at;
  }

  byte(byte: number): void {
    this.#bytes[this.byteCount++] = byte;
  }

  /** A JSON string; each character of `text` is a byte. */
  text(text: string): void {
    const bytes = this.#bytes;
    let at = this.byteCount;
    bytes[at++] = QUOTE;
    for (let index = 0; index < text.length; index++) {
      const byte = text.charCodeAt(index);
      if (byte > 255 || PLAIN[byte] === 0) {
        this.plain(quoteUnusual(text));
        return;
      }
      bytes[at++] = byte;
    }
    bytes[at++] = QUOTE;
    this.byteCount = at;
  }

  /** A JSON string of the bytes `[start, end)`; false, and nothing written, where one of them needs an escape. */
  textOfBytes(source: Uint8Array, start: number, end: number): boolean {
    const bytes = this.#bytes;
    let at = this.byteCount;
    bytes[at++] = QUOTE;
    for (let index = start; index < end; index++) {
      const byte = source[index]!;
      if (PLAIN[byte] === 0) return false;
      bytes[at++] = byte;
    }
    bytes[at++] = QUOTE;
    this.byteCount = at;
    return true;
  }

  /** Not negative. */
  integer(value: number): void {
    if (value >= 1e9) {
      this.plain(String(value));
      return;
    }
    let digits = 1;
    for (let limit = 10; value >= limit; limit *= 10) digits += 1;
    this.digits(value, digits);
  }

  /** The last `count` digits of a number below 2^31. */
  digits(value: number, count: number): void {
    const bytes = this.#bytes;
    let rest = value | 0;
    for (let at = this.byteCount + count - 1; at >= this.byteCount; at--) {
      const next = (rest / 10) | 0;
      bytes[at] = ZERO + rest - next * 10;
      rest = next;
    }
    this.byteCount += count;
  }

  /** Takes back the zeros that were written last. */
  dropZeros(): void {
    while (this.#bytes[this.byteCount - 1] === ZERO) this.byteCount -= 1;
  }
}

/** `text` holds bytes; they are read as UTF-8 where they are that, else as latin1. */
const quoteUnusual = (text: string): string =>
  JSON.stringify(textOf(text)).replaceAll(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Text of bytes that are held one a character. */
export const textOf = (latin1: string): string => {
  try {
    return utf8.decode(Buffer.from(latin1, "latin1"));
  } catch {
    return latin1;
  }
};
