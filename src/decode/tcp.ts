import { readU16 } from "../base/bytes.ts";
import type { Frame, Step } from "./frame.ts";
import { Outcome } from "./outcome.ts";
import type { Segment } from "./segment.ts";
import { readI32 } from "./words.ts";

/** Up to the flags: enough to place the segment in its flow. */
const FIXED_BYTES = 14;
const HEADER_BYTES_MIN = 20;

/**
 * TCP (RFC 9293, section 3.1). Options are passed over. The checksum is not looked at: where the sender's network
 * card fills it in, a capture at the sender holds a wrong one.
 */
export function readTcp(frame: Frame, segment: Segment): Step {
  const { bytes, at, end, wireEnd } = frame;
  if (end - at < FIXED_BYTES) return Outcome.TruncatedTcp;
  const headerBytes = (bytes[at + 12]! >> 4) << 2;
  const dataAt = at + headerBytes;
  if (headerBytes < HEADER_BYTES_MIN || dataAt > wireEnd) return Outcome.InvalidTcp;
  segment.bytes = bytes;
  segment.sourcePort = readU16(bytes, at);
  segment.targetPort = readU16(bytes, at + 2);
  segment.sequence = readI32(bytes, at + 4);
  segment.acknowledgement = readI32(bytes, at + 8);
  segment.flags = bytes[at + 13]!;
  segment.payloadStart = Math.min(dataAt, end);
  segment.payloadEnd = end;
  segment.missingBytes = wireEnd - Math.max(dataAt, end);
  return Outcome.Tcp;
}
