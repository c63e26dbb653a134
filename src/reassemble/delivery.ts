/**
 * The consumers of flows, by slot, and every call to them. Nothing that a consumer does can harm the table: one
 * that throws is closed, let go and counted.
 *
 * Invariant: `FlowState.Wanted` is set exactly while the flow has a consumer.
 */
import { Endpoints } from "./endpoints.ts";
import { FlowState, type FlowTable, SLOT_SHIFT, Word } from "./flowtable.ts";
import { Irregularity, type ReassemblyCounters } from "./irregularities.ts";
import {
  CloseReason,
  type ConsumerFactory,
  Direction,
  type FlowInfo,
  type StreamConsumer,
  Verdict,
} from "./stream.ts";

export class Delivery {
  readonly #table: FlowTable;
  readonly #factory: ConsumerFactory;
  readonly #counters: ReassemblyCounters;
  readonly #consumers: (StreamConsumer | null)[] = [];
  readonly #endpoints = new Endpoints();
  #flowId = 0;
  #wantedCount = 0;
  #failure: unknown = null;

  constructor(table: FlowTable, factory: ConsumerFactory, counters: ReassemblyCounters) {
    this.#table = table;
    this.#factory = factory;
    this.#counters = counters;
  }

  /** Flows with a consumer. */
  get wantedCount(): number {
    return this.#wantedCount;
  }

  /** What a consumer threw first; null while none did. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Asks for a consumer of a flow that has none yet. */
  open(slot: number, timeMs: number): void {
    let consumer: StreamConsumer | null;
    try {
      consumer = this.#factory(this.#describe(slot));
    } catch (error) {
      this.#fail(slot, error, timeMs);
      return;
    }
    if (consumer === null) {
      this.#letGo(slot);
      return;
    }
    while (this.#consumers.length <= slot) this.#consumers.push(null);
    this.#consumers[slot] = consumer;
    this.#wantedCount += 1;
    const state = this.#table.state(slot);
    this.#table.set(slot, FlowState.Wanted);
    if ((state & FlowState.Ended) !== 0) this.end(slot, Direction.AToB, timeMs);
    if ((state & (FlowState.Ended << 1)) !== 0) this.end(slot, Direction.BToA, timeMs);
  }

  data(
    slot: number,
    direction: Direction,
    bytes: Uint8Array,
    start: number,
    end: number,
    timeMs: number,
  ): void {
    const consumer = this.#consumers[slot];
    if (consumer == null) return;
    try {
      if (consumer.data(direction, bytes, start, end, timeMs) === Verdict.Ignore) this.#letGo(slot);
    } catch (error) {
      this.#fail(slot, error, timeMs);
    }
  }

  gap(slot: number, direction: Direction, byteCount: number, timeMs: number): void {
    const consumer = this.#consumers[slot];
    if (consumer == null) return;
    try {
      if (consumer.gap(direction, byteCount, timeMs) === Verdict.Ignore) this.#letGo(slot);
    } catch (error) {
      this.#fail(slot, error, timeMs);
    }
  }

  end(slot: number, direction: Direction, timeMs: number): void {
    const consumer = this.#consumers[slot];
    if (consumer == null) return;
    try {
      consumer.end(direction, timeMs);
    } catch (error) {
      this.#fail(slot, error, timeMs);
    }
  }

  /** Closes the consumer, if there is one. The flow's state is the caller's matter, but for `Wanted`. */
  close(slot: number, reason: CloseReason, timeMs: number): void {
    const consumer = this.#consumers[slot];
    if (consumer == null) return;
    this.#forget(slot);
    try {
      consumer.close(reason, timeMs);
    } catch (error) {
      this.#failure ??= error;
      this.#counters.add(Irregularity.ConsumerFailed);
    }
  }

  #fail(slot: number, error: unknown, timeMs: number): void {
    this.#failure ??= error;
    this.#counters.add(Irregularity.ConsumerFailed);
    this.close(slot, CloseReason.Evicted, timeMs);
    this.#table.set(slot, FlowState.Ignored);
  }

  #letGo(slot: number): void {
    this.#counters.add(Irregularity.FlowUnwanted);
    this.#forget(slot);
    this.#table.set(slot, FlowState.Ignored);
  }

  #forget(slot: number): void {
    if (this.#consumers[slot] == null) return;
    this.#consumers[slot] = null;
    this.#wantedCount -= 1;
    this.#table.clear(slot, FlowState.Wanted);
  }

  #describe(slot: number): FlowInfo {
    const words = this.#table.words;
    const base = slot << SLOT_SHIFT;
    const ports = words[base + Word.Ports]!;
    const state = words[base + Word.State]!;
    this.#flowId += 1;
    return {
      a: this.#endpoints.of(words, base + Word.A, ports >>> 16),
      b: this.#endpoints.of(words, base + Word.B, ports & 0xffff),
      initiator: initiatorOf(state),
      flowId: this.#flowId,
    };
  }
}

function initiatorOf(state: number): Direction | null {
  if ((state & FlowState.Initiator) !== 0) return Direction.AToB;
  return (state & (FlowState.Initiator << 1)) !== 0 ? Direction.BToA : null;
}
