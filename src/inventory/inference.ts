/** When which API is inferred: some rest after it was heard, one after the other, so that ingest and readers come first. */
import type { Preferences } from "./administration.ts";
import { type Concluded, conclude } from "./concluding.ts";
import type { Learner } from "./learner.ts";
import { lessonOf, readLesson } from "./lessons.ts";
import { InventoryProblem } from "./problem.ts";
import type { ClusterNames } from "./services.ts";
import type { Store } from "./store.ts";
import { tidySource } from "./tidied.ts";

interface InferenceOptions {
  readonly store: Store;
  readonly learner: Learner;
  readonly hashKey: Uint8Array;
  readonly cluster: ClusterNames | null;
  readonly now: () => number;
  readonly restMs: number;
  readonly preferences: () => Promise<Preferences>;
  /** After each API that was inferred. */
  readonly onConcluded: (api: string, concluded: Concluded) => void;
  /** After pieces were changed by another way than ingest. */
  readonly onTidied: () => void;
}

/** An API of which inference failed is left in peace for so long, or until it is heard again. */
const FAILED_REST_MS = 60_000;
/** An API rests at least so many times as long as its inference took. */
const REST_FACTOR = 10;
/** Where nothing new was heard, an API whose document stays the same rests twice as long each time, up to this. */
const SAME_REST_MS = 30_000;
const POLL_MS = 10;

export class Inference {
  readonly #options: InferenceOptions;
  /** When each is due. */
  readonly #due = new Map<string, number>();
  readonly #tookMs = new Map<string, number>();
  /** How often in a row inference changed nothing. */
  readonly #sameCounts = new Map<string, number>();
  #running: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #current: string | null = null;
  #isClosed = false;
  inferred = 0;
  failed = 0;
  lastFailure: string | null = null;

  constructor(options: InferenceOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#due.size;
  }

  /** Takes up what an earlier process left. */
  async resume(): Promise<void> {
    const rows = await this.#options.store.read((db) =>
      db.selectFrom("apis").select("id").where("dirty_ms", "is not", null).execute(),
    );
    for (const { id } of rows) this.want(id);
  }

  want(api: string, urgency: "now" | "soon" | "some time" = "soon"): void {
    const { restMs } = this.#options;
    const sameRestMs = urgency === "soon" ? 0 : restMs * 2 ** (this.#sameCounts.get(api) ?? 0);
    const ownRestMs = Math.max(restMs, REST_FACTOR * (this.#tookMs.get(api) ?? 0));
    const dueMs =
      urgency === "now"
        ? 0
        : performance.now() + Math.max(ownRestMs, Math.min(sameRestMs, SAME_REST_MS));
    const known = this.#due.get(api);
    if (known === undefined || known > dueMs) this.#due.set(api, dueMs);
    this.#plan();
  }

  /** When this API does not wait any more, or time is up. */
  async upTo(api: string, patienceMs: number): Promise<void> {
    const endMs = performance.now() + patienceMs;
    while (
      (this.#due.has(api) || this.#current === api) &&
      !this.#isClosed &&
      performance.now() < endMs
    ) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** When nothing waits any more. */
  async settled(): Promise<void> {
    while ((this.#due.size > 0 || this.#running !== null) && !this.#isClosed) {
      for (const api of this.#due.keys()) this.#due.set(api, 0);
      this.#plan();
      await (this.#running ?? new Promise((resolve) => setTimeout(resolve, 1)));
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  #plan(): void {
    if (this.#isClosed || this.#running !== null || this.#due.size === 0) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const nextMs = Math.min(...this.#due.values());
    this.#timer = setTimeout(() => this.#start(), Math.max(0, nextMs - performance.now()));
  }

  #start(): void {
    this.#timer = null;
    this.#running = this.#run().finally(() => {
      this.#running = null;
      this.#plan();
    });
  }

  async #run(): Promise<void> {
    for (let api = this.#next(); api !== null; api = this.#next()) {
      this.#due.delete(api);
      this.#current = api;
      const startMs = performance.now();
      try {
        await this.#infer(api);
        this.inferred += 1;
        this.#tookMs.set(api, performance.now() - startMs);
      } catch (error) {
        if (this.#isClosed || (error instanceof InventoryProblem && error.kind === "not-found"))
          continue;
        this.failed += 1;
        this.lastFailure = error instanceof Error ? error.message : String(error);
        this.#due.set(api, performance.now() + FAILED_REST_MS);
      } finally {
        this.#current = null;
      }
    }
  }

  /** What is due, the most urgent first. */
  #next(): string | null {
    if (this.#isClosed) return null;
    let first: string | null = null;
    let firstMs = performance.now();
    for (const [api, dueMs] of this.#due) {
      if (dueMs > firstMs) continue;
      first = api;
      firstMs = dueMs;
    }
    return first;
  }

  async #infer(api: string): Promise<void> {
    const { store, learner, hashKey, now, cluster, onConcluded } = this.#options;
    const preferences = await this.#options.preferences();
    const nowMs = now();
    const { unusedAfterDays, weights } = preferences;
    const lesson = await store.read((db) =>
      readLesson(db, api, { hashKey, nowMs, unusedAfterDays }),
    );
    const before = await store.read((db) =>
      db
        .selectFrom("versions")
        .select(["data", "hash"])
        .where("api", "=", api)
        .where("version", "=", lesson.row.version)
        .executeTakeFirst(),
    );
    const learned = await learner.ask(
      "learn",
      { ...lessonOf(lesson), previous: before ?? null, weights },
      "background",
    );
    const concluded = await store.write((tx) =>
      conclude(tx, lesson, learned, { engine: store.engine, nowMs, preferences, cluster }),
    );
    if (concluded === null) this.want(api);
    else {
      const isSame = concluded.changes.length === 0;
      this.#sameCounts.set(api, isSame ? (this.#sameCounts.get(api) ?? 0) + 1 : 0);
      onConcluded(api, concluded);
    }
    for (const source of learned.overfull) await tidySource(this.#options, source);
    if (learned.overfull.length > 0) this.want(api);
  }
}
