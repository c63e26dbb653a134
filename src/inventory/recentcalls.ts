/** Calls of the last hours, from the figures of the nodes that an endpoint was heard in. */
import type { Transaction } from "kysely";
import { RECENT_HOURS, writeRecent } from "./apirow.ts";
import { callsOf, FigureSet, HOUR_MS } from "./figures.ts";
import type { LearnedEndpoint } from "./lesson.ts";
import type { ReadLesson } from "./lessons.ts";
import { WHOLE_SOURCE } from "./names.ts";
import type { Database } from "./schema.ts";
import { inChunks } from "./statements.ts";

/** Calls of the last hours by endpoint, ready to be stored; the API as a whole under the empty id. */
export async function recentCalls(
  tx: Transaction<Database>,
  lesson: ReadLesson,
  endpoints: readonly LearnedEndpoint[],
  nowMs: number,
): Promise<ReadonlyMap<string, string>> {
  const lastHour = Math.floor(nowMs / HOUR_MS);
  const fromMs = (lastHour - RECENT_HOURS + 1) * HOUR_MS;
  const counts = new Map<string, number[]>();
  const add = (endpoint: string, startMs: number, calls: number): void => {
    const own = counts.get(endpoint) ?? new Array<number>(RECENT_HOURS).fill(0);
    counts.set(endpoint, own);
    const index = Math.floor((startMs - fromMs) / HOUR_MS);
    if (index >= 0 && index < RECENT_HOURS) own[index]! += calls;
  };
  for (const { id, last_ms } of lesson.sourceRows) {
    if (last_ms < fromMs) continue;
    const endpointsOf = new Map<string, Map<string, string>>();
    for (const endpoint of endpoints) {
      if (endpoint.lastMs < fromMs) continue;
      for (const { source, node, operation } of endpoint.nodes) {
        if (source !== id) continue;
        const own = endpointsOf.get(node) ?? new Map<string, string>();
        endpointsOf.set(node, own.set(operation, endpoint.id));
      }
    }
    for (const nodes of inChunks([WHOLE_SOURCE, ...endpointsOf.keys()])) {
      const rows = await tx
        .selectFrom("traffic")
        .select(["node", "start_ms", "calls", "data"])
        .where("source", "=", id)
        .where("node", "in", nodes)
        .where("start_ms", ">=", fromMs)
        .execute();
      for (const { node, start_ms, calls, data } of rows) {
        if (node === WHOLE_SOURCE) add("", start_ms, calls);
        const operations = endpointsOf.get(node);
        if (operations === undefined) continue;
        const [only] = new Set(operations.values());
        if (new Set(operations.values()).size === 1) add(only!, start_ms, calls);
        else
          for (const [operation, figures] of FigureSet.read(data).byOperation) {
            const endpoint = operations.get(operation);
            if (endpoint !== undefined) add(endpoint, start_ms, callsOf(figures));
          }
      }
    }
  }
  return new Map([...counts].map(([endpoint, own]) => [endpoint, writeRecent(lastHour, own)]));
}
