/** One API in full: what it consists of, its figures over time, and who calls it. */
import { inventoryLimits } from "../base/limits.ts";
import { inCluster, placeOf } from "../telemetry/workload.ts";
import { existingApis, LISTED } from "./apilist.ts";
import { apiRow, titleOf } from "./apirow.ts";
import type { Context } from "./context.ts";
import type { EndpointHeard } from "./endpointrow.ts";
import { addFigures, bucketOf, DAY_MS, FigureSet, type Figures, HOUR_MS } from "./figures.ts";
import {
  isKnownSince,
  MINUTE_MS,
  type Minutes,
  mergeMinutes,
  minuteBuckets,
  readMinutes,
} from "./minutes.ts";
import { WHOLE_SOURCE } from "./names.ts";
import { notFound } from "./problem.ts";
import type { ApiDetail, Caller } from "./rows.ts";
import type { ApiTable, SourceTable } from "./schema.ts";
import type { ClusterNames } from "./services.ts";
import { inChunks } from "./statements.ts";
import type { Reader } from "./store.ts";
import type { Traffic } from "./trafficrows.ts";

export interface StoredDetail {
  readonly servers?: string[];
  readonly securitySchemes?: Record<string, unknown>;
  readonly limits?: Record<string, number>;
  readonly services?: string[];
  readonly callers?: [address: string, calls: number, errors: number][];
  readonly traces?: [hash: number, caller: string][];
}

export const readDetail = (row: Pick<ApiTable, "detail">): StoredDetail =>
  JSON.parse(row.detail) as StoredDetail;

/** Rejects for what is unknown, or part of another API. */
export async function requireApi(db: Reader, api: string): Promise<ApiTable> {
  const row = await db
    .selectFrom("apis")
    .selectAll()
    .where("id", "=", api)
    .where("merged_into", "is", null)
    .executeTakeFirst();
  if (row === undefined) throw notFound("API", api);
  return row;
}

export async function apiDetail({ store, now }: Context, api: string): Promise<ApiDetail> {
  return store.read(async (db) => {
    const row = await requireApi(db, api);
    const sources = await db
      .selectFrom("sources")
      .select(["id", "workload", "host", "port", "scheme", "calls"])
      .where("api", "=", api)
      .orderBy("calls", "desc")
      .orderBy("id")
      .execute();
    const imported = await db
      .selectFrom("imports")
      .select(["title", "version", "imported_ms"])
      .where("api", "=", api)
      .executeTakeFirst();
    const detail = readDetail(row);
    return {
      ...apiRow(row, now()),
      note: row.note,
      sources,
      services: detail.services ?? [],
      servers: detail.servers ?? [],
      securitySchemes: detail.securitySchemes ?? {},
      limits: detail.limits ?? {},
      imported:
        imported === undefined
          ? null
          : { title: imported.title, version: imported.version, importedMs: imported.imported_ms },
    };
  });
}

export async function apiTraffic(
  { store }: Context,
  api: string,
  fromMs: number,
  toMs: number,
): Promise<Traffic> {
  return store.read(async (db) => {
    await requireApi(db, api);
    const sources = await db
      .selectFrom("sources")
      .select(["id", "last_ms", "minutes"])
      .where("api", "=", api)
      .execute();
    if (toMs - fromMs <= inventoryLimits.minutesMax * MINUTE_MS) {
      const minutes = minutesSince(sources, fromMs);
      if (minutes !== null)
        return { widthMs: MINUTE_MS, buckets: minuteBuckets(minutes, fromMs, toMs) };
    }
    const nodes = sources.map(({ id }) => ({ source: id, node: WHOLE_SOURCE, operation: "*" }));
    return trafficOf(db, nodes, fromMs, toMs);
  });
}

/** Of all sources together; null where one of them no longer tells. */
export function minutesSince(
  sources: readonly Pick<SourceTable, "minutes" | "last_ms">[],
  sinceMs: number,
): Minutes | null {
  const all: Minutes = new Map();
  for (const { minutes, last_ms } of sources) {
    const own = readMinutes(minutes);
    if (!isKnownSince(own, sinceMs, last_ms)) return null;
    mergeMinutes(all, own);
  }
  return all;
}

/** Beyond so many days buckets are days, since hours would be too many to draw. */
const HOURS_FOR_DAYS = 8;

/** Sums over the nodes' operations. Buckets without calls are left out. */
export async function trafficOf(
  db: Reader,
  nodes: EndpointHeard["nodes"],
  fromMs: number,
  toMs: number,
): Promise<Traffic> {
  const bySource = new Map<string, Map<string, Set<string>>>();
  for (const { source, node, operation } of nodes) {
    const own = bySource.get(source) ?? new Map<string, Set<string>>();
    bySource.set(source, own.set(node, (own.get(node) ?? new Set()).add(operation)));
  }
  let widthMs = toMs - fromMs > HOURS_FOR_DAYS * DAY_MS ? DAY_MS : HOUR_MS;
  const found: { startMs: number; figures: Figures }[] = [];
  for (const [source, operations] of bySource) {
    for (const names of inChunks([...operations.keys()])) {
      const rows = await db
        .selectFrom("traffic")
        .select(["node", "start_ms", "width_ms", "data"])
        .where("source", "=", source)
        .where("node", "in", names)
        .where("start_ms", ">=", Math.floor(fromMs / widthMs) * widthMs)
        .where("start_ms", "<", toMs)
        .execute();
      for (const row of rows) {
        widthMs = Math.max(widthMs, row.width_ms);
        for (const [operation, figures] of FigureSet.read(row.data).byOperation) {
          if (operations.get(row.node)!.has(operation))
            found.push({ startMs: row.start_ms, figures });
        }
      }
    }
  }
  const buckets = new Map<number, Figures>();
  for (const { startMs, figures } of found) {
    const start = Math.floor(startMs / widthMs) * widthMs;
    const known = buckets.get(start);
    if (known === undefined) buckets.set(start, figures);
    else addFigures(known, figures);
  }
  return {
    widthMs,
    buckets: [...buckets]
      .sort(([a], [b]) => a - b)
      .map(([startMs, figures]) => bucketOf(startMs, figures)),
  };
}

export async function apiCallers({ store, cluster }: Context, api: string): Promise<Caller[]> {
  return store.read(async (db) => {
    const row = await requireApi(db, api);
    const workloadAt = await callersByAddress(db, cluster);
    return (readDetail(row).callers ?? []).map(([address, calls]) => ({
      address,
      workload: workloadAt(address, row.cluster ?? ""),
      calls,
    }));
  });
}

/**
 * Who has an address, as those in the called API's cluster see it; null where nobody is known. Who has it now comes before who
 * answered there once: addresses are given again.
 */
export type WorkloadAt = (address: string, cluster: string) => string | null;

export async function callersByAddress(
  db: Reader,
  names: ClusterNames | null,
): Promise<WorkloadAt> {
  const rows = await db
    .selectFrom("sources")
    .select(["workload", "addresses"])
    .where("workload", "!=", "")
    .execute();
  const workloads = new Map<string, string>();
  for (const { workload, addresses } of rows) {
    const { cluster } = placeOf(workload);
    for (const address of Object.keys(JSON.parse(addresses) as object))
      workloads.set(inCluster(cluster, address), workload);
  }
  return (address, cluster) => {
    const now = names?.cluster === cluster ? names.workloadAt(address) : "";
    return now || (workloads.get(inCluster(cluster, address)) ?? null);
  };
}

/** Addresses at which each API answers. */
export async function addressesByApi(db: Reader): Promise<ReadonlyMap<string, Set<string>>> {
  const rows = await db.selectFrom("sources").select(["api", "addresses"]).execute();
  const byApi = new Map<string, Set<string>>();
  for (const { api, addresses } of rows) {
    const known = byApi.get(api) ?? new Set();
    byApi.set(api, known);
    for (const address of Object.keys(JSON.parse(addresses) as object)) known.add(address);
  }
  return byApi;
}

export async function apiNames(
  db: Reader,
  ids: Iterable<string>,
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (const chunk of inChunks([...new Set(ids)])) {
    const rows = await db
      .selectFrom("apis")
      .select(["id", "name", "title", "hosts", "ports"])
      .where("id", "in", chunk)
      .execute();
    for (const row of rows) names.set(row.id, titleOf(row));
  }
  return names;
}

export const newestApis = (db: Reader, sinceMs: number, limit: number) =>
  existingApis(db)
    .select(LISTED)
    .where("created_ms", ">=", sinceMs)
    .orderBy("created_ms", "desc")
    .orderBy("id")
    .limit(limit)
    .execute();
