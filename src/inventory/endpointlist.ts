/** Endpoints: of all APIs or of one, and each in full. */
import { sql } from "kysely";
import { apiNames, callersByAddress, requireApi, trafficOf } from "./apidetail.ts";
import { existingApis, has, wordsOf } from "./apilist.ts";
import type { Context } from "./context.ts";
import { type EndpointHeard, endpointRow } from "./endpointrow.ts";
import { endpointSeries } from "./endpointseries.ts";
import type { Endpoints } from "./inventory.ts";
import { lessonOf, readLesson } from "./lessons.ts";
import { listOf, pageOf, readCursor, sortingOf } from "./paging.ts";
import { notFound } from "./problem.ts";
import type { EndpointDetail, EndpointQuery, EndpointRow, Page } from "./rows.ts";
import type { EndpointFactsTable, EndpointTable } from "./schema.ts";
import { inChunks, isOneOf } from "./statements.ts";
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
    const filtered = await filteredEndpoints(db, store.engine, query, limit);
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
  filtered: Awaited<ReturnType<typeof filteredEndpoints>>,
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

async function filteredEndpoints(db: Reader, engine: Engine, query: EndpointQuery, limit: number) {
  const words = wordsOf(query.q ?? "");
  const methods = listOf(query.method?.toUpperCase());
  const narrowed = (all: ReturnType<typeof allEndpoints>): typeof all => {
    let found = all;
    if (query.api !== undefined) found = found.where("api", "=", query.api);
    if (methods.length > 0) found = found.where("method", "in", methods);
    for (const word of words) found = found.where(has("search", word, engine));
    return found;
  };
  const apis = query.api === undefined ? await apisToSearch(db, engine, words, limit) : null;
  if (apis === null) return narrowed(allEndpoints(db));
  // Read first, whatever a planner thinks of an index that has the wanted order.
  const own = narrowed(allEndpoints(db).where(isOneOf(engine, "api", apis)));
  return db
    .with(
      (cte) => cte("found").materialized(),
      () => own.selectAll(),
    )
    .selectFrom("found") as unknown as typeof own;
}

const allEndpoints = (db: Reader) => db.selectFrom("endpoints");

/**
 * APIs that have an endpoint with all words. Null where to look through all endpoints in their order is likely to fill a page
 * earlier than to read those of all these APIs.
 */
async function apisToSearch(
  db: Reader,
  engine: Engine,
  words: readonly string[],
  limit: number,
): Promise<readonly string[] | null> {
  if (words.length === 0) return null;
  let query = db
    .selectFrom("endpoint_texts")
    .innerJoin("apis", "apis.id", "endpoint_texts.api")
    .select(["api", "apis.endpoints"]);
  for (const word of words) query = query.where(has("text", word, engine));
  const found =
    words.length === 1
      ? await query.execute()
      : (await query.select("text").execute()).filter(({ text }) => isInOneLine(text, words));
  const { all } = await existingApis(db)
    .select((eb) => eb.fn.sum<number | null>("endpoints").as("all"))
    .executeTakeFirstOrThrow();
  const own = found.reduce((sum, { endpoints }) => sum + endpoints, 0);
  // One endpoint of each, if the worst comes to the worst.
  const others = (limit * Number(all ?? 0)) / found.length;
  return own <= others ? found.map(({ api }) => api) : null;
}

const isInOneLine = (text: string, words: readonly string[]): boolean =>
  text.split("\n").some((line) => words.every((word) => line.includes(word)));
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
