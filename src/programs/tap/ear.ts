/**
 * A listener as the tap sees it, on this thread or on one of its own. Threads talk by messages:
 *
 *     tap ──► follow, correct, workloads, rekey, take, close        listener ──► opened, facts (each second), portion, closed, failed
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { assertNever, UsageError } from "../../base/errors.ts";
import type { Plan } from "../../sensor/budget.ts";
import type { Correction } from "../../telemetry/corrections.ts";
import type { ApiSummary } from "../../telemetry/summary.ts";
import { type ListenerFacts, noFacts } from "./facts.ts";
import { Listener, type ListenerOptions } from "./listener.ts";
import { SEMI_SPACE_MIB } from "./memory.ts";
import type { Workloads } from "./workloads.ts";

/** What a listener learned since it was asked last. */
export type Portion = readonly ApiSummary[];

export interface Ear {
  readonly fanoutGroup: number | null;
  /** Ends after `close`, or where a capture has no more; rejects where capture fails. */
  readonly done: Promise<void>;
  /** Of now, or of up to a second ago. */
  facts(): ListenerFacts;
  take(): Promise<Portion>;
  follow(plan: Plan): void;
  correct(corrections: readonly Correction[]): void;
  /** Gives what was learned under the key before. */
  rekey(hashKey: Uint8Array): Promise<Portion>;
  /** Who has which address, as far as the listener is on a thread of its own. */
  tell(workloads: Workloads): void;
  tick(nowMs: number): void;
  /** Listens no more; what was heard can be taken until `release`. */
  close(): Promise<void>;
  release(): void;
}

/** @throws UsageError where the input cannot be opened. */
export const openHere = (options: ListenerOptions): Ear => {
  const listener = new Listener(options);
  const done = listener.run();
  return {
    fanoutGroup: listener.fanoutGroup,
    done,
    facts: () => listener.facts(),
    take: async () => listener.take(),
    follow: (plan) => listener.follow(plan),
    correct: (corrections) => listener.correct(corrections),
    rekey: async (hashKey) => {
      const portion = listener.take();
      listener.rekey(hashKey);
      return portion;
    },
    tell: () => {},
    tick: (nowMs) => listener.tick(nowMs),
    close: () => listener.close(),
    release: () => {},
  };
};

export type ToListener =
  | { readonly kind: "follow"; readonly plan: Plan }
  | { readonly kind: "correct"; readonly corrections: readonly Correction[] }
  | { readonly kind: "workloads"; readonly workloads: Workloads }
  | { readonly kind: "take" }
  | { readonly kind: "rekey"; readonly hashKey: Uint8Array }
  | { readonly kind: "close" };

export type FromListener =
  | { readonly kind: "opened"; readonly fanoutGroup: number | null }
  | { readonly kind: "facts"; readonly facts: ListenerFacts }
  | { readonly kind: "portion"; readonly portion: Portion }
  | { readonly kind: "closed"; readonly facts: ListenerFacts }
  | { readonly kind: "failed"; readonly isUsage: boolean; readonly message: string };

/** On a thread of its own; rejects with a UsageError where the input cannot be opened. */
export const openThread = async (options: ListenerOptions, heapBytesMax: number): Promise<Ear> => {
  const worker = new Worker(new URL("worker.ts", import.meta.url), {
    workerData: options,
    resourceLimits: {
      maxOldGenerationSizeMb: Math.ceil(heapBytesMax / 2 ** 20),
      maxYoungGenerationSizeMb: 3 * SEMI_SPACE_MIB,
    },
  });
  const [first] = (await once(worker, "message")) as [FromListener];
  if (first.kind === "failed") throw errorOf(first);
  return new ThreadEar(worker, first.kind === "opened" ? first.fanoutGroup : null);
};

class ThreadEar implements Ear {
  readonly fanoutGroup: number | null;
  readonly #worker: Worker;
  readonly #done = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<void>();
  /** Who waits for a portion, in the order in which they asked. */
  readonly #waiting: PromiseWithResolvers<Portion>[] = [];
  #facts = noFacts;

  constructor(worker: Worker, fanoutGroup: number | null) {
    this.#worker = worker;
    this.fanoutGroup = fanoutGroup;
    worker.on("message", (message: FromListener) => this.#hear(message));
    worker.on("error", (error) => this.#fail(error));
    worker.on("exit", () => this.#fail(new Error("a listener's thread has ended")));
  }

  get done(): Promise<void> {
    return this.#done.promise;
  }

  facts(): ListenerFacts {
    return this.#facts;
  }

  take(): Promise<Portion> {
    return this.#ask({ kind: "take" });
  }

  follow(plan: Plan): void {
    this.#tell({ kind: "follow", plan });
  }

  correct(corrections: readonly Correction[]): void {
    this.#tell({ kind: "correct", corrections });
  }

  rekey(hashKey: Uint8Array): Promise<Portion> {
    return this.#ask({ kind: "rekey", hashKey });
  }

  tell(workloads: Workloads): void {
    this.#tell({ kind: "workloads", workloads });
  }

  tick(): void {}

  async close(): Promise<void> {
    this.#tell({ kind: "close" });
    await this.#closed.promise;
  }

  release(): void {
    void this.#worker.terminate();
  }

  #tell(message: ToListener): void {
    this.#worker.postMessage(message);
  }

  #ask(message: ToListener): Promise<Portion> {
    const answer = Promise.withResolvers<Portion>();
    this.#waiting.push(answer);
    this.#tell(message);
    return answer.promise;
  }

  #hear(message: FromListener): void {
    switch (message.kind) {
      case "opened":
        break;
      case "facts":
        this.#facts = message.facts;
        break;
      case "portion":
        this.#waiting.shift()?.resolve(message.portion);
        break;
      case "closed":
        this.#facts = message.facts;
        this.#closed.resolve();
        this.#done.resolve();
        break;
      case "failed":
        this.#fail(errorOf(message));
        break;
      default:
        assertNever(message);
    }
  }

  /** Nothing comes any more. */
  #fail(error: unknown): void {
    this.#done.reject(error);
    this.#closed.resolve();
    for (const each of this.#waiting.splice(0)) {
      each.resolve([]);
    }
  }
}

const errorOf = (message: Extract<FromListener, { kind: "failed" }>): Error =>
  message.isUsage ? new UsageError(message.message) : new Error(message.message);
