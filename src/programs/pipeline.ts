/**
 * From files to exchanges: packets, decoded, reassembled, read as HTTP, handed to an observer; or a HAR file, which
 * has exchanges already. Several files are one job (docs/decisions/0004-several-captures.md).
 */
import { statSync } from "node:fs";
import { UsageError } from "../base/errors.ts";
import { PacketClock } from "../capture/clock.ts";
import type { Packet } from "../capture/packet.ts";
import { type CaptureResult, readPackets } from "../capture/reader.ts";
import { type ByteSource, describeUnknown, openSource } from "../capture/source.ts";
import { Decoder } from "../decode/decoder.ts";
import { Outcome } from "../decode/outcome.ts";
import { emptySegment, type Segment } from "../decode/segment.ts";
import { createHttpConsumers } from "../http/consumers.ts";
import type { ExchangeObserver } from "../http/exchange.ts";
import { Reassembler } from "../reassemble/reassembler.ts";
import type { FlowInfo, StreamConsumer } from "../reassemble/stream.ts";
import { ServerPorts } from "./serverports.ts";

/** How often time-outs are looked at, in time of the packets. */
const EXPIRE_MS = 250;

export interface JobOptions extends Pick<PipelineOptions, "keeps"> {
  readonly signal: AbortSignal;
  /** Names of interfaces whose packets are used, where a capture names them; empty is all. */
  readonly interfaces?: readonly string[];
  /** Whether HAR files are read too, which have no packets; they are unless told otherwise. */
  readonly readsArchives?: boolean;
  /** After each piece of input that was worked on. */
  readonly onPiece: (source: ByteSource) => void;
}

/** What was read, beside the exchanges that the observer got. */
export interface JobResult {
  readonly captures: readonly CaptureResult[];
  readonly warnings: readonly string[];
  readonly packets: PacketPipeline;
}

/** Reads all files to their end or until `signal`; no file is left out quietly. */
export const readCaptures = async (
  paths: readonly string[],
  observer: ExchangeObserver,
  options: JobOptions,
): Promise<JobResult> => {
  await refuseUnusable(paths);
  const { keeps, readsArchives = true } = options;
  const packets = new PacketPipeline(observer, keeps === undefined ? {} : { keeps });
  const captures: CaptureResult[] = [];
  const warnings: string[] = [];
  for (const path of paths) {
    if (options.signal.aborted) break;
    const source = withPieces(await openSource(path, options), options.onPiece);
    if (source.kind === "json") {
      if (readsArchives) warnings.push(...(await readArchive(source, observer, options)));
      continue;
    }
    if (source.kind !== "pcap" && source.kind !== "pcapng") {
      if (options.signal.aborted) break;
      throw new UsageError(describeUnknown(source));
    }
    packets.beginCapture();
    const capture = await readPackets(source, (packet) => packets.push(packet), options);
    captures.push(capture);
    warnings.push(...capture.warnings.map((text) => `${source.name}: ${text}`));
  }
  packets.close();
  const { failure } = packets.reassembler;
  if (failure !== null) {
    warnings.push(`a bug in nta made it drop connections, please report it: ${String(failure)}`);
  }
  return { captures, warnings, packets };
};

/** Gives the warnings. What is no HAR file after all is refused by its name. */
const readArchive = async (
  source: ByteSource,
  observer: ExchangeObserver,
  options: JobOptions,
): Promise<string[]> => {
  const { readHar } = await import("../collect/har.ts");
  try {
    const { warnings } = await readHar(source.chunks, observer, options);
    return warnings.map((text) => `${source.name}: ${text}`);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${source.name}: ${error.message}`);
  }
};

export interface PipelineOptions {
  /** Whether a segment is used at all. */
  readonly keeps?: (segment: Segment) => boolean;
  /** Stands between a flow and what reads it. */
  readonly wrap?: (consumer: StreamConsumer, flow: FlowInfo) => StreamConsumer;
}

/** The way of a packet, and what was counted on it. */
export class PacketPipeline {
  readonly decoder = new Decoder();
  readonly ports = new ServerPorts();
  readonly http: ReturnType<typeof createHttpConsumers>;
  readonly reassembler: Reassembler;
  readonly #keeps: ((segment: Segment) => boolean) | null;
  readonly #segment = emptySegment();
  #isPushing = false;
  readonly #clock = new PacketClock();
  #expireMs = Number.NEGATIVE_INFINITY;
  #isFirst = false;

  constructor(observer: ExchangeObserver, { keeps, wrap }: PipelineOptions = {}) {
    this.#keeps = keeps ?? null;
    this.http = createHttpConsumers(observer);
    this.reassembler = new Reassembler((flow) => {
      this.ports.add(flow);
      const consumer = this.http.factory(flow);
      return wrap === undefined || consumer === null ? consumer : wrap(consumer, flow);
    });
  }

  /** The segment that is being taken in; null where what happens comes of time. */
  get segment(): Segment | null {
    return this.#isPushing ? this.#segment : null;
  }

  /** The next packet is the first of another capture. */
  beginCapture(): void {
    this.#isFirst = true;
  }

  push(packet: Packet): void {
    if (this.#isFirst) this.#begin(packet.timeMs);
    if (this.#clock.note(packet.timeMs) || this.#clock.nowMs >= this.#expireMs) this.#expire();
    if (this.decoder.decode(packet, this.#segment) !== Outcome.Tcp) return;
    if (this.#keeps !== null && !this.#keeps(this.#segment)) return;
    this.#isPushing = true;
    this.reassembler.push(this.#segment);
    this.#isPushing = false;
  }

  /** Time passes also where no packet comes, and may be set back. */
  tick(nowMs: number): void {
    this.#clock.set(nowMs);
    this.#expire();
  }

  close(): void {
    this.reassembler.close(this.#clock.nowMs);
  }

  /** Connections go on from one capture into the next, unless the two overlap in time. */
  #begin(timeMs: number): void {
    this.#isFirst = false;
    if (timeMs >= this.#clock.nowMs) return;
    this.close();
    this.#clock.set(timeMs);
    this.#expireMs = timeMs;
  }

  #expire(): void {
    const { nowMs } = this.#clock;
    this.reassembler.expire(nowMs);
    this.decoder.expire(nowMs);
    this.#expireMs = nowMs + EXPIRE_MS;
  }
}

/** The same source, with a call to `onPiece` after each of its chunks was used. */
const withPieces = (source: ByteSource, onPiece: (source: ByteSource) => void): ByteSource => {
  const { chunks } = source;
  const pieces = async function* (): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of chunks) {
      yield chunk;
      onPiece(source);
    }
  };
  return { ...source, chunks: pieces() };
};

/** What is there to be read again and again; a path that cannot be looked at is not. */
export const isRegularFile = (path: string): boolean => {
  try {
    return path !== "-" && statSync(path).isFile();
  } catch {
    return false;
  }
};

/** Regular files are looked at before any work is done; pipes only when their turn comes. */
const refuseUnusable = async (paths: readonly string[]): Promise<void> => {
  for (const path of paths) {
    if (!isRegularFile(path)) continue;
    const source = await openSource(path);
    if (source.kind === "empty" || source.kind === "unknown") {
      throw new UsageError(describeUnknown(source));
    }
    await source.chunks[Symbol.asyncIterator]().return?.();
  }
};
