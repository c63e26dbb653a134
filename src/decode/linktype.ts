import { readU16, readU16LE, readU32, readU32LE } from "../base/bytes.ts";
import { etherTypeStep, readNlpid } from "./ethernet.ts";
import { type Frame, Layer, passOver, type Step } from "./frame.ts";
import { Outcome } from "./outcome.ts";
import { readCiscoHdlc, readSerial } from "./ppp.ts";
import { readAvs, readPrism, readRadiotap } from "./wifi.ts";

const LINKTYPE_PPI = 192;

/** The header of a link type (values of tcpdump.org's registry) other than Ethernet's. */
export function readLink(frame: Frame, linkType: number): Step {
  switch (linkType) {
    case 0: // NULL
    case 108: // LOOP
      return readNull(frame);
    case 1: // ETHERNET
      return Layer.Ethernet;
    case 12: // RAW, as systems number it
    case 14:
    case 101: // RAW
      return Layer.RawIp;
    case 228: // IPV4
      return Layer.Ipv4;
    case 229: // IPV6
      return Layer.Ipv6;
    case 113: // LINUX_SLL
      return readSll(frame);
    case 276: // LINUX_SLL2
      return readSll2(frame);
    case 105: // IEEE802_11
      return Layer.Wifi;
    case 127: // IEEE802_11_RADIOTAP
      return readRadiotap(frame);
    case 119: // IEEE802_11_PRISM
      return readPrism(frame);
    case 163: // IEEE802_11_AVS
      return readAvs(frame);
    default:
      return readRareLink(frame, linkType);
  }
}

function readRareLink(frame: Frame, linkType: number): Step {
  switch (linkType) {
    case LINKTYPE_PPI:
      return readPpi(frame);
    case 9: // PPP
    case 50: // PPP_HDLC
      return readSerial(frame);
    case 51: // PPP_ETHER
      return Layer.Pppoe;
    case 166: // PPP_PPPD: a direction in place of the address, then the control byte
      return passOver(frame, 2, Layer.Ppp, Outcome.TruncatedLink);
    case 204: // PPP_WITH_DIR
      return passOver(frame, 1, Layer.Ppp, Outcome.TruncatedLink);
    case 104: // C_HDLC
      return readCiscoHdlc(frame);
    case 107: // FRELAY
      return readFrameRelay(frame);
    case 100: // ATM_RFC1483
      return Layer.Llc;
    case 10: // FDDI: frame control and two addresses
      return passOver(frame, 13, Layer.Llc, Outcome.TruncatedLink);
    case 8: // SLIP: direction and compressed header
      return passOver(frame, 16, Layer.RawIp, Outcome.TruncatedLink);
    case 109: // ENC: family, SPI, flags
      return passOver(frame, 12, Layer.RawIp, Outcome.TruncatedLink);
    case 226: // IPNET
      return passOver(frame, 24, Layer.RawIp, Outcome.TruncatedLink);
    case 129: // ARCNET_LINUX
      return readArcnet(frame);
    case 117: // PFLOG
      return readPflog(frame);
    case 239: // NFLOG
      return readNflog(frame);
    case 240: // NETANALYZER
    case 282: // DSA_TAG_BRCM_PREPEND
      return passOver(frame, 4, Layer.Ethernet, Outcome.TruncatedLink);
    case 138: // APPLE_IP_OVER_IEEE1394: two addresses of eight bytes
    case 281: // DSA_TAG_BRCM: the tag stands behind the addresses
    case 284: // DSA_TAG_DSA
      return behindAddresses(frame, 16);
    case 285: // DSA_TAG_EDSA
      return behindAddresses(frame, 20);
    default:
      return Outcome.OtherLinkType;
  }
}

function behindAddresses(frame: Frame, byteCount: number): Step {
  frame.tagBytes = byteCount;
  return Layer.Tag;
}

/**
 * A protocol family, in the byte order of the host (NULL) or of the network (LOOP). IPv4 is 2 everywhere, IPv6 depends
 * on the system that captured.
 */
function readNull(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (end - at < 4) return Outcome.TruncatedLink;
  const bigEndian = readU32(bytes, at);
  const family = bigEndian < 0x10000 ? bigEndian : readU32LE(bytes, at);
  frame.at = at + 4;
  return familyStep(family);
}

/** Families of BSD, Linux, FreeBSD, Darwin and Windows. */
function familyStep(family: number): Step {
  switch (family) {
    case 2:
      return Layer.Ipv4;
    case 10:
    case 23:
    case 24:
    case 26:
    case 28:
    case 30:
      return Layer.Ipv6;
    default:
      return Outcome.OtherFamily;
  }
}

const SLL_BYTES = 16;
const SLL2_BYTES = 20;

/** Linux "cooked": packet type, ARPHRD type, address, protocol. */
function readSll(frame: Frame): Step {
  const at = frame.at;
  if (frame.end - at < SLL_BYTES) return Outcome.TruncatedLink;
  frame.at = at + SLL_BYTES;
  return cookedStep(frame, readU16(frame.bytes, at + 14));
}

/** Its second version begins with the protocol. */
function readSll2(frame: Frame): Step {
  const at = frame.at;
  if (frame.end - at < SLL2_BYTES) return Outcome.TruncatedLink;
  frame.at = at + SLL2_BYTES;
  return cookedStep(frame, readU16(frame.bytes, at));
}

/** Small protocol numbers are Linux's own; 4 is a frame that begins with LLC. */
function cookedStep(frame: Frame, protocol: number): Step {
  if (protocol === 4) return Layer.Llc;
  return protocol < 0x600 ? Outcome.OtherEtherType : etherTypeStep(frame, protocol);
}

/** Per-packet information: version, flags, length, link type of what follows (little-endian). */
function readPpi(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (end - at < 8) return Outcome.TruncatedLink;
  const headerBytes = readU16LE(bytes, at + 2);
  const linkType = readU32LE(bytes, at + 4);
  if (headerBytes < 8 || linkType === LINKTYPE_PPI) return Outcome.OtherLinkType;
  if (end - at < headerBytes) return Outcome.TruncatedLink;
  frame.at = at + headerBytes;
  return readLink(frame, linkType);
}

/** Frame relay (RFC 2427): an address of two to four bytes, then a control byte and NLPID, or Cisco's EtherType. */
function readFrameRelay(frame: Frame): Step {
  const { bytes, at, end } = frame;
  let next = at;
  while (next < end && next < at + 4 && (bytes[next]! & 1) === 0) next += 1;
  next += 1;
  if (end - next < 2) return Outcome.TruncatedLink;
  if (bytes[next] === 0x03) {
    frame.at = next + 1;
    return readNlpid(frame);
  }
  const type = readU16(bytes, next);
  frame.at = next + 2;
  return type < 0x600 ? Outcome.Llc : etherTypeStep(frame, type);
}

/** ARCNET: two addresses and a type, whose IP comes bare (RFC 1051) or behind a split flag and number (RFC 1201). */
function readArcnet(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (end - at < 8) return Outcome.TruncatedLink;
  const type = bytes[at + 4]!;
  const isWhole = bytes[at + 5] === 0;
  frame.at = at + (type === 0xd4 ? 8 : 5);
  if (type === 0xf0 || (type === 0xd4 && isWhole)) return Layer.Ipv4;
  return type === 0xf1 || type === 0xd5 ? Outcome.Arp : Outcome.OtherEtherType;
}

/** OpenBSD's packet filter: its length without padding to four bytes, the family, and what is of no interest here. */
function readPflog(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (end - at < 2) return Outcome.TruncatedLink;
  const headerBytes = (bytes[at]! + 3) & ~3;
  return passOver(frame, headerBytes, familyStep(bytes[at + 1]!), Outcome.TruncatedLink);
}

const NFLOG_PAYLOAD = 9;

/** Linux netfilter's log: family, version, resource, then fields of length and type in the byte order of the host. */
function readNflog(frame: Frame): Step {
  const { bytes, at, end } = frame;
  if (end - at < 4) return Outcome.TruncatedLink;
  if (bytes[at + 1] !== 0) return Outcome.OtherLinkType;
  let next = at + 4;
  while (end - next >= 4) {
    const littleEndian = readU16LE(bytes, next + 2) < 0x100;
    const fieldBytes = littleEndian ? readU16LE(bytes, next) : readU16(bytes, next);
    const type = littleEndian ? readU16LE(bytes, next + 2) : readU16(bytes, next + 2);
    if (type === NFLOG_PAYLOAD) {
      frame.at = next + 4;
      return familyStep(bytes[at]!);
    }
    if (fieldBytes < 4) return Outcome.OtherLinkType;
    next += (fieldBytes + 3) & ~3;
  }
  return Outcome.TruncatedLink;
}
