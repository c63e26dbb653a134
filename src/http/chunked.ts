/**
 * The framing of a chunked body (RFC 9112, section 7.1), resumable at any byte:
 *
 *   Size -> (Blank | Extension)* -> SizeLineFeed -> Data -> DataEnd -> Size
 *                                               \-> (last chunk) Trailer -> Done
 *
 * Anything else leads to Broken. The size is hexadecimal digits and nothing before them; white space and
 * extensions behind it are skipped, as are trailers. Lines may end in a bare line feed.
 */
import { httpLimits } from "../base/limits.ts";

export const ChunkState = {
  Size: 0,
  Blank: 1,
  Extension: 2,
  SizeLineFeed: 3,
  Data: 4,
  DataEnd: 5,
  DataLineFeed: 6,
  Trailer: 7,
  Done: 8,
  Broken: 9,
} as const;
export type ChunkState = (typeof ChunkState)[keyof typeof ChunkState];

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const SEMICOLON = 59;

export class ChunkedFraming {
  state: ChunkState = ChunkState.Size;
  /** Bytes of the current chunk that are still to come, valid in `Data`. */
  remaining = 0;
  #digits = 0;
  /** Bytes of the extensions of one chunk, or of the trailer section. */
  #lineBytes = 0;
  #trailerLineBytes = 0;
  #afterCr = false;

  reset(): void {
    this.state = ChunkState.Size;
    this.remaining = 0;
    this.#digits = 0;
    this.#lineBytes = 0;
    this.#trailerLineBytes = 0;
    this.#afterCr = false;
  }

  /** Reads framing bytes up to chunk data, Done, Broken, or `end`; returns the offset where it stopped. */
  feed(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && this.state !== ChunkState.Data && this.state < ChunkState.Done)
      this.#step(bytes[at++]!);
    return at;
  }

  /** `byteCount` bytes of chunk data went by; at most `remaining`. */
  take(byteCount: number): void {
    this.remaining -= byteCount;
    if (this.remaining === 0) this.state = ChunkState.DataEnd;
  }

  #step(byte: number): void {
    switch (this.state) {
      case ChunkState.Size:
        this.#size(byte);
        break;
      case ChunkState.Blank:
        if (byte !== SPACE && byte !== TAB) this.#endSize(byte);
        break;
      case ChunkState.Extension:
        if (byte === LF) this.#beginChunk();
        else if (byte === CR) this.state = ChunkState.SizeLineFeed;
        else if (++this.#lineBytes > httpLimits.chunkLineBytesMax) this.state = ChunkState.Broken;
        break;
      case ChunkState.SizeLineFeed:
        if (byte === LF) this.#beginChunk();
        else this.state = ChunkState.Broken;
        break;
      case ChunkState.DataEnd:
        if (byte === CR) this.state = ChunkState.DataLineFeed;
        else this.state = byte === LF ? ChunkState.Size : ChunkState.Broken;
        break;
      case ChunkState.DataLineFeed:
        this.state = byte === LF ? ChunkState.Size : ChunkState.Broken;
        break;
      case ChunkState.Trailer:
        this.#trailer(byte);
        break;
    }
  }

  #size(byte: number): void {
    const digit = hexDigit(byte);
    if (digit < 0) {
      if (this.#digits === 0) this.state = ChunkState.Broken;
      else this.#endSize(byte);
      return;
    }
    this.remaining = this.remaining * 16 + digit;
    if (++this.#digits > DIGITS_MAX || this.remaining > Number.MAX_SAFE_INTEGER)
      this.state = ChunkState.Broken;
  }

  #endSize(byte: number): void {
    if (byte === LF) this.#beginChunk();
    else if (byte === CR) this.state = ChunkState.SizeLineFeed;
    else if (byte === SEMICOLON) this.state = ChunkState.Extension;
    else if (byte === SPACE || byte === TAB) this.state = ChunkState.Blank;
    else this.state = ChunkState.Broken;
  }

  #beginChunk(): void {
    this.state = this.remaining > 0 ? ChunkState.Data : ChunkState.Trailer;
    this.#digits = 0;
    this.#lineBytes = 0;
    this.#trailerLineBytes = 0;
    this.#afterCr = false;
  }

  #trailer(byte: number): void {
    if (byte === LF) {
      if (this.#trailerLineBytes === 0) this.state = ChunkState.Done;
      this.#trailerLineBytes = 0;
      this.#afterCr = false;
    } else if (byte === CR && !this.#afterCr) this.#afterCr = true;
    else {
      this.#trailerLineBytes++;
      if (++this.#lineBytes > httpLimits.chunkLineBytesMax) this.state = ChunkState.Broken;
    }
  }
}

/** Leading zeros are allowed, but not without end. */
const DIGITS_MAX = 24;

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
