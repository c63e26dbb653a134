import { readU8, readU16 } from "../../base/bytes.ts";
import { Counters } from "../../base/counters.ts";
import { emptyPacket, type Packet, type PacketSink } from "../packet.ts";

/**
 * The blocks of a TPACKET_V3 ring (linux/if_packet.h), walked where they lie. The socket is of type SOCK_DGRAM, so
 * a packet begins with its network header whatever its interface is. All numbers but `sll_protocol` are in the order
 * of the machine, which is little-endian wherever this runs.
 *
 *     block   0 version | 4 private | 8 STATUS | 12 packets | 16 first packet | 20 bytes used | 24 sequence | ...
 *     packet  0 next | 4 seconds | 8 nanoseconds | 12 captured | 16 length | 20 status | 24 mac u16 | 26 net u16
 *            28 hash | 32 tag u16 | 36 tag's protocol u16 | ... 48 sockaddr_ll ... 68 | gap ... mac | DATA
 *     address 48 family u16 | 50 protocol, big-endian | 52 interface | 56 device type u16 | 58 packet type u8
 *            59 address length u8 | 60 address, 8 bytes
 *
 * A block is the reader's from the moment that the kernel sets bit 0 of STATUS until the reader clears it.
 */
const BLOCK_HEADER_BYTES = 48;
const PACKET_HEADER_BYTES = 68;

const BLOCK_STATUS_WORD = 2;
const BLOCK_PACKETS_WORD = 3;
const BLOCK_FIRST_WORD = 4;
const BLOCK_USED_WORD = 5;

const STATUS_USER = 1;
const STATUS_VLAN_VALID = 1 << 4;
const STATUS_VLAN_TPID_VALID = 1 << 6;

const PACKET_OUTGOING = 4;
const ARPHRD_LOOPBACK = 772;

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const ETHERTYPE_VLAN = 0x8100;
const ETHERTYPE_SERVICE_VLAN = 0x88a8;

const LINKTYPE_RAW = 101;
const LINKTYPE_LINUX_SLL2 = 276;
const SLL2_HEADER_BYTES = 20;
const VLAN_TAG_BYTES = 4;

/** What becomes of packets and blocks; indexes into `RingReader.counters`. */
export const RingCount = { Packet: 0, LoopbackEcho: 1, MalformedPacket: 2, Snapped: 3 } as const;
const RING_COUNT_NAMES = [
  "packets",
  "loopback echoes",
  "malformed ring packets",
  "snapped packets",
] as const;

export class RingReader {
  readonly counters = new Counters(RING_COUNT_NAMES);
  readonly blockCount: number;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #blockBytes: number;
  readonly #packet = emptyPacket();
  /** The block that the kernel hands over next; it does so in order. */
  #next = 0;

  /** `memory` holds a whole number of blocks, each of a multiple of 8 bytes. */
  constructor(memory: ArrayBuffer, blockBytes: number) {
    this.#bytes = new Uint8Array(memory);
    this.#words = new Int32Array(memory);
    this.#blockBytes = blockBytes;
    this.blockCount = Math.floor(memory.byteLength / blockBytes);
  }

  /** Hands on the packets of the next block and gives it back to the kernel; false where none is ready. */
  readBlock(sink: PacketSink): boolean {
    const start = this.#next * this.#blockBytes;
    const statusWord = (start >>> 2) + BLOCK_STATUS_WORD;
    if ((Atomics.load(this.#words, statusWord) & STATUS_USER) === 0) return false;
    this.#next = (this.#next + 1) % this.blockCount;
    try {
      this.#readPackets(start, sink);
    } finally {
      Atomics.store(this.#words, statusWord, 0);
    }
    return true;
  }

  /** How full the ring is, 0 to 1, as far as blocks are complete. */
  backlog(): number {
    let ready = 0;
    while (ready < this.blockCount) {
      const block = (this.#next + ready) % this.blockCount;
      const statusWord = ((block * this.#blockBytes) >>> 2) + BLOCK_STATUS_WORD;
      if ((Atomics.load(this.#words, statusWord) & STATUS_USER) === 0) break;
      ready += 1;
    }
    return ready / this.blockCount;
  }

  #readPackets(start: number, sink: PacketSink): void {
    const words = this.#words;
    const packet = this.#packet;
    const counters = this.counters;
    packet.bytes = this.#bytes;
    const word = start >>> 2;
    const used = words[word + BLOCK_USED_WORD]! >>> 0;
    const end =
      start + (used >= BLOCK_HEADER_BYTES && used < this.#blockBytes ? used : this.#blockBytes);
    let step = words[word + BLOCK_FIRST_WORD]! >>> 0;
    let at = start;
    for (let left = words[word + BLOCK_PACKETS_WORD]! >>> 0; left > 0; left--) {
      if (step < BLOCK_HEADER_BYTES || (step & 7) !== 0 || step > end - at - PACKET_HEADER_BYTES) {
        counters.add(RingCount.MalformedPacket);
        return;
      }
      at += step;
      step = words[at >>> 2]! >>> 0;
      const outcome = readRingPacket(this.#bytes, words, at, end, packet);
      counters.add(outcome, packet.wireBytes);
      if (outcome !== RingCount.Packet) continue;
      if (packet.wireBytes > packet.end - packet.start) counters.add(RingCount.Snapped);
      sink(packet);
    }
  }
}

/**
 * Reads the packet whose header stands at `at`; `words` are the same memory as `bytes`, and `at` is a multiple of 8 with a whole
 * header before `end`. Untagged IP is handed on as it lies, as LINKTYPE_RAW. Everything else gets a header of
 * LINKTYPE_LINUX_SLL2, with the VLAN tag that the kernel took out, written into the gap before its data.
 *
 * Returns an index of `RingCount`; the packet is to be used only after `Packet`.
 */
const readRingPacket = (
  bytes: Uint8Array,
  words: Int32Array,
  at: number,
  end: number,
  packet: Packet,
): number => {
  const word = at >>> 2;
  const captured = words[word + 3]! >>> 0;
  const length = words[word + 4]! >>> 0;
  const offsets = words[word + 6]!;
  const mac = offsets & 0xffff;
  packet.wireBytes = length;
  if (mac < PACKET_HEADER_BYTES || mac + captured > end - at || captured > length) {
    return RingCount.MalformedPacket;
  }
  const device = words[word + 14]!;
  const packetType = (device >>> 16) & 0xff;
  // Loopback shows each packet twice, as it leaves and as it arrives; other interfaces show outgoing ones once.
  if (packetType === PACKET_OUTGOING && (device & 0xffff) === ARPHRD_LOOPBACK) {
    return RingCount.LoopbackEcho;
  }
  const data = at + mac;
  packet.start = data;
  packet.end = data + captured;
  packet.timeMs = (words[word + 1]! >>> 0) * 1000 + (words[word + 2]! >>> 0) / 1e6;
  packet.interfaceId = words[word + 13]!;
  const protocol = readU16(bytes, at + 50);
  const tagged = (words[word + 5]! & STATUS_VLAN_VALID) !== 0;
  const bare = protocol === ETHERTYPE_IPV4 || protocol === ETHERTYPE_IPV6;
  if (!tagged && (bare || isUntaggedOutgoing(bytes, packet, protocol, packetType))) {
    packet.linkType = LINKTYPE_RAW;
    return RingCount.Packet;
  }
  return prependSll2(bytes, words, at, packet, tagged)
    ? RingCount.Packet
    : RingCount.MalformedPacket;
};

/**
 * Linux before 6.11 tells the protocol of the tag for an outgoing packet whose tag no hardware adds, though its data
 * begin behind the tag, with IP.
 */
const isUntaggedOutgoing = (
  bytes: Uint8Array,
  packet: Packet,
  protocol: number,
  packetType: number,
): boolean => {
  if (packetType !== PACKET_OUTGOING || packet.end - packet.start < 20) return false;
  if (protocol !== ETHERTYPE_VLAN && protocol !== ETHERTYPE_SERVICE_VLAN) return false;
  const version = readU8(bytes, packet.start) >>> 4;
  if (version === 4) return readU16(bytes, packet.start + 2) === packet.wireBytes;
  return version === 6 && readU16(bytes, packet.start + 4) + 40 === packet.wireBytes;
};

/**
 * Linux from 6.11 on tells the protocol behind all tags, also of a packet that arrives with two, of which it takes out
 * one: the data then begin with the inner tag and the protocol that was told. IP itself is looked for first.
 */
const hasInnerTag = (bytes: Uint8Array, packet: Packet, protocol: number): boolean => {
  const { start, end, wireBytes } = packet;
  if (end - start < VLAN_TAG_BYTES + 2 || readU16(bytes, start + 2) !== protocol) return false;
  const version = readU8(bytes, start) >>> 4;
  const isIp =
    protocol === ETHERTYPE_IPV4
      ? version === 4 && readU16(bytes, start + 2) <= wireBytes
      : version === 6 && readU16(bytes, start + 4) + 40 <= wireBytes;
  return !isIp;
};

/**
 *     0 protocol | 2 zero | 4 interface | 8 device type | 10 packet type | 11 address length | 12 address, 8 bytes
 *
 * A tag is its protocol in that header, and then the tag and the packet's own protocol before the data.
 */
const prependSll2 = (
  bytes: Uint8Array,
  words: Int32Array,
  at: number,
  packet: Packet,
  tagged: boolean,
): boolean => {
  const added = SLL2_HEADER_BYTES + (tagged ? VLAN_TAG_BYTES : 0);
  const header = packet.start - added;
  if (header < at + PACKET_HEADER_BYTES) return false;
  let protocol = readU16(bytes, at + 50);
  if (tagged) {
    const word = at >>> 2;
    const tag = words[word + 8]! & 0xffff;
    writeU16(bytes, header + SLL2_HEADER_BYTES, tag);
    const below = hasInnerTag(bytes, packet, protocol) ? ETHERTYPE_VLAN : protocol;
    writeU16(bytes, header + SLL2_HEADER_BYTES + 2, below);
    const tagProtocol = words[word + 9]! & 0xffff;
    const known = (words[word + 5]! & STATUS_VLAN_TPID_VALID) !== 0;
    protocol = known ? tagProtocol : ETHERTYPE_VLAN;
  }
  writeU16(bytes, header, protocol);
  writeU16(bytes, header + 2, 0);
  writeU16(bytes, header + 4, packet.interfaceId >>> 16);
  writeU16(bytes, header + 6, packet.interfaceId & 0xffff);
  writeU16(bytes, header + 8, words[(at >>> 2) + 14]! & 0xffff);
  bytes.copyWithin(header + 10, at + 58, at + 68);
  packet.start = header;
  packet.wireBytes += added;
  packet.linkType = LINKTYPE_LINUX_SLL2;
  return true;
};

const writeU16 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
};
