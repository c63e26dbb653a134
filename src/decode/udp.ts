import { readU16 } from "../base/bytes.ts";
import { etherTypeStep } from "./ethernet.ts";
import { type Frame, Layer, type Step } from "./frame.ts";
import { nextProtocolStep } from "./gre.ts";
import { Outcome } from "./outcome.ts";

const UDP_BYTES = 8;

/**
 * UDP (RFC 768), of interest only where it carries a tunnel. A port is a hint: what does not look like the tunnel
 * of its port stays UDP.
 */
export function readUdp(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (end - at < UDP_BYTES) return Outcome.TruncatedUdp;
  const source = readU16(bytes, at);
  const target = readU16(bytes, at + 2);
  frame.at = at + UDP_BYTES;
  switch (target) {
    case 4789:
    case 8472: // Linux's port before 4789 was assigned
      return readVxlan(frame);
    case 4790:
      return readVxlanGpe(frame);
    case 6081:
      return readGeneve(frame);
    case 37008:
      return readTzsp(frame);
    case 6635: // RFC 7510
      return Layer.Mpls;
    case 4754: // RFC 8086
      return Layer.Gre;
    default:
  }
  if (target === 2152 || source === 2152) return readGtp(frame);
  if (target === 3544 || source === 3544) return readTeredo(frame);
  if (target === 1701 || source === 1701) return readL2tp(frame);
  if (target === 53 || source === 53 || target === 5353) return Outcome.Dns;
  return target === 443 || source === 443 ? Outcome.Quic : Outcome.Udp;
}

/** VXLAN (RFC 7348, section 5): the I flag and a network identifier; reserved bits are not to be looked at. */
function readVxlan(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (end - at < 8 || (bytes[at]! & 0x08) === 0) return Outcome.Udp;
  frame.at = at + 8;
  return Layer.Ethernet;
}

/** VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe, section 3): the P flag says that byte 3 names what follows. */
function readVxlanGpe(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (end - at < 8 || (bytes[at]! & 0x08) === 0) return Outcome.Udp;
  frame.at = at + 8;
  if ((bytes[at]! & 0x04) === 0) return Layer.Ethernet;
  return nextProtocolStep(bytes[at + 3]!, Outcome.Udp);
}

/** GENEVE (RFC 8926, section 3.4): version 0, options of up to 252 bytes, an EtherType. */
function readGeneve(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (end - at < 8 || bytes[at]! >> 6 !== 0) return Outcome.Udp;
  const headerBytes = 8 + ((bytes[at]! & 0x3f) << 2);
  const type = readU16(bytes, at + 2);
  if (end - at < headerBytes || type < 0x600) return Outcome.Udp;
  frame.at = at + headerBytes;
  return etherTypeStep(frame, type);
}

const GTP_VERSION_1 = 0x30;
const GTP_USER_DATA = 0xff;

/** GTP-U (3GPP TS 29.281, section 5): version 1; any of three flags adds four bytes, one of them extension headers. */
function readGtp(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (end - at < 8 || (bytes[at]! & 0xf0) !== GTP_VERSION_1) return Outcome.Udp;
  if (bytes[at + 1] !== GTP_USER_DATA) return Outcome.Udp;
  let next = at + 8;
  if ((bytes[at]! & 0x07) !== 0) {
    if (end - next < 4) return Outcome.Udp;
    let extension = (bytes[at]! & 0x04) === 0 ? 0 : bytes[next + 3]!;
    next += 4;
    while (extension !== 0) {
      const extensionBytes = next < end ? bytes[next]! << 2 : 0;
      if (extensionBytes === 0 || end - next < extensionBytes) return Outcome.Udp;
      next += extensionBytes;
      extension = bytes[next - 1]!;
    }
  }
  return ipOrUdp(frame, next);
}

/** Teredo (RFC 4380, section 5.1.1): an authentication and an origin, each optional, then IPv6. */
function readTeredo(frame: Frame): Step {
  const { bytes, end } = frame;
  let at = frame.at;
  if (end - at >= 4 && readU16(bytes, at) === 1) at += 13 + bytes[at + 2]! + bytes[at + 3]!;
  if (end - at >= 8 && readU16(bytes, at) === 0) at += 8;
  if (at >= end || bytes[at]! >> 4 !== 6) return Outcome.Udp;
  return ipOrUdp(frame, at);
}

function ipOrUdp(frame: Frame, at: number): Step {
  const version = at < frame.end ? frame.bytes[at]! >> 4 : 0;
  if (version !== 4 && version !== 6) return Outcome.Udp;
  frame.at = at;
  return version === 4 ? Layer.Ipv4 : Layer.Ipv6;
}

/** L2TP data message (RFC 2661, section 3.1). */
function readL2tp(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (end - at < 6) return Outcome.Udp;
  const flags = readU16(bytes, at);
  const isControl = (flags & 0x8000) !== 0;
  if (isControl || (flags & 0x0f) !== 2) return Outcome.Udp;
  let next = at + 6;
  if ((flags & 0x4000) !== 0) next += 2;
  if ((flags & 0x0800) !== 0) next += 4;
  if ((flags & 0x0200) !== 0) {
    if (end - next < 2) return Outcome.Udp;
    next += 2 + readU16(bytes, next);
  }
  if (next > end) return Outcome.Udp;
  frame.at = next;
  return Layer.Ppp;
}

/** TaZmen sniffer protocol, as routers mirror traffic: version, type, encapsulation, then tagged fields. */
function readTzsp(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (end - at < 5 || bytes[at] !== 1 || bytes[at + 1]! > 1) return Outcome.Udp;
  const encapsulation = readU16(bytes, at + 2);
  let next = at + 4;
  while (next < end && bytes[next] !== 1) {
    if (bytes[next] === 0) next += 1;
    else if (next + 1 < end) next += 2 + bytes[next + 1]!;
    else return Outcome.Udp;
  }
  if (next >= end) return Outcome.Udp;
  frame.at = next + 1;
  if (encapsulation === 1) return Layer.Ethernet;
  return encapsulation === 18 ? Layer.Wifi : Outcome.Udp;
}
