/**
 * A call in the clear to a pod of a mesh is heard twice by who listens inside that pod: on its way to the pod, and from the
 * pod's proxy to the application. The two are connections of their own, so no sequence number tells that they are one. What is
 * heard on the way is therefore kept apart until it is taken, and left out where the port was called by the proxy: a port that the
 * proxy does not stand before (an excluded one) is heard on the way alone.
 */
import { kubernetesLimits } from "../../base/limits.ts";
import type { Pod } from "../../kubernetes/facts.ts";
import type { ApiSummary } from "../../telemetry/summary.ts";

/** No workload has it in its name. */
const APART = "\n";

export class HeardInside {
  /** By address of a pod that is listened to inside: the ports that its proxy called. */
  readonly #ports = new Map<string, Set<number>>();
  /** When pods that had these addresses were left: what was heard on the way to them is yet to be taken. */
  readonly #leftMs = new Map<string, number>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** From now on the pod is listened to inside. */
  enter({ ips }: Pod): void {
    for (const ip of ips) {
      this.#leftMs.delete(ip);
      this.#ports.set(ip, new Set());
    }
  }

  leave({ ips }: Pod): void {
    for (const ip of ips) this.#leftMs.set(ip, this.#nowMs());
  }

  /** A call inside the pod. */
  note({ ips, mesh }: Pod, port: number, client: string): void {
    // Istio's proxy calls from 127.0.0.6, ztunnel from the caller's address, Linkerd's from 127.0.0.1, as who is in the pod does.
    const isProxy = mesh === "linkerd-proxy" || (client !== "127.0.0.1" && client !== "::1");
    if (!isProxy || mesh === "") return;
    for (const ip of ips) {
      const ports = this.#ports.get(ip);
      if (ports !== undefined && ports.size < kubernetesLimits.portsMax) ports.add(port);
    }
  }

  /** The workload of a call on its way to an address. */
  apart(workload: string, ip: string): string {
    return workload !== "" && this.#ports.has(ip) ? workload + APART + ip : workload;
  }

  /** What of a portion counts, under the names of workloads alone. */
  settle(portion: readonly ApiSummary[]): readonly ApiSummary[] {
    this.#forget();
    return portion.flatMap((summary): ApiSummary[] => {
      const { key } = summary;
      const at = key.workload.indexOf(APART);
      if (at < 0) return [summary];
      const ip = key.workload.slice(at + 1);
      if (this.#ports.get(ip)?.has(key.port) === true) return [];
      return [{ ...summary, key: { ...key, workload: key.workload.slice(0, at) } }];
    });
  }

  #forget(): void {
    const oldestMs = this.#nowMs() - kubernetesLimits.tombstoneMs;
    for (const [ip, leftMs] of this.#leftMs) {
      if (leftMs > oldestMs) continue;
      this.#leftMs.delete(ip);
      this.#ports.delete(ip);
    }
  }
}
