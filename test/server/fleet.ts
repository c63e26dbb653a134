/** Simulated sensors: they send what taps would, count what was acknowledged, and never give a delta up. */
import { request } from "node:http";
import { zstdCompressSync } from "node:zlib";
import {
  encodeBatch,
  type FrozenDelta,
  freezeDelta,
  shardOf,
  summaryText,
} from "../../src/sensor/delta.ts";
import { HttpTransport } from "../../src/sensor/httptransport.ts";
import { call, learn } from "../../src/sensor/summaries.fixture.ts";
import { Random } from "../support/random.ts";

const API_COUNT = 40;
const ENDPOINTS = 25;
const NOUNS =
  "orders users carts items bills stock depots routes trucks drivers rates taxes notes files links teams roles keys flags plans".split(
    " ",
  );

interface Lesson {
  readonly host: string;
  readonly shard: number;
  readonly text: string;
}

/** What a sensor learns of one API in one go: a call of each of its endpoints. */
const lessons: readonly Lesson[] = Array.from({ length: API_COUNT }, (_, index) => {
  const host = `api${index}.soak.test`;
  const calls = Array.from({ length: ENDPOINTS }, (_, at) =>
    call(host, `v${1 + Math.floor(at / NOUNS.length)}/${NOUNS[at % NOUNS.length]}`, Date.now()),
  );
  const [summary] = learn(calls);
  return { host, shard: shardOf(summary!.key), text: summaryText(summary!) };
});

export interface FleetOptions {
  readonly url: string;
  readonly sensors: number;
  /** Between two deltas of one sensor. */
  readonly pauseMs: number;
  readonly seed: number;
}

export class Fleet {
  readonly #options: FleetOptions;
  readonly #stopping = new AbortController();
  #abandoned = false;
  readonly #random: Random;
  readonly #running: Promise<void>[] = [];
  readonly #hosts = new WeakMap<FrozenDelta, string>();
  /** Calls by host in deltas that were acknowledged. */
  readonly acknowledged = new Map<string, number>();
  deltas = 0;
  repeats = 0;
  refusals = 0;
  failures = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  start(): void {
    for (let index = 0; index < this.#options.sensors; index++) {
      this.#running.push(
        index === 0 ? this.#disturb(`sensor-${index}`) : this.#work(`sensor-${index}`),
      );
    }
  }

  /** Resolves when each sensor's last delta is acknowledged. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  /** Resolves at the end of what is under way, whatever becomes of the last deltas: for a server that has gone. */
  async abandon(): Promise<void> {
    this.#abandoned = true;
    this.#stopping.abort();
    await Promise.allSettled(this.#running);
  }

  /** The first delta of a sensor of its own, as the body of a request. */
  batch(sensor: string): Buffer {
    return encodeBatch({ deltas: [this.#sequence(sensor)()] });
  }

  async #work(name: string): Promise<void> {
    const transport = this.#transport();
    const next = this.#sequence(name);
    while (!this.#stopping.signal.aborted) {
      await this.#deliver(transport, next());
      await this.#pause();
    }
    transport.close();
  }

  /** Sends its deltas twice and in any order of shards, old ones again, cut ones, and bytes that mean nothing. */
  async #disturb(name: string): Promise<void> {
    const transport = this.#transport();
    const next = this.#sequence(name);
    const old: FrozenDelta[] = [];
    while (!this.#stopping.signal.aborted) {
      const fresh = [next(), next(), next()];
      const shuffled = fresh.sort((a, b) => a.shard - b.shard || a.sequence - b.sequence);
      for (const delta of shuffled) {
        await this.#corrupt(delta);
        await this.#deliver(transport, delta);
        await this.#again(transport, delta);
        old.push(delta);
      }
      if (old.length > 200) old.splice(0, 100);
      await this.#again(transport, this.#random.pick(old));
      await this.#pause();
    }
    transport.close();
  }

  /** Until the server has it: a delta that may have arrived is sent again as it is. */
  async #deliver(transport: HttpTransport, delta: FrozenDelta): Promise<void> {
    const { signal } = new AbortController();
    for (;;) {
      const outcome = await transport.publish({ deltas: [delta] }, signal);
      if (outcome.kind === "accepted" || outcome.kind === "duplicate") break;
      if (outcome.kind === "refused" || outcome.kind === "too large")
        throw new Error(outcome.reason);
      this.failures += 1;
      if (this.#abandoned) return;
      await sleep(50 + this.#random.integer(0, 200));
    }
    const host = this.#hosts.get(delta)!;
    this.deltas += 1;
    this.acknowledged.set(host, (this.acknowledged.get(host) ?? 0) + delta.calls);
  }

  async #again(transport: HttpTransport, delta: FrozenDelta): Promise<void> {
    const outcome = await transport.publish({ deltas: [delta] }, new AbortController().signal);
    if (outcome.kind === "accepted")
      throw new Error(`${delta.sensor}/${delta.sequence} was taken twice`);
    if (outcome.kind === "duplicate") this.repeats += 1;
  }

  async #corrupt(delta: FrozenDelta): Promise<void> {
    const whole = encodeBatch({ deltas: [delta] });
    const packed = zstdCompressSync(whole);
    const body = this.#random.pick([
      () => whole.subarray(0, this.#random.integer(0, whole.length - 1)),
      () => packed.subarray(0, this.#random.integer(0, packed.length - 1)),
      () => Buffer.from(this.#random.token(200)),
      () => Buffer.from(whole.toString().replace('"dictionary":', '"dictionary":7,"x":')),
    ])();
    const status = await post(`${this.#options.url}/api/v1/deltas`, body);
    if (status === 200) throw new Error("a corrupt batch was accepted");
    if (status >= 400) this.refusals += 1;
  }

  #sequence(sensor: string): () => FrozenDelta {
    const sequences = new Map<number, number>();
    return () => {
      const { host, shard, text } = this.#random.pick(lessons);
      const sequence = (sequences.get(shard) ?? 0) + 1;
      sequences.set(shard, sequence);
      const calls = ENDPOINTS;
      const facts = { keyId: "k", fromMs: 1, toMs: 2, calls, standsFor: calls, coverage: COVERAGE };
      const delta = freezeDelta({ sensor, epoch: "soak", shard, sequence }, facts, [text]);
      this.#hosts.set(delta, host);
      return delta;
    };
  }

  #transport(): HttpTransport {
    const none = { token: null, tokenFile: null, caFile: null, certFile: null, keyFile: null };
    return new HttpTransport({ server: this.#options.url, ...none, userAgent: "nta-tap/soak" });
  }

  #pause(): Promise<void> {
    return sleep(this.#options.pauseMs * (0.5 + this.#random.unit()));
  }
}

const COVERAGE = new Map([["packets", 100]]);

const sleep = (durationMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, durationMs));

/** The status, 0 where there was no answer. */
const post = (url: string, body: Uint8Array): Promise<number> =>
  new Promise((resolve) => {
    const sent = request(url, { method: "POST", headers: { "content-type": "application/json" } });
    sent.once("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.once("error", () => resolve(0));
    sent.end(body);
  });
