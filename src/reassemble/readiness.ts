/** What of a flow may be delivered now, and what is missing: questions about it, which change nothing. */
import type { Disorder, Piece } from "./disorder.ts";
import { FlowState, type FlowTable } from "./flowtable.ts";
import { waitedEnough } from "./patience.ts";
import { sequenceDistance } from "./sequence.ts";
import { Direction } from "./stream.ts";

export const otherOf = (direction: Direction): Direction =>
  direction === Direction.AToB ? Direction.BToA : Direction.AToB;

export class Readiness {
  readonly #table: FlowTable;
  readonly #windowBytesMax: number;

  constructor(table: FlowTable, windowBytesMax: number) {
    this.#table = table;
    this.#windowBytesMax = windowBytesMax;
  }

  /**
   * Where the next piece may be delivered from; of two the one that came first. So too where two wait for each
   * other, each next in its stream, as no packet to come can help: a retransmission acknowledges more than the first
   * transmission did, and may be the first to come.
   */
  readyDirection(slot: number, disorder: Disorder): Direction | null {
    const a = this.#nextPiece(slot, Direction.AToB, disorder);
    const b = this.#nextPiece(slot, Direction.BToA, disorder);
    const aReady = a !== null && !this.#mustWait(slot, Direction.AToB, disorder, a);
    const bReady = b !== null && !this.#mustWait(slot, Direction.BToA, disorder, b);
    if (a !== null && b !== null && aReady === bReady)
      return a.packet <= b.packet ? Direction.AToB : Direction.BToA;
    if (aReady) return Direction.AToB;
    return bReady ? Direction.BToA : null;
  }

  /** The first piece held of a stream, if it is the next. */
  #nextPiece(slot: number, direction: Direction, disorder: Disorder): Piece | null {
    const piece = disorder.of(direction).pieces[0];
    if (piece === undefined || piece.sequence !== this.#table.next(slot, direction)) return null;
    return this.#table.isKnown(slot, direction) ? piece : null;
  }

  #mustWait(slot: number, direction: Direction, disorder: Disorder, piece: Piece): boolean {
    return (
      piece.hasAcknowledgement &&
      this.isOwed(slot, otherOf(direction), disorder, piece.acknowledgement) &&
      !waitedEnough(disorder, piece)
    );
  }

  /** Whether bytes of `direction` before `acknowledgement` are still to be delivered. */
  isOwed(
    slot: number,
    direction: Direction,
    disorder: Disorder | null,
    acknowledgement: number,
  ): boolean {
    if (this.#table.isKnown(slot, direction))
      return this.aheadBytes(slot, direction, acknowledgement) > 0;
    const first = disorder?.of(direction).pieces[0];
    return first !== undefined && sequenceDistance(first.sequence, acknowledgement) > 0;
  }

  /** Whether something is held of a stream of which no beginning is known. */
  isStarting(slot: number, direction: Direction, disorder: Disorder): boolean {
    const isKnown = this.#table.isKnown(slot, direction);
    return !isKnown && disorder.of(direction).pieces.length > 0;
  }

  /** Bytes of `direction` beyond the next one that the other end acknowledged, noted or in the piece it has next. */
  acknowledgedAhead(slot: number, disorder: Disorder, direction: Direction): number {
    const stream = disorder.of(direction);
    const noted = stream.hasAcknowledged
      ? this.aheadBytes(slot, direction, stream.acknowledged)
      : 0;
    const other = otherOf(direction);
    const piece = disorder.of(other).pieces[0];
    if (
      piece === undefined ||
      !piece.hasAcknowledgement ||
      piece.sequence !== this.#table.next(slot, other)
    )
      return noted;
    return Math.max(noted, this.aheadBytes(slot, direction, piece.acknowledgement));
  }

  /**
   * How far `acknowledgement` is ahead of the next byte of `direction`; 0 where that means nothing: the stream has
   * ended, or the capture shows one direction only.
   */
  aheadBytes(slot: number, direction: Direction, acknowledgement: number): number {
    const heard = (FlowState.Known | FlowState.Heard) << direction;
    const mask = heard | (FlowState.Ended << direction);
    if ((this.#table.state(slot) & mask) !== heard) return 0;
    const ahead = sequenceDistance(this.#table.next(slot, direction), acknowledgement);
    return ahead > 0 && ahead <= this.#windowBytesMax ? ahead : 0;
  }
}
