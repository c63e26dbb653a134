/**
 * Cuts the entries out of a HAR file as its bytes pass, so that one entry is held and never the file. Follows
 * brackets, strings and escapes only; whether an entry is good JSON, JSON.parse decides.
 *
 *   Document: outside of `log.entries`  <->  Entry: between the braces of one of its members
 *
 * `keyAt` remembers the key that leads into each of the three levels that matter: `{"log": {"entries": [{`.
 */
import { collectLimits } from "../base/limits.ts";

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const COLON = 58;
const COMMA = 44;

const FIRST_BYTES = 1 << 16;
/** Keys longer than this are not those that are looked for. */
const KEY_BYTES_MAX = 16;

export interface EntryTaker {
  /** One whole entry; the bytes are valid only during the call. */
  entry(bytes: Uint8Array): void;
  /** An entry larger or deeper than the limits; it was skipped. */
  tooLarge(): void;
}

export class EntryCutter {
  readonly #taker: EntryTaker;
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Bytes of the latest string outside of entries, while it may be a key that matters. */
  #text = "";
  /** Keys under which the brackets of depth 1 and 2 stand. */
  #outerKey = "";
  #innerKey = "";
  #pendingKey = "";
  /** Whether the bracket at depth 3 is `log.entries`. */
  #inEntries = false;
  #entry: Uint8Array = new Uint8Array(FIRST_BYTES);
  #entryCount = 0;
  #inEntry = false;
  #skipping = false;
  /** Whether `log` was an object, and whether its `entries` were a list. */
  foundLog = false;
  foundEntries = false;
  /** The document is over: its outermost bracket was closed. */
  done = false;
  /** Its first byte that is no white space opened an object. */
  isObject: boolean | null = null;

  constructor(taker: EntryTaker) {
    this.#taker = taker;
  }

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && !this.done)
      at = this.#inEntry ? this.#pushEntry(bytes, at) : this.#pushDocument(bytes, at);
  }

  /** Whether the input stopped within the document. */
  get isCut(): boolean {
    return this.#depth > 0;
  }

  /** Reads up to the beginning of an entry, or to the end. */
  #pushDocument(bytes: Uint8Array, start: number): number {
    for (let at = start; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (this.#inString) {
        this.#documentString(byte);
        continue;
      }
      if (byte <= 32 || (this.isObject === null && isByteOrderMark(byte))) continue;
      this.isObject ??= byte === OPEN_BRACE;
      if (byte === OPEN_BRACE && this.#inEntries && this.#depth === 3) {
        this.#inEntry = true;
        this.#skipping = false;
        this.#entryCount = 0;
        return at;
      }
      if (this.#documentMark(byte)) return bytes.length;
    }
    return bytes.length;
  }

  #documentString(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) {
      this.#inString = false;
      return;
    }
    if (this.#text.length < KEY_BYTES_MAX) this.#text += String.fromCharCode(byte);
  }

  /** True where the document is over. */
  #documentMark(byte: number): boolean {
    switch (byte) {
      case QUOTE:
        this.#inString = true;
        this.#text = "";
        break;
      case COLON:
        this.#pendingKey = this.#text;
        break;
      case COMMA:
        this.#pendingKey = "";
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        this.#open(byte);
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (this.#depth === 3) this.#inEntries = false;
        this.#depth--;
        this.done = this.#depth <= 0;
        return this.done;
    }
    return false;
  }

  #open(byte: number): void {
    this.#depth++;
    if (this.#depth === 2) {
      this.#outerKey = byte === OPEN_BRACE ? this.#pendingKey : "";
      if (this.#outerKey === "log") this.foundLog = true;
    } else if (this.#depth === 3) {
      this.#innerKey = byte === OPEN_BRACKET ? this.#pendingKey : "";
      this.#inEntries = this.#outerKey === "log" && this.#innerKey === "entries";
      if (this.#inEntries) this.foundEntries = true;
    }
    this.#pendingKey = "";
  }

  /** Reads up to the end of the entry, or to the end of the bytes, and keeps what it read. */
  #pushEntry(bytes: Uint8Array, start: number): number {
    let at = start;
    while (at < bytes.length) {
      const byte = bytes[at++]!;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inString = false;
      } else if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (++this.#depth > collectLimits.harDepthMax) this.#skipping = true;
      } else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --this.#depth === 3) {
        this.#keep(bytes, start, at);
        this.#endEntry();
        return at;
      }
    }
    this.#keep(bytes, start, at);
    return at;
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    const needed = this.#entryCount + end - start;
    if (needed > collectLimits.harEntryBytesMax) this.#skipping = true;
    if (this.#skipping) return;
    if (needed > this.#entry.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#entry.length));
      larger.set(this.#entry.subarray(0, this.#entryCount));
      this.#entry = larger;
    }
    this.#entry.set(bytes.subarray(start, end), this.#entryCount);
    this.#entryCount = needed;
  }

  #endEntry(): void {
    this.#inEntry = false;
    if (this.#skipping) this.#taker.tooLarge();
    else this.#taker.entry(this.#entry.subarray(0, this.#entryCount));
  }
}

const isByteOrderMark = (byte: number): boolean => byte === 0xef || byte === 0xbb || byte === 0xbf;
