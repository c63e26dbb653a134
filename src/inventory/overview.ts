/** The whole at a glance, and who calls whom. */
import { inventoryLimits } from "../base/limits.ts";
import { isPrivateAddress } from "../telemetry/target.ts";
import { inCluster } from "../telemetry/workload.ts";
import {
  addressesByApi,
  callersByAddress,
  minutesSince,
  newestApis,
  readDetail,
} from "./apidetail.ts";
import { existingApis, LISTED } from "./apilist.ts";
import { apiRow, readSet, titleOf } from "./apirow.ts";
import type { Context } from "./context.ts";
import { createFeed } from "./feed.ts";
import { DAY_MS, HOUR_MS } from "./figures.ts";
import { type Heard, hopsOf } from "./hops.ts";
import { MINUTE_MS } from "./minutes.ts";
import { ALL_SOURCES } from "./names.ts";
import type { ApiStatus, Overview, ServiceMap } from "./rows.ts";
import { sensorRow } from "./sensors.ts";
import { summed } from "./statements.ts";
import type { Reader } from "./store.ts";

const SHOWN = 10;
const RECENT_MS = 7 * DAY_MS;

export async function overviewOf(context: Context, sinceMs?: number): Promise<Overview> {
  const nowMs = context.now();
  const firstHourMs = Math.floor((nowMs - RECENT_MS) / HOUR_MS + 1) * HOUR_MS;
  const feed = createFeed(context);
  const since = sinceMs ?? nowMs - RECENT_MS;
  const changes = await feed.changes({ sinceMs: since, limit: SHOWN });
  const topFindings = await feed.findings({ state: "open", limit: SHOWN });
  return context.store.read(async (db) => {
    const sums = await existingApis(db)
      .select((eb) => [
        "status",
        eb.fn.countAll<number>().as("apis"),
        eb.fn.sum<number>("endpoints").as("endpoints"),
        summed("calls").as("calls"),
        summed("errors").as("errors"),
        eb.fn.sum<number>("info").as("info"),
        eb.fn.sum<number>("low").as("low"),
        eb.fn.sum<number>("medium").as("medium"),
        eb.fn.sum<number>("high").as("high"),
      ])
      .groupBy("status")
      .execute();
    const sumOf = (name: Exclude<keyof (typeof sums)[number], "status">): number =>
      sums.reduce((sum, row) => sum + Number(row[name]), 0);
    const hours = await db
      .selectFrom("traffic")
      .select(["start_ms", "calls", "errors"])
      .where("source", "=", ALL_SOURCES)
      .where("start_ms", ">=", firstHourMs)
      .execute();
    const byHour = new Map(hours.map((row) => [row.start_ms, row]));
    const isYoung = hours.every(({ start_ms }) => start_ms > nowMs - 2 * HOUR_MS);
    const sensors = (await db.selectFrom("sensors").selectAll().execute()).map((row) =>
      sensorRow(row, nowMs),
    );
    const byStatus: Record<ApiStatus, number> = {
      new: 0,
      active: 0,
      changed: 0,
      unused: 0,
      ignored: 0,
    };
    for (const { status, apis } of sums) byStatus[status as ApiStatus] = Number(apis);
    const calls = sumOf("calls");
    return {
      apis: sumOf("apis"),
      endpoints: sumOf("endpoints"),
      calls,
      errorShare: calls === 0 ? 0 : sumOf("errors") / calls,
      byStatus,
      findings: {
        info: sumOf("info"),
        low: sumOf("low"),
        medium: sumOf("medium"),
        high: sumOf("high"),
      },
      recent: Array.from({ length: RECENT_MS / HOUR_MS }, (_, index) => {
        const startMs = firstHourMs + index * HOUR_MS;
        const row = byHour.get(startMs);
        return { startMs, calls: row?.calls ?? 0, errors: row?.errors ?? 0 };
      }),
      lastHour: isYoung ? await lastHourOf(db, nowMs) : [],
      newApis: (await newestApis(db, since, SHOWN)).map((row) => apiRow(row, nowMs)),
      changes: changes.items,
      topFindings: topFindings.items,
      sensors: {
        total: sensors.length,
        healthy: sensors.filter(({ health }) => health === "healthy").length,
        silent: sensors.filter(({ health }) => health === "silent").length,
        losing: sensors.filter(({ health }) => health === "losing").length,
      },
    };
  });
}

async function lastHourOf(db: Reader, nowMs: number): Promise<Overview["lastHour"]> {
  const endMinute = Math.floor(nowMs / MINUTE_MS) + 1;
  const fromMs = endMinute * MINUTE_MS - HOUR_MS;
  const sources = await db
    .selectFrom("sources")
    .select(["last_ms", "minutes"])
    .where("last_ms", ">=", fromMs)
    .execute();
  const minutes = minutesSince(sources, fromMs);
  if (minutes === null) return [];
  return Array.from({ length: HOUR_MS / MINUTE_MS }, (_, index) => {
    const startMs = fromMs + index * MINUTE_MS;
    const classes = minutes.get(startMs / MINUTE_MS) ?? [];
    return {
      startMs,
      calls: classes.reduce((sum, count) => sum + count, 0),
      errors: (classes[3] ?? 0) + (classes[4] ?? 0),
    };
  });
}

type MapNode = ServiceMap["nodes"][number];
type MapEdge = ServiceMap["edges"][number];
const NOWHERE: ReadonlySet<string> = new Set();

class Edges {
  readonly #edges = new Map<string, { ends: Ends; calls: number; errors: number }>();

  add(ends: Ends, calls: number, errors: number): void {
    const key = `${ends.from}\n${ends.to}\n${ends.via ?? ""}`;
    const edge = this.#edges.get(key) ?? { ends, calls: 0, errors: 0 };
    this.#edges.set(key, edge);
    edge.calls += calls;
    edge.errors += errors;
  }

  all(): MapEdge[] {
    return [...this.#edges.values()].map(({ ends, calls, errors }) => ({
      ...ends,
      calls: Math.round(calls),
      errorShare: calls === 0 ? 0 : errors / calls,
    }));
  }
}

type Ends = Pick<MapEdge, "from" | "to" | "via">;

/**
 * APIs, and who calls them. A caller is the API that answers at its address, else its workload; addresses of nobody are
 * private ones together and public ones together. A caller of a proxy has a further edge to what the proxy passed its calls on to.
 */
export async function serviceMap({ store, cluster }: Context): Promise<ServiceMap> {
  return store.read(async (db) => {
    const rows = await existingApis(db)
      .select([...LISTED, "detail"])
      .where("ignored", "=", 0)
      .orderBy("calls", "desc")
      .limit(inventoryLimits.mapNodesMax)
      .execute();
    const workloadAt = await callersByAddress(db, cluster);
    const apiOfWorkload = new Map(
      rows.flatMap((row) => readSet(row.workloads).map((workload) => [workload, row.id])),
    );
    const clusters = new Map(rows.map((row) => [row.id, row.cluster]));
    const nodes = new Map<string, MapNode>();
    for (const row of rows) {
      nodes.set(row.id, {
        id: row.id,
        label: titleOf(row),
        kind: "api",
        namespace: placeLabel(row.cluster, row.namespace),
        api: row.id,
        calls: row.calls,
        errorShare: row.error_share,
        findings: row.info + row.low + row.medium + row.high,
      });
    }
    const edges = new Edges();
    const addresses = await addressesByApi(db);
    const heard: Heard[] = [];
    for (const row of rows) {
      const { callers = [], traces = [] } = readDetail(row);
      heard.push({ id: row.id, addresses: addresses.get(row.id) ?? NOWHERE, callers, traces });
      for (const [address, calls, errors] of callers) {
        const from = callerNode(
          workloadAt(address, row.cluster ?? ""),
          address,
          apiOfWorkload,
          nodes,
        );
        edges.add({ from: from.id, to: row.id, via: null }, calls, errors);
        if (from.kind !== "api") from.calls += calls;
      }
    }
    for (const { from, via, to, calls, errors } of hopsOf(heard)) {
      const workload = workloadAt(from, clusters.get(to) ?? "");
      const { id } = callerNode(workload, from, apiOfWorkload, nodes);
      if (id !== via) edges.add({ from: id, to, via }, calls, errors);
    }
    return { nodes: [...nodes.values()], edges: edges.all() };
  });
}

/** Of two clusters, namespaces of one name are two. */
const placeLabel = (cluster: string | null, namespace: string | null): string | null =>
  namespace === null ? null : inCluster(cluster ?? "", namespace);

function callerNode(
  workload: string | null,
  address: string,
  apiOfWorkload: ReadonlyMap<string, string>,
  nodes: Map<string, MapNode>,
): MapNode {
  const api = workload === null ? undefined : nodes.get(apiOfWorkload.get(workload) ?? "");
  if (api !== undefined) return api;
  const isPrivate = isPrivateAddress(address);
  const id = workload === null ? (isPrivate ? "internal" : "external") : `workload:${workload}`;
  const known = nodes.get(id);
  if (known !== undefined) return known;
  const node: MapNode = {
    id,
    label: workload ?? (isPrivate ? "Private addresses" : "Public addresses"),
    kind: workload === null ? (isPrivate ? "internal" : "external") : "workload",
    namespace: workload === null ? null : workload.split("/").slice(0, -2).join("/"),
    api: null,
    calls: 0,
    errorShare: 0,
    findings: 0,
  };
  nodes.set(id, node);
  return node;
}
