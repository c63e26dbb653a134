/** Bodies of requests that may be hostile: compressed bombs, endless nesting, bytes that trickle. */
import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { constants, createGunzip, createZstdDecompress } from "node:zlib";
import { serverLimits } from "../base/limits.ts";
import { Refusal } from "./problem.ts";

export interface BodyLimits {
  /** Bytes as they come, and bytes after decompression. */
  readonly wireBytesMax: number;
  readonly bytesMax: number;
  readonly timeoutMs: number;
}

/** The whole body, decompressed (gzip, zstd or as it is). Reads no more than the limits allow. */
export async function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > limits.wireBytesMax) throw tooLarge(limits.wireBytesMax);
  const decoder = decoderFor(request.headers["content-encoding"]);
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      request.pause();
      decoder?.destroy();
      reject(new Slow());
    }, limits.timeoutMs);
  });
  try {
    const body =
      decoder === null
        ? collect(request, limits.wireBytesMax)
        : decompress(request, decoder, limits);
    body.catch(() => undefined);
    return await Promise.race([body, timeUp]);
  } catch (error) {
    throw refusalFor(error, limits);
  } finally {
    clearTimeout(timer);
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

function decoderFor(coding: string | undefined): (Readable & NodeJS.WritableStream) | null {
  switch (coding?.trim().toLowerCase() ?? "identity") {
    case "":
    case "identity":
      return null;
    case "gzip":
    case "x-gzip":
      return createGunzip();
    case "zstd":
      return createZstdDecompress({
        params: { [constants.ZSTD_d_windowLogMax]: serverLimits.zstdWindowLogMax },
      });
    default:
      throw new Refusal(415, "Content-Encoding: zstd, gzip or none is taken", {
        headers: { "accept-encoding": "zstd, gzip" },
      });
  }
}

function refusalFor(error: unknown, limits: BodyLimits): unknown {
  if (error instanceof Slow) {
    return new Refusal(408, `the body did not come within ${limits.timeoutMs / 1000} s`);
  }
  if (error instanceof TooMuch) return tooLarge(limits.bytesMax);
  const { code = "" } = error as NodeJS.ErrnoException;
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

async function decompress(
  request: IncomingMessage,
  decoder: Readable & NodeJS.WritableStream,
  { wireBytesMax, bytesMax }: BodyLimits,
): Promise<Buffer> {
  let wireBytes = 0;
  request.on("data", (chunk: Buffer) => {
    wireBytes += chunk.length;
    if (wireBytes > wireBytesMax) decoder.destroy(new TooMuch());
  });
  request.once("error", (error) => decoder.destroy(error));
  request.once("aborted", () =>
    decoder.destroy(Object.assign(new Error(), { code: "ECONNRESET" })),
  );
  request.pipe(decoder);
  try {
    return await collect(decoder, bytesMax);
  } finally {
    request.unpipe(decoder);
    decoder.destroy();
  }
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
