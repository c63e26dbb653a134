import { readU16 } from "../base/bytes.ts";
import { decodeLimits } from "../base/limits.ts";
import { type Frame, Layer, type Step } from "./frame.ts";
import { Outcome } from "./outcome.ts";

/** A stack of MPLS labels (RFC 3032, section 2.1). */
export function readMpls(frame: Frame): Step {
  const { bytes, end } = frame;
  for (let labels = 0; labels < decodeLimits.labelsMax; labels += 1) {
    const at = frame.at;
    if (end - at < 4) return Outcome.TruncatedTunnel;
    frame.at = at + 4;
    if ((bytes[at + 2]! & 1) === 1) return behindLabels(frame);
  }
  return Outcome.TooManyLayers;
}

/**
 * Nothing says what the labels carry, so the first bits must (RFC 4928, section 3): IP by its version, else an Ethernet
 * pseudowire, perhaps with a control word of four bytes whose first bits are 0 (RFC 4448, section 4.6).
 */
function behindLabels(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (at >= end) return Outcome.TruncatedTunnel;
  const first = bytes[at]!;
  if (first >> 4 === 4 && (first & 0x0f) >= 5) return Layer.Ipv4;
  if (first >> 4 === 6) return Layer.Ipv6;
  if (isEthernet(bytes, at, end)) return Layer.Ethernet;
  if (first >> 4 === 1) return Outcome.OtherTunnel;
  if (first >> 4 === 0 && end - at >= 4) frame.at = at + 4;
  return Layer.Ethernet;
}

function isEthernet(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < 14) return false;
  const type = readU16(bytes, at + 12);
  return (
    type === 0x0800 || type === 0x86dd || type === 0x8100 || type === 0x88a8 || type === 0x0806
  );
}
