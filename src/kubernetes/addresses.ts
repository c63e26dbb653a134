/**
 * Which pod has an address, and which had it when a flow began: addresses are given again within seconds. A pod that is gone
 * keeps its address for a while (a tombstone), as exchanges of it may still be under way.
 */
import { kubernetesLimits } from "../base/limits.ts";
import type { Pod } from "./facts.ts";
import type { Mirror } from "./reflector.ts";

/** The newest comes first; half-open in time. */
interface Binding {
  pod: Pod;
  readonly fromMs: number;
  untilMs: number;
}

export class PodTable implements Mirror<Pod> {
  readonly #nowMs: () => number;
  readonly #pods = new Map<string, Pod>();
  readonly #byIp = new Map<string, Binding[]>();
  /** Pods in the network of their node, by the node's addresses. */
  readonly #onNode = new Map<string, Map<string, Pod>>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  all(): Iterable<Pod> {
    return this.#pods.values();
  }

  get size(): number {
    return this.#pods.size;
  }

  replace(pods: readonly Pod[]): void {
    const stays = new Set(pods.map((pod) => pod.uid));
    for (const pod of [...this.#pods.values()]) if (!stays.has(pod.uid)) this.remove(pod);
    for (const pod of pods) this.upsert(pod);
  }

  upsert(pod: Pod): void {
    if (pod.isOver) {
      this.remove(pod);
      return;
    }
    const known = this.#pods.get(pod.uid);
    if (known === undefined && this.#pods.size >= kubernetesLimits.objectsMax) return;
    if (known !== undefined) this.#leaveLost(known, pod);
    this.#pods.set(pod.uid, pod);
    for (const ip of pod.isHostNetwork ? [] : pod.ips) this.#bind(ip, pod);
    for (const ip of pod.isHostNetwork ? [...pod.ips, ...pod.hostIps] : []) {
      const pods = this.#onNode.get(ip) ?? new Map<string, Pod>();
      this.#onNode.set(ip, pods.set(pod.uid, pod));
    }
    for (const ip of pod.hostIps) if (!this.#onNode.has(ip)) this.#onNode.set(ip, new Map());
  }

  remove(pod: Pod): void {
    const known = this.#pods.get(pod.uid);
    if (known === undefined) return;
    this.#pods.delete(pod.uid);
    this.#leave(known, [...known.ips, ...known.hostIps]);
  }

  /** The pod that had `ip` at `timeMs`; one in its node's network by the port that it declares. */
  at(ip: string, port: number, timeMs: number): Pod | null {
    const bindings = this.#byIp.get(ip);
    if (bindings !== undefined) {
      for (const binding of bindings) {
        const { fromMs, untilMs } = binding;
        if (timeMs >= fromMs && timeMs < untilMs + kubernetesLimits.tombstoneMs) return binding.pod;
      }
      // Before all that is known: clocks differ, and a pod is heard before it is reported.
      return timeMs < bindings.at(-1)!.fromMs ? bindings.at(-1)!.pod : null;
    }
    const pods = this.#onNode.get(ip);
    if (pods === undefined) return null;
    const named = [...pods.values()].filter((pod) => pod.ports.includes(port));
    return named.length === 1 ? named[0]! : null;
  }

  /** All addresses that have a pod now or had one lately; with a port where pods share their node's. */
  *addresses(): Generator<readonly [ip: string, port: number | null]> {
    for (const ip of this.#byIp.keys()) yield [ip, null];
    for (const [ip, pods] of this.#onNode) {
      for (const { ports } of pods.values()) for (const port of ports) yield [ip, port];
    }
  }

  isNode(ip: string): boolean {
    return this.#onNode.has(ip);
  }

  /** Forgets tombstones. To be called now and then. */
  expire(): void {
    const oldestMs = this.#nowMs() - kubernetesLimits.tombstoneMs;
    for (const [ip, bindings] of this.#byIp) {
      const kept = bindings.filter(({ untilMs }) => untilMs > oldestMs);
      if (kept.length === 0) this.#byIp.delete(ip);
      else if (kept.length < bindings.length) this.#byIp.set(ip, kept);
    }
  }

  #bind(ip: string, pod: Pod): void {
    const bindings = this.#byIp.get(ip) ?? [];
    const current = bindings[0];
    if (current !== undefined && current.pod.uid === pod.uid) {
      current.pod = pod;
      current.untilMs = Number.POSITIVE_INFINITY;
      return;
    }
    const fromMs = pod.startedMs === 0 ? this.#nowMs() : pod.startedMs;
    if (current !== undefined) current.untilMs = Math.min(current.untilMs, fromMs);
    bindings.unshift({ pod, fromMs, untilMs: Number.POSITIVE_INFINITY });
    bindings.length = Math.min(bindings.length, kubernetesLimits.bindingsMax);
    this.#byIp.set(ip, bindings);
  }

  /** Addresses that the pod had and has no more. */
  #leaveLost(known: Pod, pod: Pod): void {
    const lost = [...known.ips, ...known.hostIps].filter(
      (ip) => !pod.ips.includes(ip) && !pod.hostIps.includes(ip),
    );
    this.#leave(known, lost);
  }

  #leave(pod: Pod, ips: readonly string[]): void {
    for (const ip of ips) {
      this.#onNode.get(ip)?.delete(pod.uid);
      const binding = this.#byIp.get(ip)?.find((each) => each.pod.uid === pod.uid);
      if (binding !== undefined) binding.untilMs = Math.min(binding.untilMs, this.#nowMs());
    }
  }
}
