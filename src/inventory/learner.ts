/** Asks the thread that infers. What people wait for goes before what is done in the background. */
import { Worker } from "node:worker_threads";
import type { Reply, Request } from "./learnworker.ts";
import type { Tasks } from "./lesson.ts";

interface Job {
  readonly request: Request;
  readonly isUrgent: boolean;
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/** A lesson that takes longer is given up, and the thread with it. */
const PATIENCE_MS = 120_000;

export class Learner {
  #worker: Worker | null = null;
  readonly #waiting: Job[] = [];
  #current: Job | null = null;
  #timer: NodeJS.Timeout | null = null;
  #nextId = 1;
  #isClosed = false;

  /** Background work waits for whatever is urgent. */
  ask<Task extends keyof Tasks>(
    task: Task,
    lesson: Parameters<Tasks[Task]>[0],
    urgency: "urgent" | "background" = "urgent",
  ): Promise<ReturnType<Tasks[Task]>> {
    if (this.#isClosed) return Promise.reject(new Error("the inventory is closed"));
    return new Promise((resolve, reject) => {
      const job = {
        request: { id: this.#nextId++, task, lesson },
        isUrgent: urgency === "urgent",
        resolve,
        reject,
      };
      const behind = job.isUrgent ? this.#waiting.findIndex(({ isUrgent }) => !isUrgent) : -1;
      if (behind < 0) this.#waiting.push(job);
      else this.#waiting.splice(behind, 0, job);
      this.#next();
    });
  }

  get waiting(): number {
    return this.#waiting.length + (this.#current === null ? 0 : 1);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#fail(new Error("the inventory is closed"));
    for (const { reject } of this.#waiting.splice(0)) reject(new Error("the inventory is closed"));
    await this.#worker?.terminate();
    this.#worker = null;
  }

  #next(): void {
    if (this.#current !== null) return;
    const job = this.#waiting.shift();
    if (job === undefined) {
      this.#worker?.unref();
      return;
    }
    this.#current = job;
    this.#worker ??= this.#start();
    this.#worker.ref();
    this.#timer = setTimeout(() => this.#giveUp(), PATIENCE_MS);
    this.#timer.unref();
    this.#worker.postMessage(job.request);
  }

  #start(): Worker {
    const worker = new Worker(new URL("./learnworker.ts", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 768, maxYoungGenerationSizeMb: 16 },
    });
    worker.on("message", (reply: Reply) => this.#onReply(reply));
    worker.on("error", (error) => this.#onDeath(worker, error as Error));
    worker.on("exit", () => this.#onDeath(worker, new Error("the thread that infers ended")));
    return worker;
  }

  #onReply(reply: Reply): void {
    const job = this.#current;
    if (job === null || job.request.id !== reply.id) return;
    this.#settle();
    if ("failure" in reply) job.reject(new Error(reply.failure));
    else job.resolve(reply.result as never);
    this.#next();
  }

  #onDeath(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#fail(error);
    if (!this.#isClosed) this.#next();
  }

  #giveUp(): void {
    const worker = this.#worker;
    this.#worker = null;
    void worker?.terminate();
    this.#fail(new Error(`inference took longer than ${PATIENCE_MS / 1000} s`));
    this.#next();
  }

  #fail(error: Error): void {
    const job = this.#current;
    this.#settle();
    job?.reject(error);
  }

  #settle(): void {
    this.#current = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
