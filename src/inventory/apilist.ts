/** The list of APIs and what its filters can be set to. */
import { type RawBuilder, type SelectQueryBuilder, sql } from "kysely";
import { apiRow, readSet } from "./apirow.ts";
import type { Context } from "./context.ts";
import { listOf, pageOf, readCursor, sortingOf } from "./paging.ts";
import type { ApiFacets, ApiQuery, ApiRow, FacetName, Page } from "./rows.ts";
import type { Database } from "./schema.ts";
import type { Engine, Reader } from "./store.ts";

const SORTS = {
  name: "search",
  calls: "calls",
  endpoints: "endpoints",
  errorShare: "error_share",
  firstMs: "first_ms",
  lastMs: "last_ms",
  score: "score",
  status: "status",
} as const;

export const LISTED = [
  "id",
  "name",
  "owner",
  "labels",
  "confirmed",
  "ignored",
  "merged_into",
  "created_ms",
  "title",
  "status",
  "cluster",
  "namespace",
  "workloads",
  "hosts",
  "ports",
  "origin",
  "endpoints",
  "calls",
  "errors",
  "error_share",
  "first_ms",
  "last_ms",
  "auth",
  "sensitive",
  "score",
  "info",
  "low",
  "medium",
  "high",
  "version",
  "changed_ms",
  "recent",
  "has_imported",
] as const;

const FACETS: Readonly<Record<FacetName, { column: keyof Database["apis"]; isSet: boolean }>> = {
  status: { column: "status", isSet: false },
  cluster: { column: "cluster", isSet: false },
  namespace: { column: "namespace", isSet: false },
  host: { column: "hosts", isSet: true },
  auth: { column: "auth", isSet: true },
  sensitive: { column: "sensitive", isSet: true },
  label: { column: "labels", isSet: true },
  owner: { column: "owner", isSet: false },
  origin: { column: "origin", isSet: false },
};

/** Of each filter, those that most APIs have. */
const FACET_VALUES_MAX = 200;
const LIMIT = 100;

type ApiSelect<Output> = SelectQueryBuilder<Database, "apis", Output>;

export async function listApis({ store, now }: Context, query: ApiQuery): Promise<Page<ApiRow>> {
  const limit = query.limit ?? LIMIT;
  const { column, isDown } = sortingOf(query.sort ?? "-lastMs", SORTS);
  return store.read(async (db) => {
    const filtered = filteredApis(db, store.engine, query);
    let page = filtered
      .select(LISTED)
      .select(sql<string | number>`${sql.ref(column)}`.as("sorted"))
      .orderBy(sql.ref(column), isDown ? "desc" : "asc")
      .orderBy("id")
      .limit(limit + 1);
    if (query.cursor !== undefined) {
      const [value, id] = readCursor(query.cursor);
      const ref = sql.ref(column);
      const behind = isDown ? sql<boolean>`${ref} < ${value}` : sql<boolean>`${ref} > ${value}`;
      page = page.where(sql<boolean>`(${behind} or (${ref} = ${value} and id > ${id}))`);
    }
    const rows = await page.execute();
    const { count } = await filtered
      .select((eb) => eb.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    const nowMs = now();
    return pageOf(
      rows,
      limit,
      (row) => [row.sorted, row.id],
      (row) => apiRow(row, nowMs),
      Number(count),
    );
  });
}

/** Counts under all filters that are set. */
export async function facetsOf({ store }: Context, query: ApiQuery): Promise<ApiFacets> {
  const columns = Object.values(FACETS).map(({ column }) => column);
  const rows = await store.read((db) =>
    filteredApis(db, store.engine, query).select(columns).execute(),
  );
  const result = {} as ApiFacets;
  for (const [name, { column, isSet }] of Object.entries(FACETS)) {
    const counts = new Map<string, number>();
    for (const row of rows) {
      const value = row[column] as string | null;
      const values = value === null ? [] : isSet ? readSet(value) : [value];
      for (const each of values) counts.set(each, (counts.get(each) ?? 0) + 1);
    }
    result[name as FacetName] = [...counts]
      .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
      .slice(0, FACET_VALUES_MAX)
      .map(([value, count]) => ({ value, count }));
  }
  return result;
}

/** APIs that are there: not part of another, and with a document; a host that only ever refused is none. */
export const existingApis = (db: Reader): ApiSelect<object> =>
  db.selectFrom("apis").where("merged_into", "is", null).where("version", ">", 0);

function filteredApis(db: Reader, engine: Engine, query: ApiQuery): ApiSelect<object> {
  let found = existingApis(db);
  if (query.q !== undefined && query.q.trim() !== "") {
    for (const word of wordsOf(query.q)) found = found.where(has("search", word, engine));
  }
  const wanted: Record<FacetName, string | undefined> = {
    status: query.status,
    cluster: query.cluster,
    namespace: query.namespace,
    host: query.host,
    auth: query.auth,
    sensitive: query.sensitive,
    label: query.label,
    owner: query.owner,
    origin: query.origin,
  };
  for (const [name, text] of Object.entries(wanted)) {
    const values = listOf(text);
    if (values.length === 0) continue;
    const { column, isSet } = FACETS[name as FacetName];
    if (!isSet) found = found.where(column, "in", values);
    else
      found = found.where((eb) =>
        eb.or(
          values.map(
            (value) =>
              sql<boolean>`${sql.ref(column)} like ${`%|${escapeLike(value)}|%`} escape '!'`,
          ),
        ),
      );
  }
  return found;
}

const WORDS_MAX = 8;
export const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "")
    .slice(0, WORDS_MAX);

/** Both engines look for plain text faster than `like` for a pattern. */
export const has = (column: string, word: string, engine: Engine): RawBuilder<boolean> =>
  sql<boolean>`${sql.raw(engine === "sqlite" ? "instr" : "strpos")}(${sql.ref(column)}, ${word}) > 0`;

const escapeLike = (text: string): string => text.replaceAll(/[!%_]/g, "!$&");
