/**
 * Decoders of content codings that run to and fro in one call: no event loop, no stream, reused by a pool.
 *
 * node:zlib offers either whole buffers (`gunzipSync` makes and destroys a decoder each time: 7 us for a body of
 * 225 bytes) or asynchronous streams. The object behind both can do what is wanted, 3 us a body and bodies
 * of any length in pieces: `writeSync`, `reset`, an array with what is left of input and output. It is not
 * documented, so `openCodec` proves that it works before it is used, and otherwise collects bounded bodies
 * for the documented functions.
 */
import zlib from "node:zlib";
import { httpLimits } from "../base/limits.ts";

export const Coding = { Gzip: 0, Zlib: 1, RawDeflate: 2, Brotli: 3, Zstd: 4 } as const;
export type Coding = (typeof Coding)[keyof typeof Coding];

/** Takes decoded bytes. */
export interface ByteTaker {
  /** Bytes are valid only during the call. */
  data(bytes: Uint8Array, start: number, end: number): void;
  /** Whether nothing more is wanted. */
  readonly full: boolean;
}

/** One decoder. `begin`, then any number of `data`, then `end`. */
export interface Codec extends ByteTaker {
  readonly coding: Coding;
  begin(next: ByteTaker): void;
  /** Whether the input ended where its format says. What came out is a correct prefix in any case. */
  end(): boolean;
  /** The data is not in the format: what came before is right, nothing follows. */
  readonly broken: boolean;
}

export const openCodec = (coding: Coding): Codec =>
  handlesWork() ? new HandleCodec(coding) : new WholeCodec(coding);

interface Handle {
  writeSync(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputCount: number,
    output: Uint8Array,
    outputOffset: number,
    outputCount: number,
  ): void;
  reset(): void;
  onerror: (message: string, errno: number, code: string) => void;
}

interface WithHandle {
  readonly _handle: Handle;
  /** What is left of the output, and of the input, after `writeSync`. */
  readonly _writeState: Uint32Array;
}

const { constants } = zlib;
const NO_BYTES = new Uint8Array(0);

/** Output buffers by depth: a codec whose output goes to another must not write where that one reads. */
const outputs: Uint8Array[] = [];

class HandleCodec implements Codec {
  readonly coding: Coding;
  readonly #stream: WithHandle;
  readonly #handle: Handle;
  readonly #left: Uint32Array;
  readonly #keepGoing: number;
  readonly #finish: number;
  #next: ByteTaker = NOWHERE;
  #output: Uint8Array = NO_BYTES;
  #errorCode = "";

  constructor(coding: Coding) {
    this.coding = coding;
    this.#stream = makeStream(coding) as unknown as WithHandle;
    this.#handle = this.#stream._handle;
    this.#left = this.#stream._writeState;
    this.#handle.onerror = (_message, _errno, code) => {
      this.#errorCode = code;
    };
    this.#keepGoing = FLUSH[coding]!;
    this.#finish = FINISH[coding]!;
  }

  get full(): boolean {
    return this.#errorCode !== "" || this.#next.full;
  }

  get broken(): boolean {
    return this.#errorCode !== "" && this.#errorCode !== UNEXPECTED_END;
  }

  begin(next: ByteTaker): void {
    this.#handle.reset();
    this.#errorCode = "";
    this.#next = next;
    const depth = next instanceof HandleCodec ? next.#depth() + 1 : 0;
    outputs[depth] ??= new Uint8Array(httpLimits.decodedPieceBytes);
    this.#output = outputs[depth];
  }

  #depth(): number {
    return outputs.indexOf(this.#output);
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    this.#write(this.#keepGoing, bytes, start, end);
  }

  end(): boolean {
    if (this.#errorCode === "") this.#write(this.#finish, NO_BYTES, 0, 0);
    const whole = this.#errorCode === "";
    this.#next = NOWHERE;
    return whole;
  }

  /** Goes on until the input is used up, or stands still, as what follows the end of the data does. */
  #write(flush: number, bytes: Uint8Array, start: number, end: number): void {
    const output = this.#output;
    let at = start;
    while (!this.full) {
      this.#handle.writeSync(flush, bytes, at, end - at, output, 0, output.length);
      if (this.#errorCode !== "") return;
      const outputLeft = this.#left[0]!;
      const inputLeft = this.#left[1]!;
      const moved = end - inputLeft > at || outputLeft < output.length;
      at = end - inputLeft;
      if (outputLeft < output.length) this.#next.data(output, 0, output.length - outputLeft);
      if (!moved || (outputLeft > 0 && at === end)) return;
    }
  }
}

const NOWHERE: ByteTaker = { data: () => {}, full: true };
const UNEXPECTED_END = "Z_BUF_ERROR";
const FLUSH: readonly number[] = [
  constants.Z_SYNC_FLUSH,
  constants.Z_SYNC_FLUSH,
  constants.Z_SYNC_FLUSH,
  constants.BROTLI_OPERATION_FLUSH,
  constants.ZSTD_e_flush,
];
const FINISH: readonly number[] = [
  constants.Z_FINISH,
  constants.Z_FINISH,
  constants.Z_FINISH,
  constants.BROTLI_OPERATION_FINISH,
  constants.ZSTD_e_end,
];

const ZSTD_OPTIONS = {
  params: { [constants.ZSTD_d_windowLogMax]: httpLimits.zstdWindowLogMax },
};

function makeStream(coding: Coding): unknown {
  switch (coding) {
    case Coding.Gzip:
      return zlib.createGunzip();
    case Coding.Zlib:
      return zlib.createInflate();
    case Coding.RawDeflate:
      return zlib.createInflateRaw();
    case Coding.Brotli:
      return zlib.createBrotliDecompress();
    case Coding.Zstd:
      return zlib.createZstdDecompress(ZSTD_OPTIONS);
  }
}

/** Collects the body and decodes it with the documented functions. A body beyond the limit is cut there. */
export class WholeCodec implements Codec {
  readonly coding: Coding;
  broken = false;
  #next: ByteTaker = NOWHERE;
  #parts: Uint8Array[] = [];
  #byteCount = 0;
  #cut = false;

  constructor(coding: Coding) {
    this.coding = coding;
  }

  get full(): boolean {
    return this.#cut || this.#next.full;
  }

  begin(next: ByteTaker): void {
    this.#next = next;
    this.#parts = [];
    this.#byteCount = 0;
    this.#cut = false;
    this.broken = false;
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    const taken = Math.min(end - start, WHOLE_BYTES_MAX - this.#byteCount);
    if (taken < end - start) this.#cut = true;
    this.#parts.push(new Uint8Array(bytes.subarray(start, start + taken)));
    this.#byteCount += taken;
  }

  end(): boolean {
    const input = Buffer.concat(this.#parts);
    this.#parts = [];
    let whole = !this.#cut;
    let output = whole ? decodeWhole(this.coding, input, FINISH[this.coding]!) : null;
    if (output === null) {
      whole = false;
      output = decodeWhole(this.coding, input, FLUSH[this.coding]!);
      this.broken = output === null;
    }
    if (output !== null) this.#next.data(output, 0, output.length);
    this.#next = NOWHERE;
    return whole;
  }
}

/** What the fallback holds of one body. */
const WHOLE_BYTES_MAX = 8 * httpLimits.encodedHeldBytesMax;

function decodeWhole(coding: Coding, input: Uint8Array, finishFlush: number): Uint8Array | null {
  const options = { finishFlush, maxOutputLength: httpLimits.bodyBytesMax };
  try {
    switch (coding) {
      case Coding.Gzip:
        return zlib.gunzipSync(input, options);
      case Coding.Zlib:
        return zlib.inflateSync(input, options);
      case Coding.RawDeflate:
        return zlib.inflateRawSync(input, options);
      case Coding.Brotli:
        return zlib.brotliDecompressSync(input, options);
      case Coding.Zstd:
        return zlib.zstdDecompressSync(input, { ...options, ...ZSTD_OPTIONS });
    }
  } catch {
    return null;
  }
}

let proven: boolean | null = null;

/** Decodes something known in two pieces, and something broken, before any traffic is trusted to the handle. */
function handlesWork(): boolean {
  proven ??= proveHandles();
  return proven;
}

function proveHandles(): boolean {
  const text = Buffer.from("what goes in comes out, ".repeat(20));
  const encoded = zlib.gzipSync(text);
  try {
    const codec = new HandleCodec(Coding.Gzip);
    for (let round = 0; round < 2; round++) {
      let count = 0;
      const taker = {
        full: false,
        data: (_bytes: Uint8Array, start: number, end: number) => {
          count += end - start;
        },
      };
      codec.begin(taker);
      codec.data(encoded, 0, 30);
      codec.data(encoded, 30, encoded.length);
      if (!codec.end() || count !== text.length) return false;
      codec.begin(taker);
      codec.data(text, 0, text.length);
      if (codec.end() || !codec.broken) return false;
    }
    return true;
  } catch {
    return false;
  }
}
