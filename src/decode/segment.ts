/**
 * A TCP segment as `decode/` leaves it: offsets into the bytes it arrived in. Filled in place, reused.
 *
 * Addresses are four 32-bit words, big-endian; IPv4 is held as ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2),
 * so that everything behind it knows one form. Every 32-bit word here is a signed integer (`| 0`): it then
 * stays a small integer in V8, equals what an `Int32Array` gives back, and the sequence arithmetic is `(to - from) | 0`.
 */
export interface Segment {
  bytes: Uint8Array;
  /** Payload that was captured: `bytes[payloadStart, payloadEnd)`. */
  payloadStart: number;
  payloadEnd: number;
  /** Payload bytes that were on the wire behind `payloadEnd` but not captured (a snapped packet). */
  missingBytes: number;
  source0: number;
  source1: number;
  source2: number;
  source3: number;
  target0: number;
  target1: number;
  target2: number;
  target3: number;
  sourcePort: number;
  targetPort: number;
  /** 32 bits, signed. */
  sequence: number;
  /** 32 bits, signed; meaningless without `TcpFlag.Ack`. */
  acknowledgement: number;
  /** `TcpFlag` bits. */
  flags: number;
  timeMs: number;
  /** Bytes of the whole frame on the wire, for accounting. */
  frameBytes: number;
}

/** Control bits (RFC 9293, section 3.1). */
export const TcpFlag = { Fin: 1, Syn: 2, Rst: 4, Psh: 8, Ack: 16 } as const;

export const emptySegment = (): Segment => ({
  bytes: new Uint8Array(0),
  payloadStart: 0,
  payloadEnd: 0,
  missingBytes: 0,
  source0: 0,
  source1: 0,
  source2: 0,
  source3: 0,
  target0: 0,
  target1: 0,
  target2: 0,
  target3: 0,
  sourcePort: 0,
  targetPort: 0,
  sequence: 0,
  acknowledgement: 0,
  flags: 0,
  timeMs: 0,
  frameBytes: 0,
});
