/**
 * The loop of a sensor: at each flush what was learned goes into the queue, and from there to the server for as long as the
 * server takes it. Flushing goes on while the server is away; sending and waiting go on beside it.
 */
import { assertNever } from "../base/errors.ts";
import { sensorLimits } from "../base/limits.ts";
import { backoffMs } from "./backoff.ts";
import type { Clock } from "./clock.ts";
import type { Batch, FrozenDelta } from "./delta.ts";
import type { DeltaQueue, Taken } from "./queue.ts";
import type { QuietLog } from "./quietlog.ts";
import type { Outcome, ServerAnswer, Transport } from "./transport.ts";

export interface SenderOptions {
  readonly queue: DeltaQueue;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: QuietLog;
  /** What was learned since it was called last. */
  readonly take: () => Taken | Promise<Taken>;
  readonly flushIntervalMs: number;
  readonly onAnswer: (answer: ServerAnswer) => void;
  /** From 0 up to 1, for the jitter of waits. */
  readonly random: () => number;
}

export interface SenderStatus {
  readonly target: string;
  /** Whether the last attempt was answered well; null before the first. */
  readonly isConnected: boolean | null;
  readonly lastAcceptedMs: number | null;
  /** Attempts in a row that failed. */
  readonly failures: number;
  readonly lastFailure: string | null;
  readonly batchesAccepted: number;
  readonly deltasAccepted: number;
  readonly deltasDuplicate: number;
}

/** Saving takes at most this share of the time: a save that took a second is not repeated within fifty. */
const SAVING_SHARE = 1 / 50;
/** Of the time that is left at the end; the rest is for saving what could not be sent. */
const SENDING_SHARE = 2 / 3;
/** A delta that is too large even alone is tried again after this. */
const ALONE_RETRY_MS = 60_000;

export class Sender {
  readonly #options: SenderOptions;
  readonly #stopping = new AbortController();
  /** Aborted when even the last attempts must end. */
  readonly #ending = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #pumping: Promise<void> | null = null;
  #batchBytesMax: number = sensorLimits.batchBytesMax;
  /** Deltas that are to be sent alone, as one of them is refused or too large, each from when (steady time). */
  readonly #alone = new Map<FrozenDelta, number>();
  #failures = 0;
  #lastFailure: string | null = null;
  #isConnected: boolean | null = null;
  #lastAcceptedMs: number | null = null;
  #batchesAccepted = 0;
  #deltasAccepted = 0;
  #deltasDuplicate = 0;
  #nextSaveMs = Number.NEGATIVE_INFINITY;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Begins to flush, and first of all asks the server for what it has to tell. */
  start(): void {
    this.#pump(true);
    this.#running = this.#run();
  }

  /** Takes what was learned and sends it, or keeps it. Resolves when it is taken, not when it is sent. */
  async flush(): Promise<void> {
    this.#options.queue.add(await this.#options.take());
    this.#pump(false);
    if (this.#failures > 0) await this.#saveWaiting();
  }

  /**
   * The last flush: sends what it can and has everything saved by `deadlineMs` (steady time). Returns whether nothing
   * is left to send.
   */
  async stop(deadlineMs: number): Promise<boolean> {
    const { queue, clock, transport, take } = this.#options;
    this.#stopping.abort();
    await this.#running;
    queue.add(await take());
    const sendMs = (deadlineMs - clock.steadyMs()) * SENDING_SHARE;
    const timeUp = clock.sleep(Math.max(0, sendMs), this.#ending.signal).then(() => {
      this.#ending.abort();
    });
    await this.#pumping;
    await this.#drain(false);
    this.#ending.abort();
    await timeUp;
    const saved = new AbortController();
    const leftMs = Math.max(0, deadlineMs - clock.steadyMs());
    await Promise.race([queue.save(), clock.sleep(leftMs, saved.signal)]);
    saved.abort();
    transport.close();
    const { waitingApis, frozenDeltas } = queue.status();
    return waitingApis === 0 && frozenDeltas === 0;
  }

  status(): SenderStatus {
    return {
      target: this.#options.transport.target,
      isConnected: this.#isConnected,
      lastAcceptedMs: this.#lastAcceptedMs,
      failures: this.#failures,
      lastFailure: this.#lastFailure,
      batchesAccepted: this.#batchesAccepted,
      deltasAccepted: this.#deltasAccepted,
      deltasDuplicate: this.#deltasDuplicate,
    };
  }

  async #run(): Promise<void> {
    const { clock, flushIntervalMs } = this.#options;
    const { signal } = this.#stopping;
    let dueMs = clock.steadyMs() + flushIntervalMs;
    while (!signal.aborted) {
      await clock.sleep(Math.max(0, dueMs - clock.steadyMs()), signal);
      if (signal.aborted) return;
      await this.flush();
      // A flush that is late is not made up for.
      dueMs = Math.max(dueMs + flushIntervalMs, clock.steadyMs());
    }
  }

  /** Sends in the background, unless that goes on already. */
  #pump(hello: boolean): void {
    if (this.#pumping !== null || this.#stopping.signal.aborted) return;
    this.#pumping = this.#drain(hello).finally(() => {
      this.#pumping = null;
    });
  }

  /**
   * Sends until nothing is left. After a failure it waits and tries again, unless the sensor is stopping. `hello`: begins
   * with an empty batch, for what the server has to tell.
   */
  async #drain(hello: boolean): Promise<void> {
    const { queue, transport, clock } = this.#options;
    let isHello = hello;
    while (!this.#ending.signal.aborted) {
      const batch = isHello ? noDeltas : await this.#nextBatch();
      let waitMs: number | null;
      if (batch === null) {
        waitMs = this.#failed("the state file cannot be written", null);
      } else {
        if (batch.deltas.length === 0 && !isHello) return;
        const isFirst = queue.sending(batch.deltas);
        const outcome = await transport.publish(batch, this.#ending.signal);
        waitMs = this.#conclude(batch, outcome, isFirst);
      }
      if (waitMs === null) {
        isHello = false;
        continue;
      }
      await clock.sleep(waitMs, this.#stopping.signal);
      if (this.#stopping.signal.aborted) return;
    }
  }

  /** The deltas to be sent next, none where nothing is left; null where what is frozen cannot be saved. */
  async #nextBatch(): Promise<Batch | null> {
    const { queue } = this.#options;
    // All that is frozen goes out before more is frozen, since each time the state is written.
    const batch = this.#batchOf(queue.frozen);
    if (batch.deltas.length > 0) return batch;
    try {
      return this.#batchOf(await queue.freeze());
    } catch {
      return null;
    }
  }

  #batchOf(frozen: readonly FrozenDelta[]): Batch {
    const nowMs = this.#options.clock.steadyMs();
    const deltas: FrozenDelta[] = [];
    let bytes = 0;
    for (const delta of frozen) {
      const aloneFromMs = this.#alone.get(delta);
      if (aloneFromMs !== undefined) {
        if (aloneFromMs > nowMs) continue;
        if (deltas.length === 0) deltas.push(delta);
        break;
      }
      if (deltas.length > 0 && bytes + delta.text.length > this.#batchBytesMax) break;
      deltas.push(delta);
      bytes += delta.text.length;
    }
    return { deltas };
  }

  /** Takes the outcome in; gives how long to wait before the next attempt, or null where it may follow at once. */
  #conclude(batch: Batch, outcome: Outcome, isFirst: boolean): number | null {
    switch (outcome.kind) {
      case "accepted":
      case "duplicate":
        this.#accepted(batch, outcome, isFirst);
        return null;
      case "too large":
        this.#tooLarge(batch, outcome.reason);
        return null;
      case "refused":
        return this.#refused(batch, outcome.reason);
      case "retry":
        return this.#failed(outcome.reason, outcome.afterMs);
      case "unreachable":
        return this.#failed(outcome.reason, null);
      default:
        return assertNever(outcome);
    }
  }

  #accepted(
    { deltas }: Batch,
    { kind, answer }: Outcome & { readonly answer: ServerAnswer | null },
    isFirst: boolean,
  ): void {
    const { queue, log, clock, transport, onAnswer } = this.#options;
    queue.settle(deltas);
    for (const delta of deltas) this.#alone.delete(delta);
    this.#failures = 0;
    this.#isConnected = true;
    this.#lastAcceptedMs = clock.nowMs();
    if (deltas.length > 0) this.#batchesAccepted += 1;
    if (kind === "accepted") this.#deltasAccepted += deltas.length;
    else this.#deltasDuplicate += deltas.length;
    log.over("server", `server ${transport.target} takes deltas again`);
    if (kind === "duplicate" && isFirst && deltas.length > 0) {
      log.trouble(
        "copied state",
        "the server knows deltas that were never sent: the state file is a copy, or was put back; a new epoch begins",
      );
      queue.beginEpoch();
    }
    if (answer === null) return;
    if (answer.hashKey !== null) queue.setHashKey(answer.hashKey);
    onAnswer(answer);
  }

  /** Fewer at a time; one that is too large alone waits, while the others go on, until the server takes more. */
  #tooLarge({ deltas }: Batch, reason: string): void {
    const { clock, log, transport } = this.#options;
    if (deltas.length > 1) {
      const bytes = deltas.reduce((sum, delta) => sum + delta.text.length, 0);
      this.#batchBytesMax = Math.floor(bytes / 2);
      return;
    }
    this.#lastFailure = reason;
    for (const delta of deltas) {
      this.#alone.set(delta, clock.steadyMs() + ALONE_RETRY_MS);
      log.trouble(
        "too large",
        `server ${transport.target} takes no delta of ${delta.text.length} bytes (${reason}): raise its limit, or that of the proxy before it`,
      );
    }
  }

  /** Each alone, to find the one that is refused; that one is given up. */
  #refused({ deltas }: Batch, reason: string): number | null {
    const { queue, log, transport } = this.#options;
    const [first, ...others] = deltas;
    if (first === undefined) return this.#failed(reason, null);
    if (others.length > 0) {
      for (const delta of deltas) this.#alone.set(delta, 0);
      return null;
    }
    this.#alone.delete(first);
    queue.refuse(first);
    this.#lastFailure = reason;
    log.trouble(
      "refused",
      `server ${transport.target} refuses a delta of ${first.calls} calls: ${reason}`,
    );
    return null;
  }

  #failed(reason: string, askedMs: number | null): number {
    const { queue, log, transport, random } = this.#options;
    this.#failures += 1;
    this.#lastFailure = reason;
    this.#isConnected = false;
    const { waitingApis, frozenDeltas } = queue.status();
    log.trouble(
      "server",
      `server ${transport.target} takes no deltas: ${reason}; ${waitingApis} APIs and ${frozenDeltas} deltas wait`,
    );
    return backoffMs(this.#failures, askedMs, random());
  }

  /** What waits is saved too, so that little is lost by a kill; not so often that it costs. */
  async #saveWaiting(): Promise<void> {
    const { clock, queue } = this.#options;
    const startMs = clock.steadyMs();
    if (startMs < this.#nextSaveMs) return;
    await queue.save();
    const endMs = clock.steadyMs();
    this.#nextSaveMs = endMs + (endMs - startMs) / SAVING_SHARE;
  }
}

const noDeltas: Batch = { deltas: [] };
