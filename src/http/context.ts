import { Counters } from "../base/counters.ts";
import { assert } from "../base/errors.ts";
import { httpLimits } from "../base/limits.ts";
import { Body } from "./body.ts";
import { CodecPool } from "./codings.ts";
import { HeldBudget } from "./decoding.ts";
import type { ExchangeObserver } from "./exchange.ts";
import { ExchangePool, type PooledMessage } from "./exchangepool.ts";
import { BodyFraming } from "./framing.ts";
import { HeldBytes } from "./heldbytes.ts";
import { Candidate } from "./search.ts";
import {
  FLOW_KINDS,
  type FlowKindName,
  HTTP_COUNTERS,
  HttpCount,
  type HttpCounterName,
} from "./tallies.ts";

assert(httpLimits.headerNameBytesMax % 4 === 0, "names are kept in words of four bytes");
assert(httpLimits.searchLineBytesMax < httpLimits.headBytesMax, "a line that is searched is held");
assert(
  httpLimits.encodedHeldBytesMax < httpLimits.heldBytesMax,
  "one body fits into what all hold",
);

/** What all flows of one set of consumers share: who listens, what is counted, what is reused. */
export class HttpContext {
  readonly observer: ExchangeObserver;
  readonly counters: Counters<HttpCounterName> = new Counters(HTTP_COUNTERS);
  readonly flowKinds: Counters<FlowKindName> = new Counters(FLOW_KINDS);
  /** Server names that TLS clients asked for, with how often; the first `serverNamesMax`. */
  readonly serverNames: Map<string, number> = new Map();
  readonly budget: HeldBudget = new HeldBudget();
  readonly exchanges: ExchangePool = new ExchangePool();
  /** The next head is read into this message. */
  draft: PooledMessage = this.exchanges.message();
  readonly framing: BodyFraming = new BodyFraming();
  readonly candidate: Candidate = new Candidate();
  /** What every reader holds that holds nothing. */
  readonly nothingHeld: HeldBytes = new HeldBytes(this.budget);
  readonly #spareHeld: HeldBytes[] = [];
  readonly #codecs = new CodecPool();
  readonly #bodies: Body[] = [];

  constructor(observer: ExchangeObserver) {
    this.observer = observer;
  }

  /** Takes the message that was read, and puts a fresh one in its place. */
  takeDraft(): PooledMessage {
    const message = this.draft;
    this.draft = this.exchanges.message();
    return message;
  }

  borrowBody(): Body {
    return this.#bodies.pop() ?? new Body(this.#codecs, this.budget);
  }

  returnBody(body: Body): void {
    if (this.#bodies.length < httpLimits.pooledMax) this.#bodies.push(body);
    else body.release();
  }

  borrowHeld(): HeldBytes {
    return this.#spareHeld.pop() ?? new HeldBytes(this.budget);
  }

  /** Takes it back empty. */
  returnHeld(held: HeldBytes): void {
    if (this.#spareHeld.length < httpLimits.pooledMax) this.#spareHeld.push(held);
  }

  /** Whether a connection whose exchanges under way are `count` must be let go: it has, or all have, too many. */
  hasTooMany(count: number, countMax: number): boolean {
    if (count <= countMax && this.exchanges.aliveCount <= httpLimits.exchangesMax) return false;
    this.counters.add(HttpCount.tooManyOutstanding);
    return true;
  }

  noteServerName(name: string): void {
    const count = this.serverNames.get(name);
    if (count !== undefined) this.serverNames.set(name, count + 1);
    else if (this.serverNames.size < httpLimits.serverNamesMax) this.serverNames.set(name, 1);
  }
}
