/**
 * One connection that speaks HTTP/2 without TLS (RFC 9113) from its first byte. Streams run beside each other, and each is an
 * exchange. Where it was joined later, its header blocks cannot be read (`hpack.ts`): such a connection is never opened here.
 */
import { Buffer } from "node:buffer";
import { httpLimits } from "../../base/limits.ts";
import {
  type CloseReason,
  Direction,
  type FlowInfo,
  type StreamConsumer,
  Verdict,
} from "../../reassemble/stream.ts";
import type { Body } from "../body.ts";
import { bodyCodings, UNREAD } from "../codings.ts";
import type { HttpContext } from "../context.ts";
import { type Connection, connectionOf, ExchangeFlag } from "../exchange.ts";
import type { PooledExchange, PooledMessage } from "../exchangepool.ts";
import { Framing } from "../framing.ts";
import { methodText } from "../method.ts";
import { closeBody, settle } from "../settling.ts";
import { HttpCount } from "../tallies.ts";
import { HeadFields } from "./fields.ts";
import { FrameReader, type FrameTaker } from "./frames.ts";
import { HpackDecoder } from "./hpack.ts";

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
const NO_PREFACE = new Uint8Array(0);

/** Streams of the client's making have odd numbers (section 5.1.1). */
const isOfClient = (streamId: number): boolean => (streamId & 1) === 1;

export class Http2Connection implements StreamConsumer {
  readonly #context: HttpContext;
  readonly #client: Direction;
  readonly #connection: Connection;
  readonly #requests: Side;
  readonly #responses: Side;
  readonly #streams = new Map<number, Stream>();
  /** The stream of the latest request: of those before it, what is not open is over. */
  #latestId = 0;
  #timeMs = 0;
  #over = false;

  /** `first`: a whole request of HTTP/1.1 that stream 1 answers (RFC 7540, section 3.2). */
  constructor(
    context: HttpContext,
    flow: FlowInfo,
    client: Direction,
    first: PooledExchange | null,
  ) {
    this.#context = context;
    this.#client = client;
    this.#connection = connectionOf(flow, client === Direction.AToB);
    this.#requests = new Side(context, this.#taker(true), PREFACE);
    this.#responses = new Side(context, this.#taker(false), NO_PREFACE);
    if (first === null) return;
    this.#streams.set(1, new Stream(context, first));
    this.#latestId = 1;
  }

  data(
    direction: Direction,
    bytes: Uint8Array,
    start: number,
    end: number,
    timeMs: number,
  ): Verdict {
    if (this.#over) return Verdict.Ignore;
    this.#timeMs = timeMs;
    return this.#verdict(this.#side(direction).frames.data(bytes, start, end));
  }

  gap(direction: Direction, byteCount: number, timeMs: number): Verdict {
    if (this.#over) return Verdict.Ignore;
    this.#timeMs = timeMs;
    this.#context.counters.add(HttpCount.gaps, byteCount);
    return this.#verdict(this.#side(direction).frames.gap(byteCount));
  }

  end(): void {}

  close(_reason: CloseReason, timeMs: number): void {
    this.#timeMs = timeMs;
    this.#giveUp();
  }

  #side(direction: Direction): Side {
    return direction === this.#client ? this.#requests : this.#responses;
  }

  #verdict(isTrusted: boolean): Verdict {
    if (!isTrusted) {
      this.#context.counters.add(HttpCount.http2Lost);
      this.#giveUp();
    } else if (this.#context.hasTooMany(this.#streams.size, httpLimits.http2StreamsMax)) {
      this.#giveUp();
    }
    return this.#over ? Verdict.Ignore : Verdict.Continue;
  }

  #giveUp(): void {
    if (this.#over) return;
    this.#over = true;
    for (const stream of this.#streams.values()) stream.giveUp(this.#timeMs);
    this.#streams.clear();
    this.#requests.close();
    this.#responses.close();
  }

  #taker(isRequest: boolean): FrameTaker {
    return {
      block: (streamId, bytes, start, end) => {
        const { hpack, fields } = isRequest ? this.#requests : this.#responses;
        fields.begin();
        if (!hpack.decode(bytes, start, end, fields.take)) return false;
        if (isOfClient(streamId)) this.#head(streamId, fields, isRequest);
        return true;
      },
      promise: (bytes, start, end) => this.#responses.hpack.decode(bytes, start, end, () => {}),
      data: (streamId, bytes, start, end) =>
        this.#streams.get(streamId)?.body(isRequest)?.feed(bytes, start, end),
      lost: (streamId, byteCount) => this.#streams.get(streamId)?.body(isRequest)?.skip(byteCount),
      ended: (streamId) => {
        this.#streams.get(streamId)?.end(isRequest, true, this.#timeMs);
        this.#forgetIfOver(streamId);
      },
      reset: (streamId) => {
        this.#streams.get(streamId)?.giveUp(this.#timeMs);
        this.#streams.delete(streamId);
      },
    };
  }

  #head(streamId: number, fields: HeadFields, isRequest: boolean): void {
    const stream = this.#streams.get(streamId) ?? this.#open(streamId, isRequest);
    // What comes behind a body are trailers; what comes late belongs to a stream that was reset.
    if (stream === null || stream.hasHead(isRequest)) return;
    const { counters } = this.#context;
    if (!isRequest && fields.status >= 100 && fields.status < 200) {
      counters.add(HttpCount.interimResponses);
      stream.exchange.flags |= ExchangeFlag.interim;
      return;
    }
    const head = isRequest ? fields.request() : fields.response();
    if (fields.tooLong) counters.add(HttpCount.headTooLong, httpLimits.headBytesMax);
    if (fields.tooLong || head === null || !stream.begin(isRequest, head, this.#timeMs)) {
      if (!fields.tooLong) counters.add(HttpCount.badFraming);
      stream.giveUp(this.#timeMs);
      this.#streams.delete(streamId);
    }
  }

  /** An answer may be captured before its request. */
  #open(streamId: number, isRequest: boolean): Stream | null {
    if (streamId <= this.#latestId) return null;
    if (isRequest) this.#latestId = streamId;
    const { exchanges } = this.#context;
    const stream = new Stream(this.#context, exchanges.exchange(this.#connection));
    this.#streams.set(streamId, stream);
    return stream;
  }

  #forgetIfOver(streamId: number): void {
    if (this.#streams.get(streamId)?.isOver) this.#streams.delete(streamId);
  }
}

/** One direction: how its frames and its header blocks are read. */
class Side {
  readonly frames: FrameReader;
  readonly hpack: HpackDecoder;
  readonly fields = new HeadFields();

  constructor({ budget }: HttpContext, taker: FrameTaker, preface: Uint8Array) {
    this.frames = new FrameReader(taker, budget, preface);
    this.hpack = new HpackDecoder(budget);
  }

  close(): void {
    this.frames.close();
    this.hpack.close();
  }
}

/** One stream: an exchange and the bodies of it that are open. */
class Stream {
  readonly exchange: PooledExchange;
  readonly #context: HttpContext;
  #requestBody: Body | null = null;
  #responseBody: Body | null = null;
  isOver = false;

  constructor(context: HttpContext, exchange: PooledExchange) {
    this.#context = context;
    this.exchange = exchange;
  }

  body(isRequest: boolean): Body | null {
    return isRequest ? this.#requestBody : this.#responseBody;
  }

  hasHead(isRequest: boolean): boolean {
    const { request, requestOver, response, responseOver } = this.exchange;
    return isRequest ? request !== null || requestOver : response !== null || responseOver;
  }

  /** False where the head is none. */
  begin(isRequest: boolean, head: Uint8Array, timeMs: number): boolean {
    const { draft, counters, observer } = this.#context;
    if (draft.head.parse(head, 0, head.length, isRequest) !== head.length) return false;
    const message = this.#context.takeDraft();
    message.minorVersion = message.head.line.minorVersion;
    message.startTimeMs = timeMs;
    message.endTimeMs = timeMs;
    const { exchange } = this;
    if (isRequest) {
      exchange.request = message;
      exchange.method = methodText(message.head);
      exchange.target = message.head.text(
        message.head.line.targetStart,
        message.head.line.targetEnd,
      );
      counters.add(HttpCount.requests, head.length);
      message.sink = observer.requestHead(exchange);
      this.#requestBody = this.#openBody(message);
    } else {
      exchange.response = message;
      exchange.status = message.head.line.status;
      if (exchange.method === "CONNECT" && exchange.status < 300) {
        exchange.flags |= ExchangeFlag.upgraded;
      }
      counters.add(HttpCount.responses, head.length);
      message.sink = observer.responseHead(exchange);
      this.#responseBody = this.#openBody(message);
    }
    return true;
  }

  /** One side has said all. */
  end(isRequest: boolean, whole: boolean, timeMs: number): void {
    const body = this.body(isRequest);
    const { exchange } = this;
    const message = isRequest ? exchange.request : exchange.response;
    if (message === null) return;
    if (body !== null) closeBody(this.#context, exchange, message, body, whole, timeMs);
    if (isRequest) {
      this.#requestBody = null;
      exchange.requestOver = true;
    } else {
      this.#responseBody = null;
      exchange.responseOver = true;
    }
    this.#settle();
  }

  /** Nothing more comes of it. */
  giveUp(timeMs: number): void {
    const { exchange } = this;
    if (exchange.request === null) exchange.flags |= ExchangeFlag.noRequest;
    if (exchange.response === null) exchange.flags |= ExchangeFlag.noResponse;
    exchange.requestOver ||= exchange.request === null;
    exchange.responseOver ||= exchange.response === null;
    const { requestOver, responseOver } = exchange;
    if (!requestOver) this.end(true, false, timeMs);
    if (!responseOver) this.end(false, false, timeMs);
    if (requestOver && responseOver) this.#settle();
  }

  #openBody(message: PooledMessage): Body {
    const body = this.#context.borrowBody();
    const codings = message.sink === null ? UNREAD : bodyCodings(message.head, NO_CODINGS);
    body.begin(Framing.Close, 0, codings, message.sink);
    return body;
  }

  #settle(): void {
    const { requestOver, responseOver } = this.exchange;
    if (this.isOver || !requestOver || !responseOver) return;
    this.isOver = true;
    settle(this.#context, this.exchange);
  }
}

const NO_CODINGS: readonly string[] = [];
