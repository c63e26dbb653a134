/** An endpoint's row of the store, and what is shown of it. */
import { NO_RECENT, readRecent } from "./apirow.ts";
import type { LearnedEndpoint } from "./lesson.ts";
import type { Compared, EndpointRow } from "./rows.ts";
import type { EndpointFactsTable, EndpointTable } from "./schema.ts";

interface EndpointData {
  readonly operationId: string;
  readonly summary: string;
  readonly statusClasses: readonly number[];
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly auth: readonly string[];
  readonly sensitive: readonly string[];
  readonly deprecated: boolean;
  readonly compared: Compared | null;
  readonly recent: string;
}

/** Where it was heard, and from whom. */
export interface EndpointHeard {
  readonly nodes: LearnedEndpoint["nodes"];
  readonly callers: LearnedEndpoint["callers"];
}

export function endpointTables(
  api: string,
  learned: LearnedEndpoint,
  recent: string | undefined,
): { row: EndpointTable; facts: EndpointFactsTable } {
  const {
    operationId,
    summary,
    statusClasses,
    p50Ms,
    p95Ms,
    p99Ms,
    auth,
    sensitive,
    deprecated,
    compared,
  } = learned;
  const data: EndpointData = {
    operationId,
    summary,
    statusClasses,
    p50Ms,
    p95Ms,
    p99Ms,
    auth,
    sensitive,
    deprecated,
    compared,
    recent: recent ?? NO_RECENT,
  };
  const heard: EndpointHeard = { nodes: learned.nodes, callers: learned.callers };
  const { id, method, path } = learned;
  return {
    row: {
      id,
      api,
      method,
      path,
      search: `${method} ${path} ${operationId}`.toLowerCase(),
      calls: learned.calls,
      error_share: learned.calls === 0 ? 0 : learned.errors / learned.calls,
      p95_ms: p95Ms ?? 0,
      first_ms: learned.firstMs,
      last_ms: learned.lastMs,
    },
    facts: { id, api, data: JSON.stringify(data), heard: JSON.stringify(heard) },
  };
}

export type ListedEndpoint = Omit<EndpointTable, "search" | "p95_ms"> &
  Pick<EndpointFactsTable, "data">;

export function endpointRow(
  row: ListedEndpoint,
  apiName: string,
  findings: number,
  nowMs: number,
): EndpointRow {
  const data = JSON.parse(row.data) as EndpointData;
  return {
    id: row.id,
    api: row.api,
    apiName,
    method: row.method,
    path: row.path,
    operationId: data.operationId,
    summary: data.summary,
    calls: row.calls,
    errorShare: row.error_share,
    statusClasses: [...data.statusClasses],
    p50Ms: data.p50Ms,
    p95Ms: data.p95Ms,
    p99Ms: data.p99Ms,
    firstMs: row.first_ms,
    lastMs: row.last_ms,
    auth: [...data.auth],
    sensitive: [...data.sensitive],
    findings,
    deprecated: data.deprecated,
    compared: data.compared,
    recent: readRecent(data.recent, nowMs),
  };
}
