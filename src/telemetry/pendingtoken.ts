import { telemetryLimits } from "../base/limits.ts";
import { CHAR_BITS, Char } from "./lexical.ts";
import { hexValue } from "./segment.ts";

const REPLACEMENT = 0xfffd;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * A JSON token that a chunk cut or that has escapes, gathered and decoded (RFC 8259, section 7), its bytes cut at
 * `tokenBytesMax`. A surrogate without its partner stands as U+FFFD.
 */
export class PendingToken {
  readonly bytes = new Uint8Array(telemetryLimits.tokenBytesMax + 4);
  /** Bytes that are kept, and bytes in all. */
  count = 0;
  byteCount = 0;
  /** Union of the `CHAR_BITS` of all bytes. */
  mask = 0;
  /** 0: none; 1: behind a backslash; 2-5: hexadecimal digits of `\u` still to come, plus one. */
  #escape = 0;
  #codeUnit = 0;
  #highSurrogate = 0;

  begin(): void {
    this.count = 0;
    this.byteCount = 0;
    this.mask = 0;
    this.#escape = 0;
    this.#highSurrogate = 0;
  }

  get inEscape(): boolean {
    return this.#escape !== 0;
  }

  /** Appends bytes of which the union of `CHAR_BITS` is `mask`. */
  run(bytes: Uint8Array, start: number, end: number, mask: number): void {
    this.flush();
    this.mask |= mask;
    this.byteCount += end - start;
    const kept = this.bytes;
    let count = this.count;
    const stop = Math.min(end, start + telemetryLimits.tokenBytesMax - count);
    for (let at = start; at < stop; at += 1) {
      kept[count] = bytes[at]!;
      count += 1;
    }
    this.count = count;
  }

  /**
   * Decodes a string that is plain up to the backslash at `stop`, the union of its `CHAR_BITS` being `plainMask`; returns
   * where it ends, or -1 where it is wrong or the chunk does not hold it.
   */
  decode(bytes: Uint8Array, start: number, stop: number, end: number, plainMask: number): number {
    let run = start;
    let at = stop;
    let mask = plainMask;
    for (;;) {
      if (at > run) this.run(bytes, run, at, mask);
      if (at >= end) return -1;
      if (bytes[at] === QUOTE) break;
      if (bytes[at] !== BACKSLASH) return -1;
      at = this.escapeAt(bytes, at + 1, end);
      if (this.inEscape) return -1;
      run = at;
      mask = 0;
      while (at < end) {
        const bits = CHAR_BITS[bytes[at]!]!;
        if ((bits & Char.JsonStop) !== 0) break;
        mask |= bits;
        at += 1;
      }
    }
    this.flush();
    return at + 1;
  }

  byte(byte: number): void {
    this.byteCount += 1;
    this.mask |= CHAR_BITS[byte]! & ~Char.JsonStop;
    if (this.count >= telemetryLimits.tokenBytesMax) return;
    this.bytes[this.count] = byte;
    this.count += 1;
  }

  /** Reads the escape behind the backslash at `at - 1`, as far as the chunk has it; returns where to go on. */
  escapeAt(bytes: Uint8Array, at: number, end: number): number {
    if (at + 5 <= end) {
      const byte = bytes[at]!;
      const plain = UNESCAPED[byte]!;
      if (plain !== 0) {
        this.flush();
        this.byte(plain);
        return at + 1;
      }
      if (byte === 0x75) {
        const unit =
          (HEX_VALUE[bytes[at + 1]!]! << 12) |
          (HEX_VALUE[bytes[at + 2]!]! << 8) |
          (HEX_VALUE[bytes[at + 3]!]! << 4) |
          HEX_VALUE[bytes[at + 4]!]!;
        if (unit >= 0) {
          this.#addCodeUnit(unit);
          return at + 5;
        }
      }
    }
    this.#escape = 1;
    return at;
  }

  /** One more byte of an escape that was cut; false where it is none. */
  continueEscape(byte: number): boolean {
    if (this.#escape === 1) {
      if (byte === 0x75) {
        this.#escape = 5;
        this.#codeUnit = 0;
        return true;
      }
      this.#escape = 0;
      const plain = UNESCAPED[byte]!;
      this.flush();
      this.byte(plain);
      return plain !== 0;
    }
    const digit = HEX_VALUE[byte]!;
    this.#codeUnit = this.#codeUnit * 16 + digit;
    this.#escape -= 1;
    if (this.#escape === 1) {
      this.#escape = 0;
      this.#addCodeUnit(this.#codeUnit);
    }
    return digit >= 0;
  }

  /** A high surrogate that waits gets no partner any more. */
  flush(): void {
    if (this.#highSurrogate === 0) return;
    this.#highSurrogate = 0;
    this.#addCode(REPLACEMENT);
  }

  #addCodeUnit(unit: number): void {
    if (unit >= 0xd800 && unit < 0xdc00) {
      this.flush();
      this.#highSurrogate = unit;
    } else if (unit < 0xdc00 || unit >= 0xe000) {
      this.flush();
      this.#addCode(unit);
    } else if (this.#highSurrogate === 0) this.#addCode(REPLACEMENT);
    else {
      const high = this.#highSurrogate - 0xd800;
      this.#highSurrogate = 0;
      this.#addCode(0x10000 + (high << 10) + (unit - 0xdc00));
    }
  }

  /** A code point as UTF-8. */
  #addCode(code: number): void {
    if (code < 0x80) {
      this.byte(code);
      return;
    }
    if (code < 0x800) this.byte(0xc0 | (code >> 6));
    else {
      if (code < 0x10000) this.byte(0xe0 | (code >> 12));
      else {
        this.byte(0xf0 | (code >> 18));
        this.byte(0x80 | ((code >> 12) & 0x3f));
      }
      this.byte(0x80 | ((code >> 6) & 0x3f));
    }
    this.byte(0x80 | (code & 0x3f));
  }
}

/** What the character behind a backslash stands for; 0 where it is none, or `u`. */
const UNESCAPED: Uint8Array = new Uint8Array(256);
for (const [escaped, plain] of ['""', "\\\\", "//", "b\b", "f\f", "n\n", "r\r", "t\t"]) {
  UNESCAPED[escaped!.charCodeAt(0)] = plain!.charCodeAt(0);
}

/** The value of a hexadecimal digit, -1 of anything else. */
const HEX_VALUE: Int32Array = Int32Array.from({ length: 256 }, (_, byte) => hexValue(byte));
