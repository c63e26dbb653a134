/**
 * The flow table: open addressing over typed arrays. A flow is 16 words (one cache line's worth) in `words`, and
 * its place there, the slot, stays the same for its life; the index is what is probed. So deletion moves index
 * entries only (backward shift, no tombstones), and growing rehashes only the index.
 *
 * Memory for each flow of capacity: 64 bytes of words, 8 of index (two entries, so it is at most half full), and 16
 * in the arrays of pointers that `delivery.ts` and `ordering.ts` keep by slot: 88 bytes.
 *
 * ```
 * words  | address a (4) | address b (4) | ports | next a→b, b→a | first a→b, b→a | state | seen | hash |
 * index  | 11 bits of hash | slot + 1 (21 bits) |      0 is empty
 * ```
 * `a` is the lesser end in the table's order, so both directions have one key. A free slot has state 0.
 */
import type { Segment } from "../decode/segment.ts";
import { hashFlow, hashSecret } from "./flowhash.ts";
import { Direction } from "./stream.ts";

/** Words of a slot; of a pair, the one of b→a follows. */
export const Word = {
  A: 0,
  B: 4,
  Ports: 8,
  /** Sequence number of the next byte to deliver; means something only with `FlowState.Known`. */
  Next: 9,
  /** Initial sequence number; means something only with `FlowState.Synchronised`. */
  Initial: 11,
  /** `FlowState` bits; a free slot holds 0 here and in `Ports` the next free slot. */
  State: 13,
  /** Time of the last segment in ticks. */
  Seen: 14,
  Hash: 15,
} as const;

export const SLOT_SHIFT = 4;

/** Bits of a slot's state. Those with a shift are for a→b; `<< Direction.BToA` makes the one for b→a. */
export const FlowState = {
  Live: 1 << 0,
  /** The sequence number of the next byte is known. */
  Known: 1 << 1,
  /** FIN was delivered. */
  Ended: 1 << 3,
  /** SYN was seen (or the other side's acknowledgement of it). */
  Synchronised: 1 << 5,
  /** This end began the connection. */
  Initiator: 1 << 7,
  /** A consumer reads the flow. */
  Wanted: 1 << 9,
  /** Nobody wants the flow. */
  Ignored: 1 << 10,
  /** Something is out of order: `ordering.ts` holds state for it. */
  Disordered: 1 << 11,
  /** Over, kept for a while so that what straggles in does not look like a new flow. */
  Closed: 1 << 12,
  /** A segment of this end was seen. */
  Heard: 1 << 13,
  /** This end sent a RST. */
  Aborted: 1 << 15,
} as const;

/** Unit of `Word.Seen`: 64 ms, so that differences hold for four years. */
const TICK_MS = 64;
export const tickOf = (timeMs: number): number => (timeMs / TICK_MS) | 0;

const CAPACITY_MIN = 1024;
const SLOT_BITS = 21;
const SLOT_MASK = (1 << SLOT_BITS) - 1;
/** Flows that are looked at to find one to evict. */
const VICTIM_SAMPLE = 32;

export class FlowTable {
  words: Int32Array;
  /** Direction of the segment that `find` was called with last. */
  direction: Direction = Direction.AToB;
  #index: Int32Array;
  #indexShift: number;
  #flowsMax: number;
  #count = 0;
  /** Slots at or above this were never used. */
  #slotsEnd = 0;
  #freeSlot = -1;
  #victimHand = 0;
  readonly #secret: Int32Array;

  /** Hash of the flow that `find` looked for last, for `insert`. */
  #soughtHash = 0;

  constructor(flowsMax: number, seed: number) {
    this.#flowsMax = Math.min(Math.max(flowsMax, 1), 1 << 20);
    const capacity = Math.min(CAPACITY_MIN, this.#flowsMax);
    this.words = new Int32Array(capacity << SLOT_SHIFT);
    const indexBits = 1 + Math.ceil(Math.log2(capacity));
    this.#index = new Int32Array(1 << indexBits);
    this.#indexShift = 32 - indexBits;
    this.#secret = hashSecret(seed);
  }

  get count(): number {
    return this.#count;
  }

  get full(): boolean {
    return this.#count >= this.#flowsMax;
  }

  /** Slots are below this; those with state 0 are free. */
  get slotsEnd(): number {
    return this.#slotsEnd;
  }

  /** `FlowState` bits of a slot. */
  state(slot: number): number {
    return this.words[(slot << SLOT_SHIFT) + Word.State]!;
  }

  set(slot: number, bits: number): void {
    this.words[(slot << SLOT_SHIFT) + Word.State]! |= bits;
  }

  clear(slot: number, bits: number): void {
    this.words[(slot << SLOT_SHIFT) + Word.State]! &= ~bits;
  }

  /** Sequence number of the next byte to deliver, where it is known. */
  next(slot: number, direction: Direction): number {
    return this.words[(slot << SLOT_SHIFT) + Word.Next + direction]!;
  }

  setNext(slot: number, direction: Direction, sequence: number): void {
    this.words[(slot << SLOT_SHIFT) + Word.Next + direction] = sequence;
  }

  /** Initial sequence number, where the stream is synchronised. */
  initial(slot: number, direction: Direction): number {
    return this.words[(slot << SLOT_SHIFT) + Word.Initial + direction]!;
  }

  setInitial(slot: number, direction: Direction, sequence: number): void {
    this.words[(slot << SLOT_SHIFT) + Word.Initial + direction] = sequence;
  }

  /** Tick of the last segment. */
  seen(slot: number): number {
    return this.words[(slot << SLOT_SHIFT) + Word.Seen]!;
  }

  /** Makes a slot that of a flow of which nothing is known but a first segment in `direction`. */
  begin(slot: number, direction: Direction, timeMs: number): void {
    const base = slot << SLOT_SHIFT;
    this.words.fill(0, base + Word.Next, base + Word.State);
    this.words[base + Word.State] = FlowState.Live | (FlowState.Heard << direction);
    this.words[base + Word.Seen] = tickOf(timeMs);
  }

  isKnown(slot: number, direction: Direction): boolean {
    return (this.state(slot) & (FlowState.Known << direction)) !== 0;
  }

  /** The slot of the segment's flow, or -1. Sets `direction`. */
  find(segment: Segment): number {
    const source3 = segment.source3 | 0;
    const target3 = segment.target3 | 0;
    const { sourcePort, targetPort } = segment;
    const isForward =
      source3 !== target3
        ? source3 < target3
        : sourcePort !== targetPort
          ? sourcePort < targetPort
          : isLesser(segment);
    this.direction = isForward ? Direction.AToB : Direction.BToA;
    const a3 = isForward ? source3 : target3;
    const b3 = isForward ? target3 : source3;
    const ports = isForward ? (sourcePort << 16) | targetPort : (targetPort << 16) | sourcePort;
    const hash = hashFlow(this.#secret, segment, a3, b3, ports);
    this.#soughtHash = hash;
    const { words } = this;
    const index = this.#index;
    const mask = index.length - 1;
    for (let at = hash >>> this.#indexShift; ; at = (at + 1) & mask) {
      const entry = index[at]!;
      if (entry === 0) return -1;
      if ((entry ^ (hash << SLOT_BITS)) >>> SLOT_BITS !== 0) continue;
      const slot = (entry & SLOT_MASK) - 1;
      const base = slot << SLOT_SHIFT;
      if (words[base + 3] !== a3 || words[base + 7] !== b3 || words[base + 8] !== ports) continue;
      if (isForward ? hasUpperWords(words, base, segment) : hasUpperWordsBack(words, base, segment))
        return slot;
    }
  }

  /**
   * A slot for the flow of the segment that `find` just did not find; the table must not be full.
   */
  insert(segment: Segment): number {
    let slot = this.#freeSlot;
    if (slot >= 0) {
      this.#freeSlot = this.words[(slot << SLOT_SHIFT) + Word.Ports]!;
    } else {
      if (this.#slotsEnd << SLOT_SHIFT >= this.words.length) this.#grow();
      slot = this.#slotsEnd;
      this.#slotsEnd += 1;
    }
    const base = slot << SLOT_SHIFT;
    writeKey(this.words, base, segment, this.direction);
    this.begin(slot, this.direction, segment.timeMs);
    this.words[base + Word.Hash] = this.#soughtHash;
    this.#place(slot, this.#soughtHash);
    this.#count += 1;
    return slot;
  }

  remove(slot: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    const base = slot << SLOT_SHIFT;
    let hole = this.words[base + Word.Hash]! >>> this.#indexShift;
    while ((index[hole]! & SLOT_MASK) !== slot + 1) hole = (hole + 1) & mask;
    // An entry moves back into the hole unless its home lies behind it (Knuth, 6.4, algorithm R).
    for (let at = (hole + 1) & mask; index[at] !== 0; at = (at + 1) & mask) {
      const other = (index[at]! & SLOT_MASK) - 1;
      const home = this.words[(other << SLOT_SHIFT) + Word.Hash]! >>> this.#indexShift;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      index[hole] = index[at]!;
      hole = at;
    }
    index[hole] = 0;
    this.words[base + Word.State] = 0;
    this.words[base + Word.Ports] = this.#freeSlot;
    this.#freeSlot = slot;
    this.#count -= 1;
  }

  /**
   * The flow to give up when the table is full: of a sample, the idlest among those that are worth least (over,
   * without payload so far, ignored, wanted). A flood of SYNs so replaces itself and leaves real flows alone.
   */
  victim(tick: number): number {
    let chosen = -1;
    let worst = -1;
    for (let looked = 0; looked < VICTIM_SAMPLE && looked < this.#slotsEnd; looked += 1) {
      this.#victimHand = this.#victimHand + 1 < this.#slotsEnd ? this.#victimHand + 1 : 0;
      const base = this.#victimHand << SLOT_SHIFT;
      const state = this.words[base + Word.State]!;
      if (state === 0) continue;
      const idle = Math.max(0, (tick - this.words[base + Word.Seen]!) | 0);
      const score = idle - worth(state) * 2 ** 31;
      if (chosen >= 0 && score <= worst) continue;
      chosen = this.#victimHand;
      worst = score;
    }
    return chosen;
  }

  #place(slot: number, hash: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    let at = hash >>> this.#indexShift;
    while (index[at] !== 0) at = (at + 1) & mask;
    index[at] = (hash << SLOT_BITS) | (slot + 1);
  }

  #grow(): void {
    const capacity = Math.min((this.words.length >> SLOT_SHIFT) * 2, this.#flowsMax);
    const words = new Int32Array(capacity << SLOT_SHIFT);
    words.set(this.words);
    this.words = words;
    const indexBits = 1 + Math.ceil(Math.log2(capacity));
    this.#index = new Int32Array(1 << indexBits);
    this.#indexShift = 32 - indexBits;
    for (let slot = 0; slot < this.#slotsEnd; slot += 1) {
      const base = slot << SLOT_SHIFT;
      if (words[base + Word.State] !== 0) this.#place(slot, words[base + Word.Hash]!);
    }
  }
}

/**
 * Whether the sender is the lesser end by its upper words. Any total order would do; the one of the table mostly
 * decides at the lowest word.
 */
function isLesser(segment: Segment): boolean {
  const word0 = (segment.source0 | 0) - (segment.target0 | 0);
  if (word0 !== 0) return word0 < 0;
  const word1 = (segment.source1 | 0) - (segment.target1 | 0);
  if (word1 !== 0) return word1 < 0;
  return (segment.source2 | 0) <= (segment.target2 | 0);
}

const hasUpperWords = (words: Int32Array, base: number, segment: Segment): boolean =>
  words[base] === (segment.source0 | 0) &&
  words[base + 1] === (segment.source1 | 0) &&
  words[base + 2] === (segment.source2 | 0) &&
  words[base + 4] === (segment.target0 | 0) &&
  words[base + 5] === (segment.target1 | 0) &&
  words[base + 6] === (segment.target2 | 0);

const hasUpperWordsBack = (words: Int32Array, base: number, segment: Segment): boolean =>
  words[base] === (segment.target0 | 0) &&
  words[base + 1] === (segment.target1 | 0) &&
  words[base + 2] === (segment.target2 | 0) &&
  words[base + 4] === (segment.source0 | 0) &&
  words[base + 5] === (segment.source1 | 0) &&
  words[base + 6] === (segment.source2 | 0);

function writeKey(words: Int32Array, base: number, segment: Segment, direction: Direction): void {
  const source = base + (direction === Direction.AToB ? Word.A : Word.B);
  const target = base + (direction === Direction.AToB ? Word.B : Word.A);
  words[source] = segment.source0;
  words[source + 1] = segment.source1;
  words[source + 2] = segment.source2;
  words[source + 3] = segment.source3;
  words[target] = segment.target0;
  words[target + 1] = segment.target1;
  words[target + 2] = segment.target2;
  words[target + 3] = segment.target3;
  words[base + Word.Ports] =
    direction === Direction.AToB
      ? (segment.sourcePort << 16) | segment.targetPort
      : (segment.targetPort << 16) | segment.sourcePort;
}

function worth(state: number): number {
  if ((state & FlowState.Closed) !== 0) return 0;
  if ((state & FlowState.Wanted) !== 0) return 3;
  return (state & FlowState.Ignored) !== 0 ? 2 : 1;
}
