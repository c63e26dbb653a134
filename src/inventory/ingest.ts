/** Deltas in: taken up in turns, so that whoever reads gets theirs between, and as many in one transaction as wait. */
import { sql, type Transaction } from "kysely";
import { inventoryLimits } from "../base/limits.ts";
import type { Delta } from "../sensor/delta.ts";
import { apiKeyText } from "../telemetry/merge.ts";
import { addCounts } from "../telemetry/mergeshape.ts";
import type { PathNode } from "../telemetry/summary.ts";
import { dropHashes } from "../telemetry/unhashed.ts";
import { newApi } from "./apirow.ts";
import type { IngestOptions, IngestResult } from "./inventory.ts";
import { Merging, Updates } from "./merging.ts";
import { storable } from "./names.ts";
import { PieceCache } from "./piececache.ts";
import { InventoryProblem } from "./problem.ts";
import type { Database, SensorTable } from "./schema.ts";
import { Sequences } from "./sequences.ts";
import { inChunks, isOneOf, upsert } from "./statements.ts";
import type { Engine, Store } from "./store.ts";

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
  /** What they speak of. */
  readonly sources: ReadonlySet<string>;
  readonly resolve: (result: IngestResult) => void;
  readonly reject: (error: unknown) => void;
}

/** To merge an operation of a source that the turn writes anyway costs about a third of one that it would not. */
const SHARED_COST = 1 / 3;
/** After a turn that could not be merged each delta is merged by itself for so long. */
const ALONE_MS = 60_000;

/**
 * A delta that cannot be merged costs no other sensor anything. Merging changes deltas, so those that shared a turn with it
 * are asked to come again, as they are; from then on each is in a transaction of its own, and only it is refused.
 */
export class Ingest {
  readonly #store: Store;
  readonly #keyId: string;
  readonly #now: () => number;
  readonly #onIngested: (ingested: Ingested) => void;
  readonly #queue: Waiting[] = [];
  readonly #cache = new PieceCache();
  #waitingOperations = 0;
  #running: Promise<void> | null = null;
  #aloneUntilMs = Number.NEGATIVE_INFINITY;
  operationsMerged = 0;
  deltasRefused = 0;
  deltasUnmergeable = 0;
  /** Deltas whose hashes compare with nobody's. */
  deltasUnderAnotherKey = 0;

  /** `keyId`: of the key under which all sensors are told to hash. */
  constructor(
    store: Store,
    keyId: string,
    now: () => number,
    onIngested: (ingested: Ingested) => void,
  ) {
    this.#store = store;
    this.#keyId = keyId;
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
    const sources = new Set(
      deltas.flatMap(({ summaries }) => summaries.map(({ key }) => apiKeyText(key))),
    );
    return new Promise((resolve, reject) => {
      this.#queue.push({ deltas, options, operations, sources, resolve, reject });
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
      if (performance.now() < this.#aloneUntilMs) await this.#mergeAlone(this.#take(0));
      else await this.#mergeTogether(this.#takeTurn());
      this.#cache.trim();
      await nextTurn();
    }
  }

  #take(index: number): Waiting {
    const [waiting] = this.#queue.splice(index, 1);
    this.#waitingOperations -= waiting!.operations;
    return waiting!;
  }

  /** The one that waits longest, and behind it what costs least: what speaks of the same sources is written once. */
  #takeTurn(): Waiting[] {
    // Under pressure turns are longer, and what several sensors say of one endpoint is written once more often.
    const costMax = Math.max(inventoryLimits.turnOperationsMax, this.#waitingOperations >> 3);
    const turn = [this.#take(0)];
    const sources = new Set(turn[0]!.sources);
    let cost = turn[0]!.operations;
    const takeWhere = (isWanted: (waiting: Waiting) => boolean, share: number): void => {
      for (let index = 0; index < this.#queue.length && cost < costMax; ) {
        const waiting = this.#queue[index]!;
        if (!isWanted(waiting) || cost + waiting.operations * share > costMax) index += 1;
        else {
          turn.push(this.#take(index));
          cost += waiting.operations * share;
          for (const source of waiting.sources) sources.add(source);
        }
      }
    };
    const isShared = (waiting: Waiting): boolean =>
      [...waiting.sources].every((source) => sources.has(source));
    takeWhere(isShared, SHARED_COST);
    takeWhere(() => true, 1);
    takeWhere(isShared, SHARED_COST);
    return turn;
  }

  async #mergeTogether(turn: readonly Waiting[]): Promise<void> {
    try {
      const results = await this.#merge(turn);
      turn.forEach(({ resolve }, index) => {
        resolve(results[index]!);
      });
    } catch (error) {
      this.#cache.clear();
      const isAlone = turn.length === 1 && turn[0]!.deltas.length === 1;
      if (!isAlone && !(error instanceof InventoryProblem)) {
        this.#aloneUntilMs = performance.now() + ALONE_MS;
      }
      for (const { reject } of turn) reject(isAlone ? this.#problemOf(error) : again(error));
    }
  }

  async #mergeAlone(waiting: Waiting): Promise<void> {
    const { deltas, resolve, reject } = waiting;
    const sum = { accepted: 0, duplicates: 0, refused: 0 };
    let problem: unknown = null;
    for (const delta of deltas) {
      try {
        const [result] = await this.#merge([{ ...waiting, deltas: [delta] }]);
        sum.accepted += result!.accepted;
        sum.duplicates += result!.duplicates;
      } catch (error) {
        this.#cache.clear();
        // A store that takes nothing now takes the others as little; those before it will be known.
        if (error instanceof InventoryProblem) return reject(error);
        problem = this.#problemOf(error);
        sum.refused += 1;
      }
    }
    if (problem !== null && deltas.length === 1) reject(problem);
    else resolve(sum);
  }

  #problemOf(error: unknown): unknown {
    if (error instanceof InventoryProblem) return error;
    this.deltasUnmergeable += 1;
    const reason = error instanceof Error ? error.message : String(error);
    return new InventoryProblem("invalid", `the delta cannot be merged: ${reason}`);
  }

  async #merge(turn: readonly Waiting[]): Promise<IngestResult[]> {
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
        const duplicates = deltas.length - fresh.length;
        results.push({ accepted: fresh.length, duplicates, refused: 0 });
        const isFresh = new Set(fresh);
        for (const delta of deltas) sensors.add(delta, isFresh.has(delta), options);
        for (const delta of fresh) {
          if (delta.summaries.length > 0 && delta.keyId !== this.#keyId) {
            delta.summaries.forEach(dropHashes);
            sensors.addForeign(delta);
          }
          updates.add(delta);
        }
      }
      const cache = this.#store.isExclusive ? this.#cache : new PieceCache();
      const touched = await new Merging(tx, engine, cache).merge(updates);
      await sequences.save(tx, engine, nowMs);
      await sensors.save(tx, engine);
      await markDirty(tx, engine, [...touched.keys()].sort(), nowMs);
      return touched;
    });
    for (const { operations } of turn) this.operationsMerged += operations;
    this.deltasUnderAnotherKey += sensors.foreign;
    this.#onIngested({ apis, sensors: sensors.names });
    return results;
  }
}

/** Reason in a sensor's coverage. */
const FOREIGN_KEY = "foreign-key";

/** What a sensor is told whose delta shared a turn with one that cannot be merged. */
const again = (error: unknown): unknown =>
  error instanceof InventoryProblem
    ? error
    : new InventoryProblem(
        "unavailable",
        "one of the deltas that came together cannot be merged; each is tried by itself",
        inventoryLimits.busyRetryMs,
      );

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
  engine: Engine,
  apis: readonly string[],
  nowMs: number,
): Promise<void> {
  const dirtyMs = sql<number>`coalesce(apis.dirty_ms, ${nowMs}) + 1`;
  const own = tx
    .selectFrom("apis")
    .select("id")
    .where(isOneOf(engine, "id", apis))
    .orderBy("id");
  // Servers that mark the same ones at a time lock them in one order.
  const known = (await (engine === "postgres" ? own.forUpdate() : own).execute()).map(
    ({ id }) => id,
  );
  await tx
    .updateTable("apis")
    .set({ dirty_ms: dirtyMs })
    .where(isOneOf(engine, "id", known))
    .execute();
  const isKnown = new Set(known);
  for (const ids of inChunks(apis.filter((id) => !isKnown.has(id)))) {
    await tx
      .insertInto("apis")
      .values(ids.map((id) => newApi(id, nowMs)))
      .onConflict((on) => on.column("id").doUpdateSet({ dirty_ms: dirtyMs }))
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

  foreign = 0;

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
    addCounts(tally.coverage, delta.coverage);
  }

  /** One that was made under another key, as before a sensor heard of this one. It was added. */
  addForeign(delta: Delta): void {
    this.foreign += 1;
    addCounts(this.#sensors.get(storable(delta.sensor))!.coverage, new Map([[FOREIGN_KEY, 1]]));
  }

  async save(tx: Transaction<Database>, engine: Engine): Promise<void> {
    const names = [...this.#sensors.keys()].sort();
    // A row that is not there cannot be locked.
    if (engine === "postgres") {
      for (const chunk of inChunks(names)) {
        await tx
          .insertInto("sensors")
          .values(chunk.map((name) => this.#newRow(name)))
          .onConflict((on) => on.column("name").doNothing())
          .execute();
      }
    }
    const query = tx
      .selectFrom("sensors")
      .select(["name", "first_ms", "version", "calls", "deltas", "duplicates", "coverage"])
      .where(isOneOf(engine, "name", names))
      .orderBy("name");
    const found = await (engine === "postgres" ? query.forUpdate() : query).execute();
    const known = new Map(found.map((row) => [row.name, row]));
    const rows = names.map((name) => this.#sum({ ...this.#newRow(name), ...known.get(name) }));
    await upsert(tx, engine, "sensors", rows, SUMMED);
  }

  #newRow(name: string): SensorTable {
    return {
      name,
      kind: "tap",
      version: null,
      first_ms: this.#nowMs,
      last_ms: this.#nowMs,
      calls: 0,
      deltas: 0,
      duplicates: 0,
      coverage: "{}",
      status: null,
    };
  }

  #sum(row: SensorTable): SensorTable {
    const tally = this.#sensors.get(row.name)!;
    const coverage = new Map(Object.entries(JSON.parse(row.coverage) as Record<string, number>));
    addCounts(coverage, tally.coverage);
    const reasons = [...coverage].slice(0, inventoryLimits.coverageReasonsMax);
    return {
      ...row,
      kind: tally.options.kind ?? "tap",
      version: tally.options.version ?? row.version,
      last_ms: this.#nowMs,
      calls: row.calls + tally.calls,
      deltas: row.deltas + tally.deltas,
      duplicates: row.duplicates + tally.duplicates,
      coverage: JSON.stringify(Object.fromEntries(reasons)),
    };
  }
}

/** What deltas change of a sensor's row; its status it tells by itself. */
const SUMMED = ["kind", "version", "last_ms", "calls", "deltas", "duplicates", "coverage"] as const;
