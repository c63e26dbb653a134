import { httpLimits } from "../base/limits.ts";
import type { Endpoint } from "../reassemble/stream.ts";
import type { BodySink, Connection, Exchange, Message } from "./exchange.ts";
import { MethodKind } from "./framing.ts";
import { PooledHead } from "./pooledhead.ts";

export class PooledMessage implements Message {
  head: PooledHead = new PooledHead();
  minorVersion = 1;
  bodyBytes = 0;
  complete = false;
  sink: BodySink | null = null;
  startTimeMs = 0;
  endTimeMs = 0;
}

/** An exchange on its way: `settled` once both its halves are over or known never to come. */
export class PooledExchange implements Exchange {
  connection: Connection = NO_CONNECTION;
  method = "";
  target = "";
  status = 0;
  request: PooledMessage | null = null;
  response: PooledMessage | null = null;
  flags = 0;
  methodKind: MethodKind = MethodKind.Unknown;
  requestOver = false;
  responseOver = false;
  /** Requests may have been lost between the one before and this one. */
  afterLoss = false;
  /** The request's end is in a gap, which may hold others too. */
  endUnknown = false;
  /** Responses may have been lost between the one before and this one's. */
  afterResponseLoss = false;
}

const NOBODY: Endpoint = { ip: "", port: 0 };
/** Of an exchange whose flow has not shown yet who is client and who is server. */
export const NO_CONNECTION: Connection = { id: 0, client: NOBODY, server: NOBODY };

/** Exchanges and messages for reuse, so that steady traffic makes no garbage. */
export class ExchangePool {
  readonly #exchanges: PooledExchange[] = [];
  readonly #messages: PooledMessage[] = [];
  /** Exchanges that are lent. */
  aliveCount = 0;

  exchange(connection: Connection): PooledExchange {
    this.aliveCount++;
    const exchange = this.#exchanges.pop() ?? new PooledExchange();
    exchange.connection = connection;
    return exchange;
  }

  message(): PooledMessage {
    return this.#messages.pop() ?? new PooledMessage();
  }

  /** Takes an exchange back with its messages. */
  give(exchange: PooledExchange): void {
    this.aliveCount--;
    if (exchange.request !== null) this.giveMessage(exchange.request);
    if (exchange.response !== null) this.giveMessage(exchange.response);
    if (this.#exchanges.length >= httpLimits.pooledMax) return;
    exchange.connection = NO_CONNECTION;
    exchange.method = "";
    exchange.target = "";
    exchange.status = 0;
    exchange.request = null;
    exchange.response = null;
    exchange.flags = 0;
    exchange.methodKind = MethodKind.Unknown;
    exchange.requestOver = false;
    exchange.responseOver = false;
    exchange.afterLoss = false;
    exchange.endUnknown = false;
    exchange.afterResponseLoss = false;
    this.#exchanges.push(exchange);
  }

  giveMessage(message: PooledMessage): void {
    if (this.#messages.length >= 2 * httpLimits.pooledMax) return;
    if (message.head.bytes.length > httpLimits.pooledHeadBytesMax) return;
    message.bodyBytes = 0;
    message.complete = false;
    message.sink = null;
    this.#messages.push(message);
  }
}
