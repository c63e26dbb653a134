import { httpLimits } from "../base/limits.ts";
import { ChunkedFraming, ChunkState } from "./chunked.ts";
import type { CodecPool, CodingName } from "./codings.ts";
import { DecodeOutcome, Decoding, type HeldBudget } from "./decoding.ts";
import type { BodySink } from "./exchange.ts";
import { Framing } from "./framing.ts";
import { StatusLine, startsStatusLine } from "./startline.ts";

/** How far a body has come. */
export const BodyState = { Open: 0, Done: 1, Broken: 2 } as const;
export type BodyState = (typeof BodyState)[keyof typeof BodyState];

/** What happens to the bytes. */
const Mode = { Count: 0, Plain: 1, Encoded: 2 } as const;
type Mode = (typeof Mode)[keyof typeof Mode];

/**
 * The body of one message: takes its framing off, then its codings, and hands what is left to the sink. Plain
 * bytes pass in place. Borrowed from a pool while a body is open.
 */
export class Body {
  state: BodyState = BodyState.Open;
  /** Body bytes on the wire without framing, those that a gap swallowed included where their number is known. */
  byteCount = 0;
  undecodable = false;
  overLimit = false;
  /** A gap fell into it: nothing behind the gap is handed on. */
  lossy = false;
  /** The request was not seen: it may have been HEAD, and what follows the head another response (RFC 9112, 6.3). */
  mayBeAbsent = false;
  readonly #chunked = new ChunkedFraming();
  readonly #decoding: Decoding;
  #framing: Framing = Framing.None;
  #mode: Mode = Mode.Count;
  #sink: BodySink | null = null;
  /** Bytes of a Content-Length body that are still to come. */
  #remaining = 0;
  #handedOn = 0;
  /** The encoded data ended before its format says. */
  #truncated = false;

  constructor(pool: CodecPool, budget: HeldBudget) {
    this.#decoding = new Decoding(pool, budget);
  }

  /** `codings` null: unknown ones, so the sink gets nothing. */
  begin(
    framing: Framing,
    length: number,
    codings: readonly CodingName[] | null,
    sink: BodySink | null,
  ): void {
    this.state = BodyState.Open;
    this.byteCount = 0;
    this.overLimit = false;
    this.lossy = false;
    this.mayBeAbsent = false;
    this.undecodable = codings === null;
    this.#framing = framing;
    this.#remaining = length;
    this.#handedOn = 0;
    this.#truncated = false;
    this.#sink = sink;
    this.#mode = Mode.Count;
    if (framing === Framing.Chunked) this.#chunked.reset();
    if (sink === null || codings === null) return;
    this.#mode = codings.length === 0 ? Mode.Plain : Mode.Encoded;
    if (codings.length > 0) this.#decoding.begin(codings, this);
  }

  /** Reads up to the body's end; returns the offset where it stopped: `end` while it is open, `start` while unsure. */
  feed(bytes: Uint8Array, start: number, end: number): number {
    if (this.mayBeAbsent && !this.#isDecided(bytes, start, end)) return start;
    switch (this.#framing) {
      case Framing.Length: {
        const stop = start + Math.min(this.#remaining, end - start);
        this.#remaining -= stop - start;
        if (this.#remaining === 0) this.state = BodyState.Done;
        this.#payload(bytes, start, stop);
        return stop;
      }
      case Framing.Chunked:
        return this.#feedChunked(bytes, start, end);
      default:
        this.#payload(bytes, start, end);
        return end;
    }
  }

  /** Decides whether there is a body at all; false where that takes more bytes, or where there is none. */
  #isDecided(bytes: Uint8Array, start: number, end: number): boolean {
    const answer = startsStatusLine(bytes, start, end);
    if (answer === StatusLine.Yes) this.state = BodyState.Done;
    if (answer !== StatusLine.NotSure) this.mayBeAbsent = false;
    return answer === StatusLine.No;
  }

  #feedChunked(bytes: Uint8Array, start: number, end: number): number {
    const chunked = this.#chunked;
    let at = start;
    while (at < end) {
      at = chunked.feed(bytes, at, end);
      if (chunked.state === ChunkState.Data) {
        const stop = at + Math.min(chunked.remaining, end - at);
        chunked.take(stop - at);
        this.#payload(bytes, at, stop);
        at = stop;
      } else if (chunked.state === ChunkState.Done) {
        this.state = BodyState.Done;
        return at;
      } else if (chunked.state === ChunkState.Broken) {
        this.state = BodyState.Broken;
        return at;
      }
    }
    return at;
  }

  #payload(bytes: Uint8Array, start: number, end: number): void {
    const first = this.byteCount === 0;
    this.byteCount += end - start;
    if (this.#mode === Mode.Count || start === end) return;
    if (this.#mode === Mode.Plain) this.data(bytes, start, end);
    else if (first && this.#framing === Framing.Length && this.state === BodyState.Done)
      this.#settle(this.#decoding.decodeAll(bytes, start, end));
    else this.#decoding.data(bytes, start, end);
  }

  /** Decoded bytes on their way to the sink, up to the limit. */
  data(bytes: Uint8Array, start: number, end: number): void {
    const room = httpLimits.bodyBytesMax - this.#handedOn;
    const stop = Math.min(end, start + room);
    if (stop < end) this.overLimit = true;
    if (stop === start) return;
    this.#handedOn += stop - start;
    this.#sink?.data(bytes, start, stop);
  }

  get full(): boolean {
    return this.overLimit;
  }

  get broken(): boolean {
    return this.state === BodyState.Broken;
  }

  /** Whether it has no other end than that of its direction. */
  get endsAtClose(): boolean {
    return this.#framing === Framing.Close;
  }

  /**
   * `byteCount` bytes were lost. Returns how many of them surely belong to this body, or -1 where its framing
   * was among them.
   */
  skip(byteCount: number): number {
    this.lossy = true;
    this.#cut();
    if (this.#framing === Framing.Length) {
      const skipped = Math.min(byteCount, this.#remaining);
      this.#remaining -= skipped;
      this.byteCount += skipped;
      if (this.#remaining === 0) this.state = BodyState.Done;
      return skipped;
    }
    if (this.#framing === Framing.Chunked) {
      if (this.#chunked.state !== ChunkState.Data || this.#chunked.remaining < byteCount) return -1;
      this.#chunked.take(byteCount);
    }
    this.byteCount += byteCount;
    return byteCount;
  }

  /** The body is over. `whole`: its framing ended as announced. Returns whether all of it reached the sink. */
  finish(whole: boolean): boolean {
    if (this.#mode === Mode.Encoded) this.#settle(this.#decoding.end());
    const sink = this.#sink;
    this.#sink = null;
    const intact = whole && !this.lossy;
    if (intact && this.#truncated) this.undecodable = true;
    sink?.end(intact && !this.undecodable && !this.overLimit && !this.#truncated);
    return intact;
  }

  /** It is thrown away. */
  release(): void {
    this.#decoding.release();
  }

  /** What was held so far is decoded; nothing behind it will be. */
  #cut(): void {
    if (this.#mode === Mode.Encoded) this.#settle(this.#decoding.end());
    this.#mode = Mode.Count;
  }

  #settle(outcome: DecodeOutcome): void {
    this.#mode = Mode.Count;
    if (outcome === DecodeOutcome.NoRoom) this.overLimit = true;
    else if (outcome === DecodeOutcome.Broken) this.undecodable = true;
    else if (outcome === DecodeOutcome.Truncated) this.#truncated = true;
  }
}
