import type { Body } from "./body.ts";
import type { HttpContext } from "./context.ts";
import { ExchangeFlag } from "./exchange.ts";
import type { PooledExchange, PooledMessage } from "./exchangepool.ts";
import { HttpCount } from "./tallies.ts";

/** The body of a message is over: tells message and exchange what became of it, and takes it back. */
export function closeBody(
  context: HttpContext,
  exchange: PooledExchange,
  message: PooledMessage,
  body: Body,
  whole: boolean,
  timeMs: number,
): void {
  message.complete = body.finish(whole);
  message.bodyBytes = body.byteCount;
  message.endTimeMs = timeMs;
  const { counters } = context;
  // A flag of the response is the bit behind the same flag of the request.
  const shift = message === exchange.request ? 0 : 1;
  if (body.lossy) exchange.flags |= ExchangeFlag.requestGap << shift;
  if (!message.complete) exchange.flags |= ExchangeFlag.requestTruncated << shift;
  if (body.undecodable) {
    exchange.flags |= ExchangeFlag.requestUndecodable << shift;
    counters.add(HttpCount.undecodable, body.byteCount);
  }
  if (body.overLimit) {
    exchange.flags |= ExchangeFlag.requestOverLimit << shift;
    counters.add(HttpCount.bodyOverLimit, body.byteCount);
  }
  context.returnBody(body);
}

/** Hands the exchange on where both its halves are over. */
export function settle(context: HttpContext, exchange: PooledExchange): void {
  if (!exchange.requestOver || !exchange.responseOver) return;
  const { counters, observer, exchanges } = context;
  // A request whose head was lost, and whose response never came, leaves nothing to tell of.
  if (exchange.request !== null || exchange.response !== null) {
    counters.add(HttpCount.exchanges);
    if (exchange.response === null) counters.add(HttpCount.unpairedRequests);
    if (exchange.request === null) counters.add(HttpCount.unpairedResponses);
    observer.exchange(exchange);
  }
  exchanges.give(exchange);
}
