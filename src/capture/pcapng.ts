import { readU32 } from "../base/bytes.ts";
import { captureLimits } from "../base/limits.ts";
import { readOrdered16, readOrdered32 } from "./byteorder.ts";
import type { RecordReader } from "./framer.ts";
import { emptyPacket, type PacketSink } from "./packet.ts";
import { Tally } from "./tally.ts";

interface Interface {
  readonly linkType: number;
  /** Frames are cut to this many bytes; 0 means that they are not. */
  readonly snapBytes: number;
  readonly ticksPerMs: number;
  readonly offsetMs: number;
  /** Empty where the block gives none. */
  readonly name: string;
}

/** Block types (section 11.1 of the draft). */
const Block = {
  Interface: 1,
  ObsoletePacket: 2,
  SimplePacket: 3,
  EnhancedPacket: 6,
  SectionHeader: 0x0a0d0d0a,
} as const;

/** Block type, block length, and the same length again behind the body. */
const BLOCK_FRAME_BYTES = 12;
const SECTION_HEADER_BYTES = 28;
const INTERFACE_BYTES = 20;
const SIMPLE_PACKET_BYTES = 16;
const PACKET_BYTES = 32;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const BYTE_ORDER_MAGIC_SWAPPED = 0x4d3c2b1a;

/**
 * Reads a pcapng file (draft-ietf-opsawg-pcapng): sections of either byte order, their interfaces, enhanced, simple
 * and obsolete packet blocks. Every other block is passed over.
 */
export class PcapngReader implements RecordReader {
  need = BLOCK_FRAME_BYTES;
  stopped = false;
  readonly tally = new Tally();
  readonly #sink: PacketSink;
  /** Names of the interfaces whose packets are handed on; empty is all. */
  readonly #wanted: readonly string[];
  readonly #packet = emptyPacket();
  #inSection = false;
  #littleEndian = true;
  #interfaces: Interface[] = [];
  /** Interfaces that were declared in the section, those beyond the limit included. */
  #declared = 0;
  /** Number of the section's first interface, so that ids stay apart across sections. */
  #firstInterfaceId = 0;

  constructor(sink: PacketSink, interfaces: readonly string[] = []) {
    this.#sink = sink;
    this.#wanted = interfaces;
  }

  read(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (!this.stopped) {
      this.need = BLOCK_FRAME_BYTES;
      if (end - at < BLOCK_FRAME_BYTES) return at;
      if (readU32(bytes, at) === Block.SectionHeader) this.#readByteOrder(bytes, at);
      const type = readOrdered32(bytes, at, this.#littleEndian);
      const length = this.#readLength(bytes, at, type);
      if (length === 0) return at;
      if (wantsBody(type) && length <= captureLimits.recordBytesMax + PACKET_BYTES) {
        this.need = length;
        if (end - at < length) return at;
        if (readOrdered32(bytes, at + length - 4, this.#littleEndian) !== length) {
          this.#stop(`a pcapng block of ${length} bytes does not end as it began`);
          return at;
        }
        this.#readBody(bytes, at, length, type);
      } else if (type === Block.Interface) {
        this.#addInterface(null);
      } else if (wantsBody(type)) {
        this.tally.oversized += 1;
      }
      at += length;
    }
    return at;
  }

  /** A section header says its byte order behind its length, and resets what the one before declared. */
  #readByteOrder(bytes: Uint8Array, at: number): void {
    const magic = readU32(bytes, at + 8);
    if (magic !== BYTE_ORDER_MAGIC && magic !== BYTE_ORDER_MAGIC_SWAPPED) {
      this.#stop("a pcapng section has no byte-order magic");
      return;
    }
    this.#littleEndian = magic === BYTE_ORDER_MAGIC_SWAPPED;
  }

  /** Length of the block at `at`; 0 where it cannot be true, and reading stops. */
  #readLength(bytes: Uint8Array, at: number, type: number): number {
    if (this.stopped) return 0;
    const length = readOrdered32(bytes, at + 4, this.#littleEndian);
    const isSection = type === Block.SectionHeader;
    const least = isSection ? SECTION_HEADER_BYTES : BLOCK_FRAME_BYTES;
    const most = isSection ? captureLimits.recordBytesMax : captureLimits.recordSkipBytesMax;
    if (!this.#inSection && !isSection) this.#stop("it has no pcapng section header");
    else if (length < least || length > most || length % 4 !== 0) {
      this.#stop(`a pcapng block claims ${length} bytes`);
    }
    return this.stopped ? 0 : length;
  }

  #readBody(bytes: Uint8Array, at: number, length: number, type: number): void {
    switch (type) {
      case Block.EnhancedPacket:
      case Block.ObsoletePacket:
        this.#readPacket(bytes, at, length, type);
        break;
      case Block.SimplePacket:
        this.#readSimplePacket(bytes, at, length);
        break;
      case Block.Interface:
        this.#addInterface(readInterface(bytes, at, length, this.#littleEndian));
        break;
      default:
        this.#readSectionHeader(bytes, at);
    }
  }

  #readSectionHeader(bytes: Uint8Array, at: number): void {
    const major = readOrdered16(bytes, at + 12, this.#littleEndian);
    if (major !== 1) {
      this.#stop(`its pcapng version is ${major}, not 1`);
      return;
    }
    this.#inSection = true;
    this.#firstInterfaceId += this.#declared;
    this.#declared = 0;
    this.#interfaces = [];
  }

  #addInterface(item: Interface | null): void {
    this.#declared += 1;
    if (this.#declared > captureLimits.interfacesMax) return;
    this.#interfaces.push(item ?? NO_INTERFACE);
  }

  /**
   * Enhanced packet block (section 4.3) and obsolete packet block (appendix A), which differ in how they name
   * the interface:
   *
   *     0 type  4 length  8 interface (2: 8 interface, 10 drops)  12 time  20 captured  24 on the wire  28 data
   */
  #readPacket(bytes: Uint8Array, at: number, length: number, type: number): void {
    const littleEndian = this.#littleEndian;
    if (length < PACKET_BYTES) {
      this.#refusePacket();
      return;
    }
    const id =
      type === Block.EnhancedPacket
        ? readOrdered32(bytes, at + 8, littleEndian)
        : readOrdered16(bytes, at + 8, littleEndian);
    const captured = readOrdered32(bytes, at + 20, littleEndian);
    if (id >= this.#interfaces.length || captured > length - PACKET_BYTES) {
      this.#refusePacket();
      return;
    }
    const item = this.#interfaces[id]!;
    if (this.#isUnwanted(item)) return;
    const packet = this.#packet;
    const ticks =
      readOrdered32(bytes, at + 12, littleEndian) * 0x100000000 +
      readOrdered32(bytes, at + 16, littleEndian);
    packet.bytes = bytes;
    packet.start = at + 28;
    packet.end = at + 28 + captured;
    packet.wireBytes = Math.max(captured, readOrdered32(bytes, at + 24, littleEndian));
    packet.timeMs = ticks / item.ticksPerMs + item.offsetMs;
    packet.linkType = item.linkType;
    packet.interfaceId = this.#firstInterfaceId + id;
    this.tally.add(packet, true);
    this.#sink(packet);
  }

  /** Simple packet block (section 4.4): of the first interface, without a time; that of the packet before stays. */
  #readSimplePacket(bytes: Uint8Array, at: number, length: number): void {
    const item = this.#interfaces[0];
    if (item === undefined || length < SIMPLE_PACKET_BYTES) {
      this.#refusePacket();
      return;
    }
    if (this.#isUnwanted(item)) return;
    const wireBytes = readOrdered32(bytes, at + 8, this.#littleEndian);
    const snapped = item.snapBytes === 0 ? wireBytes : Math.min(wireBytes, item.snapBytes);
    const packet = this.#packet;
    packet.bytes = bytes;
    packet.start = at + 12;
    packet.end = at + 12 + Math.min(snapped, length - SIMPLE_PACKET_BYTES);
    packet.wireBytes = wireBytes;
    packet.linkType = item.linkType;
    packet.interfaceId = this.#firstInterfaceId;
    this.tally.add(packet, false);
    this.#sink(packet);
  }

  /** An interface without a name is never left out. */
  #isUnwanted({ name }: Interface): boolean {
    if (this.#wanted.length === 0 || name === "" || this.#wanted.includes(name)) return false;
    this.tally.unwanted += 1;
    return true;
  }

  #refusePacket(): void {
    this.tally.malformed += 1;
  }

  #stop(problem: string): void {
    this.tally.problem = problem;
    this.stopped = true;
  }
}

const wantsBody = (type: number): boolean =>
  type === Block.EnhancedPacket ||
  type === Block.SimplePacket ||
  type === Block.ObsoletePacket ||
  type === Block.Interface ||
  type === Block.SectionHeader;

/** Stands for an interface whose block was too long or too short to be read: nobody decodes its packets. */
const NO_INTERFACE: Interface = {
  linkType: 0xffff,
  snapBytes: 0,
  ticksPerMs: 1e3,
  offsetMs: 0,
  name: "",
};

/** Option codes (section 4.2). */
const OptionCode = { End: 0, Name: 2, TimeResolution: 9, TimeOffset: 14 } as const;

/** Interface description block (section 4.2). An option that does not fit ends the options. */
function readInterface(
  bytes: Uint8Array,
  start: number,
  length: number,
  littleEndian: boolean,
): Interface {
  if (length < INTERFACE_BYTES) return NO_INTERFACE;
  let ticksPerMs = 1e3;
  let offsetMs = 0;
  let name = "";
  const end = start + Math.min(length, captureLimits.interfaceBlockBytesMax) - 4;
  let at = start + 16;
  while (at + 4 <= end) {
    const code = readOrdered16(bytes, at, littleEndian);
    const optionLength = readOrdered16(bytes, at + 2, littleEndian);
    const value = at + 4;
    if (code === OptionCode.End || value + optionLength > end) break;
    if (code === OptionCode.TimeResolution && optionLength >= 1) {
      ticksPerMs = resolution(bytes[value]!);
    } else if (code === OptionCode.TimeOffset && optionLength >= 8) {
      offsetMs = readSigned64(bytes, value, littleEndian) * 1e3;
    } else if (code === OptionCode.Name) {
      name = Buffer.from(bytes.subarray(value, value + optionLength))
        .toString()
        .replace(/\0+$/, "");
    }
    at = value + ((optionLength + 3) & ~3);
  }
  return {
    linkType: readOrdered16(bytes, start + 8, littleEndian),
    snapBytes: readOrdered32(bytes, start + 12, littleEndian),
    ticksPerMs,
    offsetMs,
    name,
  };
}

/** Ticks in a millisecond: a negative power of 2 where the top bit is set, else of 10. */
const resolution = (option: number): number =>
  (option & 0x80 ? 2 ** (option & 0x7f) : 10 ** option) / 1e3;

function readSigned64(bytes: Uint8Array, at: number, littleEndian: boolean): number {
  const first = readOrdered32(bytes, at, littleEndian);
  const second = readOrdered32(bytes, at + 4, littleEndian);
  const high = littleEndian ? second : first;
  const low = littleEndian ? first : second;
  return (high | 0) * 0x100000000 + low;
}
