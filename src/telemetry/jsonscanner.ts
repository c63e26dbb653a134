import { telemetryLimits } from "../base/limits.ts";
import { type Course, NO_PLACE, Place, TOP_PLACE } from "./course.ts";
import { EscapedText } from "./escapedtext.ts";
import { NameFlag } from "./fieldnames.ts";
import { isDigit } from "./forms.ts";
import { isNumberByte, numberEntry } from "./jsonnumber.ts";
import type { Judge } from "./judge.ts";
import { CHAR_BITS, Char } from "./lexical.ts";
import { NAME_HASH_PRIME, NAME_HASH_START, type NameTable } from "./names.ts";
import { PendingToken } from "./pendingtoken.ts";
import type { Tables } from "./tables.ts";
import { type Tape, TapeFlag, TapeKind } from "./tape.ts";
import {
  Cached,
  cachedBytesMax,
  doubtMin,
  doubtPause,
  doubtRelief,
  doubtStep,
  ValueCache,
} from "./valuecache.ts";

/**
 * JSON (RFC 8259) to a tape, one pass over the bytes as they come, resumable at any byte.
 *
 *     Value ──{──► FirstKey ──"──► KeyString ──"──► Colon ──:──► Value
 *       │             └─}─► After      ▲                           │
 *       ├──[──► FirstItem ──► Value    └──"── Key ◄──,── After ◄───┘
 *       └──"──► String / Number / Literal ──► After           After ──end of document──► Between
 *
 * A token that lies whole in the chunk is read in place. One that the chunk cuts, or that has escapes, is
 * gathered in `pending` first. Several documents in a row are accepted where a line break or a record separator
 * (RFC 7464) stands between them: JSON lines.
 */
const State = {
  Value: 0,
  FirstItem: 1,
  FirstKey: 2,
  Key: 3,
  KeyString: 4,
  Colon: 5,
  After: 6,
  String: 7,
  Number: 8,
  Literal: 9,
  Between: 10,
  /** Too deep: brackets are counted, nothing is kept. */
  Skip: 11,
  /** The tape is full: nothing more is read. */
  Full: 12,
  Invalid: 13,
} as const;

/** What stands behind a scalar's entry. */
const PAYLOAD = TapeFlag.HasHash | TapeFlag.HasWord;
const HASH_SEED = 0x5bd1e995;
const NO_BYTES = new ArrayBuffer(0);
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const;

/** What the end of a body found. */
export const ScanOutcome = { Whole: 0, Cut: 1, Invalid: 2, Empty: 3 } as const;
export type ScanOutcome = (typeof ScanOutcome)[keyof typeof ScanOutcome];

/** Values at the top of a request that may name its operation. */
export interface SelectorText {
  readonly name: string;
  readonly text: string;
}

export class JsonScanner {
  readonly #names: NameTable;
  readonly #judge: Judge;
  readonly #tables: Tables;
  #course: Course;
  readonly #values: Int32Array;
  #tape: Tape;
  #state: number = State.Value;
  /** Documents that were read to their end. */
  documents = 0;
  /** Some document or member was separated by a line break, so these are JSON lines. */
  selectors: SelectorText[] = [];
  #depth = 0;
  /** By depth: is it an object, where its tape entry is, which name its values have, the next step of the course. */
  readonly #isObject = new Uint8Array(telemetryLimits.bodyDepthMax + 1);
  readonly #openedAt = new Int32Array(telemetryLimits.bodyDepthMax + 1);
  readonly #nameIds = new Int32Array(telemetryLimits.bodyDepthMax + 1);
  readonly #steps = new Int32Array(telemetryLimits.bodyDepthMax + 1);
  /** Name of the value that comes next. */
  #nameId = 0;
  readonly #pending = new PendingToken();
  readonly #escaped = new EscapedText();
  #literal = "";
  #literalIndex = 0;
  #skipDepth = 0;
  #skipInString = false;
  #skipEscaped = false;
  #lineBreak = false;
  #markIndex = 0;
  /** The buffer of the last chunk, and a view of it: chunks mostly share one. */
  #viewed: ArrayBufferLike = NO_BYTES;
  #view: DataView = new DataView(NO_BYTES);
  #base = 0;

  constructor(tables: Tables, tape: Tape) {
    this.#names = tables.names;
    this.#judge = tables.judge;
    this.#tables = tables;
    this.#course = tables.course;
    this.#values = tables.values.cells;
    this.#tape = tape;
  }

  begin(tape: Tape): void {
    this.#tape = tape;
    this.#state = State.Value;
    this.documents = 0;
    if (this.selectors.length > 0) this.selectors = [];
    this.#depth = 0;
    this.#isObject[0] = 0;
    this.#nameIds[0] = 0;
    this.#steps[0] = TOP_PLACE;
    this.#course = this.#tables.course;
    this.#nameId = 0;
    this.#lineBreak = false;
    this.#markIndex = 0;
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    // Once a chunk: the getter is no cheap one.
    const { buffer } = bytes;
    if (buffer !== this.#viewed) {
      this.#viewed = buffer;
      this.#view = new DataView(buffer);
    }
    this.#base = bytes.byteOffset;
    // RFC 8259, section 8.1: a reader may ignore a byte order mark.
    while (this.#markIndex < BYTE_ORDER_MARK.length && at < end) {
      if (bytes[at] === BYTE_ORDER_MARK[this.#markIndex]) {
        this.#markIndex += 1;
        at += 1;
      } else {
        if (this.#markIndex > 0) this.#state = State.Invalid;
        this.#markIndex = BYTE_ORDER_MARK.length;
      }
    }
    while (at < end) {
      switch (this.#state) {
        case State.KeyString:
        case State.String:
          at = this.#restOfString(bytes, at, end);
          break;
        case State.Number:
          at = this.#restOfNumber(bytes, at, end);
          break;
        case State.Literal:
          at = this.#restOfLiteral(bytes, at, end);
          break;
        case State.Skip:
          at = this.#skip(bytes, at, end);
          break;
        case State.Full:
        case State.Invalid:
          return;
        default:
          at = this.#usual(bytes, at, end);
          if (at < end) at = this.#structure(bytes, at, end);
      }
    }
  }

  end(whole: boolean): ScanOutcome {
    if (this.#state === State.Invalid) return ScanOutcome.Invalid;
    if (this.#state === State.Full) return ScanOutcome.Cut;
    if (whole && this.#state === State.Number && this.#depth === 0) this.#finishNumber();
    if (this.#state === State.Invalid) return ScanOutcome.Invalid;
    if (this.#state === State.Between) return ScanOutcome.Whole;
    const nothing = this.#depth === 0 && this.#state === State.Value;
    if (nothing && this.documents === 0 && this.#tape.count === 0) return ScanOutcome.Empty;
    if (nothing) return ScanOutcome.Whole;
    return whole ? ScanOutcome.Invalid : ScanOutcome.Cut;
  }

  /** One structural byte and whatever begins with it. */
  #structure(bytes: Uint8Array, from: number, end: number): number {
    let at = from;
    let byte = bytes[at]!;
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      if (byte === 0x0a) this.#lineBreak = true;
      at += 1;
      if (at === end) return end;
      byte = bytes[at]!;
    }
    switch (this.#state) {
      case State.After:
        if (byte === 0x2c) {
          this.#state = this.#isObject[this.#depth] === 1 ? State.Key : State.Value;
          return at + 1;
        }
        return this.#close(byte, at);
      case State.Key:
        return byte === QUOTE ? this.#key(bytes, at + 1, end) : this.#fail(at);
      case State.Colon:
        if (byte !== 0x3a) return this.#fail(at);
        this.#state = State.Value;
        return at + 1;
      case State.Value:
        return this.#value(bytes, at, end, byte);
      case State.FirstKey:
        if (byte === 0x7d) return this.#close(byte, at);
        return byte === QUOTE ? this.#key(bytes, at + 1, end) : this.#fail(at);
      case State.FirstItem:
        if (byte === 0x5d) return this.#close(byte, at);
        return this.#value(bytes, at, end, byte);
      default:
        return this.#between(at, byte);
    }
  }

  /** Behind a document: another one may follow on the next line. */
  #between(at: number, byte: number): number {
    if (byte === 0x1e) {
      this.#lineBreak = true;
      return at + 1;
    }
    if (!this.#lineBreak) return this.#fail(at);
    this.#lineBreak = false;
    this.#nameId = 0;
    this.#state = State.Value;
    return at;
  }

  #fail(at: number): number {
    this.#state = State.Invalid;
    return at + 1;
  }

  #close(byte: number, at: number): number {
    const depth = this.#depth;
    const isObject = this.#isObject[depth] === 1;
    if (depth === 0 || byte !== (isObject ? 0x7d : 0x5d)) return this.#fail(at);
    if (!this.#tape.reserve()) return this.#stop(at);
    this.#tape.close(this.#openedAt[depth]!);
    this.#depth = depth - 1;
    this.#valueDone();
    return at + 1;
  }

  #stop(at: number): number {
    this.#state = State.Full;
    return at + 1;
  }

  #valueDone(): void {
    if (this.#depth > 0) {
      this.#state = State.After;
      return;
    }
    this.documents += 1;
    this.#lineBreak = false;
    this.#state = State.Between;
  }

  /**
   * The same as `#structure`, for what is usual: keys that are expected, strings, numbers of at most nine digits, all
   * whole in the chunk. It stops in front of anything else, in a state that `#structure` knows, so nothing is
   * decided here that is not decided there. One function, since its state lives in registers; a key is compared
   * together with its quotes and colon, four bytes at a time.
   */
  // biome-ignore lint/complexity/noExcessiveLinesPerFunction: the innermost loop; calls between its parts cost a third of it.
  #usual(bytes: Uint8Array, from: number, end: number): number {
    const view = this.#view;
    const base = this.#base;
    const framed = this.#names.view;
    const places = this.#course.cells;
    const tape = this.#tape;
    const isObject = this.#isObject;
    const steps = this.#steps;
    const values = this.#values;
    const judge = this.#judge;
    let entries = tape.entries;
    let room = entries.length - 8;
    let count = tape.count;
    let state = this.#state;
    let depth = this.#depth;
    let step = steps[depth]!;
    let inObject = isObject[depth] === 1;
    let at = from;
    loop: while (at < end) {
      if (count > room) {
        tape.count = count;
        if (!tape.reserve()) break;
        entries = tape.entries;
        room = entries.length - 8;
      }
      let byte = bytes[at]!;
      if (state === State.Key || state === State.FirstKey) {
        if (byte !== QUOTE) {
          if (BYTE_KIND[byte] !== ByteKind.Space) break;
          at += 1;
          continue;
        }
        const guess = step >= 0 ? places[step + Place.Next]! : places[~step + Place.First]!;
        const length = places[guess + Place.Length]!;
        if (length < 4 || at + length >= end) break;
        // Both ends, and for longer keys what lies between: no loop for most, since its end is hard to foresee.
        const key = base + at;
        const tail = key + length - 4;
        let differences =
          (view.getInt32(key, true) ^ places[guess + Place.Head]!) |
          (view.getInt32(tail, true) ^ places[guess + Place.Tail]!);
        if (length > 8) {
          differences |=
            (view.getInt32(key + 4, true) ^ places[guess + Place.Behind]!) |
            (view.getInt32(tail - 4, true) ^ places[guess + Place.Before]!);
          if (length > 16) {
            const known = places[guess + Place.Offset]!;
            for (let index = 8; index < length - 8; index += 4) {
              differences |=
                view.getInt32(key + index, true) ^ framed.getInt32(known + index, true);
            }
          }
        }
        if (differences !== 0) break;
        entries[count] = ~places[guess + Place.Name]!;
        count += 1;
        step = guess;
        state = State.Value;
        at += length;
        byte = bytes[at]!;
      }
      if (state === State.Value || state === State.FirstItem) {
        switch (BYTE_KIND[byte]) {
          case ByteKind.Quote: {
            const place = step >= 0 ? step : ~step;
            if (depth === 0 || place === NO_PLACE) break loop;
            const flags = places[place + Place.Flags]!;
            const doubt = places[place + Place.Doubt]!;
            let slot = -1;
            let key = 0;
            let first = HASH_SEED;
            let second = 0;
            if (doubt >= doubtMin) places[place + Place.Doubt] = doubt - 1;
            else {
              // Four bytes at a time until one of them is a quote, a backslash or a control character; hashed as they pass.
              let stop = at + 1;
              let marks = 0;
              while (stop + 4 <= end) {
                const word = view.getInt32(base + stop, true);
                const quotes = word ^ 0x22222222;
                const slashes = word ^ 0x5c5c5c5c;
                marks =
                  (((quotes - 0x01010101) & ~quotes) |
                    ((slashes - 0x01010101) & ~slashes) |
                    ((word - 0x20202020) & ~word)) &
                  0x80808080;
                if (marks !== 0) break;
                first = Math.imul(first ^ word, 0x9e3779b1);
                first ^= first >>> 15;
                second = (Math.imul(second, 31) + word) | 0;
                stop += 4;
              }
              if (marks !== 0) {
                // The lowest mark is exact: what lies below it holds none.
                const below = (31 - Math.clz32(marks & -marks)) >>> 3;
                const tail = view.getInt32(base + stop, true) & ((1 << (below << 3)) - 1);
                first = Math.imul(first ^ tail, 0x9e3779b1);
                first ^= first >>> 15;
                second = (Math.imul(second, 31) + tail) | 0;
                stop += below;
                const byteCount = stop - at - 1;
                if (bytes[stop] === QUOTE && byteCount <= cachedBytesMax && byteCount > 0) {
                  first ^= first >>> 13;
                  key = (byteCount << 8) | flags;
                  slot = ValueCache.place(first, second, flags);
                  if (
                    values[slot] === first &&
                    values[slot + Cached.Second] === second &&
                    values[slot + Cached.Key] === key
                  ) {
                    if (doubt > 0) places[place + Place.Doubt] = Math.max(0, doubt - doubtRelief);
                    const entry = values[slot + Cached.Entry]!;
                    at = stop + 1;
                    if (!inObject && (entry & PAYLOAD) === 0) {
                      tape.count = count;
                      tape.scalar(entry, true);
                      count = tape.count;
                    } else {
                      entries[count] = entry;
                      count += 1;
                      if ((entry & TapeFlag.HasHash) !== 0) {
                        entries[count] = values[slot + Cached.HashHigh]!;
                        entries[count + 1] = values[slot + Cached.HashLow]!;
                        count += 2;
                      }
                      if ((entry & TapeFlag.HasWord) !== 0) {
                        entries[count] = values[slot + Cached.Word]!;
                        count += 1;
                      }
                    }
                    break;
                  }
                }
              }
              places[place + Place.Doubt] =
                doubt + (doubt < doubtMin - doubtStep ? doubtStep : doubtPause);
            }
            let stop = at + 1;
            let mask = 0;
            let bits = 0;
            while (stop + 4 <= end) {
              const word = view.getInt32(base + stop, true);
              bits =
                CHAR_BITS[word & 0xff]! |
                CHAR_BITS[(word >>> 8) & 0xff]! |
                CHAR_BITS[(word >>> 16) & 0xff]! |
                CHAR_BITS[word >>> 24]!;
              if ((bits & Char.JsonStop) !== 0) break;
              mask |= bits;
              stop += 4;
            }
            while (stop < end) {
              bits = CHAR_BITS[bytes[stop]!]!;
              if ((bits & Char.JsonStop) !== 0) break;
              mask |= bits;
              stop += 1;
            }
            if (stop >= end || (flags & NameFlag.Selector) !== 0) break loop;
            if (bytes[stop] !== QUOTE) {
              if (bytes[stop] !== BACKSLASH) break loop;
              tape.count = count;
              stop = this.#escapedString(bytes, at + 1, stop, end, mask, flags, !inObject);
              if (stop < 0) break loop;
              count = tape.count;
              at = stop;
              break;
            }
            const byteCount = stop - at - 1;
            if (byteCount > telemetryLimits.tokenBytesMax) break loop;
            const entry = judge.string(flags, bytes, at + 1, stop, byteCount, mask);
            if (slot >= 0) {
              values[slot] = first;
              values[slot + Cached.Second] = second;
              values[slot + Cached.Key] = key;
              values[slot + Cached.Entry] = entry;
              values[slot + Cached.HashHigh] = judge.hashHigh;
              values[slot + Cached.HashLow] = judge.hashLow;
              values[slot + Cached.Word] = judge.word;
            }
            if (!inObject || (entry & PAYLOAD) !== 0) {
              tape.count = count;
              judge.write(tape, !inObject);
              count = tape.count;
            } else {
              entries[count] = entry;
              count += 1;
            }
            at = stop + 1;
            break;
          }
          case ByteKind.Digit: {
            if (!inObject || step === NO_PLACE) break loop;
            let stop = at + 1;
            while (stop < end && BYTE_KIND[bytes[stop]!] === ByteKind.Digit) stop += 1;
            if (stop - at > 9 || (byte === 0x30 && stop > at + 1)) break loop;
            let entry: number = TapeKind.Integer;
            if (bytes[stop] === 0x2e && stop + 1 < end && isDigit(bytes[stop + 1]!)) {
              entry = TapeKind.Number;
              stop += 2;
              while (stop < end && BYTE_KIND[bytes[stop]!] === ByteKind.Digit) stop += 1;
            }
            if (stop >= end || isNumberByte(bytes[stop]!)) break loop;
            if (stop - at > telemetryLimits.tokenBytesMax) break loop;
            if (
              entry === TapeKind.Integer &&
              (places[step + Place.Flags]! & NameFlag.IdLike) !== 0
            ) {
              judge.integer(entry, bytes, at, stop);
              tape.count = count;
              judge.write(tape, false);
              count = tape.count;
            } else {
              entries[count] = entry;
              count += 1;
            }
            at = stop;
            break;
          }
          case ByteKind.Open: {
            if (depth === 0 || depth >= telemetryLimits.bodyDepthMax) break loop;
            const place = step >= 0 ? step : ~step;
            if (place === NO_PLACE) break loop;
            steps[depth] = step;
            inObject = byte === 0x7b;
            depth += 1;
            isObject[depth] = inObject ? 1 : 0;
            this.#openedAt[depth] = count;
            entries[count] = inObject ? TapeKind.Object : TapeKind.Array;
            count += 1;
            this.#nameIds[depth] = places[place + Place.Name]!;
            step = ~place;
            state = inObject ? State.FirstKey : State.FirstItem;
            at += 1;
            continue;
          }
          case ByteKind.Literal: {
            if (!inObject || at + 5 >= end) break loop;
            const isFalse = byte === 0x66;
            const tail = isFalse ? at + 1 : at;
            const literal = view.getInt32(base + tail, true);
            if (literal !== (isFalse ? ALSE : byte === 0x74 ? TRUE : NULL)) break loop;
            entries[count] = byte === 0x6e ? TapeKind.Null : TapeKind.Boolean;
            count += 1;
            at = tail + 4;
            break;
          }
          case ByteKind.Space:
            // Between documents a line break means something.
            if (depth === 0) break loop;
            at += 1;
            continue;
          default:
            break loop;
        }
        state = State.After;
        if (at >= end) break;
        byte = bytes[at]!;
      }
      if (state !== State.After) break;
      if (byte === 0x2c) {
        state = inObject ? State.Key : State.Value;
        at += 1;
      } else if (BYTE_KIND[byte] === ByteKind.Close) {
        if (depth < 2 || byte !== (inObject ? 0x7d : 0x5d) || count > room) break;
        entries[this.#openedAt[depth]!]! |= TapeFlag.Whole;
        entries[count] = TapeKind.End;
        count += 1;
        depth -= 1;
        step = steps[depth]!;
        inObject = isObject[depth] === 1;
        at += 1;
      } else {
        if (depth === 0 || BYTE_KIND[byte] !== ByteKind.Space) break;
        at += 1;
      }
    }
    tape.count = count;
    this.#state = state;
    this.#depth = depth;
    steps[depth] = step;
    // Of items the name is that of their array.
    if (step > NO_PLACE) this.#nameId = places[step + Place.Name]!;
    return at;
  }

  /** A value with escapes that is plain up to `stop`; returns where it ends, or -1 where it is not whole or wrong. */
  #escapedString(
    bytes: Uint8Array,
    start: number,
    stop: number,
    end: number,
    mask: number,
    flags: number,
    inArray: boolean,
  ): number {
    const escaped = this.#escaped;
    const textEnd = escaped.weigh(bytes, start, stop, end, mask);
    if (textEnd >= 0 && escaped.isProse) {
      this.#tape.scalar(this.#judge.prose(escaped.byteCount), inArray);
      return textEnd;
    }
    const pending = this.#pending;
    pending.begin();
    const after = pending.decode(bytes, start, stop, end, mask);
    if (after < 0) return -1;
    this.#judge.string(flags, pending.bytes, 0, pending.count, pending.byteCount, pending.mask);
    this.#judge.write(this.#tape, inArray);
    return after;
  }

  /** The string of a key, behind its quote. */
  #key(bytes: Uint8Array, at: number, end: number): number {
    const names = this.#names;
    let hash = NAME_HASH_START;
    for (let stop = at; stop < end; stop += 1) {
      const byte = bytes[stop]!;
      if (byte === QUOTE) {
        return this.#keyDone(names.idHashed(bytes, at, stop, hash), stop + 1);
      }
      if (byte === BACKSLASH || byte < 0x20) break;
      hash = Math.imul(hash ^ byte, NAME_HASH_PRIME);
    }
    this.#beginToken(State.KeyString);
    return at;
  }

  #keyDone(id: number, at: number): number {
    this.#steps[this.#depth] = this.#course.follow(this.#steps[this.#depth]!, id);
    if (!this.#tape.reserve()) return this.#stop(at);
    this.#tape.name(id);
    this.#nameId = id;
    this.#state = State.Colon;
    return at;
  }

  #value(bytes: Uint8Array, at: number, end: number, byte: number): number {
    if (!this.#tape.reserve()) return this.#stop(at);
    const inArray = this.#depth > 0 && this.#isObject[this.#depth] === 0;
    if (inArray) this.#nameId = this.#nameIds[this.#depth]!;
    if (byte === QUOTE) return this.#string(bytes, at + 1, end, inArray);
    if (isDigit(byte) || byte === 0x2d) return this.#number(bytes, at, end);
    switch (byte) {
      case 0x7b:
        return this.#open(TapeKind.Object, at);
      case 0x5b:
        return this.#open(TapeKind.Array, at);
      case 0x74:
        return this.#beginLiteral("true", at);
      case 0x66:
        return this.#beginLiteral("false", at);
      case 0x6e:
        return this.#beginLiteral("null", at);
      case 0x1e:
        return this.#depth === 0 ? at + 1 : this.#fail(at);
      default:
        return this.#fail(at);
    }
  }

  #open(kind: number, at: number): number {
    if (this.#depth === telemetryLimits.bodyDepthMax) {
      this.#tape.open(kind);
      this.#tape.entries[this.#tape.count] = TapeKind.End;
      this.#tape.count += 1;
      this.#skipDepth = 1;
      this.#skipInString = false;
      this.#skipEscaped = false;
      this.#state = State.Skip;
      return at + 1;
    }
    const depth = this.#depth + 1;
    const step = this.#steps[depth - 1]!;
    this.#depth = depth;
    this.#openedAt[depth] = this.#tape.open(kind);
    this.#nameIds[depth] = this.#nameId;
    this.#steps[depth] = step >= 0 ? ~step : step;
    if (kind === TapeKind.Object) {
      this.#isObject[depth] = 1;
      this.#state = State.FirstKey;
    } else {
      this.#isObject[depth] = 0;
      this.#state = State.FirstItem;
    }
    return at + 1;
  }

  /** A string value, behind its quote. */
  #string(bytes: Uint8Array, at: number, end: number, inArray: boolean): number {
    let stop = at;
    let mask = 0;
    while (stop < end) {
      const bits = CHAR_BITS[bytes[stop]!]!;
      if ((bits & Char.JsonStop) !== 0) break;
      mask |= bits;
      stop += 1;
    }
    if (stop < end && bytes[stop] === QUOTE) {
      const flags = this.#names.flags[this.#nameId]!;
      const judged = Math.min(stop, at + telemetryLimits.tokenBytesMax);
      this.#judge.string(flags, bytes, at, judged, stop - at, mask);
      this.#judge.write(this.#tape, inArray);
      if ((flags & NameFlag.Selector) !== 0) this.#keepSelector(bytes, at, judged);
      this.#valueDone();
      return stop + 1;
    }
    this.#beginToken(State.String);
    return at;
  }

  #keepSelector(bytes: Uint8Array, start: number, end: number): void {
    if (this.#depth !== 1 || this.selectors.length >= 4) return;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString(
      "latin1",
    );
    this.selectors.push({ name: this.#names.text(this.#nameId), text });
  }

  #beginToken(state: number): void {
    this.#state = state;
    this.#pending.begin();
  }

  /** A string that the chunk cut or that has escapes; decoded into `pending`. */
  #restOfString(bytes: Uint8Array, from: number, end: number): number {
    const pending = this.#pending;
    let at = from;
    while (at < end) {
      if (pending.inEscape) {
        if (!pending.continueEscape(bytes[at]!)) return this.#fail(at);
        at += 1;
        continue;
      }
      const run = at;
      let mask = 0;
      while (at < end) {
        const bits = CHAR_BITS[bytes[at]!]!;
        if ((bits & Char.JsonStop) !== 0) break;
        mask |= bits;
        at += 1;
      }
      if (at > run) pending.run(bytes, run, at, mask);
      if (at === end) return end;
      const byte = bytes[at]!;
      at += 1;
      if (byte === QUOTE) {
        pending.flush();
        this.#finishString();
        return at;
      }
      if (byte !== BACKSLASH) return this.#fail(at);
      at = pending.escapeAt(bytes, at, end);
    }
    return at;
  }

  #finishString(): void {
    const { bytes, count, byteCount, mask } = this.#pending;
    if (this.#state === State.KeyString) {
      // A key that is longer than what is kept is a pattern whatever its end says.
      this.#keyDone(this.#names.id(bytes, 0, count), 0);
      return;
    }
    const flags = this.#names.flags[this.#nameId]!;
    const inArray = this.#depth > 0 && this.#isObject[this.#depth] === 0;
    this.#judge.string(flags, bytes, 0, count, byteCount, mask);
    this.#judge.write(this.#tape, inArray);
    if ((flags & NameFlag.Selector) !== 0) this.#keepSelector(bytes, 0, count);
    this.#valueDone();
  }

  #number(bytes: Uint8Array, at: number, end: number): number {
    let stop = at;
    while (stop < end && isNumberByte(bytes[stop]!)) stop += 1;
    if (stop === end) {
      this.#beginToken(State.Number);
      return at;
    }
    this.#judgeNumber(bytes, at, stop);
    return stop;
  }

  #restOfNumber(bytes: Uint8Array, from: number, end: number): number {
    let at = from;
    while (at < end && isNumberByte(bytes[at]!)) {
      this.#pending.byte(bytes[at]!);
      at += 1;
    }
    if (at < end) this.#finishNumber();
    return at;
  }

  #finishNumber(): void {
    const { bytes, count, byteCount } = this.#pending;
    if (byteCount > count) this.#state = State.Invalid;
    else this.#judgeNumber(bytes, 0, count);
  }

  #judgeNumber(bytes: Uint8Array, start: number, end: number): void {
    // One that is longer than what is kept of a token is refused, whether it came in one piece or not.
    let entry = end - start > telemetryLimits.tokenBytesMax ? -1 : numberEntry(bytes, start, end);
    if (entry < 0) {
      this.#state = State.Invalid;
      return;
    }
    const inArray = this.#depth > 0 && this.#isObject[this.#depth] === 0;
    if (
      (entry & 15) === TapeKind.Integer &&
      (this.#names.flags[this.#nameId]! & NameFlag.IdLike) !== 0
    ) {
      entry = this.#judge.integer(entry, bytes, start, end);
      if ((entry & TapeFlag.HasHash) !== 0) {
        this.#judge.write(this.#tape, inArray);
        this.#valueDone();
        return;
      }
    }
    this.#tape.scalar(entry, inArray);
    this.#valueDone();
  }

  #beginLiteral(literal: string, at: number): number {
    this.#literal = literal;
    this.#literalIndex = 1;
    this.#state = State.Literal;
    return at + 1;
  }

  #restOfLiteral(bytes: Uint8Array, from: number, end: number): number {
    let at = from;
    while (at < end && this.#literalIndex < this.#literal.length) {
      if (bytes[at] !== this.#literal.charCodeAt(this.#literalIndex)) return this.#fail(at);
      this.#literalIndex += 1;
      at += 1;
    }
    if (this.#literalIndex === this.#literal.length) {
      const inArray = this.#depth > 0 && this.#isObject[this.#depth] === 0;
      this.#tape.scalar(this.#literal === "null" ? TapeKind.Null : TapeKind.Boolean, inArray);
      this.#valueDone();
    }
    return at;
  }

  #skip(bytes: Uint8Array, from: number, end: number): number {
    for (let at = from; at < end; at += 1) {
      const byte = bytes[at]!;
      if (this.#skipInString) {
        if (this.#skipEscaped) this.#skipEscaped = false;
        else if (byte === BACKSLASH) this.#skipEscaped = true;
        else if (byte === QUOTE) this.#skipInString = false;
      } else if (byte === QUOTE) this.#skipInString = true;
      else if (byte === 0x7b || byte === 0x5b) this.#skipDepth += 1;
      else if (byte === 0x7d || byte === 0x5d) {
        this.#skipDepth -= 1;
        if (this.#skipDepth === 0) {
          this.#valueDone();
          return at + 1;
        }
      }
    }
    return end;
  }
}

/** What a byte may begin or be, for the usual case. */
const ByteKind = {
  Other: 0,
  Quote: 1,
  Digit: 2,
  Comma: 3,
  Close: 4,
  Space: 5,
  Open: 6,
  Literal: 7,
} as const;
const BYTE_KIND: Uint8Array = new Uint8Array(256);
BYTE_KIND[QUOTE] = ByteKind.Quote;
BYTE_KIND.fill(ByteKind.Digit, 0x30, 0x3a);
BYTE_KIND[0x2c] = ByteKind.Comma;
BYTE_KIND[0x7d] = ByteKind.Close;
BYTE_KIND[0x5d] = ByteKind.Close;
for (const space of [0x20, 0x09, 0x0a, 0x0d]) BYTE_KIND[space] = ByteKind.Space;
BYTE_KIND[0x7b] = ByteKind.Open;
BYTE_KIND[0x5b] = ByteKind.Open;
BYTE_KIND[0x74] = ByteKind.Literal;
BYTE_KIND[0x66] = ByteKind.Literal;
BYTE_KIND[0x6e] = ByteKind.Literal;
/** `true`, `alse` and `null` as little-endian words. */
const TRUE = 0x65757274;
const ALSE = 0x65736c61;
const NULL = 0x6c6c756e;
