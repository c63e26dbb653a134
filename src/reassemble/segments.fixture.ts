/** For tests: segments from short notation, and a consumer that writes down what it is told. */
import { emptySegment, type Segment, TcpFlag } from "../decode/segment.ts";
import {
  CloseReason,
  type ConsumerFactory,
  Direction,
  type FlowInfo,
  type StreamConsumer,
  Verdict,
} from "./stream.ts";

export interface SegmentOptions {
  readonly text?: string;
  readonly bytes?: Uint8Array;
  /** Letters of `SFRPA`; `A` is set where `ack` is given. */
  readonly flags?: string;
  readonly ack?: number;
  readonly missing?: number;
  readonly timeMs?: number;
  /** Last byte of the client's address, and its port. */
  readonly host?: number;
  readonly port?: number;
}

const FLAG_BITS: Readonly<Record<string, number>> = {
  S: TcpFlag.Syn,
  F: TcpFlag.Fin,
  R: TcpFlag.Rst,
  P: TcpFlag.Psh,
  A: TcpFlag.Ack,
};

/** A segment from `a` (10.0.0.1, the client) or `b` (10.0.0.200 port 80, the server). */
export function segment(from: "a" | "b", sequence: number, options: SegmentOptions = {}): Segment {
  const made = emptySegment();
  const bytes = options.bytes ?? Buffer.from(options.text ?? "", "latin1");
  made.bytes = bytes;
  made.payloadEnd = bytes.length;
  made.missingBytes = options.missing ?? 0;
  const client = (10 << 24) | (options.host ?? 1);
  const server = (10 << 24) | (200 << 16);
  const port = options.port ?? 40_000;
  made.source2 = 0xffff;
  made.target2 = 0xffff;
  made.source3 = from === "a" ? client : server;
  made.target3 = from === "a" ? server : client;
  made.sourcePort = from === "a" ? port : 80;
  made.targetPort = from === "a" ? 80 : port;
  made.sequence = sequence | 0;
  made.acknowledgement = (options.ack ?? 0) | 0;
  for (const letter of options.flags ?? "") made.flags |= FLAG_BITS[letter] ?? 0;
  if (options.ack !== undefined) made.flags |= TcpFlag.Ack;
  made.timeMs = options.timeMs ?? 0;
  made.frameBytes = 54 + bytes.length;
  return made;
}

const REASON_NAMES = new Map(Object.entries(CloseReason).map(([name, value]) => [value, name]));

/** Writes events down as `a:text`, `b-3` (a gap of 3), `a.` (ended) and `close Finished`; text that continues is joined. */
export class Log {
  readonly events: string[] = [];
  readonly flows: FlowInfo[] = [];

  readonly factory: ConsumerFactory = (flow) => {
    this.flows.push(flow);
    return this.#consumer();
  };

  #consumer(): StreamConsumer {
    const letter = (direction: Direction): string => (direction === Direction.AToB ? "a" : "b");
    return {
      data: (direction, bytes, start, end) => {
        const text = Buffer.from(bytes.subarray(start, end)).toString("latin1");
        const prefix = `${letter(direction)}:`;
        const last = this.events.length - 1;
        if (this.events[last]?.startsWith(prefix) === true) this.events[last] += text;
        else this.events.push(prefix + text);
        return Verdict.Continue;
      },
      gap: (direction, byteCount) => {
        this.events.push(`${letter(direction)}-${byteCount}`);
        return Verdict.Continue;
      },
      end: (direction) => {
        this.events.push(`${letter(direction)}.`);
      },
      close: (reason) => {
        this.events.push(`close ${REASON_NAMES.get(reason)}`);
      },
    };
  }
}
