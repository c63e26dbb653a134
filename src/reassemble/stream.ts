/** Which way bytes go on a flow: from `a` to `b` or back. What is client and server, `http/` decides. */
export const Direction = { AToB: 0, BToA: 1 } as const;
export type Direction = (typeof Direction)[keyof typeof Direction];

/** One end of a flow, as text, made once a flow. IPv4 as `192.0.2.1`, IPv6 as RFC 5952 writes it. */
export interface Endpoint {
  readonly ip: string;
  readonly port: number;
}

/** What is known of a flow when its first payload byte arrives. */
export interface FlowInfo {
  readonly a: Endpoint;
  readonly b: Endpoint;
  /** The end that sent the SYN, or null where no handshake was seen. */
  readonly initiator: Direction | null;
  /** Grows by one with each flow; unique in a process. */
  readonly flowId: number;
}

/**
 * What a consumer answers: `Ignore` lets the flow go. Nothing of it is buffered or delivered any more, and the
 * consumer is not called again, not even with `close`: whoever ignores has already let go.
 */
export const Verdict = { Continue: 0, Ignore: 1 } as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/**
 * Reads the two byte streams of one flow. Bytes are valid only during the call. Each direction comes in order,
 * every byte once; what one direction acknowledges of the other was delivered (or declared a gap) before, so far as
 * the capture permits. A consumer does not call the reassembler. One that throws is closed with `Evicted` and
 * let go.
 */
export interface StreamConsumer {
  data(
    direction: Direction,
    bytes: Uint8Array,
    start: number,
    end: number,
    timeMs: number,
  ): Verdict;
  /** `byteCount` bytes were on the wire and will never be seen; at least 1. */
  gap(direction: Direction, byteCount: number, timeMs: number): Verdict;
  /** One direction ended by FIN: what follows it never comes. */
  end(direction: Direction, timeMs: number): void;
  /**
   * The flow is over: both FINs, RST, idle, reused, evicted, or the capture ended. Called exactly once, and last,
   * unless the consumer answered `Ignore`.
   */
  close(reason: CloseReason, timeMs: number): void;
}

export const CloseReason = {
  Finished: 0,
  Reset: 1,
  Idle: 2,
  Reused: 3,
  Evicted: 4,
  EndOfInput: 5,
} as const;
export type CloseReason = (typeof CloseReason)[keyof typeof CloseReason];

/**
 * Opens a consumer when the first payload byte of a flow is delivered, or the gap in front of it; null means that
 * nobody wants the flow. A direction that ended before that is told right after.
 */
export type ConsumerFactory = (flow: FlowInfo) => StreamConsumer | null;
