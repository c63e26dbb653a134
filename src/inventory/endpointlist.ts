/** Endpoints: of all APIs or of one, and each in full. */
import { sql } from "kysely";
import { apiNames, callersByAddress, requireApi, trafficOf } from "./apidetail.ts";
import { existingApis, searchHas, wordsOf } from "./apilist.ts";
import type { Context } from "./context.ts";
import { type EndpointHeard, endpointRow } from "./endpointrow.ts";
import { endpointSeries } from "./endpointseries.ts";
import type { Endpoints } from "./inventory.ts";
import { lessonOf, readLesson } from "./lessons.ts";
import { pageOf, readCursor, sortingOf } from "./paging.ts";
import { notFound } from "./problem.ts";
import type { EndpointDetail, EndpointQuery, EndpointRow, Page } from "./rows.ts";
import type { EndpointFactsTable, EndpointTable } from "./schema.ts";
import { inChunks } from "./statements.ts";
import type { Engine, Reader } from "./store.ts";
import type { Traffic } from "./trafficrows.ts";

const SORTS = {
  path: "path",
  calls: "calls",
  errorShare: "error_share",
  p95Ms: "p95_ms",
  firstMs: "first_ms",
  lastMs: "last_ms",
} as const;

const LISTED = [
  "id",
  "api",
  "method",
  "path",
  "calls",
  "error_share",
  "first_ms",
  "last_ms",
] as const;
const LIMIT = 500;

export const createEndpoints = (context: Context): Endpoints => ({
  list: (query) => list(context, query),
  detail: (api, endpoint) => detail(context, api, endpoint),
  traffic: (api, endpoint, fromMs, toMs) => traffic(context, api, endpoint, fromMs, toMs),
  series: (api, fromMs, toMs) => endpointSeries(context, api, fromMs, toMs),
});

async function list({ store, now }: Context, query: EndpointQuery): Promise<Page<EndpointRow>> {
  const limit = query.limit ?? LIMIT;
  const { column, isDown } = sortingOf(query.sort ?? "path", SORTS);
  return store.read(async (db) => {
    if (query.api !== undefined) await requireApi(db, query.api);
    const filtered = filteredEndpoints(db, store.engine, query);
    const direction = isDown ? "desc" : "asc";
    const ref = sql.ref(column);
    let page = filtered
      .select(LISTED)
      .select(sql<string | number>`${ref}`.as("sorted"))
      .orderBy(ref, direction)
      .orderBy("id", direction)
      .limit(limit + 1);
    if (query.cursor !== undefined) {
      const [value, id] = readCursor(query.cursor);
      page = page.where(
        isDown
          ? sql<boolean>`(${ref}, id) < (${value}, ${id})`
          : sql<boolean>`(${ref}, id) > (${value}, ${id})`,
      );
    }
    const rows = await page.execute();
    const total = await totalOf(db, filtered, query);
    const shown = rows.slice(0, limit);
    const names = await apiNames(
      db,
      shown.map(({ api }) => api),
    );
    const findings = await openFindings(
      db,
      shown.map(({ id }) => id),
    );
    const data = await dataOf(
      db,
      shown.map(({ id }) => id),
    );
    const nowMs = now();
    return pageOf(
      rows.filter(({ id }, index) => index >= limit || data.has(id)),
      limit,
      (row) => [row.sorted, row.id],
      (row) =>
        endpointRow(
          { ...row, data: data.get(row.id)! },
          names.get(row.api) ?? row.api,
          findings.get(row.id) ?? 0,
          nowMs,
        ),
      total,
    );
  });
}

/** A search ends with its page: to count all that it would find, all must be looked at. */
async function totalOf(
  db: Reader,
  filtered: ReturnType<typeof filteredEndpoints>,
  { api, q = "", method = "" }: EndpointQuery,
): Promise<number | null> {
  if (api === undefined && (q !== "" || method !== "")) return null;
  const counted =
    api === undefined
      ? existingApis(db).select((eb) => eb.fn.sum<number | null>("endpoints").as("count"))
      : filtered.select((eb) => eb.fn.countAll<number>().as("count"));
  const { count } = await counted.executeTakeFirstOrThrow();
  return Number(count ?? 0);
}

function filteredEndpoints(db: Reader, engine: Engine, query: EndpointQuery) {
  let found = db.selectFrom("endpoints");
  if (query.api !== undefined) found = found.where("api", "=", query.api);
  if (query.method !== undefined && query.method !== "") {
    found = found.where("method", "in", query.method.toUpperCase().split(","));
  }
  const words = wordsOf(query.q ?? "");
  if (words.length === 0) return found;
  const conditions = words.map((word) => searchHas(word, engine));
  const isByPath = /^-?path$/.test(query.sort ?? "path");
  // The index of paths holds what is searched, so it alone is read: in its order, or as a whole first.
  if (isByPath || query.api !== undefined) return found.where((eb) => eb.and(conditions));
  return found.where("id", "in", (eb) =>
    eb
      .selectFrom("endpoints")
      .select("id")
      .where((inner) => inner.and(conditions)),
  );
}

async function dataOf(db: Reader, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const data = new Map<string, string>();
  for (const chunk of inChunks(ids)) {
    const rows = await db
      .selectFrom("endpoint_facts")
      .select(["id", "data"])
      .where("id", "in", chunk)
      .execute();
    for (const row of rows) data.set(row.id, row.data);
  }
  return data;
}

async function openFindings(
  db: Reader,
  endpoints: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const chunk of inChunks(endpoints)) {
    const rows = await db
      .selectFrom("findings")
      .select((eb) => ["endpoint", eb.fn.countAll<number>().as("count")])
      .where("endpoint", "in", chunk)
      .where("state", "=", "open")
      .groupBy("endpoint")
      .execute();
    for (const { endpoint, count } of rows) counts.set(endpoint!, Number(count));
  }
  return counts;
}

type FullEndpoint = EndpointTable & Pick<EndpointFactsTable, "data" | "heard">;

async function requireEndpoint(db: Reader, api: string, id: string): Promise<FullEndpoint> {
  await requireApi(db, api);
  const row = await db
    .selectFrom("endpoints")
    .innerJoin("endpoint_facts", "endpoint_facts.id", "endpoints.id")
    .selectAll("endpoints")
    .select(["data", "heard"])
    .where("endpoints.id", "=", id)
    .where("endpoints.api", "=", api)
    .executeTakeFirst();
  if (row === undefined) throw notFound("endpoint", id);
  return row;
}

const heardOf = ({ heard }: FullEndpoint): EndpointHeard => JSON.parse(heard) as EndpointHeard;

async function detail(
  { store, now, learner, hashKey, preferences, cluster }: Context,
  api: string,
  id: string,
): Promise<EndpointDetail> {
  const nowMs = now();
  const { unusedAfterDays } = await preferences.get();
  const {
    row,
    cluster: near,
    lesson,
    names,
    findings,
    workloadAt,
  } = await store.read(async (db) => ({
    row: await requireEndpoint(db, api, id),
    cluster: (await requireApi(db, api)).cluster ?? "",
    lesson: await readLesson(db, api, { hashKey, nowMs, unusedAfterDays }),
    names: await apiNames(db, [api]),
    findings: await openFindings(db, [id]),
    workloadAt: await callersByAddress(db, cluster),
  }));
  const { operation, components, decisions } = await learner.ask("endpoint", {
    ...lessonOf(lesson),
    method: row.method,
    path: row.path,
  });
  return {
    ...endpointRow(row, names.get(api) ?? api, findings.get(id) ?? 0, nowMs),
    operation: { ...operation },
    components: { ...components },
    decisions: [...decisions],
    callers: heardOf(row).callers.map(([address, calls]) => ({
      address,
      workload: workloadAt(address, near),
      calls,
    })),
  };
}

async function traffic(
  { store }: Context,
  api: string,
  id: string,
  fromMs: number,
  toMs: number,
): Promise<Traffic> {
  return store.read(async (db) => {
    const row = await requireEndpoint(db, api, id);
    return trafficOf(db, heardOf(row).nodes, fromMs, toMs);
  });
}
