import type { Endpoint, FlowInfo } from "../reassemble/stream.ts";
import type { Head } from "./head.ts";

/** The TCP connection (or what stands for it in another source) that carried an exchange; shared by its exchanges. */
export interface Connection {
  readonly id: number;
  readonly client: Endpoint;
  readonly server: Endpoint;
}

export const connectionOf = ({ a, b, flowId }: FlowInfo, aIsClient: boolean): Connection => ({
  id: flowId,
  client: aIsClient ? a : b,
  server: aIsClient ? b : a,
});

/**
 * One message of an exchange: its head and what is known of its body. `sink` is what the observer gave for
 * the body, so that it finds its scratch again when the exchange is whole.
 */
export interface Message {
  head: Head;
  /** Minor version of HTTP/1, 0 or 1. */
  minorVersion: number;
  /** Body bytes on the wire after transfer decoding, before content decoding. */
  bodyBytes: number;
  /** Whether every byte of the body was seen and its framing ended as announced. */
  complete: boolean;
  sink: BodySink | null;
  startTimeMs: number;
  endTimeMs: number;
}

/** What was odd about an exchange; bits of `Exchange.flags`. Names as they appear in `nta exchanges --json`. */
export const ExchangeFlag = {
  /** A gap fell into the request, or into the response. */
  requestGap: 1 << 0,
  responseGap: 1 << 1,
  /** Bytes of the body are missing or were cut off by the end of the stream. */
  requestTruncated: 1 << 2,
  responseTruncated: 1 << 3,
  /** Sent before the response to the one before it. */
  pipelined: 1 << 4,
  /** The protocol changed behind this exchange (101, or 2xx to CONNECT). */
  upgraded: 1 << 5,
  /** An interim (1xx) response came before the final one. */
  interim: 1 << 6,
  /** The content coding is unknown or its data is broken. */
  requestUndecodable: 1 << 7,
  responseUndecodable: 1 << 8,
  /** Decoded output passed the limit; the rest was not looked at. */
  requestOverLimit: 1 << 9,
  responseOverLimit: 1 << 10,
  /** Framing that RFC 9112 section 6.3 refuses; nothing of the stream behind it is trusted. */
  badFraming: 1 << 11,
  /** No request (or no response) was seen. */
  noRequest: 1 << 12,
  noResponse: 1 << 13,
  /** A gap cut a head off: of that message the start line, and what whole fields came, are all that is known. */
  headCut: 1 << 14,
  /** Another told of the same call, nearer to the service: this one tells only who called. */
  passedOn: 1 << 15,
} as const;

/** One HTTP request and its response. The narrow waist: whatever makes exchanges, nothing behind it knows. */
export interface Exchange {
  readonly connection: Connection;
  /** As sent, `GET`; empty where no request was seen. */
  method: string;
  /** The request target as sent (RFC 9112, section 3.2); empty where no request was seen. */
  target: string;
  /** Final status; 0 where no response was seen (`response` is null). Outside of 100 to 999 only with `badFraming`. */
  status: number;
  request: Message | null;
  response: Message | null;
  /** `ExchangeFlag` bits. */
  flags: number;
}

/** Takes the decoded bytes of one body (no chunks, no content coding) as they pass. */
export interface BodySink {
  data(bytes: Uint8Array, start: number, end: number): void;
  /** Called exactly once. `whole` is false where bytes are missing; what came is a correct prefix. */
  end(whole: boolean): void;
}

/**
 * What `http/` feeds. Handed in by the program, so that this room knows nothing of telemetry. Heads are
 * valid until `exchange` returns.
 */
export interface ExchangeObserver {
  /**
   * The request's head is there, its body is not. Null means that the body is to be counted, not read. Where the
   * capture's order differs from the wire's, this comes after `responseHead` of the same exchange.
   */
  requestHead(exchange: Exchange): BodySink | null;
  /** The final response's head is there (`exchange.status` is set; `request` may be null). */
  responseHead(exchange: Exchange): BodySink | null;
  /** The exchange is over; nothing of it is used by `http/` after this call, and heads are reused. */
  exchange(exchange: Exchange): void;
}
