/**
 * Deltas that no server merges, such as those that it cannot read: put aside on a stream of their own, with where they came from
 * and why, until a person sends them again (after an upgrade, or when there is room) or discards them.
 */
import {
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
  type StoredMsg,
} from "@nats-io/jetstream";
import { headers, type NatsConnection } from "@nats-io/transport-node";
import { AGENT_HEADER } from "../../sensor/agent.ts";
import { DEAD_STREAM, DEAD_SUBJECT, deltaSubject } from "../../sensor/jetstream.ts";
import type { DeadLetter, DeadLetterPage } from "../contract.ts";
import { notFound } from "../problem.ts";

const NAME_HEADER = "Nats-Msg-Id";
const SUBJECT_HEADER = "Nta-Subject";
const DELTA_HEADER = "Nta-Delta";
const REASON_HEADER = "Nta-Reason";
const REASON_MAX = 300;
/** Of an error of the JetStream API (`server/errors.json` of nats-server): no message has this number. */
const NO_MESSAGE = 10037;

/** Resolves when it is on the stream of dead letters; the message itself is still to be ended. */
export async function putAside(
  client: JetStreamClient,
  message: JsMsg,
  reason: string,
): Promise<void> {
  const fields = headers();
  fields.set(SUBJECT_HEADER, message.subject);
  fields.set(DELTA_HEADER, message.headers?.get(NAME_HEADER) ?? "");
  fields.set(AGENT_HEADER, message.headers?.get(AGENT_HEADER) ?? "");
  fields.set(REASON_HEADER, reason.replaceAll(/[^ -~]/g, "?").slice(0, REASON_MAX));
  await client.publish(DEAD_SUBJECT, message.data, { headers: fields });
}

export class DeadLetters {
  readonly #client: JetStreamClient;
  readonly #manager: JetStreamManager;

  private constructor(client: JetStreamClient, manager: JetStreamManager) {
    this.#client = client;
    this.#manager = manager;
  }

  static async open(connection: NatsConnection): Promise<DeadLetters> {
    return new DeadLetters(jetstream(connection), await jetstreamManager(connection));
  }

  /** The oldest first. */
  async list(cursor: string | null, limit: number): Promise<DeadLetterPage> {
    const { state } = await this.#manager.streams.info(DEAD_STREAM);
    const items: DeadLetter[] = [];
    let next = Math.max(state.first_seq, Number(cursor ?? 1));
    while (items.length < limit && next <= state.last_seq) {
      const message = await this.#from(next);
      if (message === null) return { items, next: null, total: state.messages };
      items.push(letterOf(message));
      next = message.seq + 1;
    }
    return { items, next: next > state.last_seq ? null : String(next), total: state.messages };
  }

  /** To the subject that it came on. What is merged already is known by its name, so twice does no harm. */
  async sendAgain(id: string): Promise<DeadLetter> {
    const message = await this.#get(id);
    const subject = message.header.get(SUBJECT_HEADER);
    const fields = headers();
    fields.set(AGENT_HEADER, message.header.get(AGENT_HEADER));
    const to = subject === "" ? deltaSubject(0) : subject;
    await this.#client.publish(to, message.data, { headers: fields });
    await this.#manager.streams.deleteMessage(DEAD_STREAM, message.seq, false);
    return letterOf(message);
  }

  async discard(id: string): Promise<DeadLetter> {
    const message = await this.#get(id);
    await this.#manager.streams.deleteMessage(DEAD_STREAM, message.seq, false);
    return letterOf(message);
  }

  async #get(id: string): Promise<StoredMsg> {
    const number = /^[1-9]\d{0,14}$/.test(id) ? Number(id) : null;
    const message = number === null ? null : await this.#from(number);
    if (message === null || message.seq !== number) throw notFound("dead letter");
    return message;
  }

  /** The first message at this number or behind it; null where there is none. */
  async #from(seq: number): Promise<StoredMsg | null> {
    const query = { seq, next_by_subj: DEAD_SUBJECT };
    try {
      return await this.#manager.streams.getMessage(DEAD_STREAM, query);
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === NO_MESSAGE) return null;
      throw error;
    }
  }
}

const letterOf = ({ seq, time, header, data }: StoredMsg): DeadLetter => ({
  id: String(seq),
  atMs: time.getTime(),
  name: header.get(DELTA_HEADER) || null,
  reason: header.get(REASON_HEADER) || "no reason was kept",
  bytes: data.length,
});
