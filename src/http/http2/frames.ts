import { httpLimits } from "../../base/limits.ts";
import type { HeldBudget } from "../decoding.ts";

/** RFC 9113, section 6; of the others nothing is needed. */
const FrameType = { Data: 0, Headers: 1, Reset: 3, PushPromise: 5, Continuation: 9 } as const;

const Flag = { EndStream: 1, EndHeaders: 4, Padded: 8, Priority: 32 } as const;

const HEAD_BYTES = 9;
const PRIORITY_BYTES = 5;
const PROMISE_BYTES = 4;
const NO_BYTES = new Uint8Array(0);

/** Takes what one direction says of its streams. Bytes are valid during the call. */
export interface FrameTaker {
  /** A whole header block; false where it cannot be read, and so nothing behind it. */
  block(streamId: number, bytes: Uint8Array, start: number, end: number): boolean;
  /** A whole header block that announces a request of the server's own making. */
  promise(bytes: Uint8Array, start: number, end: number): boolean;
  data(streamId: number, bytes: Uint8Array, start: number, end: number): void;
  /** `byteCount` bytes of data were lost. */
  lost(streamId: number, byteCount: number): void;
  /** The direction has said all on this stream. */
  ended(streamId: number): void;
  reset(streamId: number): void;
}

/** Cuts one direction of a connection into frames, in pieces of any size. */
export class FrameReader {
  readonly #taker: FrameTaker;
  readonly #budget: HeldBudget;
  /** What must come first (section 3.4), and how much of it has. */
  readonly #preface: Uint8Array;
  #prefaceCount = 0;
  readonly #head = new Uint8Array(HEAD_BYTES);
  #headCount = 0;
  /** Of the frame that is read: what its head says, and how many bytes of it are to come. */
  #type = 0;
  #flags = 0;
  #streamId = 0;
  #left = 0;
  /** The last of these are padding; -1 while the byte that says how many is to come. */
  #padding = 0;
  /** Of the stream whose header block is being collected; 0 where none is. */
  #blockStreamId = 0;
  #blockEndsStream = false;
  #blockIsPromise = false;
  #held: Uint8Array = NO_BYTES;
  #heldCount = 0;

  constructor(taker: FrameTaker, budget: HeldBudget, preface: Uint8Array) {
    this.#taker = taker;
    this.#budget = budget;
    this.#preface = preface;
  }

  /** False where the bytes are no HTTP/2, or ask for too much: nothing behind them is trusted. */
  data(bytes: Uint8Array, start: number, end: number): boolean {
    let at = start;
    while (at < end && this.#prefaceCount < this.#preface.length) {
      if (bytes[at++] !== this.#preface[this.#prefaceCount++]) return false;
    }
    while (at < end) {
      if (this.#headCount < HEAD_BYTES) {
        this.#head[this.#headCount++] = bytes[at++]!;
        if (this.#headCount === HEAD_BYTES && !this.#begin()) return false;
        continue;
      }
      const stop = Math.min(end, at + this.#left);
      this.#left -= stop - at;
      if (!this.#payload(bytes, at, stop)) return false;
      at = stop;
      if (this.#left === 0 && !this.#finish()) return false;
    }
    return true;
  }

  /** False where more than the data of one frame was lost, and so what is read next. */
  gap(byteCount: number): boolean {
    if (this.#headCount < HEAD_BYTES || byteCount > this.#left || this.#isCollected()) return false;
    if (this.#type === FrameType.Data) {
      if (this.#padding < 0) return false;
      const dataLeft = Math.max(0, this.#left - this.#padding);
      this.#taker.lost(this.#streamId, Math.min(byteCount, dataLeft));
    }
    this.#left -= byteCount;
    return this.#left > 0 || this.#finish();
  }

  close(): void {
    this.#budget.give(this.#held.length);
    this.#held = NO_BYTES;
    this.#heldCount = 0;
  }

  #begin(): boolean {
    const head = this.#head;
    this.#left = (head[0]! << 16) | (head[1]! << 8) | head[2]!;
    this.#type = head[3]!;
    this.#flags = head[4]!;
    this.#streamId = ((head[5]! & 0x7f) << 24) | (head[6]! << 16) | (head[7]! << 8) | head[8]!;
    this.#padding = this.#type === FrameType.Data && this.#has(Flag.Padded) ? -1 : 0;
    const continues = this.#type === FrameType.Continuation;
    // Nothing may come between the parts of a block (section 6.10).
    if (continues !== (this.#blockStreamId !== 0)) return false;
    if (continues && this.#streamId !== this.#blockStreamId) return false;
    if (this.#isCollected() && this.#left > httpLimits.headBytesMax) return false;
    if (!continues) this.#heldCount = 0;
    return this.#left > 0 || this.#finish();
  }

  #has(flag: number): boolean {
    return (this.#flags & flag) !== 0;
  }

  /** Frames that are read when they are whole. */
  #isCollected(): boolean {
    const type = this.#type;
    return (
      type === FrameType.Headers ||
      type === FrameType.Continuation ||
      type === FrameType.PushPromise
    );
  }

  /** `#left` counts what follows these bytes. */
  #payload(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#isCollected()) return this.#hold(bytes, start, end);
    if (this.#type !== FrameType.Data) return true;
    let from = start;
    if (this.#padding < 0) {
      this.#padding = bytes[from++]!;
      if (this.#padding > end - from + this.#left) return false;
    }
    const dataEnd = Math.min(end, end + this.#left - this.#padding);
    if (dataEnd > from) this.#taker.data(this.#streamId, bytes, from, dataEnd);
    return true;
  }

  #hold(bytes: Uint8Array, start: number, end: number): boolean {
    const needed = this.#heldCount + end - start;
    if (needed > httpLimits.headBytesMax) return false;
    if (needed > this.#held.length) {
      const size = Math.min(
        httpLimits.headBytesMax,
        Math.max(needed, 2 * this.#held.length, FIRST_HOLD_BYTES),
      );
      if (!this.#budget.take(size - this.#held.length)) return false;
      const larger = new Uint8Array(size);
      larger.set(this.#held.subarray(0, this.#heldCount));
      this.#held = larger;
    }
    this.#held.set(bytes.subarray(start, end), this.#heldCount);
    this.#heldCount = needed;
    return true;
  }

  /** The frame is whole. */
  #finish(): boolean {
    this.#headCount = 0;
    switch (this.#type) {
      case FrameType.Data:
        if (this.#padding < 0) return false;
        if (this.#has(Flag.EndStream)) this.#taker.ended(this.#streamId);
        return true;
      case FrameType.Reset:
        this.#taker.reset(this.#streamId);
        return true;
      case FrameType.Headers:
      case FrameType.PushPromise:
        return this.#beginBlock();
      case FrameType.Continuation:
        return !this.#has(Flag.EndHeaders) || this.#finishBlock();
      default:
        return true;
    }
  }

  /** Takes off what stands around the fragment in the first frame of a block. */
  #beginBlock(): boolean {
    const isPromise = this.#type === FrameType.PushPromise;
    const isPadded = this.#has(Flag.Padded);
    const padding = isPadded ? (this.#held[0] ?? 0) : 0;
    let start = isPadded ? 1 : 0;
    if (isPromise) start += PROMISE_BYTES;
    else if (this.#has(Flag.Priority)) start += PRIORITY_BYTES;
    const end = this.#heldCount - padding;
    if (start > end || this.#streamId === 0) return false;
    this.#held.copyWithin(0, start, end);
    this.#heldCount = end - start;
    this.#blockStreamId = this.#streamId;
    this.#blockIsPromise = isPromise;
    this.#blockEndsStream = !isPromise && this.#has(Flag.EndStream);
    return !this.#has(Flag.EndHeaders) || this.#finishBlock();
  }

  #finishBlock(): boolean {
    const streamId = this.#blockStreamId;
    this.#blockStreamId = 0;
    const isRead = this.#blockIsPromise
      ? this.#taker.promise(this.#held, 0, this.#heldCount)
      : this.#taker.block(streamId, this.#held, 0, this.#heldCount);
    this.#heldCount = 0;
    if (this.#held.length > KEPT_BYTES_MAX) this.close();
    if (isRead && this.#blockEndsStream) this.#taker.ended(streamId);
    return isRead;
  }
}

const FIRST_HOLD_BYTES = 512;
/** Room for blocks that is kept for the next one. */
const KEPT_BYTES_MAX = 4096;
