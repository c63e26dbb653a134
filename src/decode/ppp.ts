import { readU16 } from "../base/bytes.ts";
import { etherTypeStep } from "./ethernet.ts";
import { type Frame, Layer, type Step } from "./frame.ts";
import { Outcome } from "./outcome.ts";

/** PPP (RFC 1661, section 2), address and control (RFC 1662, section 3.1) and compressed protocol included. */
export function readPpp(frame: Frame): Step {
  const { bytes, end } = frame;
  let at = frame.at;
  if (end - at < 2) return Outcome.TruncatedTunnel;
  if (readU16(bytes, at) === 0xff03) at += 2;
  if (end - at < 2) return Outcome.TruncatedTunnel;
  const compressed = (bytes[at]! & 1) === 1;
  const protocol = compressed ? bytes[at]! : readU16(bytes, at);
  frame.at = at + (compressed ? 1 : 2);
  switch (protocol) {
    case 0x0021:
      return Layer.Ipv4;
    case 0x0057:
      return Layer.Ipv6;
    case 0x0281:
    case 0x0283:
      return Layer.Mpls;
    default:
      return protocol >= 0x8000 ? Outcome.PppControl : Outcome.OtherPpp;
  }
}

/** PPP or Cisco HDLC on a serial line, as the address tells. */
export function readSerial(frame: Frame): Step {
  const address = frame.at < frame.end ? frame.bytes[frame.at]! : 0;
  return address === 0x0f || address === 0x8f ? readCiscoHdlc(frame) : Layer.Ppp;
}

/** Cisco HDLC: address, control, EtherType. */
export function readCiscoHdlc(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (end - at < 4) return Outcome.TruncatedLink;
  const type = readU16(bytes, at + 2);
  frame.at = at + 4;
  return type < 0x600 ? Outcome.Llc : etherTypeStep(frame, type);
}

const PPPOE_BYTES = 6;

/** PPPoE session (RFC 2516, section 4). */
export function readPppoe(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (end - at < PPPOE_BYTES) return Outcome.TruncatedTunnel;
  if (bytes[at] !== 0x11) return Outcome.InvalidTunnel;
  if (bytes[at + 1] !== 0) return Outcome.PppoeDiscovery;
  frame.at = at + PPPOE_BYTES;
  return Layer.Ppp;
}
