/**
 * One exchange as Envoy's filter shows it, a message at a time:
 *
 *   request headers ─► request body… ─► response headers ─► response body… ─► over
 *
 * An answer may begin before its request ends. Whatever is open when the stream ends, or when we have seen enough, is cut off.
 *
 * Bodies come as they were on the wire, so their content coding is undone here. `push` tells when nothing more is wanted:
 * Envoy holds a stream, and copies each chunk, for as long as we let it.
 */
import { Buffer } from "node:buffer";
import type { Counters } from "../../base/counters.ts";
import { collectLimits } from "../../base/limits.ts";
import { Body } from "../../http/body.ts";
import { bodyCodings, CodecPool } from "../../http/codings.ts";
import { HeldBudget } from "../../http/decoding.ts";
import { type Connection, ExchangeFlag, type ExchangeObserver } from "../../http/exchange.ts";
import { PooledExchange, PooledMessage } from "../../http/exchangepool.ts";
import { Framing } from "../../http/framing.ts";
import type { Endpoint } from "../../reassemble/stream.ts";
import { type HeaderField, Part, type Processing } from "./processing.ts";
import { EnvoyTally, type EnvoyTallyName } from "./tallies.ts";
import { EnvoyWays } from "./ways.ts";

/** What all streams of one sink share. */
export class EnvoyContext {
  readonly observer: ExchangeObserver;
  readonly counters: Counters<EnvoyTallyName>;
  readonly ways = new EnvoyWays();
  readonly #codecs = new CodecPool();
  readonly #budget = new HeldBudget();
  readonly #bodies: Body[] = [];
  #connectionId = 0;

  constructor(observer: ExchangeObserver, counters: Counters<EnvoyTallyName>) {
    this.observer = observer;
    this.counters = counters;
  }

  connection(client: Endpoint, server: Endpoint): Connection {
    this.#connectionId += 1;
    return { id: this.#connectionId, client, server };
  }

  borrowBody(): Body {
    return this.#bodies.pop() ?? new Body(this.#codecs, this.#budget);
  }

  returnBody(body: Body): void {
    if (this.#bodies.length < collectLimits.envoyBodiesKeptMax) this.#bodies.push(body);
  }
}

const SWITCHING_PROTOCOLS = 101;

export class EnvoyStream {
  readonly #context: EnvoyContext;
  readonly #exchange = new PooledExchange();
  readonly #attributes = new Map<string, string | number>();
  #isOver = false;
  #host = "";
  /** While they are open. */
  #requestBody: Body | null = null;
  #responseBody: Body | null = null;
  /** Bytes of both bodies so far. */
  #byteCount = 0;

  constructor(context: EnvoyContext) {
    this.#context = context;
  }

  /** Takes a message in. False: nothing more of this stream is wanted. */
  push(message: Processing, nowMs: number): boolean {
    for (const [name, value] of message.attributes) this.#attributes.set(name, value);
    switch (message.part) {
      case Part.RequestHeaders:
        return this.#requestHeaders(message, nowMs);
      case Part.ResponseHeaders:
        return this.#responseHeaders(message, nowMs);
      case Part.RequestBody:
      case Part.RequestTrailers:
        return this.#more(message, this.#requestBody, nowMs);
      case Part.ResponseBody:
      case Part.ResponseTrailers:
        return this.#more(message, this.#responseBody, nowMs);
      default:
        return !this.#isOver;
    }
  }

  /** Envoy ended the stream: with a reset of either side, or because it had no more to say. */
  end(nowMs: number): void {
    if (this.#isOver) return;
    if (this.#exchange.request !== null) this.#context.counters.add(EnvoyTally.CutOff);
    this.#finish(false, nowMs);
  }

  #requestHeaders({ fields, isLast }: Processing, nowMs: number): boolean {
    const exchange = this.#exchange;
    if (exchange.request !== null) return this.#giveUp(EnvoyTally.Malformed, nowMs);
    const pseudo = pseudoFields(fields);
    const method = pseudo.get(":method") ?? "";
    const target =
      pseudo.get(":path") ?? (method === "CONNECT" ? pseudo.get(":authority") : "") ?? "";
    const request = messageOf(
      `${method} ${target} HTTP/1.1`,
      fields,
      pseudo.get(":authority"),
      true,
    );
    if (request === null) return this.#giveUp(EnvoyTally.BadHead, nowMs);
    request.startTimeMs = nowMs;
    exchange.connection = this.#context.connection(
      endpointOf(this.#attributes, "source"),
      endpointOf(this.#attributes, "destination"),
    );
    exchange.request = request;
    this.#host = pseudo.get(":authority") ?? "";
    exchange.method = method;
    exchange.target = target;
    request.sink = this.#context.observer.requestHead(exchange);
    this.#requestBody = this.#begin(request);
    if (isLast) this.#endRequest(true, nowMs);
    return true;
  }

  #responseHeaders({ fields, isLast }: Processing, nowMs: number): boolean {
    const exchange = this.#exchange;
    if (exchange.request === null) return this.#giveUp(EnvoyTally.NoRequest, nowMs);
    if (exchange.response !== null) return this.#giveUp(EnvoyTally.Malformed, nowMs);
    const status = Number(pseudoFields(fields).get(":status") ?? 0);
    // Interim responses precede the one that counts (RFC 9110, section 15.2).
    if (status >= 100 && status < 200 && status !== SWITCHING_PROTOCOLS) {
      exchange.flags |= ExchangeFlag.interim;
      return true;
    }
    const response =
      status >= 100 && status <= 999
        ? messageOf(`HTTP/1.1 ${status} `, fields, undefined, false)
        : null;
    if (response === null) return this.#giveUp(EnvoyTally.BadHead, nowMs);
    response.startTimeMs = nowMs;
    exchange.response = response;
    exchange.status = status;
    this.#nameServer(nowMs);
    if (status === SWITCHING_PROTOCOLS) exchange.flags |= ExchangeFlag.upgraded;
    response.sink = this.#context.observer.responseHead(exchange);
    this.#responseBody = this.#begin(response);
    if (isLast || status === SWITCHING_PROTOCOLS) return this.#finish(true, nowMs);
    return true;
  }

  #more({ body, part, isLast }: Processing, open: Body | null, nowMs: number): boolean {
    if (this.#isOver || open === null) return !this.#isOver;
    this.#byteCount += body.length;
    if (body.length > 0) open.feed(body, 0, body.length);
    if (this.#byteCount > collectLimits.envoyStreamBytesMax) {
      this.#context.counters.add(EnvoyTally.OverCap);
      return this.#finish(false, nowMs);
    }
    if (!isLast) return true;
    const isResponse = part === Part.ResponseBody || part === Part.ResponseTrailers;
    if (isResponse) return this.#finish(true, nowMs);
    this.#endRequest(true, nowMs);
    return true;
  }

  #begin(message: PooledMessage): Body {
    const body = this.#context.borrowBody();
    body.begin(Framing.Close, 0, bodyCodings(message.head, []), message.sink);
    return body;
  }

  #endRequest(isWhole: boolean, nowMs: number): void {
    const body = this.#requestBody;
    this.#requestBody = null;
    if (body !== null) this.#endBody(this.#exchange.request!, body, isWhole, nowMs, REQUEST_FLAGS);
  }

  /** Hands the exchange over, as far as it was seen. */
  #finish(isWhole: boolean, nowMs: number): false {
    this.#isOver = true;
    const { request, response } = this.#exchange;
    if (request === null) return false;
    this.#endRequest(false, nowMs);
    if (response === null) this.#exchange.flags |= ExchangeFlag.noResponse;
    const body = this.#responseBody;
    this.#responseBody = null;
    if (body !== null) this.#endBody(response!, body, isWhole, nowMs, RESPONSE_FLAGS);
    this.#context.counters.add(EnvoyTally.Exchanges);
    this.#context.observer.exchange(this.#exchange);
    return false;
  }

  #endBody(
    message: PooledMessage,
    body: Body,
    isWhole: boolean,
    nowMs: number,
    flags: typeof REQUEST_FLAGS,
  ): void {
    message.complete = body.finish(isWhole);
    message.bodyBytes = body.byteCount;
    message.endTimeMs = nowMs;
    if (!message.complete) this.#exchange.flags |= flags.truncated;
    if (body.undecodable) this.#exchange.flags |= flags.undecodable;
    if (body.overLimit) this.#exchange.flags |= flags.overLimit;
    this.#context.returnBody(body);
  }

  /** The process that answered, rather than the address that was called: known with the response's headers. */
  #nameServer(nowMs: number): void {
    const exchange = this.#exchange;
    const called = endpointOf(this.#attributes, "destination");
    const upstream = endpointOf(this.#attributes, "upstream");
    const { server, isPassedOn } = this.#context.ways.take(called, upstream, this.#host, nowMs);
    if (server.port === 0) return;
    exchange.connection = { ...exchange.connection, server };
    if (isPassedOn) exchange.flags |= ExchangeFlag.passedOn;
  }

  #giveUp(tally: number, nowMs: number): false {
    this.#context.counters.add(tally);
    return this.#isOver ? false : this.#finish(false, nowMs);
  }
}

const REQUEST_FLAGS = {
  truncated: ExchangeFlag.requestTruncated as number,
  undecodable: ExchangeFlag.requestUndecodable as number,
  overLimit: ExchangeFlag.requestOverLimit as number,
};
const RESPONSE_FLAGS: typeof REQUEST_FLAGS = {
  truncated: ExchangeFlag.responseTruncated,
  undecodable: ExchangeFlag.responseUndecodable,
  overLimit: ExchangeFlag.responseOverLimit,
};

/** Of HTTP/2 (RFC 9113, section 8.3), which Envoy uses for every version. */
function pseudoFields(fields: readonly HeaderField[]): Map<string, string> {
  const pseudo = new Map<string, string>();
  for (const { name, value } of fields) {
    if (name.startsWith(":")) pseudo.set(name, latin1(value));
  }
  return pseudo;
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");

/** As the head would stand on a connection of HTTP/1. Null for what no such head can hold. */
function messageOf(
  line: string,
  fields: readonly HeaderField[],
  authority: string | undefined,
  isRequest: boolean,
): PooledMessage | null {
  const lines = [line];
  if (authority !== undefined && !fields.some(({ name }) => name === "host"))
    lines.push(`host: ${authority}`);
  for (const { name, value } of fields) {
    if (!name.startsWith(":")) lines.push(`${name}: ${latin1(value)}`);
  }
  // No control character may end a line that its sender did not end.
  const text = lines.map((each) => each.replaceAll(/[\r\n\0]/g, " ")).join("\r\n");
  const bytes = Buffer.from(`${text}\r\n\r\n`, "latin1");
  const message = new PooledMessage();
  if (message.head.parse(bytes, 0, bytes.length, isRequest) !== bytes.length) return null;
  return message.head.line.spaced ? null : message;
}

const UNKNOWN: Endpoint = { ip: "0.0.0.0", port: 0 };

/** `10.1.0.7:8080` or `[fd00::7]:8080`, as Envoy writes addresses; the port also stands alone. */
export function endpointOf(
  attributes: ReadonlyMap<string, string | number>,
  side: string,
): Endpoint {
  const address = attributes.get(`${side}.address`);
  if (typeof address !== "string") return UNKNOWN;
  const match = /^(?:\[([0-9a-f:.]+)\]|([\d.]+)):(\d{1,5})$/i.exec(address);
  if (match === null) return UNKNOWN;
  return { ip: match[1] ?? match[2]!, port: Number(match[3]) };
}
