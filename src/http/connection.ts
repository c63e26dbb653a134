/**
 * One TCP connection that may speak HTTP/1: two message readers, one for each direction, and the pairing of
 * what they read.
 */
import { httpLimits } from "../base/limits.ts";
import {
  CloseReason,
  Direction,
  type FlowInfo,
  type StreamConsumer,
  Verdict,
} from "../reassemble/stream.ts";
import type { Body } from "./body.ts";
import { bodyCodings, UNREAD } from "./codings.ts";
import type { HttpContext } from "./context.ts";
import { type Connection, connectionOf, ExchangeFlag } from "./exchange.ts";
import { NO_CONNECTION, type PooledExchange, type PooledMessage } from "./exchangepool.ts";
import { Framing, MethodKind, requestFraming, responseFraming } from "./framing.ts";
import { HeaderName } from "./headername.ts";
import { MessageReader } from "./messagereader.ts";
import { methodKindOf, methodText } from "./method.ts";
import { Pairing, type PairingOwner } from "./pairing.ts";
import { Probe, tlsServerName } from "./probe.ts";
import type { ReaderOwner, Said } from "./readerowner.ts";
import { ReaderState } from "./readerstate.ts";
import { Role } from "./search.ts";
import { closeBody, settle } from "./settling.ts";
import { FlowKind, HttpCount } from "./tallies.ts";

/** Who takes a flow over that speaks HTTP/2. */
export interface FlowOwner {
  /** `first`: the request that asked for it, which its first stream answers. */
  turn(client: Direction, said: readonly Said[], first: PooledExchange | null): StreamConsumer;
}

export class HttpConnection implements StreamConsumer, ReaderOwner, PairingOwner {
  readonly #context: HttpContext;
  readonly #flow: FlowInfo;
  readonly #owner: FlowOwner;
  readonly #aToB: MessageReader;
  readonly #bToA: MessageReader;
  readonly #pairing: Pairing;
  /** Null until the first message shows who is who. */
  #connection: Connection | null = null;
  /** The exchange whose request, or response, has an open body. */
  #requestOpen: PooledExchange | null = null;
  #responseOpen: PooledExchange | null = null;
  /** Requests behind a badly framed one are not trusted: the flow is let go once those before are answered. */
  #requestsUntrusted = false;
  /** Who has taken the flow over. */
  #next: StreamConsumer | null = null;
  /** Its request asked for HTTP/2, and the server has agreed. */
  #turning: PooledExchange | null = null;
  /** The protocol has changed, but the request that asked for it was captured late and is still to come. */
  #requestAwaited = false;
  #over = false;

  constructor(context: HttpContext, flow: FlowInfo, owner: FlowOwner) {
    this.#context = context;
    this.#flow = flow;
    this.#owner = owner;
    const midStream = flow.initiator === null;
    this.#aToB = new MessageReader(Direction.AToB, this, context, midStream);
    this.#bToA = new MessageReader(Direction.BToA, this, context, midStream);
    this.#pairing = new Pairing(this, !midStream);
  }

  data(
    direction: Direction,
    bytes: Uint8Array,
    start: number,
    end: number,
    timeMs: number,
  ): Verdict {
    if (this.#over) return Verdict.Ignore;
    const used = this.#reader(direction).data(bytes, start, end, timeMs);
    // Bytes that waited for these have shown HTTP/2; also where none are left, it answers whether it goes on.
    return this.#next?.data(direction, bytes, used, end, timeMs) ?? this.#verdict();
  }

  gap(direction: Direction, byteCount: number, timeMs: number): Verdict {
    if (this.#over) return Verdict.Ignore;
    this.#reader(direction).gap(byteCount, timeMs);
    return this.#verdict();
  }

  end(direction: Direction, _timeMs: number): void {
    if (!this.#over) this.#reader(direction).finish(true);
  }

  close(reason: CloseReason, _timeMs: number): void {
    if (this.#over) return;
    const byFin = reason === CloseReason.Finished;
    this.#aToB.finish(byFin);
    this.#bToA.finish(byFin);
    if (!this.#over && this.#connection === null) this.#context.flowKinds.add(FlowKind.none);
    this.#giveUp();
  }

  #reader(direction: Direction): MessageReader {
    return direction === Direction.AToB ? this.#aToB : this.#bToA;
  }

  #otherReader(direction: Direction): MessageReader {
    return direction === Direction.AToB ? this.#bToA : this.#aToB;
  }

  #verdict(): Verdict {
    const { outstandingCount } = this.#pairing;
    if (this.#nothingFollows()) this.#giveUp();
    if (this.#context.hasTooMany(outstandingCount, httpLimits.outstandingMax)) this.#giveUp();
    return this.#over ? Verdict.Ignore : Verdict.Continue;
  }

  /** Emits what is left; nothing more is wanted of this flow. */
  #giveUp(): void {
    if (this.#over) return;
    this.#over = true;
    this.#aToB.abandon();
    this.#bToA.abandon();
    this.#pairing.giveUpAll();
    const turning = this.#turning;
    if (turning === null) return;
    turning.flags |= ExchangeFlag.noResponse;
    turning.responseOver = true;
    settle(this.#context, turning);
  }

  notHttp(kind: number): void {
    this.#context.flowKinds.add(kind);
    this.#giveUp();
  }

  otherProtocol(answer: number, said: Said): void {
    const { bytes, start, end } = said;
    if (answer === Probe.Http2Client || answer === Probe.Http2Server) {
      this.#turn(said, answer === Probe.Http2Client);
      return;
    }
    const name = answer === FlowKind.tls ? tlsServerName(bytes, start, end) : null;
    if (name !== null) this.#context.noteServerName(name);
    this.notHttp(answer);
  }

  /** HTTP/2 begins: what the other side has said so far is part of it. */
  #turn(said: Said, isClient: boolean): void {
    const { direction } = said;
    const before = this.#otherReader(direction).undecided();
    this.#over = true;
    this.#next = this.#owner.turn(
      isClient ? direction : ((1 - direction) as Direction),
      before === null ? [said] : [before, said],
      this.#turning,
    );
    this.#aToB.close();
    this.#bToA.close();
  }

  takeRole(direction: Direction, role: Role): void {
    const isRequest = role === Role.Request;
    this.#reader(direction).setRole(role);
    this.#otherReader(direction).setRole(isRequest ? Role.Response : Role.Request);
    const aIsClient = isRequest === (direction === Direction.AToB);
    this.#connection = connectionOf(this.#flow, aIsClient);
    this.#context.flowKinds.add(FlowKind.http);
  }

  headRead(direction: Direction, timeMs: number): Body | null {
    const reader = this.#reader(direction);
    return reader.role === Role.Request
      ? this.#requestRead(reader, timeMs)
      : this.#responseRead(reader, timeMs);
  }

  #requestRead(reader: MessageReader, timeMs: number): Body | null {
    const { draft, framing: into } = this.#context;
    const framing = requestFraming(draft.head, into);
    const exchange = this.#openRequest(reader, timeMs, false);
    if (framing === Framing.Bad) {
      this.#requestsUntrusted = true;
      reader.close();
    }
    return this.#openBody(exchange, exchange.request!, framing);
  }

  #openRequest(reader: MessageReader, timeMs: number, endUnknown: boolean): PooledExchange {
    const context = this.#context;
    const message = this.#takeMessage(reader, timeMs);
    const exchange = this.#pairing.openRequest(message.startTimeMs, endUnknown);
    const { head } = message;
    exchange.request = message;
    exchange.method = methodText(head);
    exchange.methodKind = methodKindOf(exchange.method);
    exchange.target = head.text(head.line.targetStart, head.line.targetEnd);
    context.counters.add(HttpCount.requests, head.byteCount);
    message.sink = context.observer.requestHead(exchange);
    this.#requestOpen = exchange;
    return exchange;
  }

  #responseRead(reader: MessageReader, timeMs: number): Body | null {
    const context = this.#context;
    if (this.#isInterim() || this.#turnsToHttp2(reader)) return null;
    const { head } = context.draft;
    const exchange = this.#openResponse(reader, timeMs);
    const awaited = !exchange.requestOver && exchange.request === null;
    const framing = responseFraming(head, exchange.methodKind, context.framing);
    const upgraded = this.#isUpgrade(exchange);
    const body = this.#openBody(exchange, exchange.response!, framing);
    if (body !== null) body.mayBeAbsent = exchange.methodKind === MethodKind.Unknown;
    if (upgraded) {
      context.counters.add(HttpCount.upgrades);
      reader.close();
      const requests = this.#otherReader(reader.direction);
      this.#requestAwaited = awaited && requests.state !== ReaderState.Search;
      if (!this.#requestAwaited) this.#giveUp();
    } else if (framing === Framing.Bad) this.#giveUp();
    return body;
  }

  /** The response in the draft is not the final one. */
  #isInterim(): boolean {
    const { malformed, status } = this.#context.draft.head.line;
    if (status >= 200 || status === SWITCHING_PROTOCOLS || malformed) return false;
    this.#context.counters.add(HttpCount.interimResponses);
    this.#pairing.noteInterim();
    return true;
  }

  /** The server agrees to HTTP/2 (RFC 7540, section 3.2): it answers there. */
  #turnsToHttp2(reader: MessageReader): boolean {
    const { head } = this.#context.draft;
    if (head.line.status !== SWITCHING_PROTOCOLS || this.#pairing.onlyRequest === null)
      return false;
    if (head.value(HeaderName.Upgrade)?.trim().toLowerCase() !== "h2c") return false;
    this.#turning = this.#pairing.openResponse(reader.startTimeMs);
    this.#context.counters.add(HttpCount.upgrades);
    this.#aToB.probeAgain();
    this.#bToA.probeAgain();
    return true;
  }

  #openResponse(reader: MessageReader, timeMs: number): PooledExchange {
    const context = this.#context;
    const message = this.#takeMessage(reader, timeMs);
    const exchange = this.#pairing.openResponse(message.startTimeMs);
    exchange.connection = this.#connection!;
    exchange.response = message;
    exchange.status = message.head.line.status;
    context.counters.add(HttpCount.responses, message.head.byteCount);
    message.sink = context.observer.responseHead(exchange);
    this.#responseOpen = exchange;
    return exchange;
  }

  #isUpgrade(exchange: PooledExchange): boolean {
    const { status, methodKind } = exchange;
    const upgraded =
      status === SWITCHING_PROTOCOLS || (methodKind === MethodKind.Connect && status < 300);
    if (upgraded) exchange.flags |= ExchangeFlag.upgraded;
    return upgraded;
  }

  headCut(direction: Direction, lostBytes: number, timeMs: number): void {
    const reader = this.#reader(direction);
    if (reader.role === Role.Request) {
      const exchange = this.#openRequest(reader, timeMs, lostBytes > 0);
      this.#cutOff(exchange, exchange.request!);
      if (lostBytes <= SEGMENT_BYTES_MAX) this.#pairing.requestCut();
      else this.#pairing.requestsLost(false, false);
      return;
    }
    if (!this.#isInterim()) {
      const exchange = this.#openResponse(reader, timeMs);
      const upgraded = this.#isUpgrade(exchange);
      this.#cutOff(exchange, exchange.response!);
      if (upgraded) {
        this.#giveUp();
        return;
      }
    }
    this.#pairing.responsesLost(false);
  }

  #cutOff(exchange: PooledExchange, message: PooledMessage): void {
    const shift = message === exchange.request ? 0 : 1;
    exchange.flags |=
      ExchangeFlag.headCut |
      (ExchangeFlag.requestGap << shift) |
      (ExchangeFlag.requestTruncated << shift);
    message.sink?.end(false);
    this.#messageOver(exchange, message);
  }

  #takeMessage(reader: MessageReader, timeMs: number): PooledMessage {
    const message = this.#context.takeDraft();
    message.minorVersion = message.head.line.minorVersion;
    message.startTimeMs = reader.startTimeMs;
    message.endTimeMs = timeMs;
    return message;
  }

  /** Null where the message has no body to wait for: then it is over. */
  #openBody(exchange: PooledExchange, message: PooledMessage, framing: Framing): Body | null {
    const context = this.#context;
    if (framing === Framing.Bad) {
      exchange.flags |= ExchangeFlag.badFraming;
      context.counters.add(HttpCount.badFraming);
      message.sink?.end(false);
      this.#messageOver(exchange, message);
      return null;
    }
    if (framing === Framing.None) {
      message.complete = true;
      message.sink?.end(true);
      this.#messageOver(exchange, message);
      return null;
    }
    const body = context.borrowBody();
    const { length, transferCodings } = context.framing;
    const codings = message.sink === null ? UNREAD : bodyCodings(message.head, transferCodings);
    body.begin(framing, length, codings, message.sink);
    return body;
  }

  bodyEnded(direction: Direction, body: Body, whole: boolean, timeMs: number): void {
    const reader = this.#reader(direction);
    const isRequest = reader.role === Role.Request;
    const exchange = isRequest ? this.#requestOpen! : this.#responseOpen!;
    const message = isRequest ? exchange.request! : exchange.response!;
    const { broken } = body;
    closeBody(this.#context, exchange, message, body, whole, timeMs);
    if (broken) {
      exchange.flags |= ExchangeFlag.badFraming;
      this.#context.counters.add(HttpCount.badFraming);
      if (isRequest) this.#requestsUntrusted = true;
      reader.close();
    }
    this.#messageOver(exchange, message);
    if (broken && !isRequest) this.#giveUp();
  }

  /** One half is over; the exchange is, if the other is too. */
  #messageOver(exchange: PooledExchange, message: PooledMessage): void {
    const isRequest = message === exchange.request;
    if (isRequest) {
      exchange.requestOver = true;
      this.#requestOpen = null;
    } else {
      exchange.responseOver = true;
      this.#responseOpen = null;
    }
    settle(this.#context, exchange);
    if ((this.#requestAwaited && isRequest) || this.#nothingFollows()) this.#giveUp();
  }

  /** Behind a request whose framing was wrong: its response, and those before it, are the last. */
  #nothingFollows(): boolean {
    const { outstandingCount } = this.#pairing;
    return this.#requestsUntrusted && outstandingCount === 0 && this.#responseOpen === null;
  }

  messagesLost(direction: Direction, certain: boolean, headSeen: boolean): void {
    const { role } = this.#reader(direction);
    const { initiator } = this.#flow;
    const known = role !== Role.Unknown || initiator !== null;
    const isRequest = role === Role.Unknown ? direction === initiator : role === Role.Request;
    if (isRequest || !known) this.#pairing.requestsLost(certain && known, headSeen && known);
    if (!isRequest) this.#pairing.responsesLost(certain && known);
  }

  framingLost(direction: Direction): void {
    if (this.#requestAwaited && this.#reader(direction).role === Role.Request) this.#giveUp();
  }

  bytesSkipped(direction: Direction, timeMs: number): void {
    if (this.#reader(direction).role === Role.Response) this.#pairing.responseSkipped(timeMs);
  }

  newExchange(): PooledExchange {
    return this.#context.exchanges.exchange(this.#connection ?? NO_CONNECTION);
  }

  halfGivenUp(exchange: PooledExchange): void {
    settle(this.#context, exchange);
  }

  ambiguous(): void {
    this.#context.counters.add(HttpCount.ambiguousResponses);
  }
}

const SWITCHING_PROTOCOLS = 101;
/** A gap of that size may be what a packet was cut by; a larger one is made of several packets. */
const SEGMENT_BYTES_MAX = 1 << 16;
