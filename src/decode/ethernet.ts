import { readU16 } from "../base/bytes.ts";
import { type Frame, Layer, passOver, type Step } from "./frame.ts";
import { Outcome } from "./outcome.ts";

const ETHERNET_BYTES = 14;

/** Ethernet II or IEEE 802.3: two addresses, then an EtherType or a length. */
export function readEthernet(frame: Frame): Step {
  const at = frame.at;
  if (frame.end - at < ETHERNET_BYTES) return Outcome.TruncatedEthernet;
  frame.at = at + ETHERNET_BYTES;
  return etherTypeStep(frame, readU16(frame.bytes, at + 12));
}

/** Below this value the field is the length of an 802.3 frame, or (from 1501 on) nothing. */
const ETHER_TYPE_MIN = 0x600;
const LENGTH_MAX = 1500;

/** What an EtherType announces; `frame.at` stands behind it. */
export function etherTypeStep(frame: Frame, type: number): Step {
  if (type === 0x0800) return Layer.Ipv4;
  if (type === 0x86dd) return Layer.Ipv6;
  if (type < ETHER_TYPE_MIN) return type <= LENGTH_MAX ? Layer.Llc : Outcome.OtherEtherType;
  return rareEtherTypeStep(frame, type);
}

function rareEtherTypeStep(frame: Frame, type: number): Step {
  switch (type) {
    case 0x8100: // IEEE 802.1Q
    case 0x88a8: // IEEE 802.1ad
    case 0x9100: // QinQ before it was standardised
    case 0x9200:
      return tagged(frame, 2);
    case 0x8926: // VN-Tag
    case 0x892f: // HSR (IEC 62439-3)
      return tagged(frame, 4);
    case 0x893f: // E-Tag (IEEE 802.1BR)
    case 0x8909: // Cisco MetaData
      return tagged(frame, 6);
    case 0x88e7: // provider backbone bridge (IEEE 802.1ah)
      return passOver(frame, 4, Layer.Ethernet, Outcome.TruncatedEthernet);
    case 0x6558: // transparent Ethernet bridging
      return Layer.Ethernet;
    case 0x8847:
    case 0x8848:
      return Layer.Mpls;
    case 0x8864:
      return Layer.Pppoe;
    case 0x880b:
      return Layer.Ppp;
    case 0x894f:
      return Layer.Nsh;
    case 0x8863:
      return Outcome.PppoeDiscovery;
    case 0x0806:
    case 0x8035: // reverse ARP
      return Outcome.Arp;
    case 0x88cc:
      return Outcome.Lldp;
    case 0x888e:
      return Outcome.Eapol;
    case 0x88e5:
      return Outcome.Macsec;
    default:
      return Outcome.OtherEtherType;
  }
}

function tagged(frame: Frame, tagBytes: number): Step {
  frame.tagBytes = tagBytes;
  return Layer.Tag;
}

/** A tag of `frame.tagBytes` bytes, then the EtherType that it displaced. */
export function readTag(frame: Frame): Step {
  const typeAt = frame.at + frame.tagBytes;
  if (frame.end - typeAt < 2) return Outcome.TruncatedEthernet;
  frame.at = typeAt + 2;
  return etherTypeStep(frame, readU16(frame.bytes, typeAt));
}

/** IEEE 802.2 LLC, with SNAP where both addresses say so (RFC 1042). */
export function readLlc(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (end - at < 3) return Outcome.TruncatedEthernet;
  const addresses = readU16(bytes, at);
  if (bytes[at + 2] !== 0x03) return Outcome.Llc;
  if (addresses === 0xaaaa) {
    frame.at = at + 3;
    return readSnap(frame);
  }
  frame.at = at + 3;
  if (addresses === 0x0606) return Layer.Ipv4;
  if (addresses === 0xfefe) return readNlpid(frame);
  return Outcome.Llc;
}

/** Organisation (three bytes) and protocol; 00-00-00 and the bridge's 00-00-F8 mean an EtherType. */
function readSnap(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (end - at < 5) return Outcome.TruncatedEthernet;
  const organisation = (readU16(bytes, at) << 8) | bytes[at + 2]!;
  const type = readU16(bytes, at + 3);
  if ((organisation !== 0 && organisation !== 0xf8) || type < ETHER_TYPE_MIN) return Outcome.Llc;
  frame.at = at + 5;
  return etherTypeStep(frame, type);
}

/** Network layer protocol identifier (RFC 2427, section 3), perhaps behind a byte of padding. */
export function readNlpid(frame: Frame): Step {
  const { bytes, at, end } = frame;
  const padding = at < end && bytes[at] === 0 ? 1 : 0;
  if (end - at < padding + 1) return Outcome.TruncatedLink;
  frame.at = at + padding + 1;
  switch (bytes[at + padding]) {
    case 0xcc:
      return Layer.Ipv4;
    case 0x8e:
      return Layer.Ipv6;
    case 0x80:
      return readSnap(frame);
    default:
      return Outcome.Llc;
  }
}
