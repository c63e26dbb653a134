import { telemetryLimits } from "../base/limits.ts";
import type { NameTable } from "./names.ts";

/**
 * In which order members came before: a place is a member behind the members that came before it in its object, in a
 * container at a place. Bodies of one endpoint run through the same places, so the next name can be guessed and compared,
 * where otherwise it would be looked up. It changes no outcome: what is guessed is checked.
 *
 * A place is 16 numbers. A step from a place leads to the member that follows it, written as the place, or to the first
 * member in its value, written as `~place`.
 */
export const Place = {
  /** Number of the name in `NameTable`, and its `NameFlag`s. */
  Name: 0,
  Flags: 1,
  /** The places that were last stepped to: the member that follows, and the first one inside. */
  Next: 2,
  First: 3,
  /** How little the cache of values helped here (`valuecache.ts`). */
  Doubt: 4,
  /** Of the name as it stands in JSON, with its quotes and colon: how long it is, and where it is in `NameTable.view`. */
  Length: 5,
  Offset: 6,
  /** The same, four bytes each: its first ones, those behind, those before the last ones, its last ones. */
  Head: 7,
  Behind: 8,
  Before: 9,
  Tail: 10,
  /** The step by which it is reached. */
  Step: 11,
} as const;

const PLACE = 16;
export const NO_PLACE = 0;
/** The top of a body. */
export const TOP_PLACE = PLACE;

export class Course {
  readonly cells: Int32Array = new Int32Array(telemetryLimits.placesMax * PLACE);
  readonly #names: NameTable;
  /** Places by step and name, open addressing. */
  readonly #slots = new Int32Array(telemetryLimits.placesMax * 2);
  #used = TOP_PLACE + PLACE;

  constructor(names: NameTable) {
    this.#names = names;
  }

  get isFull(): boolean {
    return this.#used >= this.cells.length;
  }

  /** The place of the member `name` by this step, for which it is the guess from now on; `NO_PLACE` where there is no room. */
  follow(step: number, name: number): number {
    const place = this.#find(step, name);
    if (step >= 0) this.cells[step + Place.Next] = place;
    else this.cells[~step + Place.First] = place;
    return place;
  }

  #find(step: number, name: number): number {
    const mask = this.#slots.length - 1;
    const hash = Math.imul(step ^ Math.imul(name, 0x85ebca6b), 0x9e3779b1);
    for (let slot = (hash ^ (hash >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const place = this.#slots[slot]!;
      if (place !== NO_PLACE) {
        if (this.cells[place + Place.Step] !== step) continue;
        if (this.cells[place + Place.Name] === name) return place;
        continue;
      }
      if (this.isFull || name === 0) return NO_PLACE;
      this.#slots[slot] = this.#add(step, name);
      return this.#slots[slot]!;
    }
  }

  #add(step: number, name: number): number {
    const { cells } = this;
    const { view, offsets, lengths, flags } = this.#names;
    const place = this.#used;
    this.#used += PLACE;
    cells[place + Place.Step] = step;
    cells[place + Place.Name] = name;
    cells[place + Place.Flags] = flags[name]!;
    const offset = offsets[name]! - 1;
    const length = lengths[name]! + 3;
    cells[place + Place.Length] = length;
    cells[place + Place.Offset] = offset;
    // An empty name is shorter than four bytes: no guess.
    if (length < 4) return place;
    cells[place + Place.Head] = view.getInt32(offset, true);
    cells[place + Place.Tail] = view.getInt32(offset + length - 4, true);
    if (length < 9) return place;
    cells[place + Place.Behind] = view.getInt32(offset + 4, true);
    cells[place + Place.Before] = view.getInt32(offset + length - 8, true);
    return place;
  }
}
