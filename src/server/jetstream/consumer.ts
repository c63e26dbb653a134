/**
 * Deltas from JetStream into the inventory. Any number of servers run this side by side: each of the durable consumers
 * hands out at most one batch before it is acknowledged, so an API's deltas are as a rule merged by one server at
 * a time; where two meet all the same, the store's transaction decides.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { zstdDecompress } from "node:zlib";
import type {
  Consumer,
  ConsumerConfig,
  JetStreamClient,
  JetStreamManager,
  JsMsg,
} from "@nats-io/jetstream";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { type NatsConnection, nanos } from "@nats-io/transport-node";
import { sensorLimits, serverLimits, serverStreamLimits } from "../../base/limits.ts";
import { InventoryProblem } from "../../inventory/problem.ts";
import { AGENT_HEADER, readSensorAgent, type SensorAgent } from "../../sensor/agent.ts";
import { type Delta, decodeBatch } from "../../sensor/delta.ts";
import {
  ANSWER_SUBJECT,
  DELTA_STREAM,
  deltaSubject,
  STATUS_SUBJECT,
} from "../../sensor/jetstream.ts";
import { Refusal } from "../problem.ts";
import { putAside } from "./deadletters.ts";
import { ensureStreams, type StreamOptions } from "./stream.ts";

const decompress = promisify(zstdDecompress);

export interface DeltaConsumerOptions extends StreamOptions {
  /** Rejects with a `Refusal` where a sensor of this name may not come. */
  readonly admit: (sensor: string) => Promise<void>;
  /**
   * Stores deltas durably, each once, or rejects: with a `Refusal` where some of them are never stored. Those that it did store
   * are known by their names. What was given is used up, whatever the outcome.
   */
  readonly ingest: (deltas: readonly Delta[], sender: SensorAgent | null) => Promise<void>;
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
  /** Unreadable or refused, and put aside. */
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
/** A delta on which merging itself fails so often is put aside: it would come back for ever. */
const DELIVERIES_MAX = 5;

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
    const client = jetstream(connection);
    loops.push(consumePartition(client, consumer, options, tally, stopping.signal));
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
  client: JetStreamClient,
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
        if (!signal.aborted) await mergeBatch(client, batch, options, tally);
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

interface Readable {
  readonly message: JsMsg;
  readonly agent: string;
  readonly deltas: readonly Delta[];
}

/** What is wrong with one message is no other's loss: it is put aside, and the rest is merged. */
async function mergeBatch(
  client: JetStreamClient,
  batch: readonly JsMsg[],
  options: DeltaConsumerOptions,
  tally: Tally,
): Promise<void> {
  const left = new Set(batch);
  const aside = async (message: JsMsg, reason: string): Promise<void> => {
    options.log(`a delta on ${message.subject} is put aside: ${reason}`);
    await putAside(client, message, reason);
    message.term(reason);
    left.delete(message);
    tally.dead += 1;
  };
  const merge = async (parts: readonly Readable[]): Promise<void> => {
    const deltas = parts.flatMap((part) => part.deltas);
    await options.ingest(deltas, readSensorAgent(parts[0]!.agent));
    for (const { message, deltas } of parts) {
      message.ack();
      left.delete(message);
      tally.merged += deltas.length;
    }
  };
  try {
    const parts: Readable[] = [];
    for (const message of batch) {
      const read = await readMessage(message.data, options.admit);
      if (typeof read === "string") await aside(message, read);
      else parts.push({ message, agent: message.headers?.get(AGENT_HEADER) ?? "", deltas: read });
    }
    for (const alike of Map.groupBy(parts, ({ agent }) => agent).values()) {
      if (alike.length > 1 && (await reasonAgainst(() => merge(alike))) === null) continue;
      for (const part of alike) {
        const reason = await reasonAgainst(async () => {
          const own = alike.length > 1 ? await readAgain(part, options.admit) : part;
          await merge([own]);
        });
        if (reason === null) continue;
        const isLast = reason.isOfDelta || part.message.info.deliveryCount >= DELIVERIES_MAX;
        if (isLast) await aside(part.message, reason.text);
      }
    }
  } catch (error) {
    options.log(`the store does not take deltas now: ${(error as Error).message}`);
  }
  for (const message of left) message.nak(RETURN_DELAY_MS);
  tally.returned += left.size;
  if (left.size > 0) await sleep(RETURN_DELAY_MS);
}

/** Null where the work was done. Rejects where the store does nothing now. */
async function reasonAgainst(
  work: () => Promise<void>,
): Promise<{ readonly text: string; readonly isOfDelta: boolean } | null> {
  try {
    await work();
    return null;
  } catch (error) {
    const isInvalid = error instanceof InventoryProblem && error.kind === "invalid";
    if (error instanceof InventoryProblem && !isInvalid) throw error;
    const isOfDelta = isInvalid || error instanceof Refusal;
    return { text: (error as Error).message, isOfDelta };
  }
}

/** As it came: what was tried with others is used up, and would be merged without its content. */
async function readAgain(part: Readable, admit: DeltaConsumerOptions["admit"]): Promise<Readable> {
  const deltas = await readMessage(part.message.data, admit);
  if (typeof deltas === "string") throw new Refusal(422, deltas);
  return { ...part, deltas };
}

/**
 * Deltas of a message, or one line that says what is wrong with it or its sensor. Rejects where it cannot be told now whether
 * the sensor may come.
 */
async function readMessage(
  data: Uint8Array,
  admit: DeltaConsumerOptions["admit"],
): Promise<readonly Delta[] | string> {
  let deltas: readonly Delta[] | string;
  try {
    const text = await decompress(data, { maxOutputLength: serverStreamLimits.messageBytesMax });
    deltas = decodeBatch(JSON.parse(text.toString()));
  } catch (error) {
    return (error as Error).message;
  }
  if (typeof deltas === "string") return deltas;
  for (const sensor of new Set(deltas.map((delta) => delta.sensor))) {
    try {
      await admit(sensor);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return error.message;
    }
  }
  return deltas;
}
