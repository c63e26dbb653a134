import { readU16 } from "../base/bytes.ts";
import { type Frame, Layer, type Step } from "./frame.ts";
import { cutToDatagram, protocolStep } from "./ipprotocol.ts";
import { Outcome } from "./outcome.ts";
import type { Segment } from "./segment.ts";
import { readI32 } from "./words.ts";

const HEADER_BYTES_MIN = 20;
const FRAGMENT_BITS = 0x3fff;
const MORE_FRAGMENTS = 0x2000;

/**
 * IPv4 (RFC 791, section 3.1). What follows the total length is padding of the link and cut off; a total length beyond
 * the frame is not believed. A total length of 0 is what a capture of a segmentation offload holds; then the frame's
 * own length counts.
 */
export function readIpv4(frame: Frame, segment: Segment): Step {
  const { bytes, at } = frame;
  if (frame.end - at < HEADER_BYTES_MIN) return Outcome.TruncatedIpv4;
  const headerBytes = (bytes[at]! & 0x0f) << 2;
  if (bytes[at]! >> 4 !== 4 || headerBytes < HEADER_BYTES_MIN) return Outcome.InvalidIpv4;
  const totalBytes = readU16(bytes, at + 2);
  if (totalBytes < headerBytes && totalBytes !== 0) return Outcome.InvalidIpv4;
  cutToDatagram(frame, totalBytes);
  if (frame.end - at < headerBytes) return Outcome.TruncatedIpv4;
  segment.source0 = 0;
  segment.source1 = 0;
  segment.source2 = 0xffff;
  segment.source3 = readI32(bytes, at + 12);
  segment.target0 = 0;
  segment.target1 = 0;
  segment.target2 = 0xffff;
  segment.target3 = readI32(bytes, at + 16);
  frame.at = at + headerBytes;
  const protocol = bytes[at + 9]!;
  const fragment = readU16(bytes, at + 6);
  if ((fragment & FRAGMENT_BITS) === 0) return protocolStep(frame, protocol);
  frame.protocol = protocol;
  frame.identification = readU16(bytes, at + 4);
  frame.fragmentOffset = (fragment & 0x1fff) << 3;
  frame.moreFragments = (fragment & MORE_FRAGMENTS) !== 0;
  return Layer.Fragment;
}
