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
    const nodesMax = Math.floor(inventoryLimits.seriesRowsMax / rowsOfNode(startMs, toMs));
    const endpoints = await endpointsByNode(db, api, startMs, nodesMax);
    const figures = new Map<string, (Figures | undefined)[]>();
    for (const [source, nodes] of endpoints) {
      for (const names of inChunks([...nodes.keys()])) {
        const rows = await db
          .selectFrom("traffic")
          .select(["node", "start_ms", "data"])
          .where("source", "=", source)
          .where("node", "in", names)
          .where("start_ms", ">=", startMs)
          .where("start_ms", "<", toMs)
          .execute();
        for (const { node, start_ms, data } of rows) {
          const at = Math.floor((start_ms - startMs) / widthMs);
          for (const [operation, more] of FigureSet.read(data).byOperation) {
            const endpoint = nodes.get(node)!.get(operation);
            if (endpoint === undefined) continue;
            const own =
              figures.get(endpoint) ?? new Array<Figures | undefined>(count).fill(undefined);
            figures.set(endpoint, own);
            const known = own[at];
            if (known === undefined) own[at] = more;
            else addFigures(known, more);
          }
        }
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

/** What one node may have at most: hours as long as they are kept, and days beyond. */
const rowsOfNode = (fromMs: number, toMs: number): number => {
  const days = Math.max(1, Math.ceil((toMs - fromMs) / DAY_MS));
  return Math.min(days * 24, HOURS_KEPT + Math.min(days, DAYS_KEPT));
};

/** `retention.ts`; the preferences allow no more days. */
const HOURS_KEPT = 9 * 24;
const DAYS_KEPT = 3_650;

/** By source, node and operation: the endpoint that was heard there. Where there are too many, those with most calls. */
async function endpointsByNode(
  db: Reader,
  api: string,
  sinceMs: number,
  nodesMax: number,
): Promise<Map<string, Map<string, Map<string, string>>>> {
  const rows = await db
    .selectFrom("endpoints")
    .innerJoin("endpoint_facts", "endpoint_facts.id", "endpoints.id")
    .select(["endpoints.id", "heard"])
    .where("endpoints.api", "=", api)
    .where("last_ms", ">=", sinceMs)
    .orderBy("calls", "desc")
    .orderBy("endpoints.id")
    .limit(nodesMax)
    .execute();
  const found = new Map<string, Map<string, Map<string, string>>>();
  let count = 0;
  for (const { id, heard } of rows) {
    const { nodes } = JSON.parse(heard) as EndpointHeard;
    count += nodes.length;
    if (count > nodesMax) break;
    for (const { source, node, operation } of nodes) {
      const known = found.get(source) ?? new Map<string, Map<string, string>>();
      found.set(source, known);
      known.set(node, (known.get(node) ?? new Map<string, string>()).set(operation, id));
    }
  }
  return found;
}
