/** Bytes as the store keeps them: one byte that says how, then the text. */
import { deflateRawSync, inflateRawSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { inventoryLimits, LZ4_BYTES_MAX } from "../base/limits.ts";
import { lz4LengthMax, packLz4, unpackLz4 } from "./lz4.ts";

/** Deflate costs half of zstd's time where there is little to pack, zstd packs better where there is much. */
const Coding = { Deflate: 1, Zstd: 2, Lz4: 3 } as const;
const ZSTD_FROM = 16_384;

export function pack(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  if (bytes.length >= ZSTD_FROM) return tagged(Coding.Zstd, zstdCompressSync(bytes));
  return tagged(Coding.Deflate, deflateRawSync(bytes, DEFLATE));
}

/** Small tables: what is packed is small, and making them takes most of the time. */
const DEFLATE = { level: 1, memLevel: 3, windowBits: 11, chunkSize: 1_024 };

/** For what is written often: a seventh of deflate's time, and half as many bytes again. */
export function packQuickly(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  if (bytes.length >= ZSTD_FROM) return tagged(Coding.Zstd, zstdCompressSync(bytes));
  packed[0] = Coding.Lz4;
  return packed.slice(0, packLz4(bytes, packed, 1));
}

const packed = new Uint8Array(1 + lz4LengthMax(ZSTD_FROM));
const unpacked = Buffer.allocUnsafeSlow(LZ4_BYTES_MAX);

export function unpack(bytes: Uint8Array): string {
  if (bytes[0] === Coding.Lz4) return unpacked.toString("utf8", 0, unpackLz4(bytes, 1, unpacked));
  const content = bytes.subarray(1);
  const { unpackedBytesMax: maxOutputLength } = inventoryLimits;
  const inflated =
    bytes[0] === Coding.Zstd
      ? zstdDecompressSync(content, { maxOutputLength })
      : inflateRawSync(content, { maxOutputLength });
  return inflated.toString();
}

function tagged(coding: number, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(content.length + 1);
  bytes[0] = coding;
  bytes.set(content, 1);
  return bytes;
}
