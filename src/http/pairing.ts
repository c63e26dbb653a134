/**
 * Which response answers which request, on one connection: first in, first out (RFC 9112, section 9.3), as long
 * as nothing was lost. Behind a loss the order alone does not tell, and a wrong pair is worse than none:
 *
 * - Requests that were whole before the loss keep their responses, since the other direction is intact.
 * - Most clients send a request only when the one before it was answered. Of such a connection the first
 *   request behind a loss is answered by the first response that began after it.
 * - A connection that was seen to pipeline, or whose loss cannot be explained without pipelining, is
 *   `doubtful` from the loss on: its messages are emitted, but not paired, until it was silent for a while.
 */
import { httpLimits } from "../base/limits.ts";
import { ExchangeFlag } from "./exchange.ts";
import type { PooledExchange } from "./exchangepool.ts";

/** What pairing asks of its connection. */
export interface PairingOwner {
  newExchange(): PooledExchange;
  /** A half of the exchange was given up; it is emitted once the other half is over. */
  halfGivenUp(exchange: PooledExchange): void;
  ambiguous(): void;
}

/** Never filled: connections are idle most of the time, and arrays of their own would be a tenth of what each takes. */
const NONE: PooledExchange[] = [];

export class Pairing {
  readonly #owner: PairingOwner;
  /** Requests without a response, oldest first; as of the other, one that all share while it is empty. */
  #queue = NONE;
  /** Responses whose request has not come (capture order differs from wire order), oldest first. Not both are filled. */
  #waiting = NONE;
  /** Nothing was ever lost and the beginning was seen, so that the n-th response answers the n-th request. */
  #aligned: boolean;
  /** Requests may have been lost since the last one that was queued. */
  #requestsLost: boolean;
  /** At least one was, and how many responses without request have come since. */
  #lossIsCertain = false;
  #orphanCount = 0;
  /** Responses may have been lost since the last one. */
  #responsesLost: boolean;
  #pipelines = false;
  #doubtful = false;
  #lastTimeMs = 0;

  constructor(owner: PairingOwner, fromStart: boolean) {
    this.#owner = owner;
    this.#aligned = fromStart;
    this.#requestsLost = !fromStart;
    this.#responsesLost = !fromStart;
  }

  get outstandingCount(): number {
    return this.#queue.length + this.#waiting.length;
  }

  /** The request that is whole and waits for its response, where it is the only one. */
  get onlyRequest(): PooledExchange | null {
    const front = this.#queue[0];
    const isOnly = this.#queue.length === 1 && this.#waiting.length === 0;
    return isOnly && front?.requestOver && front.request !== null ? front : null;
  }

  /**
   * The exchange of a request whose head was read; perhaps one whose response was there before it. `endUnknown`: its end is in
   * a gap, which may hold others too.
   */
  openRequest(startTimeMs: number, endUnknown: boolean): PooledExchange {
    if (endUnknown && this.#waiting.some(({ afterResponseLoss }) => afterResponseLoss)) {
      return this.#unanswered();
    }
    const early = this.#takeEarly(startTimeMs);
    if (early !== undefined) return early;
    const exchange = this.#owner.newExchange();
    exchange.endUnknown = endUnknown;
    this.#noteRequestsLost(exchange, startTimeMs);
    this.#lastTimeMs = startTimeMs;
    const before = this.#queue.at(-1);
    if (before?.requestOver && before.request?.endTimeMs === startTimeMs) this.#pipelines = true;
    if (this.#doubtful) this.#giveUpResponse(exchange);
    else this.#queue = withLast(this.#queue, exchange);
    return exchange;
  }

  /** A response that was captured before its request. Where order does not tell, it must have begun after it. */
  #takeEarly(startTimeMs: number): PooledExchange | undefined {
    for (;;) {
      const early = this.#waiting.shift();
      if (early === undefined) return undefined;
      if (this.#aligned || startTimeMs < early.response!.startTimeMs) {
        this.#requestsLost = false;
        return early;
      }
      this.#giveUpRequest(early);
    }
  }

  /** Lost on both sides: none of the responses that are there is surely that of this request. */
  #unanswered(): PooledExchange {
    this.#owner.ambiguous();
    this.#giveUpWaiting();
    const exchange = this.#owner.newExchange();
    this.#giveUpResponse(exchange);
    this.#requestsLost = true;
    return exchange;
  }

  #noteRequestsLost(exchange: PooledExchange, startTimeMs: number): void {
    if (this.#doubtful && this.#queue.length === 0) {
      if (startTimeMs - this.#lastTimeMs >= httpLimits.realignIdleMs) this.#doubtful = false;
    }
    if (!this.#requestsLost) return;
    this.#requestsLost = false;
    exchange.afterLoss = true;
    // What was lost has not been answered, and yet the client goes on: it does not wait for answers.
    if (this.#lossIsCertain && this.#orphanCount === 0 && !this.#responsesLost)
      this.#pipelines = true;
    if (this.#pipelines) this.#doubtful = true;
  }

  /** The exchange of a final response whose head was read; without a request if none is surely its own. */
  openResponse(startTimeMs: number): PooledExchange {
    this.#lastTimeMs = startTimeMs;
    const afterLoss = this.#responsesLost;
    if (afterLoss) {
      this.#skipLostResponses(startTimeMs);
      // Lost on both sides, known or (as the request is not over, or its end is in a gap) likely: it may answer one that
      // was never seen.
      const front = this.#queue[0];
      if (front && (this.#requestsLost || !front.requestOver || front.endUnknown)) {
        this.#giveUpQueue();
        this.#owner.ambiguous();
        return this.#orphan();
      }
    }
    const front = this.#queue[0];
    if (front === undefined) return this.#earlyOrOrphan(afterLoss);
    if (front.afterLoss || !this.#aligned) {
      if (front.request !== null && startTimeMs < front.request.startTimeMs) return this.#orphan();
      front.afterLoss = false;
    }
    // `shift` moves whole arrays through a call of the runtime; most have one element.
    if (this.#queue.length === 1) this.#queue = NONE;
    else this.#queue.shift();
    for (const later of this.#queue) {
      if (later.request === null || later.request.startTimeMs >= startTimeMs) break;
      later.flags |= ExchangeFlag.pipelined;
      this.#pipelines = true;
    }
    return front;
  }

  /** An interim response came for the oldest request. */
  noteInterim(): void {
    const front = this.#queue[0];
    if (front !== undefined && !this.#responsesLost) front.flags |= ExchangeFlag.interim;
  }

  /** A response behind a loss: a client that waits for answers had them all when it sent its last request. */
  #skipLostResponses(startTimeMs: number): void {
    this.#responsesLost = false;
    for (;;) {
      const next = this.#queue[1];
      if (next === undefined) return;
      if (next.request !== null && next.request.startTimeMs > startTimeMs) return;
      this.#giveUpResponse(this.#queue.shift()!);
    }
  }

  #earlyOrOrphan(afterLoss: boolean): PooledExchange {
    if (this.#doubtful) return this.#orphan();
    const exchange = this.#owner.newExchange();
    exchange.afterResponseLoss = afterLoss;
    this.#waiting = withLast(this.#waiting, exchange);
    if (this.#waiting.length > httpLimits.earlyResponsesMax)
      this.#giveUpRequest(this.#waiting.shift()!);
    return exchange;
  }

  #orphan(): PooledExchange {
    if (this.#doubtful) this.#owner.ambiguous();
    const exchange = this.#owner.newExchange();
    this.#giveUpRequest(exchange);
    return exchange;
  }

  /** `headSeen`: one of the lost requests had begun, so a response to it is to be expected. */
  requestsLost(certain: boolean, headSeen: boolean): void {
    this.#orphanCount = 0;
    if (headSeen && this.#waiting.length === 0 && !this.#doubtful) {
      const ghost = this.#owner.newExchange();
      ghost.flags |= ExchangeFlag.requestGap;
      this.#queue = withLast(this.#queue, ghost);
      this.#giveUpRequest(ghost);
      this.#orphanCount = 0;
    }
    this.#giveUpWaiting();
    this.#aligned = false;
    this.#requestsLost = true;
    this.#lossIsCertain = certain && !headSeen;
  }

  /** A gap that a request began before: a client that waits for answers sent no other one in it. */
  requestCut(): void {
    this.#aligned = false;
  }

  /** `certain`: at least part of one was, which was the one to the oldest request. */
  responsesLost(certain: boolean): void {
    this.#aligned = false;
    this.#responsesLost = true;
    const front = this.#queue[0];
    if (certain && front !== undefined) {
      front.flags |= ExchangeFlag.responseGap;
      this.#giveUpResponse(this.#queue.shift()!);
    }
    if (this.#pipelines || this.#queue.length > 1) {
      if (this.#queue.length > 0) this.#doubtful = true;
      this.#giveUpQueue();
    }
  }

  /** Part of an unknown response came at `timeMs`: of a client that waits for answers, that to its last request. */
  responseSkipped(timeMs: number): void {
    while (this.#responsesLost) {
      const front = this.#queue[0];
      if (front === undefined) return;
      if (front.request !== null && front.request.startTimeMs >= timeMs) return;
      front.flags |= ExchangeFlag.responseGap;
      this.#giveUpResponse(this.#queue.shift()!);
    }
  }

  /** No more messages come: everything that waits is emitted without its other half. */
  giveUpAll(): void {
    this.#giveUpWaiting();
    this.#giveUpQueue();
  }

  #giveUpQueue(): void {
    for (const exchange of this.#queue.splice(0)) this.#giveUpResponse(exchange);
  }

  #giveUpWaiting(): void {
    for (const exchange of this.#waiting.splice(0)) this.#giveUpRequest(exchange);
  }

  #giveUpResponse(exchange: PooledExchange): void {
    exchange.flags |= ExchangeFlag.noResponse;
    exchange.responseOver = true;
    this.#owner.halfGivenUp(exchange);
  }

  #giveUpRequest(exchange: PooledExchange): void {
    this.#orphanCount++;
    exchange.flags |= ExchangeFlag.noRequest;
    exchange.requestOver = true;
    this.#owner.halfGivenUp(exchange);
  }
}

const withLast = (exchanges: PooledExchange[], last: PooledExchange): PooledExchange[] => {
  if (exchanges.length === 0) return [last];
  exchanges.push(last);
  return exchanges;
};
