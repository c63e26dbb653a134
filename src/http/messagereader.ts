/**
 * One direction of a flow: bytes and gaps in, heads and bodies of messages out (`readerstate.ts` has its states).
 *
 * Bytes that cannot be decided yet (part of a head) are held and seen again together with those that follow,
 * so that it makes no difference how the stream was cut into pieces.
 */
import { httpLimits } from "../base/limits.ts";
import type { Direction } from "../reassemble/stream.ts";
import { type Body, BodyState } from "./body.ts";
import type { HttpContext } from "./context.ts";
import { parseCutHead, roleOfHead } from "./cuthead.ts";
import { mayEndHead, skipBlankLines } from "./headend.ts";
import type { HeldBytes } from "./heldbytes.ts";
import { Parse } from "./pooledhead.ts";
import { Preamble, preambleEnd } from "./preamble.ts";
import { Probe, probe } from "./probe.ts";
import type { ReaderOwner, Said } from "./readerowner.ts";
import { ReaderState } from "./readerstate.ts";
import { findCandidate, isKnownMethod, Role } from "./search.ts";
import { SearchEffort } from "./searcheffort.ts";
import { FlowKind, HttpCount } from "./tallies.ts";

/** Of new bytes so many at a time join those that are held, so that no more than needed is copied. */
const HOLD_STEP_BYTES = 1 << 12;

export class MessageReader {
  readonly direction: Direction;
  state: ReaderState = ReaderState.Probe;
  role: Role = Role.Unknown;
  /** Time of the first byte of the message that was read last. */
  startTimeMs = 0;
  readonly #owner: ReaderOwner;
  readonly #context: HttpContext;
  /** Whether the flow's beginning was not seen, so that its first bytes may be anything. */
  #midStream: boolean;
  #body: Body | null = null;
  /** Shared while nothing is held, as most flows are idle most of the time. */
  #held: HeldBytes;
  /** Held bytes that were there before the latest joined them. */
  #olderCount = 0;
  /** In `Search`: the held bytes begin with a candidate, and its role. */
  #candidateRole: Role = Role.Unknown;
  /** Of the search that goes on. */
  #effort: SearchEffort | null = null;
  #timeMs = 0;

  constructor(direction: Direction, owner: ReaderOwner, context: HttpContext, midStream: boolean) {
    this.direction = direction;
    this.#owner = owner;
    this.#context = context;
    this.#midStream = midStream;
    this.#held = context.nothingHeld;
  }

  /** Returns the offset behind what was read or held: `end`, but where the reader closed before. */
  data(bytes: Uint8Array, start: number, end: number, timeMs: number): number {
    this.#timeMs = timeMs;
    let at = start;
    while (at < end && this.state !== ReaderState.Closed) {
      if (this.#held.count === 0) {
        this.#olderCount = 0;
        const undecided = this.#run(bytes, at, end);
        if (undecided < end) this.#hold(bytes, undecided, end);
        return end;
      }
      const stop = Math.min(end, at + HOLD_STEP_BYTES);
      this.#olderCount = this.#held.count;
      if (!this.#hold(bytes, at, stop)) return end;
      this.#dropHeld(this.#run(this.#held.bytes, 0, this.#held.count));
      at = stop;
    }
    return at;
  }

  gap(byteCount: number, timeMs: number): void {
    if (this.state === ReaderState.Closed) return;
    this.#timeMs = timeMs;
    this.#context.counters.add(HttpCount.gaps, byteCount);
    this.#decideHeld();
    if (this.#isClosed() || this.#cutHead(byteCount, timeMs)) return;
    const atStart = this.state === ReaderState.Probe && !this.#midStream;
    const certain = this.state === ReaderState.Boundary || atStart;
    const headSeen = certain && this.#held.count > 0;
    if (headSeen) this.#context.counters.add(HttpCount.lostHeads, this.#held.count);
    const heldTimeMs = this.#held.count > 0 ? this.#held.timeOf(this.#held.count - 1) : null;
    this.#dropHeld(this.#held.count);
    if (this.#body !== null) {
      const skipped = this.#body.skip(byteCount);
      if (skipped === byteCount) {
        if (this.#body.state === BodyState.Done) this.#endBody(true);
        return;
      }
      this.#endBody(skipped >= 0);
      if (this.#isClosed()) return;
      this.#search();
      this.#owner.messagesLost(this.direction, skipped >= 0, false);
      return;
    }
    const searching = this.state === ReaderState.Search;
    this.#midStream = true;
    this.#search();
    this.#owner.messagesLost(this.direction, certain, headSeen);
    if (searching) this.#owner.bytesSkipped(this.direction, timeMs);
    else if (!certain && heldTimeMs !== null) this.#owner.bytesSkipped(this.direction, heldTimeMs);
  }

  /** A gap cuts off the head that is held: tells what its whole lines say, if the first is among them. */
  #cutHead(gapBytes: number, gapTimeMs: number): boolean {
    const { bytes, count } = this.#held;
    if (count === 0 || this.#body !== null) return false;
    const at = skipBlankLines(bytes, 0, count);
    const known = this.state === ReaderState.Search ? this.#candidateRole : this.role;
    const role = known === Role.Unknown ? roleOfHead(bytes, at, count) : known;
    const isRequest = role === Role.Request;
    const { head } = this.#context.draft;
    if (role === Role.Unknown || !parseCutHead(head, bytes, at, count, isRequest)) return false;
    if (isRequest && this.state !== ReaderState.Boundary && !this.#isSurelyRequest()) return false;
    if (this.role === Role.Unknown) this.#owner.takeRole(this.direction, role);
    this.#context.counters.add(HttpCount.cutHeads, count - at);
    this.startTimeMs = this.#held.timeOf(at);
    const endTimeMs = this.#held.timeOf(count - 1);
    this.#dropHeld(count);
    this.#midStream = true;
    this.#search();
    // A hole that is as old as the packet before it is the rest of that packet, captured in part: nothing else is in it.
    const isSnapped = gapTimeMs === endTimeMs;
    this.#owner.headCut(this.direction, isSnapped ? 0 : gapBytes, endTimeMs);
    return true;
  }

  /** The direction is over. `byFin`: the sender said so, which is how a body without length ends. */
  finish(byFin: boolean): void {
    this.#decideHeld();
    if (this.#body !== null) this.#endBody(byFin && this.#body.endsAtClose);
    else if (this.#held.count > 0 && this.state === ReaderState.Boundary)
      this.#context.counters.add(HttpCount.lostHeads, this.#held.count);
    this.close();
  }

  /** Nothing follows the held bytes: what can be decided of them without more is decided now. */
  #decideHeld(): void {
    if (this.#held.count === 0) return;
    this.#olderCount = 0;
    if (this.#body !== null) this.#body.mayBeAbsent = false;
    this.#dropHeld(this.#run(this.#held.bytes, 0, this.#held.count));
  }

  /** Nothing more is wanted; a body that is open ends here. */
  abandon(): void {
    if (this.#body !== null) this.#endBody(false);
    this.close();
  }

  close(): void {
    this.#dropHeld(this.#held.count);
    this.state = ReaderState.Closed;
  }

  /** A method, so that the compiler does not remember what `state` was before a call. */
  #isClosed(): boolean {
    return this.state === ReaderState.Closed;
  }

  /** Reads what can be decided; returns the offset of the first byte that cannot. */
  #run(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end) {
      let next = at;
      switch (this.state) {
        case ReaderState.Probe:
          next = this.#probe(bytes, at, end);
          if (next === at && this.state === ReaderState.Probe) return at;
          break;
        case ReaderState.Boundary:
          next = this.#boundary(bytes, at, end);
          if (next === at && this.state === ReaderState.Boundary) return at;
          break;
        case ReaderState.Body:
          next = this.#feedBody(bytes, at, end);
          if (next === at && this.state === ReaderState.Body) return at;
          break;
        case ReaderState.Search:
          next = this.#searchStep(bytes, at, end);
          if (this.state === ReaderState.Search) return next;
          break;
        case ReaderState.Closed:
          return end;
      }
      at = next;
    }
    return at;
  }

  #probe(bytes: Uint8Array, start: number, end: number): number {
    if (this.role !== Role.Unknown)
      return this.#firstHead(bytes, start, end, this.role === Role.Request);
    const next = preambleEnd(bytes, start, end);
    if (next !== Preamble.None) return Math.max(next, start);
    const answer = probe(bytes, start, end);
    if (answer === Probe.NotSure) return start;
    if (answer === Probe.Request || answer === Probe.Response)
      return this.#firstHead(bytes, start, end, answer === Probe.Request);
    if (answer === FlowKind.unknown) return this.#notAtStart(start, end);
    const { direction } = this;
    this.#owner.otherProtocol(answer, { direction, bytes, start, end, timeMs: this.#timeMs });
    return end;
  }

  /** The next bytes may be of another protocol. */
  probeAgain(): void {
    this.state = ReaderState.Probe;
    this.role = Role.Unknown;
  }

  /** What came so far, while it is not known what it is. */
  undecided(): Said | null {
    return this.state === ReaderState.Probe ? this.#held.said(this.direction) : null;
  }

  #firstHead(bytes: Uint8Array, start: number, end: number, isRequest: boolean): number {
    const at = skipBlankLines(bytes, start, end);
    if (!this.#mayEndHead(bytes, at, end)) return start;
    const next = this.#context.draft.head.parse(bytes, at, end, isRequest);
    if (next === Parse.NeedMore) return start;
    if (next === Parse.Broken || (this.#midStream && isRequest && !this.#isSurelyRequest()))
      return this.#notAtStart(start, end);
    if (this.role === Role.Unknown)
      this.#owner.takeRole(this.direction, isRequest ? Role.Request : Role.Response);
    if (next === Parse.TooLong) return this.#tooLong(at, end);
    this.#head(bytes, at);
    return next;
  }

  /** The end of a body, or of a head, could pass as some other method. */
  #isSurelyRequest(): boolean {
    const { bytes, line } = this.#context.draft.head;
    return isKnownMethod(bytes, 0, line.methodEnd);
  }

  /** The other direction's first message has shown what this one speaks. */
  setRole(role: Role): void {
    this.role = role;
    if (this.state === ReaderState.Probe && !this.#midStream) this.state = ReaderState.Boundary;
  }

  /** The first bytes are no message: something else, or the middle of one. */
  #notAtStart(start: number, end: number): number {
    if (!this.#midStream) {
      this.#owner.notHttp(FlowKind.unknown);
      return end;
    }
    this.#search();
    return start;
  }

  #boundary(bytes: Uint8Array, start: number, end: number): number {
    const at = skipBlankLines(bytes, start, end);
    if (at === end || !this.#mayEndHead(bytes, at, end)) return at;
    const isRequest = this.role === Role.Request;
    const next = this.#context.draft.head.parse(bytes, at, end, isRequest);
    if (next >= 0) {
      this.#head(bytes, at);
      return next;
    }
    if (next === Parse.NeedMore) return at;
    if (next === Parse.TooLong) return this.#tooLong(at, end);
    this.#context.counters.add(HttpCount.resynchronised);
    this.#search();
    return at;
  }

  #tooLong(at: number, end: number): number {
    this.#context.counters.add(HttpCount.headTooLong, httpLimits.headBytesMax);
    this.#search();
    this.#owner.messagesLost(this.direction, true, true);
    return Math.min(end, at + httpLimits.headBytesMax);
  }

  /** `context.draft` was read from the bytes at `at`. */
  #head(bytes: Uint8Array, at: number): void {
    this.startTimeMs = bytes === this.#held.bytes ? this.#held.timeOf(at) : this.#timeMs;
    this.#effort = null;
    this.#midStream = false;
    this.state = ReaderState.Boundary;
    this.#body = this.#owner.headRead(this.direction, this.#timeMs);
    if (this.#body !== null) this.state = ReaderState.Body;
  }

  #feedBody(bytes: Uint8Array, start: number, end: number): number {
    const body = this.#body!;
    const next = body.feed(bytes, start, end);
    if (body.state !== BodyState.Open) this.#endBody(body.state === BodyState.Done);
    return next;
  }

  #endBody(whole: boolean): void {
    const body = this.#body!;
    this.#body = null;
    this.state = ReaderState.Boundary;
    this.#owner.bodyEnded(this.direction, body, whole, this.#timeMs);
  }

  #search(): void {
    this.state = ReaderState.Search;
    this.#candidateRole = Role.Unknown;
    this.#effort = null;
    this.#owner.framingLost(this.direction);
  }

  /** Returns the first offset that is needed again, or that behind a head that was found. */
  #searchStep(bytes: Uint8Array, start: number, end: number): number {
    const { candidate } = this.#context;
    this.#effort ??= new SearchEffort();
    let from = start;
    if (this.#candidateRole !== Role.Unknown) {
      if (!this.#mayEndHead(bytes, start, end)) return start;
      candidate.set(start, this.#candidateRole === Role.Request);
      candidate.next = start + 1;
    } else findCandidate(bytes, start, from, end, this.role, candidate);
    while (candidate.start >= 0) {
      const next = this.#tryCandidate(bytes, candidate.start, end, candidate.isRequest);
      if (next >= 0) {
        this.#skipped(bytes, start, candidate.start);
        this.#candidateRole = Role.Unknown;
        if (this.role === Role.Unknown)
          this.#owner.takeRole(this.direction, candidate.isRequest ? Role.Request : Role.Response);
        this.#head(bytes, candidate.start);
        return next;
      }
      if (next === Parse.NeedMore) {
        this.#skipped(bytes, start, candidate.start);
        this.#candidateRole = candidate.isRequest ? Role.Request : Role.Response;
        return candidate.start;
      }
      this.#effort.waste(end - candidate.start);
      if (this.#effort.isWasteful(candidate.start - start)) return this.#giveUpSearch(end);
      from = candidate.next;
      findCandidate(bytes, start, from, end, this.role, candidate);
    }
    this.#candidateRole = Role.Unknown;
    this.#skipped(bytes, start, candidate.keepFrom);
    if (this.role !== Role.Unknown || !this.#effort.isVain) return candidate.keepFrom;
    this.#owner.notHttp(FlowKind.unknown);
    return end;
  }

  /** A candidate is a message if its head is whole and has nothing odd; text in a body seldom is. */
  #tryCandidate(bytes: Uint8Array, start: number, end: number, isRequest: boolean): number {
    const { head } = this.#context.draft;
    const next = head.parse(bytes, start, end, isRequest);
    if (next < 0 && next !== Parse.NeedMore) return Parse.Broken;
    if (head.oddities !== 0 || head.line.malformed || (isRequest && head.line.spaced))
      return Parse.Broken;
    if (next >= 0 && isRequest && head.fieldCount === 0) return Parse.Broken;
    return next;
  }

  #skipped(bytes: Uint8Array, start: number, end: number): void {
    if (start === end) return;
    if (this.#effort !== null) this.#effort.searchedBytes += end - start;
    this.#context.counters.add(HttpCount.skipped, end - start);
    const timeMs = bytes === this.#held.bytes ? this.#held.timeOf(end - 1) : this.#timeMs;
    this.#owner.bytesSkipped(this.direction, timeMs);
  }

  /** Reading false candidates costs out of all proportion: this direction is let go. */
  #giveUpSearch(end: number): number {
    this.#context.counters.add(HttpCount.searchGivenUp);
    this.close();
    return end;
  }

  #mayEndHead(bytes: Uint8Array, at: number, end: number): boolean {
    return bytes !== this.#held.bytes || mayEndHead(bytes, at, this.#olderCount, end);
  }

  /** False where there is no room: then what was held is lost. */
  #hold(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.state === ReaderState.Closed) return false;
    if (this.#held.count === 0) this.#held = this.#context.borrowHeld();
    if (this.#held.add(bytes, start, end, this.#timeMs)) return true;
    this.#context.counters.add(HttpCount.heldFull, end - start);
    this.gap(end - start, this.#timeMs);
    return false;
  }

  /** The first `byteCount` held bytes are decided. */
  #dropHeld(byteCount: number): void {
    this.#held.drop(byteCount);
    if (this.#held.count > 0 || this.#held === this.#context.nothingHeld) return;
    this.#context.returnHeld(this.#held);
    this.#held = this.#context.nothingHeld;
  }
}
