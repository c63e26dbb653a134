/** One transaction after inference: what was learned of an API becomes rows, versions, changes, findings and deliveries. */

import type { Transaction } from "kysely";
import { inventoryLimits } from "../base/limits.ts";
import { operationKey } from "../spec/description.ts";
import { placeOf } from "../telemetry/workload.ts";
import type { Preferences } from "./administration.ts";
import { readDetail } from "./apidetail.ts";
import { NO_RECENT, nameOf, searchText, statusOf, writeSet } from "./apirow.ts";
import { enqueueVersion } from "./deliveries.ts";
import { endpointTables } from "./endpointrow.ts";
import { countFindings, saveFindings } from "./findings.ts";
import type { Learned, LearnedEndpoint } from "./lesson.ts";
import type { ReadLesson } from "./lessons.ts";
import { growingId } from "./names.ts";
import { pack } from "./packing.ts";
import { recentCalls } from "./recentcalls.ts";
import type { Change, ChangeKind, DifferenceRow } from "./rows.ts";
import type {
  ApiTable,
  ChangeTable,
  Database,
  EndpointFactsTable,
  EndpointTable,
} from "./schema.ts";
import { type ClusterNames, servicesOf, serviceTitle } from "./services.ts";
import { judged, type KnownBefore } from "./settling.ts";
import { inChunks, saturated, upsert } from "./statements.ts";
import type { Engine } from "./store.ts";

export interface Concluded {
  readonly changes: readonly Change[];
  /** Findings that are new or open again. */
  readonly findings: readonly string[];
}

export interface Circumstances {
  readonly engine: Engine;
  readonly nowMs: number;
  readonly preferences: Preferences;
  readonly cluster: ClusterNames | null;
}

/** Null where the API changed meanwhile in what the lesson rests on: then it is to be inferred again. */
export async function conclude(
  tx: Transaction<Database>,
  lesson: ReadLesson,
  learned: Learned,
  circumstances: Circumstances,
): Promise<Concluded | null> {
  const { api } = lesson;
  const { engine, nowMs, preferences } = circumstances;
  if (await isOutdated(tx, lesson)) return null;
  const differences = await judgedDifferences(tx, lesson, learned);
  const recent = await recentCalls(tx, lesson, learned.endpoints, nowMs);
  await saveEndpoints(tx, engine, api, learned.endpoints, recent);
  const findings = await saveFindings(tx, engine, api, learned.findings, nowMs);
  const changes = await saveVersion(tx, lesson, { ...learned, differences }, circumstances);
  await saveComparison(tx, api, learned);
  const row = await describeApi(tx, lesson, learned, {
    ...circumstances,
    isChanged: changes.length > 0,
    recent: recent.get("") ?? NO_RECENT,
  });
  if (changes.length > 0) {
    await enqueueVersion(tx, {
      api,
      name: nameOf(row),
      changes,
      endpoints: row.endpoints,
      nowMs,
      preferences,
    });
  }
  return { changes, findings };
}

/** Another server may have inferred it, and people may have merged or split it. Locks the API by writing to it. */
async function isOutdated(
  tx: Transaction<Database>,
  { api, row, sources }: ReadLesson,
): Promise<boolean> {
  const { version, hints } = row;
  const locked = await tx
    .updateTable("apis")
    .set({ version })
    .where("id", "=", api)
    .where("version", "=", version)
    .where("hints", "=", hints)
    .executeTakeFirst();
  if (locked.numUpdatedRows === 0n) return true;
  const now = await tx.selectFrom("sources").select("id").where("api", "=", api).execute();
  const ids = new Set(sources.map(({ id }) => id));
  return now.length !== ids.size || now.some(({ id }) => !ids.has(id));
}

/** With what was known of each operation before, which the rows still say. */
async function judgedDifferences(
  tx: Transaction<Database>,
  { api, row }: ReadLesson,
  { differences }: Learned,
): Promise<readonly DifferenceRow[]> {
  if (!differences.some(({ breaking }) => breaking)) return differences;
  const rows = await tx
    .selectFrom("endpoints")
    .select(["method", "path", "calls", "first_ms", "last_ms"])
    .where("api", "=", api)
    .execute();
  const knownOf = (each: { calls: number; first_ms: number; last_ms: number }): KnownBefore => ({
    calls: each.calls,
    firstMs: each.first_ms,
    lastMs: each.last_ms,
  });
  const operations = new Map(
    rows.map((each) => [operationKey(each.method, each.path), knownOf(each)]),
  );
  return judged(differences, knownOf(row), operations);
}

/** Only rows that differ are written. */
async function saveEndpoints(
  tx: Transaction<Database>,
  engine: Engine,
  api: string,
  endpoints: readonly LearnedEndpoint[],
  recent: ReadonlyMap<string, string>,
): Promise<void> {
  const known = new Map<string, string>();
  const stored = await tx
    .selectFrom("endpoints")
    .innerJoin("endpoint_facts", "endpoint_facts.id", "endpoints.id")
    .select(["endpoints.id", "path", "search", "last_ms", "data", "heard"])
    .where("endpoints.api", "=", api)
    .execute();
  for (const row of stored) known.set(row.id, textOf(row, row));
  const learned = endpoints.map((endpoint) =>
    endpointTables(api, endpoint, recent.get(endpoint.id)),
  );
  const text = searchedText(learned.map(({ row }) => row));
  if (text !== searchedText(stored)) await upsert(tx, engine, "endpoint_texts", [{ api, text }]);
  const tables = new Map(
    learned
      .filter(({ row, facts }) => {
        const before = known.get(row.id);
        known.delete(row.id);
        return before !== textOf(row, facts);
      })
      .map((each) => [each.row.id, each]),
  );
  for (const ids of inChunks([...known.keys()])) {
    await tx.deleteFrom("endpoints").where("id", "in", ids).execute();
    await tx.deleteFrom("endpoint_facts").where("id", "in", ids).execute();
  }
  const changed = [...tables.values()].sort(({ row: a }, { row: b }) => (a.id < b.id ? -1 : 1));
  await upsert(
    tx,
    engine,
    "endpoints",
    changed.map(({ row }) => row),
  );
  await upsert(
    tx,
    engine,
    "endpoint_facts",
    changed.map(({ facts }) => facts),
  );
}

const searchedText = (rows: readonly Pick<EndpointTable, "search">[]): string =>
  rows
    .map(({ search }) => search)
    .sort()
    .join("\n");

const textOf = (
  { path, last_ms }: Pick<EndpointTable, "path" | "last_ms">,
  { data, heard }: Pick<EndpointFactsTable, "data" | "heard">,
): string => `${path}\n${last_ms}\n${data}\n${heard}`;

/** A new version where the document is another; its changes. */
async function saveVersion(
  tx: Transaction<Database>,
  { api, row }: ReadLesson,
  learned: Learned,
  { engine, nowMs }: Circumstances,
): Promise<Change[]> {
  const isFirst = row.version === 0;
  if (learned.documents === null || (isFirst && learned.endpoints.length === 0)) return [];
  const version = row.version + 1;
  const title = learned.title ?? row.title;
  const differences: readonly DifferenceRow[] = isFirst
    ? [
        {
          code: "api.new",
          breaking: false,
          method: null,
          path: null,
          where: "",
          message: `${title} was heard for the first time, with ${learned.endpoints.length} endpoint${learned.endpoints.length === 1 ? "" : "s"}`,
        },
      ]
    : shortened(learned.differences);
  const rows = differences.map(
    ({ code, breaking, method, path, where, message }): ChangeTable => ({
      id: growingId(nowMs),
      at_ms: nowMs,
      api,
      kind: kindOf(code, breaking),
      code,
      breaking: breaking ? 1 : 0,
      method,
      path,
      place: where,
      message,
      version,
    }),
  );
  await upsert(tx, engine, "changes", rows);
  await tx
    .insertInto("versions")
    .values({
      api,
      version,
      created_ms: nowMs,
      endpoints: learned.endpoints.length,
      hash: learned.hash,
      changes: learned.differences.length,
      breaking: learned.differences.filter(({ breaking }) => breaking).length,
      data: learned.documents,
    })
    .execute();
  const apiName = nameOf({ ...row, title });
  return rows.map((each) => changeOf(each, apiName));
}

export const changeOf = (row: ChangeTable, apiName: string): Change => ({
  id: row.id,
  atMs: row.at_ms,
  api: row.api,
  apiName,
  kind: row.kind as ChangeKind,
  code: row.code,
  breaking: row.breaking === 1,
  method: row.method,
  path: row.path,
  where: row.place,
  message: row.message,
  version: row.version,
});

/** Where there are very many, or none that anyone names, one line stands for the rest. */
function shortened(differences: readonly DifferenceRow[]): readonly DifferenceRow[] {
  const line = (code: string, message: string): DifferenceRow => ({
    code,
    breaking: false,
    method: null,
    path: null,
    where: "",
    message,
  });
  if (differences.length === 0)
    return [line("document.changed", "the document changed in words alone")];
  const left = differences.length - inventoryLimits.changesMax;
  if (left <= 0) return differences;
  return [
    ...differences.slice(0, inventoryLimits.changesMax),
    line("changes.more", `and ${left} further changes`),
  ];
}

function kindOf(code: string, breaking: boolean): ChangeKind {
  if (code === "api.new") return "api-new";
  if (code === "operation.added") return "endpoint-new";
  if (code.startsWith("operation.removed")) return "endpoint-gone";
  if (code.startsWith("security.")) return "auth-changed";
  if (breaking) return "breaking";
  if (code === "response.added") return "status-new";
  if (/field-added|^parameter\.added/.test(code)) return "field-new";
  return "other";
}

async function saveComparison(
  tx: Transaction<Database>,
  api: string,
  { comparison }: Learned,
): Promise<void> {
  if (comparison === null) return;
  await tx
    .updateTable("imports")
    .set({ documented: comparison.documented, comparison: pack(JSON.stringify(comparison.rows)) })
    .where("api", "=", api)
    .execute();
}

async function describeApi(
  tx: Transaction<Database>,
  lesson: ReadLesson,
  learned: Learned,
  {
    nowMs,
    preferences,
    cluster,
    isChanged,
    recent,
  }: Circumstances & { isChanged: boolean; recent: string },
): Promise<ApiTable> {
  const { api, sourceRows } = lesson;
  // What people say may have changed since the lesson was read.
  const row = await tx
    .selectFrom("apis")
    .selectAll()
    .where("id", "=", api)
    .executeTakeFirstOrThrow();
  const version = lesson.row.version + (isChanged ? 1 : 0);
  const calls = saturated(learned.endpoints.reduce((sum, each) => sum + each.calls, 0));
  const errors = saturated(learned.endpoints.reduce((sum, each) => sum + each.errors, 0));
  const workloads = sourceRows.flatMap(({ workload }) => (workload === "" ? [] : [workload]));
  const place = placeOf(workloads[0] ?? "");
  const limits = new Map<string, number>();
  for (const source of sourceRows) {
    for (const [name, count] of Object.entries(
      JSON.parse(source.limits) as Record<string, number>,
    )) {
      limits.set(name, (limits.get(name) ?? 0) + count);
    }
  }
  const services = servicesOf(sourceRows, readDetail(row), cluster);
  const hosts = sourceRows.map(({ host }) => host);
  const described: ApiTable = {
    ...row,
    title: serviceTitle(services, hosts) ?? learned.title ?? sourceRows[0]?.host ?? row.title,
    cluster: place.cluster === "" ? null : place.cluster,
    namespace: place.namespace === "" ? null : place.namespace,
    workloads: writeSet(workloads),
    hosts: writeSet(learned.hosts.length > 0 ? learned.hosts : hosts),
    ports: writeSet(sourceRows.map(({ port }) => port)),
    origin: learned.origin,
    endpoints: learned.endpoints.length,
    calls,
    errors,
    error_share: calls === 0 ? 0 : errors / calls,
    first_ms: Math.min(...sourceRows.map(({ first_ms }) => first_ms), Number.MAX_SAFE_INTEGER),
    last_ms: Math.max(...sourceRows.map(({ last_ms }) => last_ms), 0),
    auth: writeSet(learned.auth),
    sensitive: writeSet(learned.sensitive),
    score: learned.score,
    version,
    changed_ms: isChanged && version > 1 ? nowMs : row.changed_ms,
    detail: JSON.stringify({
      servers: learned.servers,
      securitySchemes: learned.securitySchemes,
      limits: Object.fromEntries(limits),
      services,
      callers: learned.callers,
      traces: learned.traces,
    }),
    dirty_ms: row.dirty_ms === lesson.row.dirty_ms ? null : row.dirty_ms,
  };
  const { id, ...values } = {
    ...described,
    recent,
    status: statusOf(described, preferences, nowMs),
    search: searchText(described),
    ...(await countFindings(tx, api)),
  };
  await tx.updateTable("apis").set(values).where("id", "=", id).execute();
  return described;
}
