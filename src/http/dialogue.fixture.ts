/**
 * Dialogues as text, for tests. A step is `> bytes` (client to server), `< bytes`, `gap> 10`, `gap< 10`, `snap> 10`, `fin>`,
 * `fin<`, or `close reset`. In the bytes, `\r\n` and `\xff` are written as such. Every step is 10 ms after the
 * one before it, the first at 10.
 *
 * The log has one line an exchange, in the order in which they were emitted:
 *
 *   POST /a "request body" | 200 "response body" [flags]
 *
 * with `-` for a half that was not seen, `~` behind a body that is not whole, and no body where none was handed on.
 */
import { Buffer } from "node:buffer";
import {
  CloseReason,
  Direction,
  type FlowInfo,
  type StreamConsumer,
  Verdict,
} from "../reassemble/stream.ts";
import { createHttpConsumers, type HttpConsumers } from "./consumers.ts";
import {
  type BodySink,
  type Exchange,
  ExchangeFlag,
  type ExchangeObserver,
  type Message,
} from "./exchange.ts";

export class CollectingSink implements BodySink {
  readonly #parts: Buffer[] = [];
  whole: boolean | null = null;

  data(bytes: Uint8Array, start: number, end: number): void {
    if (this.whole !== null) throw new Error("data behind the end of a body");
    this.#parts.push(Buffer.from(bytes.slice(start, end)));
  }

  end(whole: boolean): void {
    if (this.whole !== null) throw new Error("a body ended twice");
    this.whole = whole;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** Checks the contract of `ExchangeObserver` while it logs. */
export class Recorder implements ExchangeObserver {
  readonly log: string[] = [];
  readonly #open = new Set<Exchange>();

  requestHead(exchange: Exchange): BodySink {
    if (exchange.request === null) throw new Error("no request at requestHead");
    this.#open.add(exchange);
    return new CollectingSink();
  }

  responseHead(exchange: Exchange): BodySink {
    if (exchange.response === null) throw new Error("no response at responseHead");
    this.#open.add(exchange);
    return new CollectingSink();
  }

  exchange(exchange: Exchange): void {
    if (!this.#open.delete(exchange))
      throw new Error("an exchange without a head, or emitted twice");
    const flags = Object.entries(ExchangeFlag)
      .filter(
        ([name, bit]) => exchange.flags & bit && name !== "noRequest" && name !== "noResponse",
      )
      .map(([name]) => name);
    const request = exchange.request
      ? `${exchange.method} ${exchange.target}${bodyText(exchange.request)}`
      : "-";
    const response = exchange.response ? `${exchange.status}${bodyText(exchange.response)}` : "-";
    const noRequest = (exchange.flags & ExchangeFlag.noRequest) !== 0;
    const noResponse = (exchange.flags & ExchangeFlag.noResponse) !== 0;
    if (noRequest !== (request === "-") || noResponse !== (response === "-"))
      throw new Error("flags contradict what was seen");
    this.log.push(`${request} | ${response}${flags.length > 0 ? ` [${flags.join(" ")}]` : ""}`);
  }

  get openCount(): number {
    return this.#open.size;
  }
}

function bodyText(message: Message): string {
  const sink = message.sink as CollectingSink;
  if (sink.whole === null) throw new Error("a body without end");
  const bytes = sink.bytes;
  const text =
    bytes.length > 60 ? `${bytes.length} bytes` : JSON.stringify(bytes.toString("latin1"));
  return `${bytes.length > 0 ? ` ${text}` : ""}${sink.whole ? "" : " ~"}`;
}

export type Step =
  | { readonly kind: "data"; readonly direction: Direction; readonly bytes: Buffer }
  | {
      readonly kind: "gap";
      readonly direction: Direction;
      readonly byteCount: number;
      /** The rest of the packet before it, which was captured in part. */
      readonly snapped?: boolean;
    }
  | { readonly kind: "fin"; readonly direction: Direction }
  | { readonly kind: "close"; readonly reason: CloseReason };

const REASONS: Readonly<Record<string, CloseReason>> = {
  finished: CloseReason.Finished,
  reset: CloseReason.Reset,
  idle: CloseReason.Idle,
};

const directionOf = (mark: string | undefined): Direction =>
  mark === ">" ? Direction.AToB : Direction.BToA;

export const wire = (text: string): Buffer =>
  Buffer.from(
    text.replaceAll(/\\r|\\n|\\t|\\0|\\x([0-9a-f]{2})/g, (written, hex) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      return { "\\r": "\r", "\\n": "\n", "\\t": "\t", "\\0": "\0" }[written] ?? written;
    }),
    "latin1",
  );

export function step(text: string | Step): Step {
  if (typeof text !== "string") return text;
  const gap = /^(gap|snap)([<>]) (\d+)$/.exec(text);
  if (gap) {
    const snapped = gap[1] === "snap";
    return { kind: "gap", direction: directionOf(gap[2]), byteCount: Number(gap[3]), snapped };
  }
  const fin = /^fin([<>])$/.exec(text);
  if (fin) return { kind: "fin", direction: directionOf(fin[1]) };
  const close = /^close (\w+)$/.exec(text);
  if (close) return { kind: "close", reason: REASONS[close[1] ?? ""] ?? CloseReason.EndOfInput };
  const data = /^([<>]) (.*)$/s.exec(text);
  if (!data) throw new Error(`no step: ${text}`);
  return { kind: "data", direction: directionOf(data[1]), bytes: wire(data[2] ?? "") };
}

export const data = (mark: ">" | "<", ...parts: (string | Buffer)[]): Step => ({
  kind: "data",
  direction: directionOf(mark),
  bytes: Buffer.concat(parts.map((part) => (typeof part === "string" ? wire(part) : part))),
});

export interface PlayOptions {
  /** Bytes of a piece; the steps' own pieces if left out. */
  readonly pieceBytes?: number;
  readonly midStream?: boolean;
}

export interface Played {
  readonly log: readonly string[];
  readonly http: HttpConsumers;
  readonly ignored: boolean;
}

let flowId = 0;
export const flowInfo = (midStream: boolean): FlowInfo => ({
  a: { ip: "10.0.0.1", port: 40000 },
  b: { ip: "10.0.0.2", port: 8080 },
  initiator: midStream ? null : Direction.AToB,
  flowId: ++flowId,
});

/** Plays one flow; closes it at the end if no step does. */
export function play(steps: readonly (string | Step)[], options: PlayOptions = {}): Played {
  const recorder = new Recorder();
  const http = createHttpConsumers(recorder);
  const consumer = http.factory(flowInfo(options.midStream ?? false));
  if (consumer === null) throw new Error("no consumer");
  const ignored = playOn(consumer, steps.map(step), options.pieceBytes ?? Number.POSITIVE_INFINITY);
  if (recorder.openCount > 0) throw new Error("exchanges that were never emitted");
  return { log: recorder.log, http, ignored };
}

function playOn(consumer: StreamConsumer, steps: readonly Step[], pieceBytes: number): boolean {
  let verdict: Verdict = Verdict.Continue;
  let timeMs = 0;
  let closed = false;
  for (const current of steps) {
    if (current.kind !== "gap" || current.snapped !== true) timeMs += 10;
    switch (current.kind) {
      case "data":
        for (
          let at = 0;
          at < current.bytes.length && verdict === Verdict.Continue;
          at += pieceBytes
        ) {
          // Surrounded by other bytes, as in a packet: reading beside the piece would show.
          const piece = current.bytes.subarray(at, at + pieceBytes);
          const packet = Buffer.concat([SURROUNDINGS, piece, SURROUNDINGS]);
          const start = SURROUNDINGS.length;
          verdict = consumer.data(current.direction, packet, start, start + piece.length, timeMs);
          packet.fill(0x58);
        }
        break;
      case "gap":
        if (verdict === Verdict.Continue)
          verdict = consumer.gap(current.direction, current.byteCount, timeMs);
        break;
      case "fin":
        if (verdict === Verdict.Continue) consumer.end(current.direction, timeMs);
        break;
      case "close":
        consumer.close(current.reason, timeMs);
        closed = true;
        break;
    }
  }
  if (!closed) consumer.close(CloseReason.EndOfInput, timeMs);
  return verdict === Verdict.Ignore;
}

const SURROUNDINGS = Buffer.from("\r\n\r\nHTTP/1.1 299 No\r\n\r\n");
