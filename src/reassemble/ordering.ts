/**
 * Puts the pieces of both streams of a flow in order: what comes in order goes straight on, what does not is held
 * until what precedes it has come, or has been given up as a gap (`patience.ts`).
 *
 * A piece is delivered when it is next in its stream *and* the bytes of the other stream that its segment
 * acknowledges were delivered: so a response never overtakes its request, however the capture was shuffled.
 */
import type { Delivery } from "./delivery.ts";
import { Arrival, type Disorder, type Piece, PieceKind } from "./disorder.ts";
import { Disorders, type ReassembleLimits } from "./disorders.ts";
import { FlowState, type FlowTable } from "./flowtable.ts";
import { Irregularity, type ReassemblyCounters } from "./irregularities.ts";
import { bytesGivenUp, isPast, SLACK_PACKETS, START_SLACK_PACKETS } from "./patience.ts";
import { otherOf, Readiness } from "./readiness.ts";
import { sequenceDistance } from "./sequence.ts";
import { CloseReason, Direction } from "./stream.ts";

/** The largest gap that a resynchronisation reports. */
const GAP_BYTES_MAX = 2 ** 30;

const NO_BYTES = new Uint8Array(0);
const BOTH_ENDED = FlowState.Ended | (FlowState.Ended << 1);
const DIRECTIONS = [Direction.AToB, Direction.BToA] as const;

export class Ordering {
  /** Filled by whoever calls `accept`. */
  readonly arrival = new Arrival();
  readonly disorders: Disorders;
  readonly #table: FlowTable;
  readonly #delivery: Delivery;
  readonly #counters: ReassemblyCounters;
  readonly #limits: ReassembleLimits;
  readonly #readiness: Readiness;

  constructor(
    table: FlowTable,
    delivery: Delivery,
    counters: ReassemblyCounters,
    limits: ReassembleLimits,
  ) {
    this.disorders = new Disorders(table, limits);
    this.#table = table;
    this.#delivery = delivery;
    this.#counters = counters;
    this.#limits = limits;
    this.#readiness = new Readiness(table, limits.windowBytesMax);
  }

  /** One more segment of the flow. */
  touch(slot: number, timeMs: number): void {
    const disorder = this.disorders.at(slot);
    if (disorder === null) return;
    disorder.packet += 1;
    disorder.nowMs = timeMs;
  }

  /** Notes what a segment of `direction` acknowledges, where it is ahead of what came. */
  acknowledge(slot: number, direction: Direction, acknowledgement: number, timeMs: number): void {
    const other = otherOf(direction);
    if (this.#readiness.aheadBytes(slot, other, acknowledgement) > 0) {
      const stream = this.#open(slot, timeMs).of(other);
      stream.acknowledged = acknowledgement;
      stream.hasAcknowledged = true;
      return;
    }
    const disorder = this.disorders.at(slot);
    if (disorder !== null) disorder.of(other).hasAcknowledged = false;
  }

  /**
   * Takes `arrival`: drops what lies before the stream's next byte, and delivers the rest in place or holds a copy.
   * `settle` is due afterwards.
   */
  accept(slot: number, direction: Direction): void {
    const { arrival } = this;
    const state = this.#table.state(slot);
    const over = FlowState.Ignored | FlowState.Closed | (FlowState.Ended << direction);
    if ((state & over) !== 0) return;
    const isKnown = this.#table.isKnown(slot, direction);
    if (isKnown && !this.#cutRepeated(slot, direction)) return;
    const isNext = isKnown && arrival.sequence === this.#table.next(slot, direction);
    const disorder = this.disorders.at(slot);
    const waits =
      arrival.hasAcknowledgement &&
      this.#readiness.isOwed(slot, otherOf(direction), disorder, arrival.acknowledgement);
    const holds = disorder !== null && disorder.of(direction).pieces.length > 0;
    if (isNext && !waits && !holds) {
      const { kind, bytes, start, byteCount, timeMs } = arrival;
      this.#deliver(slot, direction, kind, bytes, start, byteCount, timeMs);
    } else {
      const bytes = this.#hold(slot, direction);
      if (bytes > 0 && waits) this.#counters.add(Irregularity.HeldForAcknowledgement, bytes);
      else if (bytes > 0 && !isNext) this.#counters.add(Irregularity.OutOfOrder, bytes);
    }
  }

  /** First piece that waits, if any: what a stream without handshake would begin with. */
  firstHeld(slot: number, direction: Direction): Piece | null {
    return this.disorders.at(slot)?.of(direction).pieces[0] ?? null;
  }

  /** A RST in the window: closes the flow, as soon as what precedes it was delivered. */
  reset(slot: number, direction: Direction, sequence: number, timeMs: number): void {
    const isKnown = this.#table.isKnown(slot, direction);
    const isAhead = isKnown && sequenceDistance(this.#table.next(slot, direction), sequence) > 0;
    if (!isAhead && this.disorders.at(slot) === null) {
      this.finish(slot, CloseReason.Reset, timeMs);
      return;
    }
    const disorder = this.#open(slot, timeMs);
    if (disorder.hasReset) return;
    disorder.hasReset = true;
    disorder.resetDirection = direction;
    disorder.resetSequence = sequence;
    disorder.resetPacket = disorder.packet;
    disorder.resetMs = timeMs;
  }

  /**
   * A segment too far from its stream. Returns whether the strays have become the stream: the one at `sequence` is
   * then next.
   */
  stray(
    slot: number,
    direction: Direction,
    sequence: number,
    byteCount: number,
    timeMs: number,
  ): boolean {
    this.#counters.add(Irregularity.Stray, byteCount);
    const disorder = this.#open(slot, timeMs);
    const stream = disorder.of(direction);
    const apart = Math.abs(sequenceDistance(stream.straySequence, sequence));
    const follows = stream.strayCount > 0 && apart <= this.#limits.resetDistanceBytesMax;
    const skippedBytes = follows ? stream.strayBytes : 0;
    stream.strayCount = follows ? stream.strayCount + 1 : 1;
    stream.strayBytes = skippedBytes + byteCount;
    stream.straySequence = (sequence + byteCount) | 0;
    if (stream.strayCount < this.#limits.straysMax) return false;
    this.#flush(slot, disorder);
    const isEnded = (this.#table.state(slot) & (FlowState.Ended << direction)) !== 0;
    if (isEnded || !this.#isWorking(slot)) return false;
    this.#counters.add(Irregularity.Resynchronised);
    stream.strayCount = 0;
    const ahead = sequenceDistance(this.#table.next(slot, direction), sequence);
    const gapBytes = ahead > 0 ? Math.min(ahead, GAP_BYTES_MAX) : skippedBytes;
    if (gapBytes > 0) this.#gap(slot, direction, gapBytes, timeMs);
    this.#table.setNext(slot, direction, sequence);
    return true;
  }

  /** A segment in its place: the strays before it were just that. */
  forgetStrays(slot: number, direction: Direction): void {
    const disorder = this.disorders.at(slot);
    if (disorder !== null) disorder.of(direction).strayCount = 0;
  }

  /** Whether `[sequence, sequence + byteCount)`, which lies before the next byte, touches the last gap. */
  isLate(slot: number, direction: Direction, sequence: number, byteCount: number): boolean {
    const stream = this.disorders.lastAt(slot)?.of(direction);
    return (
      stream?.hasGap === true &&
      sequenceDistance(stream.gapStart, (sequence + byteCount) | 0) > 0 &&
      sequenceDistance(sequence, stream.gapEnd) > 0
    );
  }

  /** Delivers what has become deliverable, declares the gaps that are due, and ends the flow where that is due. */
  settle(slot: number, timeMs: number): void {
    const disorder = this.disorders.at(slot);
    if (disorder !== null) {
      do this.#drain(slot, disorder);
      while (this.#isWorking(slot) && this.#declare(slot, disorder));
      if (this.#isWorking(slot) && disorder.hasReset && this.#isResetDue(slot, disorder)) {
        this.finish(slot, CloseReason.Reset, timeMs);
        return;
      }
      if (this.#isWorking(slot) && disorder.isAtRest) this.disorders.release(disorder, true);
    }
    if ((this.#table.state(slot) & (BOTH_ENDED | FlowState.Closed)) === BOTH_ENDED)
      this.finish(slot, CloseReason.Finished, timeMs);
  }

  /** Gives up holes of the flows that hold most until all flows together are within the limits. */
  relieve(): void {
    while (this.disorders.holdsTooMuch) this.#shed();
  }

  /** Settles what waits, at a time without packets. */
  expire(nowMs: number): void {
    const { working } = this.disorders;
    for (let at = working.length - 1; at >= 0; at -= 1) {
      const disorder = working[at];
      if (disorder === undefined) continue;
      disorder.nowMs = Math.max(disorder.nowMs, nowMs);
      this.settle(disorder.slot, disorder.nowMs);
    }
  }

  /** The flow is over: delivers what is held, gaps declared, and closes the consumer. The slot stays, `Closed`. */
  finish(slot: number, reason: CloseReason, timeMs: number): void {
    const disorder = this.disorders.at(slot);
    if (disorder !== null) {
      this.#flush(slot, disorder);
      if (this.#isWorking(slot)) this.#declareRest(slot, disorder);
      if (this.#isWorking(slot)) this.disorders.release(disorder, false);
    }
    this.disorders.forget(slot);
    const isWhole = (this.#table.state(slot) & BOTH_ENDED) === BOTH_ENDED;
    this.#delivery.close(slot, isWhole ? CloseReason.Finished : reason, timeMs);
    this.#table.set(slot, FlowState.Closed);
    const counter = CLOSE_COUNTERS[reason];
    if (counter !== null) this.#counters.add(counter);
  }

  /** Cuts off `arrival` what lies before the next byte; false where nothing is left. */
  #cutRepeated(slot: number, direction: Direction): boolean {
    const { arrival } = this;
    const repeated = sequenceDistance(arrival.sequence, this.#table.next(slot, direction));
    if (repeated <= 0) return true;
    if (arrival.kind !== PieceKind.Fin)
      this.#counters.add(Irregularity.Overlapping, Math.min(repeated, arrival.byteCount));
    if (repeated >= arrival.byteCount) return false;
    arrival.sequence = (arrival.sequence + repeated) | 0;
    arrival.start += repeated;
    arrival.byteCount -= repeated;
    return true;
  }

  #deliver(
    slot: number,
    direction: Direction,
    kind: PieceKind,
    bytes: Uint8Array,
    start: number,
    byteCount: number,
    timeMs: number,
  ): void {
    if (kind === PieceKind.Missing) {
      this.#counters.add(Irregularity.Snapped, byteCount);
      this.#gap(slot, direction, byteCount, timeMs);
      return;
    }
    this.#table.setNext(slot, direction, this.#table.next(slot, direction) + byteCount);
    const disorder = this.disorders.at(slot);
    if (disorder !== null) disorder.of(direction).moved(disorder);
    if (kind === PieceKind.Fin) {
      this.#table.set(slot, FlowState.Ended << direction);
      if (disorder !== null) this.#dropBehindFin(disorder, direction);
      this.#delivery.end(slot, direction, timeMs);
    } else if (this.#isWanted(slot, timeMs)) {
      this.#delivery.data(slot, direction, bytes, start, start + byteCount, timeMs);
    }
    this.#abandonIgnored(slot);
  }

  #dropBehindFin(disorder: Disorder, direction: Direction): void {
    const stream = disorder.of(direction);
    for (const piece of stream.pieces)
      if (piece.kind === PieceKind.Data)
        this.#counters.add(Irregularity.BehindFin, piece.byteCount);
    this.disorders.drop(disorder, stream);
  }

  #gap(slot: number, direction: Direction, byteCount: number, timeMs: number): void {
    this.#counters.add(Irregularity.Gap, byteCount);
    const start = this.#table.next(slot, direction);
    this.#table.setNext(slot, direction, start + byteCount);
    const disorder = this.disorders.at(slot);
    if (disorder !== null) {
      const stream = disorder.of(direction);
      stream.moved(disorder);
      stream.hasGap = true;
      stream.gapStart = start;
      stream.gapEnd = (start + byteCount) | 0;
    }
    if (this.#isWanted(slot, timeMs)) this.#delivery.gap(slot, direction, byteCount, timeMs);
    this.#abandonIgnored(slot);
  }

  /** Whether the flow has a consumer, after asking for one where it has not been asked for yet. */
  #isWanted(slot: number, timeMs: number): boolean {
    if ((this.#table.state(slot) & (FlowState.Wanted | FlowState.Ignored)) === 0)
      this.#delivery.open(slot, timeMs);
    return (this.#table.state(slot) & FlowState.Wanted) !== 0;
  }

  #abandonIgnored(slot: number): void {
    if ((this.#table.state(slot) & FlowState.Ignored) === 0) return;
    const disorder = this.disorders.at(slot);
    if (disorder !== null) this.disorders.release(disorder, false);
    this.disorders.forget(slot);
  }

  /** Returns how much of `arrival` was new. */
  #hold(slot: number, direction: Direction): number {
    const { arrival } = this;
    const disorder = this.#open(slot, arrival.timeMs);
    arrival.packet = disorder.packet;
    const placed = this.disorders.hold(disorder, disorder.of(direction), arrival);
    if (placed < arrival.byteCount)
      this.#counters.add(Irregularity.Overlapping, arrival.byteCount - placed);
    while (this.disorders.isOverLimit(disorder)) {
      this.#drain(slot, disorder);
      if (!this.disorders.isOverLimit(disorder)) break;
      this.#counters.add(Irregularity.FlowBufferFull);
      this.#unblock(slot, disorder);
    }
    return placed;
  }

  /** Delivers what may be delivered. */
  #drain(slot: number, disorder: Disorder): void {
    while (this.#isWorking(slot)) {
      const direction = this.#readiness.readyDirection(slot, disorder);
      if (direction === null) return;
      const piece = this.disorders.shift(disorder, disorder.of(direction));
      const { kind, bytes, byteCount, timeMs } = piece;
      this.#deliver(slot, direction, kind, bytes, 0, byteCount, timeMs);
      this.disorders.recycle(piece);
    }
  }

  /** Does one thing that is due: begins a stream without handshake, or declares one gap. */
  #declare(slot: number, disorder: Disorder): boolean {
    for (const direction of DIRECTIONS) {
      const first = this.#readiness.isStarting(slot, direction, disorder)
        ? disorder.of(direction).earliest()
        : null;
      if (first === null || !isPast(disorder, first.packet, first.timeMs, START_SLACK_PACKETS))
        continue;
      this.#start(slot, direction, disorder);
      return true;
    }
    return (
      this.#declareIn(slot, disorder, Direction.AToB) ||
      this.#declareIn(slot, disorder, Direction.BToA)
    );
  }

  #declareIn(slot: number, disorder: Disorder, direction: Direction): boolean {
    const stream = disorder.of(direction);
    const ahead = this.#readiness.acknowledgedAhead(slot, disorder, direction);
    if (ahead > 0 && !stream.isAhead) {
      stream.aheadPacket = disorder.packet;
      stream.aheadMs = disorder.nowMs;
    }
    stream.isAhead = ahead > 0;
    if ((this.#table.state(slot) & (FlowState.Known << direction)) === 0) return false;
    const first = stream.pieces[0];
    const hole =
      first === undefined ? 0 : sequenceDistance(this.#table.next(slot, direction), first.sequence);
    // Next in its stream: it waits for the other direction, nothing is missing here.
    if (first !== undefined && hole === 0) return false;
    const byteCount = bytesGivenUp(disorder, stream, first, hole, ahead);
    if (byteCount === 0) return false;
    if (first === undefined && ahead === 1) return this.#presumeFin(slot, disorder, direction);
    // Nobody has asked for this flow yet, and nothing is there that the gap would stand before.
    if (disorder.heldPieces === 0 && (this.#table.state(slot) & FlowState.Wanted) === 0)
      return false;
    this.#gap(slot, direction, byteCount, disorder.nowMs);
    return this.#isWorking(slot);
  }

  /** At the end of a flow: what was acknowledged and never came. */
  #declareRest(slot: number, disorder: Disorder): void {
    for (const direction of DIRECTIONS) {
      if ((this.#table.state(slot) & FlowState.Wanted) === 0) return;
      const ahead = this.#readiness.acknowledgedAhead(slot, disorder, direction);
      if (ahead === 1) this.#deliverLostFin(slot, disorder, direction);
      else if (ahead > 0) this.#gap(slot, direction, ahead, disorder.nowMs);
    }
  }

  /** One more than all bytes was acknowledged: a FIN that was not captured, if the other end is done, too. */
  #presumeFin(slot: number, disorder: Disorder, direction: Direction): boolean {
    const other = otherOf(direction);
    const isOtherDone =
      (this.#table.state(slot) & (FlowState.Ended << other)) !== 0 ||
      disorder.of(other).pieces[0]?.kind === PieceKind.Fin;
    if (!isOtherDone) return false;
    this.#deliverLostFin(slot, disorder, direction);
    return this.#isWorking(slot);
  }

  #deliverLostFin(slot: number, { nowMs }: Disorder, direction: Direction): void {
    this.#deliver(slot, direction, PieceKind.Fin, NO_BYTES, 0, 1, nowMs);
  }

  #isResetDue(slot: number, disorder: Disorder): boolean {
    if (isPast(disorder, disorder.resetPacket, disorder.resetMs, SLACK_PACKETS)) return true;
    return (
      disorder.heldPieces === 0 &&
      !disorder.aToB.isAhead &&
      !disorder.bToA.isAhead &&
      sequenceDistance(this.#table.next(slot, disorder.resetDirection), disorder.resetSequence) <= 0
    );
  }

  /** Delivers all that is held, whatever is missing in between. */
  #flush(slot: number, disorder: Disorder): void {
    this.#drain(slot, disorder);
    while (this.#isWorking(slot) && disorder.heldPieces > 0) {
      this.#unblock(slot, disorder);
      this.#drain(slot, disorder);
    }
  }

  /**
   * Removes what blocks the piece that waits longest of those in front. Something must be held, and nothing of it may
   * be deliverable.
   */
  #unblock(slot: number, disorder: Disorder): void {
    for (const direction of DIRECTIONS) {
      if (!this.#readiness.isStarting(slot, direction, disorder)) continue;
      this.#start(slot, direction, disorder);
      return;
    }
    const a = disorder.aToB.pieces[0];
    const b = disorder.bToA.pieces[0];
    const isA = b === undefined || (a !== undefined && a.packet <= b.packet);
    const direction = isA ? Direction.AToB : Direction.BToA;
    const piece = (isA ? a : b)!;
    const hole = sequenceDistance(this.#table.next(slot, direction), piece.sequence);
    if (hole > 0) {
      this.#gap(slot, direction, hole, disorder.nowMs);
      return;
    }
    const other = otherOf(direction);
    const otherPiece = isA ? b : a;
    const ahead = this.#readiness.aheadBytes(slot, other, piece.acknowledgement);
    const hidden =
      otherPiece === undefined
        ? ahead
        : sequenceDistance(this.#table.next(slot, other), otherPiece.sequence);
    if (otherPiece === undefined && ahead === 1 && piece.kind === PieceKind.Fin)
      this.#deliverLostFin(slot, disorder, other);
    else this.#gap(slot, other, Math.min(ahead, hidden), disorder.nowMs);
  }

  /** Takes the first byte that is held for the beginning of the stream. */
  #start(slot: number, direction: Direction, disorder: Disorder): void {
    this.#table.set(slot, FlowState.Known << direction);
    this.#table.setNext(slot, direction, disorder.of(direction).pieces[0]!.sequence);
  }

  #open(slot: number, timeMs: number): Disorder {
    const disorder = this.disorders.at(slot);
    if (disorder !== null) return disorder;
    if (this.disorders.isFull) this.#shed();
    return this.disorders.open(slot, timeMs);
  }

  #shed(): void {
    const disorder = this.disorders.fullest();
    if (disorder === null) return;
    const { slot, nowMs } = disorder;
    this.#counters.add(Irregularity.BuffersFull, disorder.heldBytes);
    if (disorder.hasReset) {
      this.finish(slot, CloseReason.Reset, nowMs);
      return;
    }
    this.#flush(slot, disorder);
    if (this.#isWorking(slot)) this.disorders.release(disorder, true);
    this.settle(slot, nowMs);
  }

  #isWorking(slot: number): boolean {
    return (this.#table.state(slot) & FlowState.Disordered) !== 0;
  }
}

/** By `CloseReason`: under what a closed flow is counted, if at all. */
const CLOSE_COUNTERS: Readonly<Record<CloseReason, Irregularity | null>> = {
  [CloseReason.Finished]: null,
  [CloseReason.Reset]: Irregularity.FlowReset,
  [CloseReason.Idle]: Irregularity.FlowIdle,
  [CloseReason.Reused]: Irregularity.FlowReused,
  [CloseReason.Evicted]: Irregularity.FlowEvicted,
  [CloseReason.EndOfInput]: null,
};
