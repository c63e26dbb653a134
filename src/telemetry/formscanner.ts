import { telemetryLimits } from "../base/limits.ts";
import { NameFlag } from "./fieldnames.ts";
import { ScanOutcome as Outcome, type ScanOutcome, type SelectorText } from "./jsonscanner.ts";
import type { Judge } from "./judge.ts";
import { CHAR_BITS, Char } from "./lexical.ts";
import type { NameTable } from "./names.ts";
import { hexValue } from "./segment.ts";
import type { Tables } from "./tables.ts";
import { Tape, TapeKind } from "./tape.ts";

/**
 * `application/x-www-form-urlencoded` (WHATWG URL, section 5.1) to a tape: one object of strings. Resumable at any
 * byte; names and values are decoded as they come and cut at `tokenBytesMax`.
 */
export class FormScanner {
  readonly #names: NameTable;
  readonly #judge: Judge;
  #tape = new Tape();
  #openedAt = 0;
  #inValue = false;
  #nameId = 0;
  #started = false;
  readonly #token = new Uint8Array(telemetryLimits.tokenBytesMax);
  #tokenCount = 0;
  #tokenBytes = 0;
  #mask = 0;
  /** 0: none; 1: behind a percent sign; 2: behind one digit of it. */
  #escape = 0;
  #high = 0;
  #full = false;
  selectors: SelectorText[] = [];

  constructor(tables: Tables) {
    this.#names = tables.names;
    this.#judge = tables.judge;
  }

  begin(tape: Tape): void {
    this.#tape = tape;
    this.#inValue = false;
    this.#started = false;
    this.#full = false;
    this.#openedAt = tape.open(TapeKind.Object);
    if (this.selectors.length > 0) this.selectors = [];
    this.#clear();
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end && !this.#full; at += 1) this.#byte(bytes[at]!);
  }

  end(whole: boolean): ScanOutcome {
    if (!this.#started) return Outcome.Empty;
    if (whole) this.#finishPair();
    if (this.#full || !whole || !this.#tape.reserve()) return Outcome.Cut;
    this.#tape.close(this.#openedAt);
    return Outcome.Whole;
  }

  #byte(byte: number): void {
    this.#started = true;
    if (this.#escape > 0 && this.#unescape(byte)) return;
    if (byte === 0x26) this.#finishPair();
    else if (byte === 0x3d && !this.#inValue) this.#finishName();
    else if (byte === 0x25) this.#escape = 1;
    else this.#gather(byte === 0x2b ? 0x20 : byte);
  }

  /** False where the percent sign was no escape: then `byte` is still to be read. */
  #unescape(byte: number): boolean {
    const digit = hexValue(byte);
    if (digit >= 0 && this.#escape === 1) {
      this.#high = digit;
      this.#escape = 2;
      return true;
    }
    const seen = this.#escape;
    this.#escape = 0;
    if (digit >= 0) {
      this.#gather(this.#high * 16 + digit);
      return true;
    }
    this.#gather(0x25);
    if (seen === 2) this.#gather(this.#high < 10 ? 0x30 + this.#high : 0x57 + this.#high);
    return false;
  }

  #gather(byte: number): void {
    this.#tokenBytes += 1;
    this.#mask |= CHAR_BITS[byte]!;
    if (this.#tokenCount >= this.#token.length) return;
    this.#token[this.#tokenCount] = byte;
    this.#tokenCount += 1;
  }

  #clear(): void {
    this.#tokenCount = 0;
    this.#tokenBytes = 0;
    this.#mask = 0;
    this.#escape = 0;
  }

  #finishName(): void {
    if (this.#escape > 0) this.#unescape(0);
    this.#nameId = this.#names.id(this.#token, 0, this.#tokenCount);
    this.#inValue = true;
    this.#clear();
  }

  #finishPair(): void {
    if (this.#escape > 0) this.#unescape(0);
    if (!this.#inValue) {
      if (this.#tokenBytes === 0) return;
      this.#finishName();
    }
    this.#inValue = false;
    if (!this.#tape.reserve()) {
      this.#full = true;
      return;
    }
    const flags = this.#names.flags[this.#nameId]!;
    this.#tape.name(this.#nameId);
    const mask = this.#mask & ~Char.JsonStop;
    this.#judge.string(flags, this.#token, 0, this.#tokenCount, this.#tokenBytes, mask);
    this.#judge.write(this.#tape, false);
    if ((flags & NameFlag.Selector) !== 0 && this.selectors.length < 4) {
      const text = Buffer.from(this.#token.buffer, 0, this.#tokenCount).toString("latin1");
      this.selectors.push({ name: this.#names.text(this.#nameId), text });
    }
    this.#clear();
  }
}
