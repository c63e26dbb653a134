/**
 * What a flow needs only while something in it is out of order: pieces of the two streams that came before what
 * precedes them. It is made at the first irregularity and given back when the streams run smoothly again.
 */
import type { BytePool } from "./bytepool.ts";
import { sequenceDistance } from "./sequence.ts";
import { Direction } from "./stream.ts";

export const PieceKind = {
  Data: 0,
  /** On the wire, but cut off by the capture. */
  Missing: 1,
  /** FIN, which takes one sequence number behind the last byte. */
  Fin: 2,
} as const;
export type PieceKind = (typeof PieceKind)[keyof typeof PieceKind];

const NO_BYTES = new Uint8Array(0);

/** The part of a segment that is being placed; one object, reused. */
export class Arrival {
  sequence = 0;
  byteCount = 0;
  kind: PieceKind = PieceKind.Data;
  /** For `Data`: where its bytes stand. */
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  acknowledgement = 0;
  hasAcknowledgement = false;
  /** The flow's packet count when it came. */
  packet = 0;
  timeMs = 0;
}

/** A range of a stream that waits, with its own copy of the bytes. */
export class Piece {
  readonly sequence: number;
  readonly byteCount: number;
  readonly kind: PieceKind;
  /** The first `byteCount` of it, for `Data`. */
  readonly bytes: Uint8Array;
  /** Bytes of the other direction before this come first, if it has any such. */
  readonly acknowledgement: number;
  readonly hasAcknowledgement: boolean;
  readonly packet: number;
  readonly timeMs: number;

  constructor(arrival: Arrival, sequence: number, byteCount: number, pool: BytePool) {
    this.sequence = sequence;
    this.byteCount = byteCount;
    this.kind = arrival.kind;
    this.acknowledgement = arrival.acknowledgement;
    this.hasAcknowledgement = arrival.hasAcknowledgement;
    this.packet = arrival.packet;
    this.timeMs = arrival.timeMs;
    if (arrival.kind === PieceKind.Data) {
      const start = arrival.start + sequenceDistance(arrival.sequence, sequence);
      this.bytes = pool.take(byteCount);
      this.bytes.set(arrival.bytes.subarray(start, start + byteCount));
    } else {
      this.bytes = NO_BYTES;
    }
  }
}

/** One direction's share. */
export class StreamDisorder {
  /** Invariant: sorted by sequence, without overlap, none before the stream's next byte. */
  readonly pieces: Piece[] = [];
  /** Memory of their bytes. */
  heldBytes = 0;
  /** What the other end acknowledged of this stream last, if that is ahead of the next byte. */
  acknowledged = 0;
  hasAcknowledged = false;
  /** Since when something of this stream has been acknowledged that has not come. */
  aheadPacket = 0;
  aheadMs = 0;
  isAhead = false;
  /** When the next byte moved last. */
  progressPacket = 0;
  progressMs = 0;
  /** The gap declared last, to tell late bytes from repeated ones. */
  gapStart = 0;
  gapEnd = 0;
  hasGap = false;
  /** Strays in a row, and where the next of them would be. */
  strayCount = 0;
  strayBytes = 0;
  straySequence = 0;

  /** The next byte moved. */
  moved(disorder: Disorder): void {
    this.progressPacket = disorder.packet;
    this.progressMs = disorder.nowMs;
  }

  /** Takes out the first piece; there must be one. */
  shift(): Piece {
    const piece = this.pieces.shift()!;
    this.heldBytes -= piece.bytes.length;
    return piece;
  }

  /** Forgets all but the last gap. No piece may be left. */
  clear(): void {
    this.hasAcknowledged = false;
    this.isAhead = false;
    this.strayCount = 0;
  }

  /** The piece that came first, or null. */
  earliest(): Piece | null {
    let found: Piece | null = null;
    for (const piece of this.pieces)
      if (found === null || piece.packet < found.packet) found = piece;
    return found;
  }

  /**
   * Places what of `arrival` is not held yet: bytes that came first win, so the new ones fill only what is free
   * between them. Returns how much of the stream was new.
   */
  place(arrival: Arrival, pool: BytePool): number {
    const { pieces } = this;
    const end = (arrival.sequence + arrival.byteCount) | 0;
    let cursor = arrival.sequence;
    let placed = 0;
    let index = this.#firstEndingAfter(cursor);
    while (sequenceDistance(cursor, end) > 0) {
      const next = pieces[index];
      const free =
        next === undefined
          ? sequenceDistance(cursor, end)
          : Math.min(sequenceDistance(cursor, next.sequence), sequenceDistance(cursor, end));
      if (free > 0) {
        const piece = new Piece(arrival, cursor, free, pool);
        this.heldBytes += piece.bytes.length;
        pieces.splice(index, 0, piece);
        placed += free;
        index += 1;
      }
      if (next === undefined) break;
      cursor = (next.sequence + next.byteCount) | 0;
      index += 1;
    }
    return placed;
  }

  #firstEndingAfter(sequence: number): number {
    const { pieces } = this;
    let low = 0;
    let high = pieces.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const piece = pieces[middle]!;
      if (sequenceDistance(sequence, (piece.sequence + piece.byteCount) | 0) > 0) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

export class Disorder {
  readonly slot: number;
  /** Place in the list of those at work. */
  listIndex = -1;
  /** Segments of the flow since it was made, and the time of the last. */
  packet = 0;
  nowMs = 0;
  readonly aToB = new StreamDisorder();
  readonly bToA = new StreamDisorder();
  heldBytes = 0;
  heldPieces = 0;
  /** A RST that waits for what precedes it. */
  hasReset = false;
  resetDirection: Direction = Direction.AToB;
  resetSequence = 0;
  resetPacket = 0;
  resetMs = 0;

  constructor(slot: number) {
    this.slot = slot;
  }

  /** Nothing is held, nothing is missing. */
  get isAtRest(): boolean {
    return (
      this.heldPieces === 0 &&
      !this.hasReset &&
      !this.aToB.isAhead &&
      !this.bToA.isAhead &&
      this.aToB.strayCount === 0 &&
      this.bToA.strayCount === 0
    );
  }

  of(direction: Direction): StreamDisorder {
    return direction === Direction.AToB ? this.aToB : this.bToA;
  }
}
