/**
 * Deltas from JetStream into the inventory. Any number of servers run this side by side: each of the durable consumers
 * hands out at most one batch before it is acknowledged, so an API's deltas are as a rule merged by one server at
 * a time; where two meet all the same, the store's transaction decides.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { zstdDecompress } from "node:zlib";
import type { Consumer, ConsumerConfig, JetStreamManager, JsMsg } from "@nats-io/jetstream";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { type NatsConnection, nanos } from "@nats-io/transport-node";
import { sensorLimits, serverLimits, serverStreamLimits } from "../../base/limits.ts";
import { type Delta, decodeBatch } from "../../sensor/delta.ts";
import {
  ANSWER_SUBJECT,
  DEAD_SUBJECT,
  DELTA_STREAM,
  deltaSubject,
  STATUS_SUBJECT,
} from "../../sensor/jetstream.ts";
import { ensureStreams, type StreamOptions } from "./stream.ts";

const decompress = promisify(zstdDecompress);

export interface DeltaConsumerOptions extends StreamOptions {
  /** Stores deltas durably, each once, or rejects and has stored none. */
  readonly ingest: (deltas: readonly Delta[]) => Promise<void>;
  /** What the sensor is told; JSON as `sensor/answer.ts` reads it. */
  readonly answer: (sensor: string) => Promise<unknown>;
  /** Takes what a sensor said about itself. */
  readonly report: (sensor: string, status: Record<string, unknown>) => Promise<void>;
  readonly log: (line: string) => void;
}

export interface DeltaConsumerStatus {
  readonly merged: number;
  /** Handed back since the store did not take them. */
  readonly returned: number;
  /** Unreadable, and put aside. */
  readonly dead: number;
}

export interface DeltaConsumer {
  readonly status: () => DeltaConsumerStatus;
  /** Ends after what is being merged. What was fetched and not merged goes to another server. */
  readonly stop: () => Promise<void>;
}

/** A delta waits this long for its acknowledgement before another server may have it. */
const ACK_WAIT_MS = 60_000;
/** How long a batch waits for one more message. */
const GATHER_MS = 10;
const RETURN_DELAY_MS = 2_000;

export async function consumeDeltas(
  connection: NatsConnection,
  options: DeltaConsumerOptions,
): Promise<DeltaConsumer> {
  const manager = await jetstreamManager(connection);
  await ensureStreams(manager, options);
  const tally = { merged: 0, returned: 0, dead: 0 };
  const stopping = new AbortController();
  const partitions = Array.from({ length: serverStreamLimits.partitions }, (_, index) => index);
  const loops: Promise<void>[] = [];
  for (const partition of partitions) {
    await ensureConsumer(manager, partition);
    const consumer = await jetstream(connection).consumers.get(
      DELTA_STREAM,
      consumerName(partition),
    );
    loops.push(consumePartition(connection, consumer, options, tally, stopping.signal));
  }
  const questions = connection.subscribe(ANSWER_SUBJECT, { queue: "nta" });
  const answering = (async () => {
    for await (const question of questions) {
      try {
        const { sensor } = question.json<{ readonly sensor: string }>();
        question.respond(JSON.stringify(await options.answer(String(sensor))));
      } catch (error) {
        options.log(`a sensor's question was not answered: ${(error as Error).message}`);
      }
    }
  })();
  const reports = connection.subscribe(STATUS_SUBJECT, { queue: "nta" });
  const reporting = (async () => {
    for await (const message of reports) {
      if (message.data.length > serverLimits.statusBytesMax) continue;
      try {
        const { sensor, status } = message.json<{ sensor: string; status: object }>();
        if (typeof status !== "object" || status === null) continue;
        await options.report(String(sensor), { ...status });
      } catch (error) {
        options.log(`a sensor's status was not kept: ${(error as Error).message}`);
      }
    }
  })();
  return {
    status: () => ({ ...tally }),
    stop: async () => {
      stopping.abort();
      questions.unsubscribe();
      reports.unsubscribe();
      await Promise.all([...loops, answering, reporting]);
    },
  };
}

const consumerName = (partition: number): string => `nta-${partition}`;

async function ensureConsumer(manager: JetStreamManager, partition: number): Promise<void> {
  const perPartition = sensorLimits.shardCount / serverStreamLimits.partitions;
  const wanted: Partial<ConsumerConfig> = {
    durable_name: consumerName(partition),
    ack_policy: "explicit",
    ack_wait: nanos(ACK_WAIT_MS),
    max_ack_pending: serverStreamLimits.batchDeltasMax,
    filter_subjects: Array.from({ length: perPartition }, (_, index) =>
      deltaSubject(partition * perPartition + index),
    ),
  };
  // Adding what is there already with the same settings changes nothing.
  await manager.consumers.add(DELTA_STREAM, wanted);
}

type Tally = { -readonly [Name in keyof DeltaConsumerStatus]: number };

async function consumePartition(
  connection: NatsConnection,
  consumer: Consumer,
  options: DeltaConsumerOptions,
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const messages = await consumer.consume({ max_messages: serverStreamLimits.batchDeltasMax });
      const stop = (): void => void messages.close();
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop);
      for await (const batch of batches(messages)) {
        if (!signal.aborted) await mergeBatch(connection, batch, options, tally);
        // Another server need not wait until it is clear that this one has ended.
        else for (const message of batch) message.nak();
      }
      signal.removeEventListener("abort", stop);
    } catch (error) {
      if (signal.aborted) return;
      options.log(`NATS: ${(error as Error).message}; trying again`);
      await sleep(RETURN_DELAY_MS);
    }
  }
}

/** What has arrived by the time that it is asked for, at least one message at a time. */
async function* batches(messages: AsyncIterable<JsMsg>): AsyncGenerator<readonly JsMsg[]> {
  const iterator = messages[Symbol.asyncIterator]();
  let next = iterator.next();
  while (true) {
    const first = await next;
    if (first.done === true) return;
    const batch = [first.value];
    next = iterator.next();
    while (batch.length < serverStreamLimits.batchDeltasMax) {
      const more = await Promise.race([next, sleep(GATHER_MS)]);
      if (more === undefined || more.done === true) break;
      batch.push(more.value);
      next = iterator.next();
    }
    yield batch;
  }
}

async function mergeBatch(
  connection: NatsConnection,
  batch: readonly JsMsg[],
  options: DeltaConsumerOptions,
  tally: Tally,
): Promise<void> {
  const deltas: Delta[] = [];
  const readable: JsMsg[] = [];
  for (const message of batch) {
    const read = await readMessage(message.data);
    if (typeof read === "string") {
      options.log(`a delta on ${message.subject} is unreadable and put aside: ${read}`);
      await jetstream(connection).publish(DEAD_SUBJECT, message.data);
      message.term(read);
      tally.dead += 1;
    } else {
      deltas.push(...read);
      readable.push(message);
    }
  }
  if (readable.length === 0) return;
  try {
    await options.ingest(deltas);
  } catch (error) {
    for (const message of readable) message.nak(RETURN_DELAY_MS);
    tally.returned += readable.length;
    options.log(`the store does not take deltas now: ${(error as Error).message}`);
    await sleep(RETURN_DELAY_MS);
    return;
  }
  for (const message of readable) message.ack();
  tally.merged += deltas.length;
}

/** Deltas of a message, or one line that says what is wrong with it. */
async function readMessage(data: Uint8Array): Promise<readonly Delta[] | string> {
  try {
    const text = await decompress(data, { maxOutputLength: serverStreamLimits.messageBytesMax });
    return decodeBatch(JSON.parse(text.toString()));
  } catch (error) {
    return (error as Error).message;
  }
}
