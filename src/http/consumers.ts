import type { Counters } from "../base/counters.ts";
import type {
  CloseReason,
  ConsumerFactory,
  Direction,
  FlowInfo,
  StreamConsumer,
  Verdict,
} from "../reassemble/stream.ts";
import { type FlowOwner, HttpConnection } from "./connection.ts";
import { HttpContext } from "./context.ts";
import type { ExchangeObserver } from "./exchange.ts";
import type { PooledExchange } from "./exchangepool.ts";
import { Http2Connection } from "./http2/connection.ts";
import type { Said } from "./readerowner.ts";
import { FlowKind, type FlowKindName, type HttpCounterName } from "./tallies.ts";

export interface HttpConsumers {
  readonly factory: ConsumerFactory;
  readonly counters: Counters<HttpCounterName>;
  /** Flows by what they carry. */
  readonly flowKinds: Counters<FlowKindName>;
  /** Names that TLS clients asked for, with how often; bounded. */
  readonly serverNames: ReadonlyMap<string, number>;
}

/** Makes the consumers of all flows of one source, which feed one observer. */
export function createHttpConsumers(observer: ExchangeObserver): HttpConsumers {
  const context = new HttpContext(observer);
  const { counters, flowKinds, serverNames } = context;
  return { factory: (flow) => new HttpFlow(context, flow), counters, flowKinds, serverNames };
}

/** A flow is taken for HTTP/1 until its first bytes say that it is HTTP/2. */
class HttpFlow implements StreamConsumer, FlowOwner {
  readonly #context: HttpContext;
  readonly #flow: FlowInfo;
  #reader: StreamConsumer;

  constructor(context: HttpContext, flow: FlowInfo) {
    this.#context = context;
    this.#flow = flow;
    this.#reader = new HttpConnection(context, flow, this);
  }

  data(
    direction: Direction,
    bytes: Uint8Array,
    start: number,
    end: number,
    timeMs: number,
  ): Verdict {
    return this.#reader.data(direction, bytes, start, end, timeMs);
  }

  gap(direction: Direction, byteCount: number, timeMs: number): Verdict {
    return this.#reader.gap(direction, byteCount, timeMs);
  }

  end(direction: Direction, timeMs: number): void {
    this.#reader.end(direction, timeMs);
  }

  close(reason: CloseReason, timeMs: number): void {
    this.#reader.close(reason, timeMs);
  }

  /** What both sides have said so far is that of HTTP/2. */
  turn(client: Direction, said: readonly Said[], first: PooledExchange | null): StreamConsumer {
    // One that was asked for has been counted as the HTTP/1 that it was.
    if (first === null) this.#context.flowKinds.add(FlowKind.http2);
    const reader = new Http2Connection(this.#context, this.#flow, client, first);
    this.#reader = reader;
    for (const { direction, bytes, start, end, timeMs } of said) {
      reader.data(direction, bytes, start, end, timeMs);
    }
    return reader;
  }
}
