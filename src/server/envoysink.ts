/**
 * The gRPC server that Envoys send to: external processing in observability mode, and access logs. Envoy's flow control
 * reaches the requests of users, so nothing here ever stops reading: what there is no time or room for is dropped, and counted.
 *
 * gRPC over HTTP/2: a message is a byte of flags, its length in 4 bytes, and so many bytes; a call ends with the trailer
 * `grpc-status`. We answer none of the messages, and end a call as soon as we have seen enough of it.
 */
import {
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Counters } from "../base/counters.ts";
import { UsageError } from "../base/errors.ts";
import { collectLimits } from "../base/limits.ts";
import { readAccessLog } from "../collect/envoy/accesslog.ts";
import { readProcessing } from "../collect/envoy/processing.ts";
import { EnvoyContext, EnvoyStream } from "../collect/envoy/stream.ts";
import { ENVOY_TALLIES, EnvoyTally, type EnvoyTallyName } from "../collect/envoy/tallies.ts";
import type { ExchangeObserver } from "../http/exchange.ts";
import { GrpcFrames, HeldFrames } from "./grpcframes.ts";

export interface EnvoySinkOptions {
  readonly address: string;
  readonly port: number;
  readonly observer: ExchangeObserver;
  readonly nowMs: () => number;
}

const PROCESS = "/envoy.service.ext_proc.v3.ExternalProcessor/Process";
const HEALTH = "/grpc.health.v1.Health/Check";
const ACCESS_LOGS = "/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs";

/** What Envoy may send ahead on a connection, and on one stream of it: it must never have to wait for us. */
const CONNECTION_WINDOW_BYTES = 1 << 26;
const STREAM_WINDOW_BYTES = 1 << 22;
const RESETS_MAX = 100_000;
/** What Node may hold of one connection, its window included. */
const SESSION_MEGABYTES = 128;
/** Turns of the event loop that take longer on average mean that exchanges come faster than they are read. */
const BUSY_MS = 100;
const LOOK_MS = 500;

const Status = { Ok: 0, ResourceExhausted: 8, Unimplemented: 12, InvalidArgument: 3 } as const;

export class EnvoySink {
  readonly counters: Counters<EnvoyTallyName> = new Counters(ENVOY_TALLIES);
  readonly #options: EnvoySinkOptions;
  readonly #context: EnvoyContext;
  readonly #held = new HeldFrames(collectLimits.envoyHeldBytesMax);
  readonly #server: Http2Server;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #delay = monitorEventLoopDelay({ resolution: 10 });
  readonly #timer: NodeJS.Timeout;
  #streamCount = 0;
  #isBusy = false;

  constructor(options: EnvoySinkOptions) {
    this.#options = options;
    this.#context = new EnvoyContext(options.observer, this.counters);
    this.#server = createServer({
      settings: {
        initialWindowSize: STREAM_WINDOW_BYTES,
        maxConcurrentStreams: collectLimits.envoyStreamsMax,
      },
      // Envoy resets each stream that we end; by default Node takes a connection with 33 resets a second for an attack.
      streamResetBurst: RESETS_MAX,
      streamResetRate: RESETS_MAX,
      maxSessionMemory: SESSION_MEGABYTES,
    });
    this.#server.on("connection", (socket: Socket) => socket.setNoDelay(true));
    this.#server.on("session", (session) => this.#begin(session));
    this.#server.on("stream", (stream, headers) => this.#take(stream, headers[":path"] ?? ""));
    this.#server.on("sessionError", () => {});
    this.#delay.enable();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** @throws UsageError where the address cannot be listened on. */
  async open(): Promise<{ address: string; port: number }> {
    const { address, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (error: NodeJS.ErrnoException) => {
        const reason = error.code === "EADDRINUSE" ? "another program uses it" : error.message;
        reject(new UsageError(`--envoy-listen: ${address}:${port}: ${reason}; choose another.`));
      });
      this.#server.listen(port, address, resolve);
    });
    const bound = this.#server.address() as AddressInfo;
    return { address: bound.address, port: bound.port };
  }

  /** Connections and streams that are open now. */
  load(): { connections: number; streams: number } {
    return { connections: this.#sessions.size, streams: this.#streamCount };
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#delay.disable();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const session of this.#sessions) session.destroy();
    await closed;
  }

  #begin(session: ServerHttp2Session): void {
    if (this.#sessions.size >= collectLimits.envoyConnectionsMax) {
      session.destroy();
      return;
    }
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    this.#sessions.add(session);
    session.on("error", () => {});
    session.on("close", () => this.#sessions.delete(session));
  }

  #take(stream: ServerHttp2Stream, path: string): void {
    stream.on("error", () => {});
    if (path === HEALTH) {
      answerHealth(stream);
      return;
    }
    const refusal = this.#refusal(path);
    if (refusal !== null) {
      end(stream, refusal);
      return;
    }
    this.#streamCount += 1;
    const frames = new GrpcFrames(this.#held, collectLimits.envoyMessageBytesMax);
    const take = path === PROCESS ? this.#processing(stream) : this.#accessLog(stream);
    stream.on("data", (chunk: Buffer) => {
      if (frames.push(chunk, take.message)) return;
      this.counters.add(EnvoyTally.MessageTooLarge);
      take.end();
      end(stream, Status.ResourceExhausted);
    });
    stream.on("end", () => {
      take.end();
      end(stream, Status.Ok);
    });
    stream.on("close", () => {
      this.#streamCount -= 1;
      frames.close();
      take.end();
    });
    // Headers at once: Envoy counts a call that is answered as a working one.
    stream.respond(
      { ":status": 200, "content-type": "application/grpc" },
      { waitForTrailers: true },
    );
  }

  /** Why this call is let go at once, as a status; null where it is taken. */
  #refusal(path: string): number | null {
    if (path !== PROCESS && path !== ACCESS_LOGS) {
      this.counters.add(EnvoyTally.UnknownService);
      return Status.Unimplemented;
    }
    if (this.#streamCount >= collectLimits.envoyStreamsMax) {
      this.counters.add(EnvoyTally.TooManyStreams);
      return Status.Ok;
    }
    if (path === ACCESS_LOGS || !this.#isBusy) return null;
    this.counters.add(EnvoyTally.Busy);
    return Status.Ok;
  }

  #processing(stream: ServerHttp2Stream): Taker {
    const { nowMs } = this.#options;
    const exchange = new EnvoyStream(this.#context);
    let isWanted = true;
    return {
      message: (bytes) => {
        if (!isWanted) return;
        const message = readProcessing(bytes);
        if (message === null) this.counters.add(EnvoyTally.Malformed);
        isWanted = message !== null && exchange.push(message, nowMs());
        if (isWanted) return;
        exchange.end(nowMs());
        end(stream, Status.Ok);
      },
      end: () => exchange.end(nowMs()),
    };
  }

  #accessLog(stream: ServerHttp2Stream): Taker {
    return {
      message: (bytes) => {
        const result = readAccessLog(bytes, this.#options.observer, this.#context.ways);
        if (result === null) {
          this.counters.add(EnvoyTally.Malformed);
          end(stream, Status.InvalidArgument);
          return;
        }
        this.counters.addMany(EnvoyTally.Exchanges, result.exchanges);
        this.counters.addMany(EnvoyTally.BadHead, result.refused);
      },
      end: () => {},
    };
  }

  #look(): void {
    this.#isBusy = this.#delay.mean / 1e6 > BUSY_MS;
    this.#delay.reset();
  }
}

/** A message of two bytes: field 1, status SERVING (grpc/health/v1/health.proto). */
const SERVING = Buffer.from([0, 0, 0, 0, 2, 0x08, 1]);

/** By it Envoy tells a collector that works from one that hangs, to which it then sends nothing. */
function answerHealth(stream: ServerHttp2Stream): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": String(Status.Ok) }));
  stream.end(SERVING);
  stream.resume();
}

interface Taker {
  readonly message: (bytes: Uint8Array) => void;
  readonly end: () => void;
}

/** Ends a call from our side. What Envoy still sends of it is read and thrown away. */
function end(stream: ServerHttp2Stream, status: number): void {
  if (stream.destroyed || stream.writableEnded) return;
  const trailers = { "grpc-status": String(status) };
  if (!stream.headersSent) {
    stream.respond(
      { ":status": 200, "content-type": "application/grpc", ...trailers },
      { endStream: true },
    );
  } else {
    stream.once("wantTrailers", () => stream.sendTrailers(trailers));
    stream.end();
  }
  stream.resume();
}
