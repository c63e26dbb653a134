/**
 * The disorders of all flows, by slot, and what they hold together.
 *
 * Invariant: a flow has `FlowState.Disordered` exactly while its disorder is in `working`. One that is kept without
 * that only remembers the last gap.
 */
import type { reassembleLimits } from "../base/limits.ts";
import { BytePool } from "./bytepool.ts";
import { type Arrival, Disorder, type Piece, type StreamDisorder } from "./disorder.ts";
import { FlowState, type FlowTable } from "./flowtable.ts";

export type ReassembleLimits = { readonly [Name in keyof typeof reassembleLimits]: number };

/** Flows that are looked at to find the one that holds most. */
const FULLEST_SAMPLE = 16;

export class Disorders {
  readonly working: Disorder[] = [];
  readonly #bySlot: (Disorder | null)[] = [];
  readonly #pool = new BytePool();
  readonly #table: FlowTable;
  readonly #limits: ReassembleLimits;
  #rememberedCount = 0;
  #hand = 0;
  #heldBytes = 0;
  #heldPieces = 0;

  constructor(table: FlowTable, limits: ReassembleLimits) {
    this.#table = table;
    this.#limits = limits;
  }

  /** Memory of all that is held. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get heldPieces(): number {
    return this.#heldPieces;
  }

  get isFull(): boolean {
    return this.working.length >= this.#limits.disordersMax;
  }

  get holdsTooMuch(): boolean {
    return (
      this.#heldBytes > this.#limits.heldBytesMax || this.#heldPieces > this.#limits.heldPiecesMax
    );
  }

  /** The flow's disorder, where it is in disorder. */
  at(slot: number): Disorder | null {
    return (this.#table.state(slot) & FlowState.Disordered) !== 0 ? this.#bySlot[slot]! : null;
  }

  /** The same, or what is remembered of an earlier one. */
  lastAt(slot: number): Disorder | null {
    return this.#bySlot[slot] ?? null;
  }

  /** Begins a disorder of a flow that is in none. */
  open(slot: number, timeMs: number): Disorder {
    while (this.#bySlot.length <= slot) this.#bySlot.push(null);
    let disorder = this.#bySlot[slot] ?? null;
    if (disorder === null) {
      disorder = new Disorder(slot);
      this.#bySlot[slot] = disorder;
    } else {
      this.#rememberedCount -= 1;
    }
    disorder.nowMs = timeMs;
    disorder.aToB.moved(disorder);
    disorder.bToA.moved(disorder);
    disorder.listIndex = this.working.length;
    this.working.push(disorder);
    this.#table.set(slot, FlowState.Disordered);
    return disorder;
  }

  /** Ends it. What it held is dropped; where a gap was declared it may be remembered, to know late bytes. */
  release(disorder: Disorder, mayRemember: boolean): void {
    const { slot } = disorder;
    for (const stream of [disorder.aToB, disorder.bToA]) {
      this.drop(disorder, stream);
      stream.clear();
    }
    const last = this.working.pop()!;
    if (last !== disorder) {
      this.working[disorder.listIndex] = last;
      last.listIndex = disorder.listIndex;
    }
    this.#table.clear(slot, FlowState.Disordered);
    this.#rememberedCount += 1;
    const hasGap = disorder.aToB.hasGap || disorder.bToA.hasGap;
    if (!mayRemember || !hasGap || this.#rememberedCount > this.#limits.disordersMax)
      this.forget(slot);
  }

  /** Drops all that is known of the flow, which is in no disorder. */
  forget(slot: number): void {
    if ((this.#bySlot[slot] ?? null) === null) return;
    this.#bySlot[slot] = null;
    this.#rememberedCount -= 1;
  }

  /** Holds what of `arrival` is new; returns how much that is. */
  hold(disorder: Disorder, stream: StreamDisorder, arrival: Arrival): number {
    const piecesBefore = stream.pieces.length;
    const bytesBefore = stream.heldBytes;
    const placed = stream.place(arrival, this.#pool);
    this.#count(disorder, stream.pieces.length - piecesBefore, stream.heldBytes - bytesBefore);
    return placed;
  }

  /** Takes the first piece out; `recycle` it when its bytes have been read. */
  shift(disorder: Disorder, stream: StreamDisorder): Piece {
    const bytesBefore = stream.heldBytes;
    const piece = stream.shift();
    this.#count(disorder, -1, stream.heldBytes - bytesBefore);
    return piece;
  }

  recycle(piece: Piece): void {
    this.#pool.give(piece.bytes);
  }

  /** Drops all pieces of a stream. */
  drop(disorder: Disorder, stream: StreamDisorder): void {
    while (stream.pieces.length > 0) this.recycle(this.shift(disorder, stream));
  }

  #count(disorder: Disorder, pieces: number, bytes: number): void {
    disorder.heldPieces += pieces;
    disorder.heldBytes += bytes;
    this.#heldPieces += pieces;
    this.#heldBytes += bytes;
  }

  isOverLimit(disorder: Disorder): boolean {
    return (
      disorder.heldBytes > this.#limits.flowHeldBytesMax ||
      disorder.heldPieces > this.#limits.flowHeldPiecesMax
    );
  }

  /** Of a sample, the one that holds most. */
  fullest(): Disorder | null {
    let fullest: Disorder | null = null;
    for (let looked = 0; looked < FULLEST_SAMPLE && looked < this.working.length; looked += 1) {
      this.#hand = (this.#hand + 1) % this.working.length;
      const disorder = this.working[this.#hand]!;
      if (fullest === null || disorder.heldBytes > fullest.heldBytes) fullest = disorder;
    }
    return fullest;
  }
}
