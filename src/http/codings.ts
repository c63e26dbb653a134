/** Which decoders a message's codings name, and the pool that lends them. */
import { httpLimits } from "../base/limits.ts";
import { type Codec, Coding, openCodec } from "./codec.ts";
import { HeaderName } from "./headername.ts";
import type { PooledHead } from "./pooledhead.ts";

/** RFC 9110, section 8.4.1; RFC 8878 for zstd. `deflate` is raw or in zlib's format: senders never agreed. */
export const CodingName = { Gzip: 0, Deflate: 1, Brotli: 2, Zstd: 3 } as const;
export type CodingName = (typeof CodingName)[keyof typeof CodingName];

const CODING_NAMES: ReadonlyMap<string, CodingName> = new Map([
  ["gzip", CodingName.Gzip],
  ["x-gzip", CodingName.Gzip],
  ["deflate", CodingName.Deflate],
  ["br", CodingName.Brotli],
  ["zstd", CodingName.Zstd],
]);

/** What servers write for "none", charsets by mistake included. */
const NO_CODING: ReadonlySet<string> = new Set([
  "",
  "identity",
  "none",
  "utf-8",
  "utf8",
  "binary",
  "8bit",
  "7bit",
  "iso-8859-1",
]);

const PLAIN: readonly CodingName[] = [];
/** The usual case. */
const GZIP: readonly number[] = [...Buffer.from("gzip")];
const GZIP_ALONE: readonly CodingName[] = [CodingName.Gzip];
/** A body that nobody reads is not decoded, whatever its codings. */
export const UNREAD = PLAIN;

/**
 * The codings of a body in order of application, transfer codings last (they were applied last); null where
 * one of them is not known, or they are too many.
 */
export function bodyCodings(
  head: PooledHead,
  transferCodings: readonly string[],
): readonly CodingName[] | null {
  let index = head.indexOf(HeaderName.ContentEncoding, 0);
  if (index < 0 && transferCodings.length === 0) return PLAIN;
  if (transferCodings.length === 0 && head.valueIs(index, GZIP)) {
    const isOnlyOne = head.indexOf(HeaderName.ContentEncoding, index + 1) < 0;
    if (isOnlyOne) return GZIP_ALONE;
  }
  const codings: CodingName[] = [];
  for (; index >= 0; index = head.indexOf(HeaderName.ContentEncoding, index + 1))
    for (const part of head.valueAt(index).split(","))
      if (!addCoding(part.trim().toLowerCase(), codings)) return null;
  for (const name of transferCodings) if (!addCoding(name, codings)) return null;
  return codings;
}

function addCoding(name: string, codings: CodingName[]): boolean {
  if (NO_CODING.has(name)) return true;
  const coding = CODING_NAMES.get(name);
  if (coding === undefined || codings.length >= httpLimits.codingsMax) return false;
  codings.push(coding);
  return true;
}

/** Tells zlib's format by its two header bytes (RFC 1950, section 2.2); a raw deflate stream rarely has them. */
export const deflateCoding = (first: number, second: number): Coding =>
  (first & 15) === 8 && ((first << 8) | second) % 31 === 0 ? Coding.Zlib : Coding.RawDeflate;

const CODING_COUNT = Object.keys(Coding).length;

/** Decoders that wait for the next body. Those of long bodies are counted while they are out. */
export class CodecPool {
  readonly #free: Codec[][] = Array.from({ length: CODING_COUNT }, () => []);
  #inflatersOut = 0;
  #windowedOut = 0;

  /** For a body that is decoded within one call. */
  take(coding: Coding): Codec {
    return this.#free[coding]!.pop() ?? openCodec(coding);
  }

  give(codec: Codec): void {
    const free = this.#free[codec.coding]!;
    if (free.length < FREE_MAX) free.push(codec);
  }

  /** Whether a decoder may stay out until its body ends. A true answer is paid back with `release`. */
  reserve(coding: Coding): boolean {
    if (isWindowed(coding)) {
      if (this.#windowedOut >= httpLimits.windowedDecodersMax) return false;
      this.#windowedOut++;
    } else {
      if (this.#inflatersOut >= httpLimits.inflatersMax) return false;
      this.#inflatersOut++;
    }
    return true;
  }

  release(coding: Coding): void {
    if (isWindowed(coding)) this.#windowedOut--;
    else this.#inflatersOut--;
  }
}

/** Codings deep, and one more: bodies decoded at once need no more; long ones are freed to the collector. */
const FREE_MAX = httpLimits.codingsMax + 1;
const isWindowed = (coding: Coding): boolean => coding === Coding.Brotli || coding === Coding.Zstd;
