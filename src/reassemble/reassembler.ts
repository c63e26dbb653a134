/**
 * TCP reassembly: segments in, ordered byte streams with explicit gaps out.
 *
 * ```
 *              payload or SYN                consumer answers Ignore
 *   (no flow) ────────────────► live ───────────────────────────────► ignored
 *       ▲                        │ both FINs, RST                        │ both FINs, RST
 *       │ evicted, idle          ▼                                       │
 *       └───────────────────── closed ◄──────────────────────────────────┘
 *                                │ SYN with another number, payload far away
 *                                └──► live: another flow in the same slot
 * ```
 * Overlap: the bytes that came first win, delivered or held; no byte is delivered twice.
 *
 * Without a handshake a stream begins with the first byte that is seen. As the first segment to come need not be
 * the first that was sent, it is held until a few more have come (`patience.ts`): that costs latency once a flow.
 */
import { reassembleLimits } from "../base/limits.ts";
import { type Segment, TcpFlag } from "../decode/segment.ts";
import { Delivery } from "./delivery.ts";
import { PieceKind } from "./disorder.ts";
import type { ReassembleLimits } from "./disorders.ts";
import { FlowState, FlowTable, SLOT_SHIFT, tickOf, Word } from "./flowtable.ts";
import { isNewConnection, synchronise, synchroniseStream } from "./handshake.ts";
import { Irregularity, type ReassemblyCounters, reassemblyCounters } from "./irregularities.ts";
import { Ordering } from "./ordering.ts";
import { sequenceDistance } from "./sequence.ts";
import { CloseReason, type ConsumerFactory, type Direction } from "./stream.ts";

/** How long a flow may be silent before its slot is given back. */
const CLOSED_TIMEOUT_MS = 15_000;
/** No payload so far: scans, refused connections, and clients that connect in advance. */
const UNUSED_TIMEOUT_MS = 120_000;
const HALF_CLOSED_TIMEOUT_MS = 300_000;
const IDLE_TIMEOUT_MS = 600_000;
/** `expire` looks at every slot once in this time of the packets. */
const SWEEP_MS = 16_000;

const CONTROL_FLAGS = TcpFlag.Syn | TcpFlag.Fin | TcpFlag.Rst;
const BOTH_ENDED = FlowState.Ended | (FlowState.Ended << 1);
const BOTH_ABORTED = FlowState.Aborted | (FlowState.Aborted << 1);
/** Both ends were heard, both streams are known, and nothing is amiss. */
const SMOOTH = FlowState.Known | (FlowState.Known << 1) | FlowState.Heard | (FlowState.Heard << 1);
const SMOOTH_MASK = SMOOTH | FlowState.Disordered | FlowState.Ignored | FlowState.Closed;

export interface ReassemblerOptions {
  /** Of the table's hash; random unless given, so that nobody can choose colliding addresses. */
  readonly seed?: number;
  readonly limits?: Partial<ReassembleLimits>;
}

export class Reassembler {
  readonly counters: ReassemblyCounters = reassemblyCounters();
  readonly #limits: ReassembleLimits;
  readonly #table: FlowTable;
  readonly #delivery: Delivery;
  readonly #ordering: Ordering;
  #sweepSlot = 0;
  #sweptMs = Number.NaN;

  constructor(factory: ConsumerFactory, options: ReassemblerOptions = {}) {
    this.#limits = { ...reassembleLimits, ...options.limits };
    this.#table = new FlowTable(this.#limits.flowsMax, options.seed ?? randomSeed());
    this.#delivery = new Delivery(this.#table, factory, this.counters);
    this.#ordering = new Ordering(this.#table, this.#delivery, this.counters, this.#limits);
  }

  /** Flows in the table, those that are over and not yet forgotten included. */
  get flowCount(): number {
    return this.#table.count;
  }

  /** Flows with a consumer. */
  get wantedFlowCount(): number {
    return this.#delivery.wantedCount;
  }

  /** Flows in which something is out of order at this moment. */
  get disorderedFlowCount(): number {
    return this.#ordering.disorders.working.length;
  }

  /** Bytes that are held because something precedes them. */
  get heldBytes(): number {
    return this.#ordering.disorders.heldBytes;
  }

  get heldPieces(): number {
    return this.#ordering.disorders.heldPieces;
  }

  /** What a consumer threw first, null while none did: for the log, as `consumerFailed` counts only. */
  get failure(): unknown {
    return this.#delivery.failure;
  }

  /** Takes one segment. Nothing of it is kept but copies of bytes that came out of order. */
  push(segment: Segment): void {
    const table = this.#table;
    const slot = table.find(segment);
    if (slot < 0) {
      this.#pushFirst(segment, table.direction);
      return;
    }
    const { direction, words } = table;
    const base = slot << SLOT_SHIFT;
    const { timeMs } = segment;
    const state = words[base + Word.State]!;
    if ((state & FlowState.Closed) === 0) words[base + Word.Seen] = tickOf(timeMs);
    if ((segment.flags & CONTROL_FLAGS) === 0) {
      if ((state & SMOOTH_MASK) === SMOOTH) {
        const next = words[base + Word.Next + direction]!;
        const otherNext = words[base + Word.Next + 1 - direction]!;
        if (
          sequenceDistance(next, segment.sequence) === 0 &&
          sequenceDistance(otherNext, segment.acknowledgement) <= 0 &&
          segment.missingBytes === 0
        ) {
          const { payloadStart, payloadEnd } = segment;
          if (payloadStart === payloadEnd) return;
          if ((state & (FlowState.Wanted | (FlowState.Ended << direction))) === FlowState.Wanted) {
            words[base + Word.Next + direction] = (next + payloadEnd - payloadStart) | 0;
            this.#delivery.data(slot, direction, segment.bytes, payloadStart, payloadEnd, timeMs);
            return;
          }
        }
      } else if ((state & (FlowState.Ignored | FlowState.Closed)) === FlowState.Ignored) return;
    }
    this.#pushSlow(slot, direction, segment);
  }

  /** Time-outs: call it now and then with the time of the packets. */
  expire(nowMs: number): void {
    this.#ordering.expire(nowMs);
    const elapsedMs = nowMs - this.#sweptMs;
    this.#sweptMs = nowMs;
    if (!(elapsedMs > 0)) return;
    const slotsEnd = this.#table.slotsEnd;
    const share = Math.min(1, elapsedMs / SWEEP_MS);
    for (let left = Math.ceil(slotsEnd * share); left > 0; left -= 1) {
      this.#sweepSlot = this.#sweepSlot + 1 < slotsEnd ? this.#sweepSlot + 1 : 0;
      this.#expireSlot(this.#sweepSlot, nowMs);
    }
  }

  /** The input has ended: closes every flow with `EndOfInput` and empties the table. */
  close(timeMs: number): void {
    for (let slot = 0; slot < this.#table.slotsEnd; slot += 1) {
      if (this.#table.state(slot) !== 0) this.#drop(slot, CloseReason.EndOfInput, timeMs);
    }
  }

  #pushFirst(segment: Segment, direction: Direction): void {
    const isSyn = (segment.flags & TcpFlag.Syn) !== 0;
    const byteCount = segment.payloadEnd - segment.payloadStart + segment.missingBytes;
    if ((!isSyn && byteCount === 0) || (segment.flags & TcpFlag.Rst) !== 0) {
      this.counters.add(Irregularity.NoFlow, byteCount);
      return;
    }
    if (this.#table.full)
      this.#drop(this.#table.victim(tickOf(segment.timeMs)), CloseReason.Evicted, segment.timeMs);
    const slot = this.#table.insert(segment);
    if (!isSyn) this.counters.add(Irregularity.MidStream);
    this.#pushSlow(slot, direction, segment);
  }

  #pushSlow(slot: number, direction: Direction, segment: Segment): void {
    const { flags, timeMs } = segment;
    const ordering = this.#ordering;
    ordering.touch(slot, timeMs);
    this.#table.set(slot, FlowState.Heard << direction);
    if ((flags & (TcpFlag.Syn | TcpFlag.Rst)) === TcpFlag.Syn)
      this.#pushSyn(slot, direction, segment);
    if (
      (this.#table.state(slot) & FlowState.Closed) !== 0 &&
      !this.#reopen(slot, direction, segment)
    )
      return;
    if ((this.#table.state(slot) & FlowState.Ignored) !== 0) {
      this.#followIgnored(slot, direction, flags);
      return;
    }
    if ((flags & TcpFlag.Ack) !== 0) this.#acknowledge(slot, direction, segment);
    if ((flags & TcpFlag.Rst) !== 0) this.#pushReset(slot, direction, segment);
    else this.#pushBytes(slot, direction, segment);
    ordering.settle(slot, timeMs);
    ordering.relieve();
  }

  #pushSyn(slot: number, direction: Direction, segment: Segment): void {
    const table = this.#table;
    const first = this.#firstSequence(slot, direction);
    const otherFirst = this.#firstSequence(slot, (1 - direction) as Direction);
    const reachBytes = this.#limits.resetDistanceBytesMax;
    if (isNewConnection(table, slot, direction, segment, first, otherFirst, reachBytes))
      this.#renew(slot, direction, segment.timeMs);
    synchronise(table, slot, direction, segment);
  }

  /** Sequence number of the next byte, or else of the first that is held; null where neither is known. */
  #firstSequence(slot: number, direction: Direction): number | null {
    if (this.#table.isKnown(slot, direction)) return this.#table.next(slot, direction);
    return this.#ordering.firstHeld(slot, direction)?.sequence ?? null;
  }

  /** Ends what the slot was used for; another flow with the same ends begins in it. */
  #renew(slot: number, direction: Direction, timeMs: number): void {
    if ((this.#table.state(slot) & FlowState.Closed) === 0)
      this.#ordering.finish(slot, CloseReason.Reused, timeMs);
    this.#table.begin(slot, direction, timeMs);
  }

  /**
   * A flow that is over: whether the segment, which is no new SYN, begins another one. What follows closely on what
   * was there is a straggler, as after a RST that the other side has not got yet. But an end that goes on behind its
   * own RST never sent that: somebody else did, and the connection lives.
   */
  #reopen(slot: number, direction: Direction, segment: Segment): boolean {
    const byteCount = segment.payloadEnd - segment.payloadStart + segment.missingBytes;
    if (byteCount === 0 || (segment.flags & TcpFlag.Rst) !== 0) return false;
    if (this.#table.isKnown(slot, direction)) {
      const next = this.#table.next(slot, direction);
      const distance = sequenceDistance(next, segment.sequence);
      if (Math.abs(distance) > this.#limits.resetDistanceBytesMax) {
        this.#renew(slot, direction, segment.timeMs);
        this.counters.add(Irregularity.MidStream);
        return true;
      }
      if (distance === 0 && (this.#table.state(slot) & (FlowState.Aborted << direction)) !== 0) {
        this.#table.clear(slot, FlowState.Closed | BOTH_ABORTED);
        return true;
      }
      if (distance >= 0) this.#table.setNext(slot, direction, next + distance + byteCount);
    }
    this.counters.add(Irregularity.AfterClose, byteCount);
    return false;
  }

  #followIgnored(slot: number, direction: Direction, flags: number): void {
    const table = this.#table;
    if ((flags & TcpFlag.Fin) !== 0) table.set(slot, FlowState.Ended << direction);
    if ((flags & TcpFlag.Rst) !== 0 || (table.state(slot) & BOTH_ENDED) === BOTH_ENDED)
      table.set(slot, FlowState.Closed);
  }

  /**
   * The last segment of a handshake acknowledges the SYN of the other side: where the answer to the first was not
   * captured, it still tells where that side begins.
   */
  #acknowledge(slot: number, direction: Direction, segment: Segment): void {
    const table = this.#table;
    const other = (1 - direction) as Direction;
    const isSecondSegment =
      (table.state(slot) & (FlowState.Synchronised << direction)) !== 0 &&
      !table.isKnown(slot, other) &&
      sequenceDistance(table.initial(slot, direction), segment.sequence) === 1;
    if (isSecondSegment && this.#ordering.firstHeld(slot, other) === null)
      synchroniseStream(table, slot, other, (segment.acknowledgement - 1) | 0);
    this.#ordering.acknowledge(slot, direction, segment.acknowledgement | 0, segment.timeMs);
  }

  #pushReset(slot: number, direction: Direction, segment: Segment): void {
    const sequence = segment.sequence | 0;
    if (this.#table.isKnown(slot, direction)) {
      const next = this.#table.next(slot, direction);
      const distance = Math.abs(sequenceDistance(next, sequence));
      if (distance > this.#limits.resetDistanceBytesMax) {
        this.counters.add(Irregularity.ResetOutOfWindow);
        return;
      }
    }
    this.#table.set(slot, FlowState.Aborted << direction);
    this.#ordering.reset(slot, direction, sequence, segment.timeMs);
  }

  #pushBytes(slot: number, direction: Direction, segment: Segment): void {
    const { flags, bytes, payloadStart, missingBytes } = segment;
    const sequence = (segment.sequence + (flags & TcpFlag.Syn ? 1 : 0)) | 0;
    const capturedBytes = segment.payloadEnd - payloadStart;
    const finBytes = flags & TcpFlag.Fin ? 1 : 0;
    const byteCount = capturedBytes + missingBytes;
    if (!this.#belongs(slot, direction, segment, sequence, byteCount, finBytes)) return;
    const { arrival } = this.#ordering;
    arrival.sequence = sequence;
    arrival.acknowledgement = segment.acknowledgement | 0;
    arrival.hasAcknowledgement = (flags & TcpFlag.Ack) !== 0;
    arrival.timeMs = segment.timeMs;
    arrival.bytes = bytes;
    arrival.start = payloadStart;
    if (capturedBytes > 0) {
      arrival.kind = PieceKind.Data;
      arrival.byteCount = capturedBytes;
      this.#ordering.accept(slot, direction);
    }
    if (missingBytes > 0) {
      arrival.sequence = (sequence + capturedBytes) | 0;
      arrival.kind = PieceKind.Missing;
      arrival.byteCount = missingBytes;
      this.#ordering.accept(slot, direction);
    }
    if (finBytes > 0) {
      arrival.sequence = (sequence + byteCount) | 0;
      arrival.kind = PieceKind.Fin;
      arrival.byteCount = 1;
      this.#ordering.accept(slot, direction);
    }
  }

  /** Whether there is anything in the segment that the stream has not had, and that it can have. Counts why not. */
  #belongs(
    slot: number,
    direction: Direction,
    segment: Segment,
    sequence: number,
    byteCount: number,
    finBytes: number,
  ): boolean {
    const state = this.#table.state(slot);
    if ((state & (FlowState.Known << direction)) === 0)
      return this.#mayBegin(slot, direction, segment, sequence, byteCount, finBytes);
    const next = this.#table.next(slot, direction);
    const distance = sequenceDistance(next, sequence);
    if (byteCount + finBytes === 0) {
      const isProbe = distance === -1 && (segment.flags & CONTROL_FLAGS) === 0;
      if (isProbe) this.counters.add(Irregularity.KeepAlive);
      return false;
    }
    const isRepeated = distance + byteCount + finBytes <= 0;
    if ((state & (FlowState.Ended << direction)) !== 0) {
      const reason = isRepeated ? Irregularity.Retransmitted : Irregularity.BehindFin;
      this.counters.add(reason, byteCount);
      return false;
    }
    if (Math.abs(distance) > this.#limits.windowBytesMax)
      return this.#ordering.stray(slot, direction, sequence, byteCount, segment.timeMs);
    this.#ordering.forgetStrays(slot, direction);
    if (!isRepeated) return true;
    if (byteCount === 1 && distance === -1) this.counters.add(Irregularity.KeepAlive, byteCount);
    else if (this.#ordering.isLate(slot, direction, sequence, byteCount))
      this.counters.add(Irregularity.Late, byteCount);
    else this.counters.add(Irregularity.Retransmitted, byteCount);
    return false;
  }

  /** The same for a stream of which neither a SYN nor enough bytes were seen to say where it begins. */
  #mayBegin(
    slot: number,
    direction: Direction,
    segment: Segment,
    sequence: number,
    byteCount: number,
    finBytes: number,
  ): boolean {
    if (byteCount + finBytes === 0) return false;
    const held = this.#ordering.firstHeld(slot, direction);
    if (held !== null) {
      const distance = Math.abs(sequenceDistance(held.sequence, sequence));
      if (distance <= this.#limits.windowBytesMax) return true;
      this.counters.add(Irregularity.Stray, byteCount);
      return false;
    }
    if (byteCount === 0) synchroniseStream(this.#table, slot, direction, (sequence - 1) | 0);
    // A probe that repeats the byte before the next one, with a zero in its place, is no beginning.
    const { bytes, payloadStart, payloadEnd } = segment;
    const isByte = byteCount === 1 && payloadEnd - payloadStart === 1 && finBytes === 0;
    if (!isByte || bytes[payloadStart] !== 0) return true;
    this.counters.add(Irregularity.KeepAlive, byteCount);
    return false;
  }

  #expireSlot(slot: number, nowMs: number): void {
    const state = this.#table.state(slot);
    if (state === 0) return;
    // A time that lies far ahead was a mistake, and will not come.
    const idleTicks = Math.abs((tickOf(nowMs) - this.#table.seen(slot)) | 0);
    if (idleTicks > tickOf(timeoutOf(state))) this.#drop(slot, CloseReason.Idle, nowMs);
  }

  #drop(slot: number, reason: CloseReason, timeMs: number): void {
    if ((this.#table.state(slot) & FlowState.Closed) === 0)
      this.#ordering.finish(slot, reason, timeMs);
    this.#table.remove(slot);
  }
}

function timeoutOf(state: number): number {
  if ((state & FlowState.Closed) !== 0) return CLOSED_TIMEOUT_MS;
  if ((state & (FlowState.Wanted | FlowState.Ignored)) === 0) return UNUSED_TIMEOUT_MS;
  return (state & BOTH_ENDED) === 0 ? IDLE_TIMEOUT_MS : HALF_CLOSED_TIMEOUT_MS;
}

const randomSeed = (): number => crypto.getRandomValues(new Int32Array(1))[0]!;
