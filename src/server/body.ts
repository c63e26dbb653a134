/** Bodies of requests that may be hostile: compressed bombs, endless nesting, bytes that trickle. */
import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { constants, gunzip, type ZlibOptions, type ZstdOptions, zstdDecompress } from "node:zlib";
import { serverLimits } from "../base/limits.ts";
import { Refusal } from "./problem.ts";

export interface BodyLimits {
  /** Bytes as they come, and bytes after decompression. */
  readonly wireBytesMax: number;
  readonly bytesMax: number;
  readonly timeoutMs: number;
}

/**
 * The whole body, decompressed (gzip, zstd or as it is). Reads no more than the limits allow. It is unpacked when all of it is
 * here, and few at a time, so that many small bodies which unpack to much do not fill the memory together.
 */
export async function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > limits.wireBytesMax) throw tooLarge(limits.wireBytesMax);
  const unpack = unpackerFor(request.headers["content-encoding"]);
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      request.pause();
      reject(new Slow());
    }, limits.timeoutMs);
  });
  try {
    const wire = collect(request, limits.wireBytesMax);
    wire.catch(() => undefined);
    const body = await Promise.race([wire, timeUp]);
    if (unpack === null) return body;
    return await inTurn(() => unpack(body, limits.bytesMax));
  } catch (error) {
    throw refusalFor(error, limits);
  } finally {
    clearTimeout(timer);
  }
}

let unpacking = 0;
const waiting: (() => void)[] = [];

async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  if (unpacking >= serverLimits.unpackingMax) {
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  unpacking += 1;
  try {
    return await work();
  } finally {
    unpacking -= 1;
    waiting.shift()?.();
  }
}

/** The body as JSON, no deeper than `serverLimits.jsonDepthMax`. */
export async function readJson(request: IncomingMessage, limits: BodyLimits): Promise<unknown> {
  return parseJson(await readBody(request, limits));
}

export function parseJson(bytes: Buffer): unknown {
  if (!isShallow(bytes, serverLimits.jsonDepthMax)) {
    throw new Refusal(400, `the JSON is nested deeper than ${serverLimits.jsonDepthMax} levels`);
  }
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch {
    throw new Refusal(400, "the body is no JSON");
  }
}

class Slow extends Error {}
class TooMuch extends Error {}

type Unpack = (bytes: Buffer, bytesMax: number) => Promise<Buffer>;

function unpackerFor(coding: string | undefined): Unpack | null {
  switch (coding?.trim().toLowerCase() ?? "identity") {
    case "":
    case "identity":
      return null;
    case "gzip":
    case "x-gzip":
      return (bytes, maxOutputLength) => unpackGzip(bytes, { maxOutputLength });
    case "zstd":
      return (bytes, maxOutputLength) => unpackZstd(bytes, { maxOutputLength, params: ZSTD });
    default:
      throw new Refusal(415, "Content-Encoding: zstd, gzip or none is taken", {
        headers: { "accept-encoding": "zstd, gzip" },
      });
  }
}

const unpackGzip = promisify<Buffer, ZlibOptions, Buffer>(gunzip);
const unpackZstd = promisify<Buffer, ZstdOptions, Buffer>(zstdDecompress);
const ZSTD = { [constants.ZSTD_d_windowLogMax]: serverLimits.zstdWindowLogMax };

function refusalFor(error: unknown, limits: BodyLimits): unknown {
  if (error instanceof Slow) {
    return new Refusal(408, `the body did not come within ${limits.timeoutMs / 1000} s`);
  }
  if (error instanceof TooMuch) return tooLarge(limits.wireBytesMax);
  const { code = "" } = error as NodeJS.ErrnoException;
  if (code === "ERR_BUFFER_TOO_LARGE") return tooLarge(limits.bytesMax);
  if (/^(?:Z_|ERR_ZSTD|ZSTD_|ERR_ZLIB)/.test(code)) {
    return new Refusal(400, "the body is not in the coding that Content-Encoding names");
  }
  if (code === "ECONNRESET" || code === "ERR_STREAM_PREMATURE_CLOSE") {
    return new Refusal(400, "the connection ended within the body");
  }
  return error;
}

const tooLarge = (bytes: number): Refusal =>
  new Refusal(413, `at most ${Math.floor(bytes / 2 ** 20)} MiB are taken`);

function collect(stream: Readable, bytesMax: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let byteCount = 0;
    stream.on("data", (chunk: Buffer) => {
      byteCount += chunk.length;
      if (byteCount > bytesMax) {
        stream.pause();
        stream.removeAllListeners("data");
        reject(new TooMuch());
        return;
      }
      chunks.push(chunk);
    });
    stream.once("end", () => resolve(Buffer.concat(chunks)));
    stream.once("error", reject);
    stream.once("aborted", () => reject(Object.assign(new Error(), { code: "ECONNRESET" })));
  });
}

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;

/** Whether no bracket of the JSON text opens deeper than `depthMax`; says nothing about whether it is JSON. */
export function isShallow(bytes: Uint8Array, depthMax: number): boolean {
  let depth = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) {
      for (at++; at < bytes.length && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth++;
      if (depth > depthMax) return false;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
  }
  return true;
}
