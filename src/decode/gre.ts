import { readU16 } from "../base/bytes.ts";
import { etherTypeStep } from "./ethernet.ts";
import { type Frame, Layer, passOver, type Step } from "./frame.ts";
import { Outcome } from "./outcome.ts";

/** Flags of the first two bytes (RFC 2890, section 2; RFC 1701; acknowledgement: RFC 2637, section 4.1). */
const CHECKSUM = 0x8000;
const ROUTING = 0x4000;
const KEY = 0x2000;
const SEQUENCE = 0x1000;
const ACKNOWLEDGEMENT = 0x0080;

/** GRE versions 0 and 1, with what is particular to the protocols that only it carries. */
export function readGre(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (end - at < 4) return Outcome.TruncatedTunnel;
  const flags = readU16(bytes, at);
  const version = flags & 7;
  if (version > 1) return Outcome.InvalidTunnel;
  let next = at + 4;
  if (version === 0 && (flags & (CHECKSUM | ROUTING)) !== 0) next += 4;
  if ((flags & KEY) !== 0) next += 4;
  if ((flags & SEQUENCE) !== 0) next += 4;
  if (version === 1 && (flags & ACKNOWLEDGEMENT) !== 0) next += 4;
  if (version === 0 && (flags & ROUTING) !== 0) next = behindRoutes(bytes, next, end);
  if (next > end) return Outcome.TruncatedTunnel;
  frame.at = next;
  switch (readU16(bytes, at + 2)) {
    case 0x88be: // ERSPAN type II has a header and a sequence number, type I has neither
      return (flags & SEQUENCE) === 0
        ? Layer.Ethernet
        : passOver(frame, 8, Layer.Ethernet, Outcome.TruncatedTunnel);
    case 0x22eb:
      return readErspan3(frame);
    case 0x883e: // WCCP, whose second version has four bytes of its own
      return next < end && bytes[next]! >> 4 === 4
        ? Layer.Ipv4
        : passOver(frame, 4, Layer.RawIp, Outcome.TruncatedTunnel);
    default:
      return greTypeStep(frame, readU16(bytes, at + 2));
  }
}

const greTypeStep = (frame: Frame, type: number): Step =>
  type < 0x600 ? Outcome.OtherTunnel : etherTypeStep(frame, type);

/** Source route entries: family, offset, length; one without family and length is the last. */
function behindRoutes(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (end - at >= 4) {
    const routeBytes = bytes[at + 3]!;
    const isLast = readU16(bytes, at) === 0 && routeBytes === 0;
    at += 4 + routeBytes;
    if (isLast) return at;
  }
  return end + 1;
}

/** ERSPAN type III (draft-foschiano-erspan, section 4.3): 12 bytes, 8 more where the last bit says so. */
function readErspan3(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (end - at < 12) return Outcome.TruncatedTunnel;
  const frameType = (bytes[at + 10]! >> 2) & 0x1f;
  const headerBytes = (bytes[at + 11]! & 1) === 1 ? 20 : 12;
  const next = frameType === 2 ? Layer.RawIp : Layer.Ethernet;
  return passOver(frame, headerBytes, next, Outcome.TruncatedTunnel);
}

/** Network service header (RFC 8300, section 2). */
export function readNsh(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (end - at < 8) return Outcome.TruncatedTunnel;
  const headerBytes = (bytes[at + 1]! & 0x3f) << 2;
  if (headerBytes < 8) return Outcome.InvalidTunnel;
  const next = nextProtocolStep(bytes[at + 3]!, Outcome.OtherTunnel);
  return passOver(frame, headerBytes, next, Outcome.TruncatedTunnel);
}

/** Next protocols that NSH and VXLAN-GPE share. */
export function nextProtocolStep(protocol: number, other: Outcome): Step {
  switch (protocol) {
    case 1:
      return Layer.Ipv4;
    case 2:
      return Layer.Ipv6;
    case 3:
      return Layer.Ethernet;
    case 4:
      return Layer.Nsh;
    case 5:
      return Layer.Mpls;
    default:
      return other;
  }
}
