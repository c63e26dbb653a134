import { readU16LE, readU32LE } from "../../base/bytes.ts";
import { liveLimits } from "../../base/limits.ts";

/**
 * What the kernel tells of interfaces over a netlink socket (rtnetlink(7)); numbers are in the order of the machine,
 * which is little-endian wherever this runs.
 *
 *     message    0 length u32 | 4 type u16 | 6 flags u16 | 8 sequence u32 | 12 port u32 | body, padded to 4
 *     link       16 family u8 | 18 device type u16 | 20 index i32 | 24 flags u32 | 28 changes u32 | attributes
 *     attribute  0 length u16 | 2 type u16 | value, padded to 4
 */
export interface NetworkInterface {
  readonly index: number;
  readonly name: string;
  /** ARPHRD_ value: 1 Ethernet, 772 loopback, ... */
  readonly deviceType: number;
  /** Administratively up, and able to carry packets. */
  readonly up: boolean;
  readonly running: boolean;
  /** What the driver calls itself: `veth`, `bridge`, `vlan`, `vxlan`, `bond`, ...; empty for real devices. */
  readonly kind: string;
  /** Index of the interface below it (of a VLAN) or at the other end (of a veth, in another namespace); 0 for none. */
  readonly lower: number;
  /** Index of the bridge or bond that it belongs to; 0 for none. */
  readonly master: number;
}

export type LinkMessage =
  | { readonly kind: "link"; readonly link: NetworkInterface }
  | { readonly kind: "gone"; readonly index: number }
  | { readonly kind: "done" }
  | { readonly kind: "failed" };

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;

const NLM_F_REQUEST = 1;
const NLM_F_DUMP = 0x300;

const MESSAGE_HEADER_BYTES = 16;
const LINK_HEADER_BYTES = 32;
const ATTRIBUTE_HEADER_BYTES = 4;
const AF_BRIDGE = 7;

const IFLA_IFNAME = 3;
const IFLA_LINK = 5;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18;
const IFLA_INFO_KIND = 1;
/** Bits above say that a value is nested, or in network order. */
const ATTRIBUTE_TYPE = 0x3fff;

const IFF_UP = 1;
const IFF_RUNNING = 0x40;

/** Asks for all interfaces. */
export const linkDumpRequest = (): Uint8Array => {
  const bytes = new Uint8Array(LINK_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, RTM_GETLINK, true);
  view.setUint16(6, NLM_F_REQUEST | NLM_F_DUMP, true);
  return bytes;
};

/** The messages of one datagram. A length that cannot be true ends it. */
export const readLinkMessages = (bytes: Uint8Array, end: number): LinkMessage[] => {
  const messages: LinkMessage[] = [];
  let at = 0;
  while (end - at >= MESSAGE_HEADER_BYTES && messages.length < liveLimits.interfacesMax) {
    const length = readU32LE(bytes, at);
    if (length < MESSAGE_HEADER_BYTES || length > end - at) break;
    const message = readMessage(bytes, at, at + length);
    if (message !== null) messages.push(message);
    at += (length + 3) & ~3;
  }
  return messages;
};

const readMessage = (bytes: Uint8Array, start: number, end: number): LinkMessage | null => {
  const type = readU16LE(bytes, start + 4);
  if (type === NLMSG_DONE) return { kind: "done" };
  if (type === NLMSG_ERROR) return { kind: "failed" };
  if (type !== RTM_NEWLINK && type !== RTM_DELLINK) return null;
  if (end - start < LINK_HEADER_BYTES) return null;
  // A bridge tells in its own family of a port that leaves it; the interface itself stays.
  if (bytes[start + 16] === AF_BRIDGE) return null;
  const index = readU32LE(bytes, start + 20);
  return type === RTM_DELLINK
    ? { kind: "gone", index }
    : { kind: "link", link: readLink(bytes, start, end, index) };
};

const readLink = (
  bytes: Uint8Array,
  start: number,
  end: number,
  index: number,
): NetworkInterface => {
  let name = "";
  let kind = "";
  let lower = 0;
  let master = 0;
  forEachAttribute(bytes, start + LINK_HEADER_BYTES, end, (type, valueStart, valueEnd) => {
    const isNumber = valueEnd - valueStart >= 4;
    if (type === IFLA_IFNAME) name = text(bytes, valueStart, valueEnd);
    else if (type === IFLA_LINK && isNumber) lower = readU32LE(bytes, valueStart);
    else if (type === IFLA_MASTER && isNumber) master = readU32LE(bytes, valueStart);
    else if (type === IFLA_LINKINFO) {
      forEachAttribute(bytes, valueStart, valueEnd, (nested, from, to) => {
        if (nested === IFLA_INFO_KIND) kind = text(bytes, from, to);
      });
    }
  });
  const flags = readU32LE(bytes, start + 24);
  const up = (flags & IFF_UP) !== 0;
  const running = (flags & IFF_RUNNING) !== 0;
  const deviceType = readU16LE(bytes, start + 18);
  return { index, name, deviceType, up, running, kind, lower, master };
};

const forEachAttribute = (
  bytes: Uint8Array,
  start: number,
  end: number,
  use: (type: number, valueStart: number, valueEnd: number) => void,
): void => {
  let at = start;
  while (end - at >= ATTRIBUTE_HEADER_BYTES) {
    const length = readU16LE(bytes, at);
    if (length < ATTRIBUTE_HEADER_BYTES || length > end - at) return;
    use(readU16LE(bytes, at + 2) & ATTRIBUTE_TYPE, at + ATTRIBUTE_HEADER_BYTES, at + length);
    at += (length + 3) & ~3;
  }
};

/** Up to the first zero byte. */
const text = (bytes: Uint8Array, start: number, end: number): string => {
  const zero = bytes.indexOf(0, start);
  return Buffer.from(bytes.subarray(start, zero >= start && zero < end ? zero : end)).toString();
};
