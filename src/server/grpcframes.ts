/** Cuts messages out of a gRPC stream: a byte of flags, the length in 4 bytes (big end first), and so many bytes. */
import { Buffer } from "node:buffer";

const HEAD_BYTES = 5;

/** Bytes that all streams together hold of messages that are not complete. */
export class HeldFrames {
  readonly #bytesMax: number;
  #byteCount = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  take(byteCount: number): boolean {
    if (this.#byteCount + byteCount > this.#bytesMax) return false;
    this.#byteCount += byteCount;
    return true;
  }

  give(byteCount: number): void {
    this.#byteCount -= byteCount;
  }
}

export class GrpcFrames {
  readonly #held: HeldFrames;
  readonly #messageBytesMax: number;
  #pieces: Buffer[] = [];
  #byteCount = 0;
  #isBroken = false;

  constructor(held: HeldFrames, messageBytesMax: number) {
    this.#held = held;
    this.#messageBytesMax = messageBytesMax;
  }

  /**
   * Calls `take` with each complete message, a view that is good until it returns. False, once and for ever, where a
   * message is too large or compressed, or nothing more can be held.
   */
  push(chunk: Buffer, take: (message: Uint8Array) => void): boolean {
    if (this.#isBroken) return true;
    let bytes = chunk;
    if (this.#byteCount > 0) {
      if (!this.#isEnough(chunk)) return this.#hold(chunk);
      bytes = Buffer.concat([...this.#pieces, chunk]);
      this.#release();
    }
    let at = 0;
    while (bytes.length - at >= HEAD_BYTES) {
      const size = bytes.readUInt32BE(at + 1);
      if (bytes[at] !== 0 || size > this.#messageBytesMax) return this.#fail();
      if (bytes.length - at < HEAD_BYTES + size) break;
      take(bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + size));
      at += HEAD_BYTES + size;
    }
    return at === bytes.length || this.#hold(bytes.subarray(at));
  }

  close(): void {
    this.#release();
    this.#isBroken = true;
  }

  /** Whether the message that is held is complete with `chunk`, so that pieces are joined once. */
  #isEnough(chunk: Buffer): boolean {
    const first = this.#pieces[0]!;
    if (first.length < HEAD_BYTES) return true;
    return this.#byteCount + chunk.length >= HEAD_BYTES + first.readUInt32BE(1);
  }

  #hold(bytes: Buffer): boolean {
    if (!this.#held.take(bytes.length)) return this.#fail();
    this.#byteCount += bytes.length;
    this.#pieces.push(bytes);
    return true;
  }

  #release(): void {
    this.#held.give(this.#byteCount);
    this.#pieces = [];
    this.#byteCount = 0;
  }

  #fail(): false {
    this.#release();
    this.#isBroken = true;
    return false;
  }
}
