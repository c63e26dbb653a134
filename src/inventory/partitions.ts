/**
 * Partitions by time of the tables that grow with it (PostgreSQL alone): made before they are needed, dropped as a whole when
 * they are past their retention, so that there is nothing to vacuum. Traffic has one for each day, which holds hours
 * until it is written anew with days; changes have one for each month. Beside them stand what an earlier schema had
 * (`_before`), and what belongs to no partition that was made (`_other`), such as the calls of an old capture.
 */
import { sql, type Transaction } from "kysely";
import { inventoryLimits } from "../base/limits.ts";
import { DAY_MS, FigureSet } from "./figures.ts";
import { growingIdAt } from "./names.ts";
import type { Database, TrafficTable } from "./schema.ts";
import { inChunks } from "./statements.ts";
import type { Store } from "./store.ts";

type Partitioned = "traffic" | "changes";

interface Partition {
  readonly name: string;
  /** As an id or a time, both as text: null where it has none. */
  readonly from: string | null;
  readonly to: string | null;
}

interface Span {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** Ahead of time, so that a server that nobody looked after for a day still finds the next day's partition. */
const DAYS_AHEAD = 2;
/** Of the lock under which one server at a time changes partitions. */
const PARTITION_LOCK = 7_237_123;
/** Whoever reads or merges waits behind who wants to drop a partition: that one gives up first, and comes again. */
const LOCK_TIMEOUT_MS = 2_000;

/** Hours before `hoursFromMs` become days; what ended before the two others is dropped. */
export async function agePartitions(
  store: Store,
  times: {
    readonly nowMs: number;
    readonly hoursFromMs: number;
    readonly trafficFromMs: number;
    readonly changesFromMs: number;
  },
): Promise<void> {
  if (store.engine !== "postgres") return;
  const { nowMs, hoursFromMs, trafficFromMs, changesFromMs } = times;
  await makePartitions(store, nowMs, hoursFromMs);
  await dropBefore(store, "traffic", String(trafficFromMs));
  await dropBefore(store, "changes", growingIdAt(changesFromMs));
  for (const partition of await partitionsOf(store, "traffic")) {
    const isDue = partition.to !== null && Number(partition.to) <= hoursFromMs;
    if (!isDue || isOfDays(partition)) continue;
    await alone(store, (tx) => writeAsDays(tx, partition));
  }
}

/** Those of each day from `fromMs` on, and of this month and the next. */
export async function makePartitions(store: Store, nowMs: number, fromMs: number): Promise<void> {
  if (store.engine !== "postgres") return;
  const days: Span[] = [];
  for (let day = Math.floor(fromMs / DAY_MS); day <= nowMs / DAY_MS + DAYS_AHEAD; day += 1) {
    const [from, to] = [day * DAY_MS, (day + 1) * DAY_MS];
    days.push({ name: `traffic_h${nameOf(from, 8)}`, from: String(from), to: String(to) });
  }
  const now = new Date(nowMs);
  const months = [-1, 0, 1].map((offset): Span => {
    const at = (month: number): number => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + month);
    const [from, to] = [at(offset), at(offset + 1)];
    return { name: `changes_${nameOf(from, 6)}`, from: growingIdAt(from), to: growingIdAt(to) };
  });
  await makeMissing(store, "traffic", days);
  await makeMissing(store, "changes", months);
}

/** `20261122`, or the month alone. */
const nameOf = (timeMs: number, length: number): string =>
  new Date(timeMs).toISOString().replaceAll("-", "").slice(0, length);

const isOfDays = ({ name }: Partition): boolean => /^traffic_d\d/.test(name);

async function partitionsOf(store: Store, table: Partitioned): Promise<Partition[]> {
  const { rows } = await store.read((db) =>
    sql<{ name: string; bound: string | null }>`
      select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bound from pg_inherits i
      join pg_class c on c.oid = i.inhrelid where i.inhparent = ${table}::regclass order by c.relname`.execute(
      db,
    ),
  );
  // One that another server is taking away at this moment has no bound any more.
  return rows.flatMap(({ name, bound }) => {
    if (bound === null) return [];
    const from = /FROM \('?(\w+)'?\)/.exec(bound.replace("(MINVALUE)", ""))?.[1] ?? null;
    return [{ name, from, to: /TO \('?(\w+)'?\)/.exec(bound)?.[1] ?? null }];
  });
}

/** Both are written with as many digits, so texts are in the order of what they stand for. */
const isBefore = (a: string, b: string): boolean =>
  a.length === b.length ? a < b : a.length < b.length;

async function makeMissing(
  store: Store,
  table: Partitioned,
  spans: readonly Span[],
): Promise<void> {
  const known = await partitionsOf(store, table);
  const isThere = ({ from, to }: Span): boolean =>
    known.some(
      (each) =>
        each.to !== null &&
        isBefore(from, each.to) &&
        (each.from === null || isBefore(each.from, to)),
    );
  for (const span of spans) {
    if (isThere(span)) continue;
    await alone(store, async (tx) => {
      const column = sql.ref(table === "traffic" ? "start_ms" : "id");
      const [name, parent, other] = [span.name, table, `${table}_other`].map((each) =>
        sql.table(each),
      );
      const [from, to] = [sql.lit(span.from), sql.lit(span.to)];
      await sql`create table if not exists ${name} (like ${parent} including all)`.execute(tx);
      // Nobody adds to what is moved meanwhile.
      await sql`lock table ${other} in access exclusive mode`.execute(tx);
      await sql`with moved as (delete from ${other} where ${column} >= ${from} and ${column} < ${to} returning *)
        insert into ${name} select * from moved`.execute(tx);
      await sql`alter table ${parent} attach partition ${name} for values from (${from}) to (${to})`.execute(
        tx,
      );
    });
  }
}

async function dropBefore(store: Store, table: Partitioned, from: string): Promise<void> {
  for (const { name, to } of await partitionsOf(store, table)) {
    if (to === null || isBefore(from, to)) continue;
    await alone(store, (tx) => sql`drop table if exists ${sql.table(name)}`.execute(tx));
  }
}

/**
 * Joins the hours of a partition into days, in a table that takes its place: what was there is dropped. Whoever reads goes on
 * reading; a delta that comes so late waits until the day is whole.
 */
async function writeAsDays(tx: Transaction<Database>, partition: Partition): Promise<void> {
  const { name, from, to } = partition;
  const old = sql.table(name);
  const days = `traffic_d${nameOf(Number(to) - DAY_MS, 8)}`;
  const made = sql.table(days);
  await sql`lock table ${old} in share mode`.execute(tx);
  await sql`create table ${made} (like traffic including all)`.execute(tx);
  let after: readonly [source: string, node: string] | null = null;
  const page = inventoryLimits.agedRows;
  for (;;) {
    const behind: ReturnType<typeof sql> =
      after === null ? sql`` : sql`where (source, node) > (${after[0]}, ${after[1]})`;
    // Whole nodes: the last of a page may have more rows behind it, so it is read again with the next.
    const { rows }: { rows: TrafficTable[] } = await sql<TrafficTable>`
      select * from ${old} ${behind} order by source, node, start_ms limit ${page}`.execute(tx);
    const isEnd = rows.length < page;
    const last = rows.at(-1);
    const isWhole = (row: TrafficTable): boolean =>
      isEnd || row.source !== last!.source || row.node !== last!.node;
    const whole: TrafficTable[] = rows.filter(isWhole);
    await insertDays(tx, days, whole);
    if (isEnd) break;
    const edge: TrafficTable = whole.at(-1)!;
    after = [edge.source, edge.node];
  }
  await sql`drop table ${old}`.execute(tx);
  const start = from === null ? sql`minvalue` : sql.lit(from);
  await sql`alter table traffic attach partition ${made} for values from (${start}) to (${sql.lit(to!)})`.execute(
    tx,
  );
}

async function insertDays(
  tx: Transaction<Database>,
  table: string,
  rows: readonly TrafficTable[],
): Promise<void> {
  const days = joinDays(rows);
  const dynamic = tx as unknown as Transaction<Record<string, TrafficTable>>;
  for (const chunk of inChunks(days)) await dynamic.insertInto(table).values(chunk).execute();
}

/** Rows of hours and days, as days. */
export function joinDays(rows: readonly TrafficTable[]): TrafficTable[] {
  const days = new Map<string, { readonly row: TrafficTable; readonly figures: FigureSet }>();
  for (const row of rows) {
    const startMs = Math.floor(row.start_ms / DAY_MS) * DAY_MS;
    const key = `${row.source}\n${row.node}\n${startMs}`;
    const day = days.get(key) ?? {
      row: { ...row, start_ms: startMs, width_ms: DAY_MS },
      figures: new FigureSet(),
    };
    days.set(key, day);
    day.figures.addAll(FigureSet.read(row.data));
  }
  return [...days.values()].map(({ row, figures }) => ({
    ...row,
    calls: figures.calls,
    errors: figures.errors,
    data: figures.write(),
  }));
}

/** One server at a time, and never for long in the way of others: what cannot be done now is done at a later tick. */
async function alone(
  store: Store,
  work: (tx: Transaction<Database>) => Promise<unknown>,
): Promise<void> {
  try {
    await store.db.transaction().execute(async (tx) => {
      await sql.raw(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`).execute(tx);
      await sql`select pg_advisory_xact_lock(${PARTITION_LOCK})`.execute(tx);
      await work(tx);
    });
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (!LATER.has(String(code))) throw error;
  }
}

/** Waited too long, a deadlock, or another server did it already: no such table, or one of that name, or one of that span. */
const LATER = new Set(["55P03", "40P01", "42P01", "42P07", "42P17", "42809"]);
