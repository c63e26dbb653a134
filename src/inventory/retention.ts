/** What time does: statuses age, figures coarsen, and what is past its retention goes. */
import type { Expression, ExpressionBuilder, SqlBool, Transaction } from "kysely";
import { inventoryLimits } from "../base/limits.ts";
import { statusOf } from "./apirow.ts";
import type { Context } from "./context.ts";
import { DAY_MS, HOUR_MS } from "./figures.ts";
import { NO_MINUTES } from "./minutes.ts";
import { ALL_SOURCES, growingIdAt } from "./names.ts";
import { agePartitions, joinDays, makePartitions } from "./partitions.ts";
import type { Database, TrafficTable } from "./schema.ts";
import { ServiceWatch } from "./services.ts";
import { endSessions } from "./sessions.ts";
import { upsert } from "./statements.ts";
import type { Engine, Store } from "./store.ts";

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

  /** What has to be there before anything is written. */
  async prepare(nowMs: number): Promise<void> {
    await makePartitions(this.#context.store, nowMs, nowMs - HOURS_FOR_MS);
  }

  async tick(nowMs: number): Promise<void> {
    const { preferences, store, inference } = this.#context;
    const { trafficRetentionDays, changeRetentionDays } = await preferences.get();
    await this.#services.look();
    await this.#ageStatuses(nowMs);
    const trafficFromMs = nowMs - trafficRetentionDays * DAY_MS;
    const changesFromMs = nowMs - changeRetentionDays * DAY_MS;
    const hoursFromMs = Math.floor((nowMs - HOURS_FOR_MS) / DAY_MS) * DAY_MS;
    const times = { nowMs, hoursFromMs, trafficFromMs, changesFromMs };
    // Where it fails, such as for want of a right, rows still age, and the failure is told at the end.
    const aged = await agePartitions(store, times).then(
      () => null,
      (error: unknown) => ({ error }),
    );
    await this.#ageTraffic(hoursFromMs, trafficFromMs);
    await this.#dropRows(nowMs, changesFromMs);
    await store.writeAgain((tx) => endSessions(tx, nowMs));
    if (this.#ticks % VERSIONS_EVERY_TICKS === 0) await store.writeAgain(dropOldVersions);
    this.#ticks += 1;
    await inference.resume();
    if (aged !== null) throw aged.error;
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
    await store.writeAgain(async (tx) => {
      for (const { id, status } of aged)
        await tx.updateTable("apis").set({ status }).where("id", "=", id).execute();
    });
    for (const { id } of aged) emit({ kind: "api", api: id });
  }

  /** Rows that no partition takes along. */
  async #dropRows(nowMs: number, changesFromMs: number): Promise<void> {
    const { store } = this.#context;
    const changes = growingIdAt(changesFromMs);
    await deleteAll(store, "changes", (row) => row("id", "<", changes));
    await deleteAll(store, "audit", (row) => row("id", "<", changes));
    await deleteAll(store, "deliveries", (row) =>
      row.and([
        row("state", "=", "delivered"),
        row("id", "<", growingIdAt(nowMs - DELIVERED_FOR_MS)),
      ]),
    );
    await deleteAll(store, "sequences", (row) => row("seen_ms", "<", nowMs - SEQUENCES_FOR_MS));
  }

  async #ageTraffic(hoursFromMs: number, fromMs: number): Promise<void> {
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
    if (isEnd) {
      sources.push(ALL_SOURCES);
      await store.writeAgain((tx) =>
        tx
          .updateTable("sources")
          .set({ minutes: NO_MINUTES })
          .where("last_ms", "<", fromMs)
          .where("minutes", "!=", NO_MINUTES)
          .execute(),
      );
    }
    for (const source of sources) {
      await store.writeAgain(async (tx) => {
        await tx
          .deleteFrom("traffic")
          .where("source", "=", source)
          .where("start_ms", "<", fromMs)
          .execute();
        await coarsen(tx, store.engine, source, hoursFromMs);
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
  const known = await tx
    .selectFrom("traffic")
    .selectAll()
    .where("source", "=", source)
    .where("start_ms", "<", beforeMs)
    .where("width_ms", "=", DAY_MS)
    .execute();
  const dayOf = (row: TrafficTable): string => `${row.node}\n${Math.floor(row.start_ms / DAY_MS)}`;
  const touched = new Set(rows.map(dayOf));
  const joined = joinDays([...rows, ...known.filter((row) => touched.has(dayOf(row)))]);
  await tx
    .deleteFrom("traffic")
    .where("source", "=", source)
    .where("start_ms", "<", beforeMs)
    .where("width_ms", "=", HOUR_MS)
    .execute();
  await upsert(tx, engine, "traffic", joined);
}

type Dated = "changes" | "audit" | "deliveries" | "sequences";

/** In transactions of some rows each, so that whoever merges gets its turn between. */
async function deleteAll<Table extends Dated>(
  store: Store,
  table: Table,
  isOld: (row: ExpressionBuilder<Database, Dated>) => Expression<SqlBool>,
): Promise<void> {
  const max: number = inventoryLimits.deletedRows;
  for (let count = max; count >= max; ) {
    count = await store.writeAgain(async (tx) => {
      const dynamic = tx as unknown as Transaction<Pick<Database, Dated>>;
      const result = await dynamic
        .deleteFrom(table as Dated)
        .where("id", "in", (db) =>
          db
            .selectFrom(table as Dated)
            .select("id")
            .where(isOld as never)
            .limit(max),
        )
        .executeTakeFirst();
      return Number(result.numDeletedRows);
    });
  }
}
