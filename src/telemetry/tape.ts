import { telemetryLimits } from "../base/limits.ts";

/**
 * The structure of one body, as numbers, written while the body passes and read once when its exchange is
 * selected. Every scanner (JSON, form, multipart, XML) writes the same:
 *
 *     value  := scalar | OBJECT member* END | ARRAY (value | scalar REPEAT)* END
 *     member := ~nameId value                          names are the only negative entries
 *     scalar := kind | class << 4 | length << 10 | flags   [hash high, hash low]   [word]
 *     word   := its number in the table of words
 *     REPEAT := kind | times << 4                      the scalar before it, so many times more
 *
 * A container whose end was seen has `Whole` set in its first entry; where a body is cut off, open containers
 * lack it and their END.
 */
export const TapeKind = {
  End: 0,
  Null: 1,
  Boolean: 2,
  Integer: 3,
  Number: 4,
  String: 5,
  Array: 6,
  Object: 7,
  Repeat: 8,
} as const;

export const TapeFlag = {
  HasHash: 1 << 15,
  HasWord: 1 << 16,
  Whole: 1 << 17,
  Negative: 1 << 18,
  Integer64: 1 << 19,
  IntegerHuge: 1 << 20,
  CommaList: 1 << 21,
  SpaceList: 1 << 22,
  PipeList: 1 << 23,
} as const;

export const KIND_MASK = 15;
export const CLASS_SHIFT = 4;
export const CLASS_MASK = 63;
export const LENGTH_SHIFT = 10;
export const LENGTH_MASK = 31;
export const REPEAT_SHIFT = 4;
const REPEAT_MAX = (1 << 26) - 1;

export class Tape {
  entries = new Int32Array(512);
  count = 0;
  /** Something was left out because the tape was full. */
  full = false;
  /** Where the last scalar stands that may be followed by a repetition. */
  #plainAt = -3;

  reset(): void {
    this.#plainAt = -3;
    this.count = 0;
    this.full = false;
  }

  /** Makes room for one member of the largest kind; false where the limit is reached. */
  reserve(): boolean {
    if (this.count + 8 <= this.entries.length) return true;
    return this.#grow();
  }

  #grow(): boolean {
    if (this.entries.length >= telemetryLimits.tapeEntriesMax) {
      this.full = true;
      return false;
    }
    const grown = new Int32Array(this.entries.length * 2);
    grown.set(this.entries);
    this.entries = grown;
    return true;
  }

  /** Appends the values of another tape; false, with nothing appended, where they do not fit. */
  append(from: Tape): boolean {
    while (this.count + from.count + 8 > this.entries.length) if (!this.#grow()) return false;
    this.entries.set(from.entries.subarray(0, from.count), this.count);
    this.count += from.count;
    return true;
  }

  name(id: number): void {
    this.entries[this.count] = ~id;
    this.count += 1;
  }

  /** Opens a container and returns where, for `close`. */
  open(kind: number): number {
    const at = this.count;
    this.entries[at] = kind;
    this.count = at + 1;
    return at;
  }

  close(openedAt: number): void {
    this.entries[openedAt]! |= TapeFlag.Whole;
    this.entries[this.count] = TapeKind.End;
    this.count += 1;
  }

  /** A scalar without hash and word. `inArray`: may be folded into a repetition of the one before it. */
  scalar(entry: number, inArray: boolean): void {
    const count = this.count;
    if (inArray) {
      if (this.#plainAt === count - 1 && this.entries[count - 1] === entry) {
        this.entries[count] = TapeKind.Repeat | (1 << REPEAT_SHIFT);
        this.count = count + 1;
        return;
      }
      if (this.#plainAt === count - 2 && this.entries[count - 2] === entry) {
        const repeat = this.entries[count - 1]!;
        if ((repeat & KIND_MASK) === TapeKind.Repeat && repeat >>> REPEAT_SHIFT < REPEAT_MAX) {
          this.entries[count - 1] = repeat + (1 << REPEAT_SHIFT);
          return;
        }
      }
      this.#plainAt = count;
    }
    this.entries[count] = entry;
    this.count = count + 1;
  }
}

/** The class of a length: the bit length of the byte count, at most 24. */
export const lengthClass = (byteCount: number): number => {
  return Math.min(24, 32 - Math.clz32(byteCount));
};
