/** How calls, errors and latency of all endpoints of an API went over time, read at once. */
import { inventoryLimits } from "../base/limits.ts";
import { requireApi } from "./apidetail.ts";
import type { Context } from "./context.ts";
import type { EndpointHeard } from "./endpointrow.ts";
import {
  addFigures,
  callsOf,
  DAY_MS,
  errorsOf,
  FigureSet,
  type Figures,
  HOUR_MS,
  quantilesOf,
} from "./figures.ts";
import { WHOLE_SOURCE } from "./names.ts";
import { inChunks } from "./statements.ts";
import type { Reader } from "./store.ts";
import type { EndpointSeries } from "./trafficrows.ts";

/** Each is made of whole ones of those that are stored. */
const WIDTHS_MS = [HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS, DAY_MS, 7 * DAY_MS, 28 * DAY_MS];

export async function endpointSeries(
  { store }: Context,
  api: string,
  fromMs: number,
  toMs: number,
): Promise<EndpointSeries> {
  return store.read(async (db) => {
    await requireApi(db, api);
    const { startMs, widthMs, count } = bucketsOf(fromMs, toMs);
    const endpoints = await endpointsByNode(db, api, startMs);
    const figures = new Map<string, (Figures | undefined)[]>();
    for (const row of await rowsOf(db, [...endpoints.keys()], startMs, toMs)) {
      const operations = endpoints.get(row.source)?.get(row.node);
      if (operations === undefined) continue;
      // A row that is older than hours are kept is a day, and may begin before what was asked for.
      const at = Math.max(0, Math.floor((row.start_ms - startMs) / widthMs));
      for (const [operation, more] of FigureSet.read(row.data).byOperation) {
        const endpoint = operations.get(operation);
        if (endpoint === undefined) continue;
        const own = figures.get(endpoint) ?? new Array<Figures | undefined>(count).fill(undefined);
        figures.set(endpoint, own);
        const known = own[at];
        if (known === undefined) own[at] = more;
        else addFigures(known, more);
      }
    }
    return {
      startMs,
      widthMs,
      count,
      endpoints: [...figures].map(([id, own]) => ({
        id,
        calls: own.map((each) => (each === undefined ? 0 : callsOf(each))),
        errors: own.map((each) => (each === undefined ? 0 : errorsOf(each))),
        p95Ms: own.map((each) => (each === undefined ? null : quantilesOf(each.latency).p95Ms)),
      })),
    };
  });
}

/** The narrowest buckets of which there are not too many. */
function bucketsOf(fromMs: number, toMs: number): Omit<EndpointSeries, "endpoints"> {
  for (const widthMs of WIDTHS_MS) {
    const startMs = Math.floor(fromMs / widthMs) * widthMs;
    const count = Math.ceil((toMs - startMs) / widthMs);
    if (count <= inventoryLimits.seriesBucketsMax)
      return { startMs, widthMs, count: Math.max(1, count) };
  }
  const widthMs = WIDTHS_MS.at(-1)!;
  const count = inventoryLimits.seriesBucketsMax;
  return { startMs: Math.ceil(toMs / widthMs - count) * widthMs, widthMs, count };
}

/** By source, node and operation: the endpoint that was heard there, of those that were heard since. */
async function endpointsByNode(
  db: Reader,
  api: string,
  sinceMs: number,
): Promise<Map<string, Map<string, Map<string, string>>>> {
  const rows = await db
    .selectFrom("endpoints")
    .innerJoin("endpoint_facts", "endpoint_facts.id", "endpoints.id")
    .select(["endpoints.id", "heard"])
    .where("endpoints.api", "=", api)
    .where("last_ms", ">=", sinceMs)
    .execute();
  const found = new Map<string, Map<string, Map<string, string>>>();
  for (const { id, heard } of rows) {
    for (const { source, node, operation } of (JSON.parse(heard) as EndpointHeard).nodes) {
      const nodes = found.get(source) ?? new Map<string, Map<string, string>>();
      found.set(source, nodes);
      nodes.set(node, (nodes.get(node) ?? new Map<string, string>()).set(operation, id));
    }
  }
  return found;
}

/** Where there are more than are read, the oldest are left out. */
async function rowsOf(db: Reader, sources: readonly string[], fromMs: number, toMs: number) {
  const found: { source: string; node: string; start_ms: number; data: string }[] = [];
  for (const chunk of inChunks(sources)) {
    const left = inventoryLimits.seriesRowsMax - found.length;
    if (left === 0) break;
    const rows = await db
      .selectFrom("traffic")
      .select(["source", "node", "start_ms", "data"])
      .where("source", "in", chunk)
      .where("node", "!=", WHOLE_SOURCE)
      .where("start_ms", ">=", fromMs)
      .where("start_ms", "<", toMs)
      .orderBy("start_ms", "desc")
      .limit(left)
      .execute();
    for (const row of rows) found.push(row);
  }
  return found;
}
