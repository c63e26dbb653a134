/**
 * Which workload has an address, for listeners on threads of their own: the cluster is watched on one thread, which tells the
 * others what it knows, once a second where that has changed. So what a pod says in its first second may be counted without its
 * name.
 */
import type { WorkloadOf } from "../../telemetry/apis.ts";

/** By address, or `ADDRESS PORT` of a pod in the network of its node. */
export type Workloads = ReadonlyMap<string, string>;

export class WorkloadTable {
  #workloads: Workloads = new Map();

  take(workloads: Workloads): void {
    this.#workloads = workloads;
  }

  readonly workloadOf: WorkloadOf = (ip, port) => {
    if (this.#workloads.size === 0) return "";
    return this.#workloads.get(ip) ?? this.#workloads.get(`${ip} ${port}`) ?? "";
  };
}

export const isSame = (a: Workloads, b: Workloads): boolean =>
  a.size === b.size && [...a].every(([address, workload]) => b.get(address) === workload);
