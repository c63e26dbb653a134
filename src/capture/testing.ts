import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Framer, type RecordReader } from "./framer.ts";
import type { Packet, PacketSink } from "./packet.ts";
import { PcapReader } from "./pcap.ts";
import { PcapngReader } from "./pcapng.ts";

/** Captures for tests: written byte by byte, and read by any reader into plain values. */

export interface TestPacket {
  readonly bytes: Uint8Array;
  readonly wireBytes?: number;
  /** Seconds, and the fraction in units of the file. */
  readonly seconds?: number;
  readonly fraction?: number;
}

/** Numbers of 1, 2 or 4 bytes in one byte order. */
export const u8 = (...values: number[]): Buffer => Buffer.from(values);
export const u16 = (littleEndian: boolean, ...values: number[]): Buffer =>
  Buffer.concat(values.map((value) => ordered([value >>> 8, value], littleEndian)));
export const u32 = (littleEndian: boolean, ...values: number[]): Buffer =>
  Buffer.concat(
    values.map((value) => ordered([value >>> 24, value >>> 16, value >>> 8, value], littleEndian)),
  );
const ordered = (bytes: number[], littleEndian: boolean): Buffer =>
  Buffer.from(littleEndian ? bytes.reverse() : bytes);

export function pcapFile(
  packets: readonly TestPacket[],
  options: { magic?: number; littleEndian?: boolean; linkType?: number; minor?: number } = {},
): Buffer {
  const { magic = 0xa1b2c3d4, littleEndian = true, linkType = 1, minor = 4 } = options;
  const extra = magic === 0xa1b2cd34 ? Buffer.alloc(8) : Buffer.alloc(0);
  return Buffer.concat([
    u32(littleEndian, magic),
    u16(littleEndian, 2, minor),
    u32(littleEndian, 0, 0, 262144, linkType),
    ...packets.flatMap(({ bytes, wireBytes = bytes.length, seconds = 0, fraction = 0 }) => [
      u32(littleEndian, seconds, fraction, bytes.length, wireBytes),
      extra,
      bytes,
    ]),
  ]);
}

/** One pcapng block; the body is padded to 4 bytes. */
export function block(littleEndian: boolean, type: number, ...body: Uint8Array[]): Buffer {
  const content = Buffer.concat(body);
  const padding = Buffer.alloc(-content.length & 3);
  const length = content.length + padding.length + 12;
  const lengthBytes = u32(littleEndian, length);
  return Buffer.concat([u32(littleEndian, type), lengthBytes, content, padding, lengthBytes]);
}

export const sectionHeader = (littleEndian: boolean): Buffer =>
  block(
    littleEndian,
    0x0a0d0d0a,
    u32(littleEndian, 0x1a2b3c4d),
    u16(littleEndian, 1, 0),
    Buffer.alloc(8, 0xff),
  );

/** Options are given as code and value. */
export const interfaceBlock = (
  littleEndian: boolean,
  linkType: number,
  snapBytes = 0,
  options: readonly (readonly [code: number, value: Uint8Array])[] = [],
): Buffer =>
  block(
    littleEndian,
    1,
    u16(littleEndian, linkType, 0),
    u32(littleEndian, snapBytes),
    ...options.flatMap(([code, value]) => [
      u16(littleEndian, code, value.length),
      value,
      Buffer.alloc(-value.length & 3),
    ]),
  );

export const enhancedPacket = (
  littleEndian: boolean,
  interfaceId: number,
  ticks: bigint,
  bytes: Uint8Array,
  wireBytes = bytes.length,
): Buffer =>
  block(
    littleEndian,
    6,
    u32(
      littleEndian,
      interfaceId,
      Number(ticks >> 32n),
      Number(ticks & 0xffffffffn),
      bytes.length,
      wireBytes,
    ),
    bytes,
  );

export type SeenPacket = Omit<Packet, "bytes" | "start" | "end"> & { readonly hex: string };

const seen = (packet: Packet): SeenPacket => ({
  hex: Buffer.from(packet.bytes.subarray(packet.start, packet.end)).toString("hex"),
  wireBytes: packet.wireBytes,
  timeMs: packet.timeMs,
  linkType: packet.linkType,
  interfaceId: packet.interfaceId,
});

/** The reader for a capture that lies in memory. */
const readerOf = (file: Uint8Array, sink: PacketSink): RecordReader =>
  file[0] === 0x0a ? new PcapngReader(sink) : new PcapReader(sink);

/** Reads a whole capture in chunks of the given size; each chunk is wiped once it is used. */
export function readInChunks(
  file: Uint8Array,
  chunkBytes: number,
): { packets: SeenPacket[]; truncated: boolean; reader: RecordReader } {
  const packets: SeenPacket[] = [];
  const reader = readerOf(file, (packet) => packets.push(seen(packet)));
  const framer = new Framer(reader);
  for (let at = 0; at < file.length; at += chunkBytes) {
    const chunk = Uint8Array.from(file.subarray(at, at + chunkBytes));
    framer.push(chunk, 0, chunk.length);
    chunk.fill(0xee);
  }
  return { packets, truncated: framer.end(), reader };
}

/** Files below a folder of the evaluation data, or null, said loudly, where the data are not there. */
export function evalFiles(folder: string): string[] | null {
  const root =
    process.env["NTA_EVAL_DIR"] ?? fileURLToPath(new URL("../../../shared/eval", import.meta.url));
  const path = join(root, folder);
  if (!existsSync(path)) {
    console.error(`NOT RUN: no evaluation data at ${path}; set NTA_EVAL_DIR`);
    return null;
  }
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
