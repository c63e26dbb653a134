import { promisify } from "node:util";
import { zstdCompress } from "node:zlib";
import type { JetStreamClient, PubAck } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { AGENT_HEADER } from "./agent.ts";
import { parseAnswer } from "./answer.ts";
import { type Batch, encodeBatch, type FrozenDelta, nameText } from "./delta.ts";
import {
  ANSWER_SUBJECT,
  connectNats,
  DELTA_STREAM,
  deltaSubject,
  type NatsOptions,
  natsServers,
  STATUS_SUBJECT,
} from "./jetstream.ts";
import type { Outcome, ServerAnswer, Transport } from "./transport.ts";

const compress = promisify(zstdCompress);

export interface NatsTransportOptions extends NatsOptions {
  /** Whose answer is asked for. */
  readonly sensor: string;
  /** What it is, for servers: as `sensorAgent` writes it. */
  readonly agent?: string;
  /** For each delta, until the broker has it on its disks. */
  readonly timeoutMs?: number;
  /** How often the server is asked for its answer, beside each empty batch. */
  readonly answerIntervalMs?: number;
}

const TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 2_000;
const ANSWER_INTERVAL_MS = 60_000;

/** What became of one delta, without an answer yet. */
type DeltaOutcome = Exclude<Outcome, { kind: "accepted" | "duplicate" }> | PubAck;

/** To a JetStream that servers consume. Accepted means that the broker has it: no server needs to run. */
export class NatsTransport implements Transport {
  readonly target: string;
  readonly #options: NatsTransportOptions;
  #connection: Promise<NatsConnection> | null = null;
  #nextAnswerMs = Number.NEGATIVE_INFINITY;

  /** Throws a `UsageError` where `server` is no list of NATS URLs. */
  constructor(options: NatsTransportOptions) {
    this.#options = options;
    this.target = `nats://${natsServers(options.server).join(",")} (stream ${DELTA_STREAM})`;
  }

  async publish(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    const stopped = new Promise<Outcome>((resolve) => {
      const stop = (): void => resolve({ kind: "unreachable", reason: "stopped" });
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop, { once: true });
    });
    return await Promise.race([this.#publish(batch), stopped]);
  }

  async report(sensor: string, status: string): Promise<void> {
    try {
      const connection = await this.#connect();
      connection.publish(STATUS_SUBJECT, JSON.stringify({ sensor, status: JSON.parse(status) }));
    } catch {
      // The next one tells it.
    }
  }

  close(): void {
    const closing = this.#connection;
    this.#connection = null;
    closing?.then(
      (connection) => connection.close().catch(() => undefined),
      () => undefined,
    );
  }

  async #publish(batch: Batch): Promise<Outcome> {
    try {
      const connection = await this.#connect();
      const { jetstream } = await import("@nats-io/jetstream");
      const client = jetstream(connection, { timeout: this.#options.timeoutMs ?? TIMEOUT_MS });
      // Deltas of one shard go one behind the other, as a receiver wants them; shards go side by side.
      const shards = Map.groupBy(batch.deltas, (delta) => delta.shard);
      const outcomes = await Promise.all(
        [...shards.values()].map((deltas) => this.#publishShard(connection, client, deltas)),
      );
      const acknowledgements: PubAck[] = [];
      for (const outcome of outcomes.flat()) {
        if ("kind" in outcome) return outcome;
        acknowledgements.push(outcome);
      }
      const isDuplicate =
        acknowledgements.length > 0 && acknowledgements.every(({ duplicate }) => duplicate);
      const answer = await this.#answer(connection, batch.deltas.length === 0);
      return { kind: isDuplicate ? "duplicate" : "accepted", answer };
    } catch (error) {
      return await outcomeOf(error);
    }
  }

  async #publishShard(
    connection: NatsConnection,
    client: JetStreamClient,
    deltas: readonly FrozenDelta[],
  ): Promise<DeltaOutcome[]> {
    const outcomes: DeltaOutcome[] = [];
    for (const delta of deltas) {
      const outcome = await publishDelta(connection, client, delta, this.#options.agent ?? "");
      outcomes.push(outcome);
      if ("kind" in outcome) break;
    }
    return outcomes;
  }

  /** What a server has to tell, where one is there to ask; it never decides what became of deltas. */
  async #answer(connection: NatsConnection, isWanted: boolean): Promise<ServerAnswer | null> {
    const nowMs = performance.now();
    if (!isWanted && nowMs < this.#nextAnswerMs) return null;
    this.#nextAnswerMs = nowMs + (this.#options.answerIntervalMs ?? ANSWER_INTERVAL_MS);
    try {
      const reply = await connection.request(
        ANSWER_SUBJECT,
        JSON.stringify({ v: 1, sensor: this.#options.sensor }),
        { timeout: ANSWER_TIMEOUT_MS },
      );
      return parseAnswer(reply.string())?.answer ?? null;
    } catch {
      return null;
    }
  }

  async #connect(): Promise<NatsConnection> {
    if (this.#connection !== null) {
      const connection = await this.#connection;
      if (!connection.isClosed()) return connection;
    }
    this.#connection = connectNats(this.#options);
    try {
      return await this.#connection;
    } catch (error) {
      this.#connection = null;
      throw error;
    }
  }
}

async function publishDelta(
  connection: NatsConnection,
  client: JetStreamClient,
  delta: FrozenDelta,
  agent: string,
): Promise<DeltaOutcome> {
  const { headers } = await import("@nats-io/transport-node");
  const fields = headers();
  if (agent !== "") fields.set(AGENT_HEADER, agent);
  const body = await compress(encodeBatch({ deltas: [delta] }));
  const sizeMax = connection.info?.max_payload ?? Number.POSITIVE_INFINITY;
  if (body.length > sizeMax) {
    return {
      kind: "too large",
      reason: `${body.length} bytes; the broker's max_payload is ${sizeMax}`,
    };
  }
  try {
    return await client.publish(deltaSubject(delta.shard), body, {
      msgID: nameText(delta),
      headers: fields,
      expect: { streamName: DELTA_STREAM },
    });
  } catch (error) {
    return await outcomeOf(error);
  }
}

/** Errors of the JetStream API that are about what the stream holds, not about us (`server/errors.json` of nats-server). */
const STREAM_FULL = [10047, 10077, 10122];
const MESSAGE_TOO_LARGE = 10054;
const WRONG_STREAM = 10060;

async function outcomeOf(
  error: unknown,
): Promise<Exclude<Outcome, { kind: "accepted" | "duplicate" }>> {
  const { jserrors } = await import("@nats-io/jetstream/internal");
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof jserrors.JetStreamApiError) {
    if (error.code === MESSAGE_TOO_LARGE) return { kind: "too large", reason };
    const advice = STREAM_FULL.includes(error.code)
      ? " (the stream is full: do servers consume it?)"
      : error.code === WRONG_STREAM
        ? ` (is ${DELTA_STREAM} the stream of these subjects?)`
        : "";
    return { kind: "retry", afterMs: null, reason: reason + advice };
  }
  // Nobody answers on the subject: there is no such stream, or no JetStream at all.
  const hasNoStream =
    error instanceof jserrors.JetStreamNotEnabled || error instanceof jserrors.JetStreamError;
  if (hasNoStream) {
    return {
      kind: "retry",
      afterMs: null,
      reason: `${reason} (there is no stream ${DELTA_STREAM}: the first nta serve makes it)`,
    };
  }
  return { kind: "unreachable", reason };
}
