import { readU32 } from "../base/bytes.ts";
import { captureLimits } from "../base/limits.ts";
import { readOrdered16, readOrdered32 } from "./byteorder.ts";
import type { RecordReader } from "./framer.ts";
import { emptyPacket, type PacketSink } from "./packet.ts";
import { Tally } from "./tally.ts";

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const MODIFIED_RECORD_HEADER_BYTES = 24;

/** Byte order, record header and time resolution by magic number. */
const MAGICS: ReadonlyMap<
  number,
  readonly [littleEndian: boolean, recordHeaderBytes: number, ticksPerMs: number]
> = new Map([
  [0xa1b2c3d4, [false, RECORD_HEADER_BYTES, 1e3]],
  [0xd4c3b2a1, [true, RECORD_HEADER_BYTES, 1e3]],
  [0xa1b23c4d, [false, RECORD_HEADER_BYTES, 1e6]],
  [0x4d3cb2a1, [true, RECORD_HEADER_BYTES, 1e6]],
  [0xa1b2cd34, [false, MODIFIED_RECORD_HEADER_BYTES, 1e3]],
  [0x34cdb2a1, [true, MODIFIED_RECORD_HEADER_BYTES, 1e3]],
]);

/**
 * Reads a pcap file (draft-ietf-opsawg-pcap): both byte orders, microseconds and nanoseconds, and the variant of
 * 0xa1b2cd34, whose record headers are 8 bytes longer.
 */
export class PcapReader implements RecordReader {
  need = FILE_HEADER_BYTES;
  stopped = false;
  readonly tally = new Tally();
  readonly #sink: PacketSink;
  readonly #packet = emptyPacket();
  #inHeader = true;
  #littleEndian = true;
  #headerBytes = RECORD_HEADER_BYTES;
  #ticksPerMs = 1e3;
  #ticksPerSecond = 1e6;
  /** Versions up to 2.3 wrote the two lengths of a record in the other order, or in either. */
  #lengthsMaySwap = false;

  constructor(sink: PacketSink) {
    this.#sink = sink;
  }

  read(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    if (this.#inHeader) {
      if (end - at < FILE_HEADER_BYTES) return at;
      this.#readFileHeader(bytes, at);
      at += FILE_HEADER_BYTES;
    }
    const headerBytes = this.#headerBytes;
    while (!this.stopped) {
      this.need = headerBytes;
      if (end - at < headerBytes) return at;
      let captured = readOrdered32(bytes, at + 8, this.#littleEndian);
      let wireBytes = readOrdered32(bytes, at + 12, this.#littleEndian);
      if (captured > wireBytes) {
        const larger = captured;
        if (this.#lengthsMaySwap) captured = wireBytes;
        wireBytes = larger;
      }
      if (captured > captureLimits.recordBytesMax) {
        if (!this.#mayPassOver(captured)) return at;
      } else {
        this.need = headerBytes + captured;
        if (end - at < this.need) return at;
        this.#deliver(bytes, at, captured, wireBytes);
      }
      at += headerBytes + captured;
    }
    return at;
  }

  #deliver(bytes: Uint8Array, at: number, captured: number, wireBytes: number): void {
    const packet = this.#packet;
    const seconds = readOrdered32(bytes, at, this.#littleEndian);
    const fraction = readOrdered32(bytes, at + 4, this.#littleEndian);
    packet.bytes = bytes;
    packet.start = at + this.#headerBytes;
    packet.end = packet.start + captured;
    packet.wireBytes = wireBytes;
    packet.timeMs = (seconds * this.#ticksPerSecond + fraction) / this.#ticksPerMs;
    this.tally.add(packet, true);
    this.#sink(packet);
  }

  #readFileHeader(bytes: Uint8Array, at: number): void {
    this.#inHeader = false;
    const magic = MAGICS.get(readU32(bytes, at));
    if (magic === undefined) {
      this.#stop("it has no pcap magic number");
      return;
    }
    [this.#littleEndian, this.#headerBytes, this.#ticksPerMs] = magic;
    const major = readOrdered16(bytes, at + 4, this.#littleEndian);
    if (major !== 2) {
      this.#stop(`its pcap version is ${major}, not 2`);
      return;
    }
    this.#lengthsMaySwap = readOrdered16(bytes, at + 6, this.#littleEndian) <= 3;
    this.#ticksPerSecond = this.#ticksPerMs * 1e3;
    // The upper bits tell the length of a frame check sequence, which IP's own length makes irrelevant.
    this.#packet.linkType = readOrdered32(bytes, at + 20, this.#littleEndian) & 0xffff;
  }

  #mayPassOver(captured: number): boolean {
    if (captured > captureLimits.recordSkipBytesMax) {
      this.#stop(`packet record ${this.tally.packets + 1} claims ${captured} bytes`);
      return false;
    }
    this.tally.oversized += 1;
    return true;
  }

  #stop(problem: string): void {
    this.tally.problem = problem;
    this.stopped = true;
  }
}
