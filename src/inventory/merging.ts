/** One transaction of ingest: deltas to the pieces, figures, sources and sensors that they change. */
import { sql, type Transaction } from "kysely";
import { inventoryLimits, telemetryLimits } from "../base/limits.ts";
import type { Delta } from "../sensor/delta.ts";
import { addCounts } from "../telemetry/mergeshape.ts";
import type { ApiKey, ApiSummary, LimitMarks, PathNode } from "../telemetry/summary.ts";
import { FigureSet, figuresByHour } from "./figures.ts";
import { loadPieces, type Wanted } from "./loading.ts";
import {
  addMinutes,
  type Minutes,
  mergeMinutes,
  NO_MINUTES,
  readMinutes,
  writeMinutes,
} from "./minutes.ts";
import { ALL_SOURCES, homeApi, nodeName, sourceId, storable, WHOLE_SOURCE } from "./names.ts";
import type { CachedPiece, PieceCache } from "./piececache.ts";
import { absorbPiece, cutInPieces, packPiece } from "./pieces.ts";
import type { Database, NodeTable, SourceTable, TrafficTable } from "./schema.ts";
import { inChunks, isOneOf, upsert } from "./statements.ts";
import type { Engine } from "./store.ts";

/** What is to be added to one source. */
export interface SourceUpdate {
  readonly id: string;
  readonly key: ApiKey;
  readonly pieces: Map<string, { readonly path: string; piece: PathNode }>;
  /** By node, then by start. */
  readonly figures: Map<string, Map<number, FigureSet>>;
  readonly addresses: Map<string, number>;
  readonly limits: LimitMarks;
  readonly minutes: Minutes;
  calls: number;
  firstMs: number;
  lastMs: number;
}

/** What deltas say together, before anything is read. */
export class Updates {
  readonly sources = new Map<string, SourceUpdate>();
  readonly whole = new Map<number, FigureSet>();

  /** The delta must not be used afterwards. */
  add(delta: Delta): void {
    for (const summary of delta.summaries) this.#addSummary(summary);
  }

  #addSummary(summary: ApiSummary): void {
    const update = this.#updateOf(summary.key);
    addCounts(update.addresses, summary.serverAddresses);
    addCounts(update.limits, summary.limits);
    cutInPieces(summary.root, (path, piece) => {
      const node = nodeName(path);
      this.#addFigures(update, node, piece);
      const known = update.pieces.get(node);
      if (known === undefined) update.pieces.set(node, { path, piece });
      else absorbPiece(known.piece, piece, update.limits);
    });
  }

  #addFigures(update: SourceUpdate, node: string, { operations }: PathNode): void {
    for (const [name, operation] of operations) {
      update.calls += operation.calls + operation.refused;
      update.firstMs = Math.min(update.firstMs, operation.firstMs);
      update.lastMs = Math.max(update.lastMs, operation.lastMs);
      addMinutes(update.minutes, operation);
      for (const [startMs, figures] of figuresByHour(operation)) {
        setAt(hoursAt(update.figures, node), startMs).add(name, figures);
        setAt(hoursAt(update.figures, WHOLE_SOURCE), startMs).add("*", figures);
        setAt(this.whole, startMs).add("*", figures);
      }
    }
  }

  #updateOf(given: ApiKey): SourceUpdate {
    const key = { ...given, host: storable(given.host), workload: storable(given.workload) };
    const id = sourceId(key);
    const known = this.sources.get(id);
    if (known !== undefined) return known;
    const update: SourceUpdate = {
      id,
      key,
      pieces: new Map(),
      figures: new Map(),
      addresses: new Map(),
      limits: new Map(),
      minutes: new Map(),
      calls: 0,
      firstMs: Number.POSITIVE_INFINITY,
      lastMs: Number.NEGATIVE_INFINITY,
    };
    this.sources.set(id, update);
    return update;
  }
}

function hoursAt(map: Map<string, Map<number, FigureSet>>, node: string): Map<number, FigureSet> {
  const known = map.get(node) ?? new Map<number, FigureSet>();
  map.set(node, known);
  return known;
}

function setAt(map: Map<number, FigureSet>, startMs: number): FigureSet {
  const known = map.get(startMs) ?? new FigureSet();
  map.set(startMs, known);
  return known;
}

/** Adds updates to what the store has. */
export class Merging {
  readonly #tx: Transaction<Database>;
  readonly #engine: Engine;
  readonly #cache: PieceCache;
  readonly #nodes: NodeTable[] = [];
  readonly #traffic: TrafficTable[] = [];
  readonly #sources: SourceTable[] = [];

  constructor(tx: Transaction<Database>, engine: Engine, cache: PieceCache) {
    this.#tx = tx;
    this.#engine = engine;
    this.#cache = cache;
  }

  /** Gives the APIs that were touched, and whether something was heard there that had not been heard before. */
  async merge(updates: Updates): Promise<Map<string, boolean>> {
    const rows = await this.#lockSources(updates);
    const loaded = await this.#load([...updates.sources.values()]);
    const apis = new Map<string, boolean>();
    for (const update of updates.sources.values()) {
      const row = rows.get(update.id)!;
      const isNovel = this.#mergeSource(row, update, loaded.get(update.id)!);
      apis.set(row.api, isNovel || (apis.get(row.api) ?? false));
    }
    await this.#save();
    // Last, as each transaction of each server waits for this one lock.
    if (this.#engine === "postgres")
      await sql`select pg_advisory_xact_lock(${WHOLE_LOCK})`.execute(this.#tx);
    await this.#mergeWhole(updates.whole);
    await this.#save();
    return apis;
  }

  /** Their rows, made where they are new. In PostgreSQL nobody else merges into them until the transaction ends. */
  async #lockSources({ sources }: Updates): Promise<Map<string, SourceTable>> {
    const ids = [...sources.keys()].sort();
    const found = await this.#readSources(ids, false);
    const made: SourceTable[] = [];
    for (const id of ids)
      if (!found.has(id)) made.push(await this.#newSource(sources.get(id)!.key));
    if (this.#engine !== "postgres") {
      for (const row of made) found.set(row.id, row);
      return found;
    }
    // A row that is not there cannot be locked, and another server may make it at the same moment.
    for (const chunk of inChunks(made)) {
      await this.#tx
        .insertInto("sources")
        .values(chunk)
        .onConflict((on) => on.column("id").doNothing())
        .execute();
    }
    return await this.#readSources(ids, true);
  }

  async #readSources(
    ids: readonly string[],
    isLocking: boolean,
  ): Promise<Map<string, SourceTable>> {
    const query = this.#tx
      .selectFrom("sources")
      .selectAll()
      .where(isOneOf(this.#engine, "id", ids))
      .orderBy("id");
    const rows = await (isLocking ? query.forUpdate() : query).execute();
    return new Map(rows.map((row) => [row.id, row]));
  }

  async #newSource(key: ApiKey): Promise<SourceTable> {
    const home = homeApi(key);
    return {
      id: sourceId(key),
      ...key,
      home,
      api: await this.#followMerges(home),
      calls: 0,
      first_ms: Number.MAX_SAFE_INTEGER,
      last_ms: 0,
      node_count: 0,
      addresses: "{}",
      limits: "{}",
      minutes: NO_MINUTES,
    };
  }

  /** Where the API that a rule names was made part of another, its new sources go there too. */
  async #followMerges(home: string): Promise<string> {
    let api = home;
    for (let step = 0; step < 16; step += 1) {
      const row = await this.#tx
        .selectFrom("apis")
        .select("merged_into")
        .where("id", "=", api)
        .executeTakeFirst();
      if (row === undefined || row.merged_into === null) break;
      api = row.merged_into;
    }
    return api;
  }

  #mergeSource(
    row: SourceTable,
    update: SourceUpdate,
    cached: ReadonlyMap<string, CachedPiece>,
  ): boolean {
    const limits = countsOf(row.limits);
    addCounts(limits, update.limits);
    const addresses = countsOf(row.addresses);
    addCounts(addresses, update.addresses);
    const minutes = readMinutes(row.minutes);
    mergeMinutes(minutes, update.minutes);
    let nodeCount = row.node_count;
    let isNovel = false;
    for (const [node, { path, piece }] of update.pieces) {
      const known = cached.get(node)!;
      isNovel ||= hasNewOperation(known.piece, piece);
      if (known.piece === null) {
        if (nodeCount >= inventoryLimits.nodesMax) {
          limits.set("nodesMax", (limits.get("nodesMax") ?? 0) + 1);
          continue;
        }
        nodeCount += 1;
        known.piece = piece;
      } else if (!absorbPiece(known.piece, piece, limits)) continue;
      const { data, characters } = packPiece(known.piece);
      this.#cache.resize(known, characters);
      this.#nodes.push({ source: row.id, node, path, data });
    }
    for (const [node, hours] of update.figures)
      this.#addHours(row.id, node, cached.get(node)!, hours);
    this.#sources.push({
      ...row,
      calls: row.calls + update.calls,
      first_ms: Math.min(row.first_ms, update.firstMs),
      last_ms: Math.max(row.last_ms, update.lastMs),
      node_count: nodeCount,
      addresses: JSON.stringify(
        Object.fromEntries(mostOf(addresses, telemetryLimits.serverAddressesMax)),
      ),
      limits: JSON.stringify(Object.fromEntries(limits)),
      minutes: writeMinutes(minutes),
    });
    return isNovel;
  }

  #addHours(
    source: string,
    node: string,
    cached: CachedPiece,
    hours: Map<number, FigureSet>,
  ): void {
    for (const [startMs, figures] of hours) {
      const known = setAt(cached.figures, startMs);
      known.addAll(figures);
      this.#traffic.push({
        source,
        node,
        start_ms: startMs,
        width_ms: HOUR,
        calls: known.calls,
        errors: known.errors,
        data: known.write(),
      });
    }
    const latestMs = Math.max(...cached.figures.keys());
    for (const startMs of cached.figures.keys())
      if (startMs < latestMs - HOUR) cached.figures.delete(startMs);
    cached.knownFromMs = Math.max(cached.knownFromMs, latestMs - HOUR);
  }

  async #mergeWhole(hours: Map<number, FigureSet>): Promise<void> {
    if (hours.size === 0) return;
    const figures = new Map([[WHOLE_SOURCE, hours]]);
    const loaded = await this.#load([{ id: ALL_SOURCES, pieces: new Map(), figures }]);
    this.#addHours(ALL_SOURCES, WHOLE_SOURCE, loaded.get(ALL_SOURCES)!.get(WHOLE_SOURCE)!, hours);
  }

  /** What is there of the nodes of these sources, by source and node. */
  async #load(
    updates: readonly Pick<SourceUpdate, "id" | "pieces" | "figures">[],
  ): Promise<Map<string, Map<string, CachedPiece>>> {
    const wanted: Wanted[] = [];
    for (const { id, pieces, figures } of updates) {
      for (const node of new Set([...pieces.keys(), ...figures.keys()])) {
        const hours = figures.get(node);
        const fromMs = hours === undefined ? null : Math.min(...hours.keys());
        wanted.push({ source: id, node, fromMs });
      }
    }
    const result = new Map(updates.map(({ id }) => [id, new Map<string, CachedPiece>()]));
    const loaded = await loadPieces(this.#tx, this.#engine, this.#cache, wanted);
    wanted.forEach(({ source, node }, index) => {
      result.get(source)!.set(node, loaded[index]!);
    });
    return result;
  }

  /** Writes what was merged since it was called last. */
  async #save(): Promise<void> {
    await upsert(this.#tx, this.#engine, "nodes", this.#nodes.splice(0).sort(byKey), ["data"]);
    await upsert(this.#tx, this.#engine, "traffic", this.#traffic.splice(0).sort(byKey), [
      "calls",
      "errors",
      "data",
    ]);
    await upsert(this.#tx, this.#engine, "sources", this.#sources.splice(0), [
      "calls",
      "first_ms",
      "last_ms",
      "node_count",
      "addresses",
      "limits",
      "minutes",
    ]);
  }
}

function hasNewOperation(known: PathNode | null, piece: PathNode): boolean {
  for (const operation of piece.operations.keys()) {
    if (known === null || !known.operations.has(operation)) return true;
  }
  return false;
}

/** Rows that stand near each other are written one after the other. */
const byKey = (a: NodeTable | TrafficTable, b: NodeTable | TrafficTable): number =>
  a.source < b.source ? -1 : a.source > b.source ? 1 : a.node < b.node ? -1 : 1;

const HOUR = 3_600_000;
/** Of the advisory lock under which the figures of the whole inventory grow. */
const WHOLE_LOCK = 7_237_122;

const countsOf = (text: string): Map<string, number> =>
  new Map(Object.entries(JSON.parse(text) as Record<string, number>));

const mostOf = (counts: ReadonlyMap<string, number>, max: number): [string, number][] =>
  [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, max);
