import { decodeLimits } from "../base/limits.ts";
import { type Frame, Layer, passOver, type Step } from "./frame.ts";
import { Outcome } from "./outcome.ts";

/** What an IP protocol number (an IPv6 next header) announces; `frame.at` stands behind the header that had it. */
export function protocolStep(frame: Frame, protocol: number): Step {
  if (protocol === 6) return Layer.Tcp;
  if (protocol === 17) return Layer.Udp;
  return rareProtocolStep(frame, protocol);
}

function rareProtocolStep(frame: Frame, protocol: number): Step {
  switch (protocol) {
    case 0: // hop-by-hop options
    case 43: // routing
    case 44: // fragment
    case 51: // authentication
    case 60: // destination options
    case 135: // mobility
    case 139: // host identity
    case 140: // shim6
      frame.protocol = protocol;
      return Layer.Extension;
    case 4:
      return Layer.Ipv4;
    case 41:
      return Layer.Ipv6;
    case 47:
      return Layer.Gre;
    case 97: // EtherIP (RFC 3378): two bytes, then a frame
      return passOver(frame, 2, Layer.Ethernet, Outcome.TruncatedTunnel);
    case 137:
      return Layer.Mpls;
    case 1:
      return Outcome.Icmp;
    case 58:
      return Outcome.Icmpv6;
    case 2:
      return Outcome.Igmp;
    case 50:
      return Outcome.Esp;
    case 132:
      return Outcome.Sctp;
    default:
      return Outcome.OtherIpProtocol;
  }
}

/** Cuts the frame to the datagram that begins at `frame.at`; 0 says that its length is not known. */
export function cutToDatagram(frame: Frame, byteCount: number): void {
  const { at, end, wireEnd } = frame;
  if (byteCount === 0) {
    if (wireEnd - at > decodeLimits.offloadBytesMax) frame.wireEnd = end;
    return;
  }
  const datagramEnd = at + byteCount;
  if (datagramEnd < wireEnd) frame.wireEnd = datagramEnd;
  if (datagramEnd < end) frame.end = datagramEnd;
}
