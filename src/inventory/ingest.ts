/** Deltas in: taken up in turns, so that whoever reads gets theirs between, and as many in one transaction as wait. */
import { sql, type Transaction } from "kysely";
import { inventoryLimits } from "../base/limits.ts";
import type { Delta } from "../sensor/delta.ts";
import type { PathNode } from "../telemetry/summary.ts";
import { newApi } from "./apirow.ts";
import type { IngestOptions, IngestResult } from "./inventory.ts";
import { Merging, Updates } from "./merging.ts";
import { storable } from "./names.ts";
import { PieceCache } from "./piececache.ts";
import { InventoryProblem } from "./problem.ts";
import type { Database } from "./schema.ts";
import { Sequences } from "./sequences.ts";
import { inChunks } from "./statements.ts";
import type { Store } from "./store.ts";

/** What a turn changed, for who acts on it. */
export interface Ingested {
  /** Whether something was heard there that had not been heard before. */
  readonly apis: ReadonlyMap<string, boolean>;
  readonly sensors: ReadonlySet<string>;
}

interface Waiting {
  readonly deltas: readonly Delta[];
  readonly options: IngestOptions;
  readonly operations: number;
  readonly resolve: (result: IngestResult) => void;
  readonly reject: (error: unknown) => void;
}

export class Ingest {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #onIngested: (ingested: Ingested) => void;
  readonly #queue: Waiting[] = [];
  readonly #cache = new PieceCache();
  #waitingOperations = 0;
  #running: Promise<void> | null = null;
  operationsMerged = 0;
  deltasRefused = 0;

  constructor(store: Store, now: () => number, onIngested: (ingested: Ingested) => void) {
    this.#store = store;
    this.#now = now;
    this.#onIngested = onIngested;
  }

  get waitingOperations(): number {
    return this.#waitingOperations;
  }

  ingest(deltas: readonly Delta[], options: IngestOptions): Promise<IngestResult> {
    const operations = deltas.reduce((sum, delta) => sum + countOperations(delta), 0);
    const isFull = this.#waitingOperations + operations > inventoryLimits.waitingOperationsMax;
    if (isFull && this.#queue.length > 0) {
      this.deltasRefused += deltas.length;
      const message = `${this.#waitingOperations} operations wait to be merged`;
      return Promise.reject(new InventoryProblem("busy", message, inventoryLimits.busyRetryMs));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ deltas, options, operations, resolve, reject });
      this.#waitingOperations += operations;
      this.#running ??= this.#run().finally(() => {
        this.#running = null;
      });
    });
  }

  /** Whoever changes pieces by another way. */
  forget(): void {
    this.#cache.clear();
  }

  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async #run(): Promise<void> {
    await nextTurn();
    while (this.#queue.length > 0) {
      const turn = this.#takeTurn();
      try {
        await this.#merge(turn);
      } catch (error) {
        this.#cache.clear();
        for (const waiting of turn) waiting.reject(error);
      }
      this.#cache.trim();
      await nextTurn();
    }
  }

  #takeTurn(): Waiting[] {
    const turn: Waiting[] = [];
    let operations = 0;
    // Under pressure turns are longer: what several sensors say of one endpoint is then written once.
    const operationsMax = Math.max(inventoryLimits.turnOperationsMax, this.#waitingOperations >> 3);
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      if (turn.length > 0 && operations + next.operations > operationsMax) break;
      this.#queue.shift();
      turn.push(next);
      operations += next.operations;
      this.#waitingOperations -= next.operations;
    }
    return turn;
  }

  async #merge(turn: readonly Waiting[]): Promise<void> {
    const nowMs = this.#now();
    const results: IngestResult[] = [];
    const sensors = new SensorTallies(nowMs);
    const apis = await this.#store.write(async (tx) => {
      const { engine } = this.#store;
      const sequences = new Sequences();
      await sequences.load(
        tx,
        turn.flatMap(({ deltas }) => deltas),
        engine,
      );
      const updates = new Updates();
      for (const { deltas, options } of turn) {
        const fresh = deltas.filter((delta) => sequences.take(delta));
        results.push({ accepted: fresh.length, duplicates: deltas.length - fresh.length });
        const isFresh = new Set(fresh);
        for (const delta of deltas) sensors.add(delta, isFresh.has(delta), options);
        for (const delta of fresh) updates.add(delta);
      }
      const cache = this.#store.isExclusive ? this.#cache : new PieceCache();
      const touched = await new Merging(tx, engine, cache).merge(updates);
      await sequences.save(tx, engine, nowMs);
      await sensors.save(tx);
      await markDirty(tx, [...touched.keys()], nowMs);
      return touched;
    });
    turn.forEach((waiting, index) => {
      this.operationsMerged += waiting.operations;
      waiting.resolve(results[index]!);
    });
    this.#onIngested({ apis, sensors: sensors.names });
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function countOperations({ summaries }: Delta): number {
  const count = (node: PathNode): number => {
    let operations = node.operations.size;
    for (const child of node.children.values()) operations += count(child);
    return operations;
  };
  return summaries.reduce((sum, { root }) => sum + count(root), 1);
}

/** APIs that have to be inferred again, made where they are new. */
async function markDirty(
  tx: Transaction<Database>,
  apis: readonly string[],
  nowMs: number,
): Promise<void> {
  for (const ids of inChunks([...apis].sort())) {
    await tx
      .insertInto("apis")
      .values(ids.map((id) => newApi(id, nowMs)))
      .onConflict((on) =>
        on
          .column("id")
          .doUpdateSet({ dirty_ms: sql<number>`coalesce(apis.dirty_ms, ${nowMs}) + 1` }),
      )
      .execute();
  }
}

/** What deltas say of their sensors. */
class SensorTallies {
  readonly #nowMs: number;
  readonly #sensors = new Map<
    string,
    {
      options: IngestOptions;
      calls: number;
      deltas: number;
      duplicates: number;
      coverage: Map<string, number>;
    }
  >();

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  get names(): ReadonlySet<string> {
    return new Set(this.#sensors.keys());
  }

  add(delta: Delta, isFresh: boolean, options: IngestOptions): void {
    const name = storable(delta.sensor);
    const tally = this.#sensors.get(name) ?? {
      options,
      calls: 0,
      deltas: 0,
      duplicates: 0,
      coverage: new Map(),
    };
    this.#sensors.set(name, tally);
    if (!isFresh) {
      tally.duplicates += 1;
      return;
    }
    tally.deltas += 1;
    tally.calls += delta.calls;
    for (const [reason, count] of delta.coverage)
      tally.coverage.set(reason, (tally.coverage.get(reason) ?? 0) + count);
  }

  async save(tx: Transaction<Database>): Promise<void> {
    for (const [name, tally] of [...this.#sensors].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const kind = tally.options.kind ?? "tap";
      const version = tally.options.version ?? null;
      await tx
        .insertInto("sensors")
        .values({
          name,
          kind,
          version,
          first_ms: this.#nowMs,
          last_ms: this.#nowMs,
          calls: 0,
          deltas: 0,
          duplicates: 0,
          coverage: "{}",
          status: null,
        })
        .onConflict((on) => on.column("name").doUpdateSet({ last_ms: this.#nowMs }))
        .execute();
      const row = await tx
        .selectFrom("sensors")
        .select("coverage")
        .where("name", "=", name)
        .executeTakeFirstOrThrow();
      const coverage = new Map(Object.entries(JSON.parse(row.coverage) as Record<string, number>));
      for (const [reason, count] of tally.coverage)
        coverage.set(reason, (coverage.get(reason) ?? 0) + count);
      await tx
        .updateTable("sensors")
        .set((eb) => ({
          kind,
          ...(version === null ? {} : { version }),
          calls: eb("calls", "+", tally.calls),
          deltas: eb("deltas", "+", tally.deltas),
          duplicates: eb("duplicates", "+", tally.duplicates),
          coverage: JSON.stringify(
            Object.fromEntries([...coverage].slice(0, inventoryLimits.coverageReasonsMax)),
          ),
        }))
        .where("name", "=", name)
        .execute();
    }
  }
}
