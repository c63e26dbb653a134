/** Names that a cluster gives: Services are what people call an API by, whatever pods answer. */
import { inventoryLimits } from "../base/limits.ts";
import { readDetail, type StoredDetail } from "./apidetail.ts";
import type { Context } from "./context.ts";
import type { SourceTable } from "./schema.ts";

export interface ClusterNames {
  /** Its own name; empty where there is but one. */
  readonly cluster: string;
  /** Services that lead to a workload's port, as `cart.shop`, sorted. */
  serviceNamesOf(workload: string, port: number): readonly string[];
  /** Who has an address now; empty where that is not known. */
  workloadAt(ip: string): string;
}

type Heard = Pick<SourceTable, "workload" | "port">;

/** Of an API. What is known stays where the cluster knows nothing: a workload that rests has no addresses behind its Service. */
export function servicesOf(
  sources: readonly Heard[],
  { services: known = [] }: StoredDetail,
  cluster: ClusterNames | null,
): string[] {
  const names = new Set<string>();
  for (const { workload, port } of sources) {
    if (workload === "") continue;
    for (const name of cluster?.serviceNamesOf(workload, port) ?? []) names.add(name);
  }
  return names.size === 0 ? known : [...names].sort().slice(0, inventoryLimits.servicesMax);
}

/** The Service that most calls named, by any of its forms (`cart`, `cart.shop`, `cart.shop.svc.cluster.local`). */
export function serviceTitle(services: readonly string[], hosts: readonly string[]): string | null {
  for (const host of hosts) {
    const named = services.find(
      (service) =>
        host === service ||
        host === service.split(".")[0] ||
        host === `${service}.svc` ||
        host.startsWith(`${service}.svc.`),
    );
    if (named !== undefined) return named;
  }
  return services[0] ?? null;
}

/** Asks now and then whether Services changed, and has the APIs that they lead to described anew. */
export class ServiceWatch {
  readonly #context: Context;
  /** What was found of each API. */
  readonly #checked = new Map<string, string>();

  constructor(context: Context) {
    this.#context = context;
  }

  async look(): Promise<void> {
    const { cluster, store, inference } = this.#context;
    if (cluster === null) return;
    const byApi = new Map<string, Heard[]>();
    const sources = await store.read((db) =>
      db
        .selectFrom("sources")
        .select(["api", "workload", "port"])
        .where("workload", "!=", "")
        .execute(),
    );
    for (const source of sources) {
      const known = byApi.get(source.api);
      if (known === undefined) byApi.set(source.api, [source]);
      else known.push(source);
    }
    for (const api of this.#checked.keys()) if (!byApi.has(api)) this.#checked.delete(api);
    for (const [api, heard] of byApi) {
      const text = servicesOf(heard, {}, cluster).join();
      if (text === "" || text === this.#checked.get(api)) continue;
      const row = await store.read((db) =>
        db.selectFrom("apis").select("detail").where("id", "=", api).executeTakeFirst(),
      );
      if (row !== undefined && (readDetail(row).services ?? []).join() !== text)
        inference.want(api);
      this.#checked.set(api, text);
    }
  }
}
