/** Bytes as the store keeps them: one byte that says how, then the text. */
import { deflateRawSync, inflateRawSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { inventoryLimits } from "../base/limits.ts";

/** Deflate costs half of zstd's time where there is little to pack, zstd packs better where there is much. */
const Coding = { Deflate: 1, Zstd: 2 } as const;
const ZSTD_FROM = 16_384;

export function pack(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  if (bytes.length >= ZSTD_FROM) return tagged(Coding.Zstd, zstdCompressSync(bytes));
  return tagged(Coding.Deflate, deflateRawSync(bytes, DEFLATE));
}

/** Small tables: what is packed is small, and making them takes most of the time. */
const DEFLATE = { level: 1, memLevel: 3, windowBits: 11, chunkSize: 1_024 };

export function unpack(bytes: Uint8Array): string {
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
