/** What time does: statuses age, figures coarsen, and what is past its retention goes. */
import type { Transaction } from "kysely";
import { inventoryLimits } from "../base/limits.ts";
import { statusOf } from "./apirow.ts";
import type { Context } from "./context.ts";
import { DAY_MS, FigureSet, HOUR_MS } from "./figures.ts";
import { ALL_SOURCES } from "./names.ts";
import type { Database, TrafficTable } from "./schema.ts";
import { ServiceWatch } from "./services.ts";
import { endSessions } from "./sessions.ts";
import { upsert } from "./statements.ts";
import type { Engine } from "./store.ts";

/** Hours are kept for so long, then days. */
const HOURS_FOR_MS = 8 * DAY_MS;
const DELIVERED_FOR_MS = 7 * DAY_MS;
/** A sensor that was away for longer begins a new epoch, or counts anew. */
const SEQUENCES_FOR_MS = 180 * DAY_MS;

/** To look through all versions takes a while. */
const VERSIONS_EVERY_TICKS = 60;

/** Ticks of one open inventory: each looks at some sources, one after the other. */
export class Retention {
  readonly #context: Context;
  readonly #services: ServiceWatch;
  #lastSource = "";
  #ticks = 0;

  constructor(context: Context) {
    this.#context = context;
    this.#services = new ServiceWatch(context);
  }

  async tick(nowMs: number): Promise<void> {
    const { preferences, store, inference } = this.#context;
    const { trafficRetentionDays, changeRetentionDays } = await preferences.get();
    await this.#services.look();
    await this.#ageStatuses(nowMs);
    await this.#ageTraffic(nowMs, nowMs - trafficRetentionDays * DAY_MS);
    await store.write(async (tx) => {
      const changesFromMs = nowMs - changeRetentionDays * DAY_MS;
      await tx.deleteFrom("changes").where("id", "<", idAt(changesFromMs)).execute();
      await tx.deleteFrom("audit").where("id", "<", idAt(changesFromMs)).execute();
      await tx
        .deleteFrom("deliveries")
        .where("state", "=", "delivered")
        .where("id", "<", idAt(nowMs - DELIVERED_FOR_MS))
        .execute();
      await tx
        .deleteFrom("sequences")
        .where("seen_ms", "<", nowMs - SEQUENCES_FOR_MS)
        .execute();
      await endSessions(tx, nowMs);
      if (this.#ticks % VERSIONS_EVERY_TICKS === 0) await dropOldVersions(tx);
      this.#ticks += 1;
    });
    await inference.resume();
  }

  async #ageStatuses(nowMs: number): Promise<void> {
    const { store, preferences, emit } = this.#context;
    const set = await preferences.get();
    const rows = await store.read((db) =>
      db
        .selectFrom("apis")
        .select(["id", "status", "ignored", "first_ms", "last_ms", "created_ms", "changed_ms"])
        .where("merged_into", "is", null)
        .execute(),
    );
    const aged = rows.flatMap((row) => {
      const status = statusOf(row, set, nowMs);
      return status === row.status ? [] : [{ id: row.id, status }];
    });
    if (aged.length === 0) return;
    await store.write(async (tx) => {
      for (const { id, status } of aged)
        await tx.updateTable("apis").set({ status }).where("id", "=", id).execute();
    });
    for (const { id } of aged) emit({ kind: "api", api: id });
  }

  async #ageTraffic(nowMs: number, fromMs: number): Promise<void> {
    const { store, ingest } = this.#context;
    const found = await store.read((db) =>
      db
        .selectFrom("sources")
        .select("id")
        .where("id", ">", this.#lastSource)
        .orderBy("id")
        .limit(inventoryLimits.tickSources)
        .execute(),
    );
    const isEnd = found.length < inventoryLimits.tickSources;
    this.#lastSource = isEnd ? "" : found.at(-1)!.id;
    const sources = found.map(({ id }) => id);
    if (isEnd) sources.push(ALL_SOURCES);
    for (const source of sources) {
      await store.write(async (tx) => {
        await tx
          .deleteFrom("traffic")
          .where("source", "=", source)
          .where("start_ms", "<", fromMs)
          .execute();
        await coarsen(
          tx,
          store.engine,
          source,
          Math.floor((nowMs - HOURS_FOR_MS) / DAY_MS) * DAY_MS,
        );
        // Before the next merge, which waits for this transaction.
        ingest.forget();
      });
    }
  }
}

async function dropOldVersions(tx: Transaction<Database>): Promise<void> {
  await tx
    .deleteFrom("versions")
    .where((eb) =>
      eb(
        "version",
        "<=",
        eb
          .selectFrom("apis")
          .select((inner) => inner("apis.version", "-", inventoryLimits.versionsMax).as("oldest"))
          .whereRef("apis.id", "=", "versions.api"),
      ),
    )
    .execute();
}

/** Joins hours before `beforeMs` into days. */
async function coarsen(
  tx: Transaction<Database>,
  engine: Engine,
  source: string,
  beforeMs: number,
): Promise<void> {
  const rows = await tx
    .selectFrom("traffic")
    .selectAll()
    .where("source", "=", source)
    .where("start_ms", "<", beforeMs)
    .where("width_ms", "=", HOUR_MS)
    .execute();
  if (rows.length === 0) return;
  const days = new Map<string, { row: TrafficTable; figures: FigureSet }>();
  for (const row of rows) {
    const startMs = Math.floor(row.start_ms / DAY_MS) * DAY_MS;
    const key = `${row.node}\n${startMs}`;
    const day = days.get(key) ?? {
      row: { ...row, start_ms: startMs, width_ms: DAY_MS },
      figures: new FigureSet(),
    };
    days.set(key, day);
    day.figures.addAll(FigureSet.read(row.data));
  }
  const known = await tx
    .selectFrom("traffic")
    .selectAll()
    .where("source", "=", source)
    .where("start_ms", "<", beforeMs)
    .where("width_ms", "=", DAY_MS)
    .execute();
  for (const row of known)
    days.get(`${row.node}\n${row.start_ms}`)?.figures.addAll(FigureSet.read(row.data));
  await tx
    .deleteFrom("traffic")
    .where("source", "=", source)
    .where("start_ms", "<", beforeMs)
    .where("width_ms", "=", HOUR_MS)
    .execute();
  const joined = [...days.values()].map(({ row, figures }) => ({
    ...row,
    calls: figures.calls,
    errors: figures.errors,
    data: figures.write(),
  }));
  await upsert(tx, engine, "traffic", joined);
}

/** Less than any id that was made at this time or later (`growingId`). */
const idAt = (timeMs: number): string =>
  Math.max(0, Math.floor(timeMs)).toString(36).padStart(9, "0");
