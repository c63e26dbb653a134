import {
  CloseReason,
  type Direction,
  type FlowInfo,
  type StreamConsumer,
  Verdict,
} from "../../reassemble/stream.ts";
import { serverPort } from "../serverports.ts";

/** What flows tell whoever listens to them all. */
export interface FlowOwner {
  /** The flow that is being read at this moment. */
  current: TapFlow | null;
  /** The flow is let go: `http/` wants no more of it. */
  letGo(flow: TapFlow): void;
}

/**
 * A flow of a tap: reads HTTP until it is known to be a copy of another flow (the same packets on another interface,
 * under other addresses); then it is let go.
 */
export class TapFlow implements StreamConsumer {
  readonly port: number;
  /** Whether an exchange was read on it. */
  isHttp = false;
  /** Exchanges in a row that another flow had brought already. */
  copies = 0;
  readonly #consumer: StreamConsumer;
  readonly #owner: FlowOwner;

  constructor(consumer: StreamConsumer, flow: FlowInfo, owner: FlowOwner) {
    this.#consumer = consumer;
    this.#owner = owner;
    this.port = serverPort(flow);
  }

  data(
    direction: Direction,
    bytes: Uint8Array,
    start: number,
    end: number,
    timeMs: number,
  ): Verdict {
    this.#owner.current = this;
    return this.#settle(this.#consumer.data(direction, bytes, start, end, timeMs), timeMs);
  }

  gap(direction: Direction, byteCount: number, timeMs: number): Verdict {
    this.#owner.current = this;
    return this.#settle(this.#consumer.gap(direction, byteCount, timeMs), timeMs);
  }

  end(direction: Direction, timeMs: number): void {
    this.#owner.current = this;
    this.#consumer.end(direction, timeMs);
  }

  close(reason: CloseReason, timeMs: number): void {
    this.#owner.current = this;
    this.#consumer.close(reason, timeMs);
    this.#owner.letGo(this);
  }

  get isCopy(): boolean {
    return this.copies >= COPIES_ENOUGH;
  }

  #settle(verdict: Verdict, timeMs: number): Verdict {
    if (verdict === Verdict.Ignore) this.#owner.letGo(this);
    else if (this.isCopy) {
      this.#consumer.close(CloseReason.Evicted, timeMs);
      return Verdict.Ignore;
    }
    return verdict;
  }
}

/** One may be chance, where a capture began or lost something in between. */
const COPIES_ENOUGH = 3;
