import { readU16 } from "../base/bytes.ts";
import { type Frame, Layer, type Step } from "./frame.ts";
import { cutToDatagram, protocolStep } from "./ipprotocol.ts";
import { Outcome } from "./outcome.ts";
import type { Segment } from "./segment.ts";
import { readI32 } from "./words.ts";

const HEADER_BYTES = 40;

/**
 * IPv6 (RFC 8200, section 3). A payload length of 0 means a jumbogram (RFC 2675) or a segmentation offload; then the
 * frame's own length counts.
 */
export function readIpv6(frame: Frame, segment: Segment): Step {
  const { bytes, at } = frame;
  if (frame.end - at < HEADER_BYTES) return Outcome.TruncatedIpv6;
  if (bytes[at]! >> 4 !== 6) return Outcome.InvalidIpv6;
  const payloadBytes = readU16(bytes, at + 4);
  cutToDatagram(frame, payloadBytes === 0 ? 0 : HEADER_BYTES + payloadBytes);
  segment.source0 = readI32(bytes, at + 8);
  segment.source1 = readI32(bytes, at + 12);
  segment.source2 = readI32(bytes, at + 16);
  segment.source3 = readI32(bytes, at + 20);
  segment.target0 = readI32(bytes, at + 24);
  segment.target1 = readI32(bytes, at + 28);
  segment.target2 = readI32(bytes, at + 32);
  segment.target3 = readI32(bytes, at + 36);
  frame.at = at + HEADER_BYTES;
  return protocolStep(frame, bytes[at + 6]!);
}

const FRAGMENT_HEADER = 44;
const AUTHENTICATION_HEADER = 51;

/**
 * One extension header (RFC 8200, section 4), of the kind `frame.protocol`. An authentication header (RFC 4302,
 * section 2) may follow IPv4 too.
 */
export function readExtension(frame: Frame): Step {
  const { bytes, at, protocol } = frame;
  if (frame.end - at < 8) return Outcome.TruncatedIpv6;
  if (protocol === FRAGMENT_HEADER) return readFragmentHeader(frame);
  const units = bytes[at + 1]!;
  const headerBytes = protocol === AUTHENTICATION_HEADER ? (units + 2) << 2 : (units + 1) << 3;
  if (frame.end - at < headerBytes) return Outcome.TruncatedIpv6;
  frame.at = at + headerBytes;
  return protocolStep(frame, bytes[at]!);
}

function readFragmentHeader(frame: Frame): Step {
  const { bytes, at } = frame;
  const fragment = readU16(bytes, at + 2);
  frame.at = at + 8;
  if ((fragment & 0xfff9) === 0) return protocolStep(frame, bytes[at]!);
  frame.protocol = bytes[at]!;
  frame.identification = readI32(bytes, at + 4);
  frame.fragmentOffset = fragment & 0xfff8;
  frame.moreFragments = (fragment & 1) !== 0;
  return Layer.Fragment;
}

/** IPv4 or IPv6, where nothing in front says which. */
export function readRawIp(frame: Frame): Step {
  if (frame.at >= frame.end) return Outcome.TruncatedLink;
  const version = frame.bytes[frame.at]! >> 4;
  if (version === 4) return Layer.Ipv4;
  return version === 6 ? Layer.Ipv6 : Outcome.OtherFamily;
}
