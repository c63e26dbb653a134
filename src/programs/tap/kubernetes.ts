/** What a tap in a cluster does beside: it names workloads, leaves namespaces out, and listens inside pods. */
import type { Settings } from "../../base/config.ts";
import { UsageError } from "../../base/errors.ts";
import type { Endpoint } from "../../capture/live/filter.ts";
import type { Cluster } from "../../kubernetes/cluster.ts";
import type { Pod } from "../../kubernetes/facts.ts";
import { choosePods, type InPodRules } from "../../kubernetes/inpod.ts";
import { PodNamespaces } from "../../kubernetes/podnamespaces.ts";
import { parseSelector } from "../../kubernetes/selector.ts";
import { systemClock } from "../../sensor/clock.ts";
import { type Log, QuietLog } from "../../sensor/quietlog.ts";
import type { ApiSummary } from "../../telemetry/summary.ts";
import { namespaceFilter, openCluster } from "../clusterwatch.ts";
import { HeardInside } from "./heardinside.ts";
import type { RunningTap, TapOptions } from "./options.ts";
import type { Workloads } from "./workloads.ts";

export interface TapInCluster {
  readonly options: Pick<
    TapOptions,
    "workloadOf" | "workloads" | "workloadIn" | "choose" | "onCovered"
  >;
  /** From now on pods are listened to inside, as they come and go. */
  follow(running: RunningTap): void;
  close(): Promise<void>;
}

/** Pods come and go; what they say in between is not heard inside them. */
const LOOK_MS = 1000;

/** Null outside of a cluster. */
export const openKubernetes = (settings: Settings, log: Log): TapInCluster | null => {
  const selects = parseSelector(settings.inPodSelector);
  const cluster = openCluster(settings, "node", log);
  if (cluster === null) {
    if (settings.inPod === "off") return null;
    throw new UsageError(
      "--in-pod: the pods of this node are not known: it needs a cluster (--kubernetes) and --node-name.",
    );
  }
  const rules: InPodRules = {
    mode: settings.inPod,
    selects,
    namespaces: { include: settings.namespacesInclude, exclude: settings.namespacesExclude },
    podsMax: settings.inPodMax,
  };
  return new PodFollower(cluster, rules, settings, log);
};

/**
 * Within a pod only loopback is of interest: there a mesh's proxy speaks with the application in the clear. Left out is what
 * the application sends to the proxy on its way out (the other side's tap hears it arrive), and the proxy's own ports.
 */
const PROXY_PORTS = [15_000, 15_001, 15_004, 15_006, 15_020, 15_021, 15_090, 4140, 4143, 4191];
const PROXY_ENDPOINTS: readonly Endpoint[] = ["127.0.0.1", "::1"].flatMap((address) =>
  PROXY_PORTS.map((port) => ({ address, port })),
);

class PodFollower implements TapInCluster {
  readonly options: TapInCluster["options"];
  readonly #cluster: Cluster;
  readonly #rules: InPodRules;
  readonly #namespaces: PodNamespaces;
  readonly #log: QuietLog;
  /** Pods that are listened to inside, by the path of their namespace. */
  readonly #heard = new Map<string, Pod>();
  readonly #inside = new HeardInside(systemClock.nowMs);
  #timer: NodeJS.Timeout | null = null;
  /** Addresses whose traffic other sensors report. */
  #covered: ReadonlySet<string> = new Set();

  constructor(cluster: Cluster, rules: InPodRules, settings: Settings, log: Log) {
    this.#cluster = cluster;
    this.#rules = rules;
    this.#namespaces = new PodNamespaces(settings.networkNamespaces);
    this.#log = new QuietLog(log, systemClock.nowMs);
    const { workloadOf } = cluster.owners;
    const isOfNamespace = namespaceFilter(settings);
    this.options = {
      workloadOf: (ip, port, timeMs) => this.#inside.apart(workloadOf(ip, port, timeMs), ip),
      workloads: () => this.#workloads(),
      workloadIn: (namespace) => (ip, port, timeMs, client) => {
        const pod = this.#heard.get(namespace);
        if (pod === undefined) return workloadOf(ip, port, timeMs);
        this.#inside.note(pod, port, client);
        const isLoopback = ip.startsWith("127.") || ip === "::1";
        return workloadOf(isLoopback ? (pod.ips[0] ?? "") : ip, port, timeMs);
      },
      choose: (portion) =>
        this.#inside
          .settle(portion)
          .filter((summary) => isOfNamespace(summary) && !this.#isCovered(summary)),
      onCovered: (addresses) => {
        this.#covered = new Set(addresses);
      },
    };
  }

  follow(running: RunningTap): void {
    if (this.#rules.mode === "off") return;
    this.#timer = setInterval(() => void this.#look(running), LOOK_MS);
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#cluster.close();
  }

  #workloads(): Workloads {
    const { owners, tables } = this.#cluster;
    const known = new Map<string, string>();
    for (const [ip, port] of tables.pods.addresses()) {
      const workload = this.#inside.apart(owners.workloadOf(ip, port ?? 0), ip);
      if (workload !== "") known.set(port === null ? ip : `${ip} ${port}`, workload);
    }
    return known;
  }

  /** The client's side of calls to other nodes: the tap there saw them arrive, under the name of the workload. */
  #isCovered({ key, serverAddresses }: ApiSummary): boolean {
    if (key.workload !== "" || serverAddresses.size === 0) return false;
    return [...serverAddresses.keys()].every((address) => this.#covered.has(address));
  }

  async #look(running: RunningTap): Promise<void> {
    const before = new Set([...this.#heard.values()].map((pod) => pod.uid));
    const { pods, leftOut } = choosePods(this.#cluster.tables.pods.all(), this.#rules, before);
    const paths = this.#namespaces.byAddress();
    const wanted = new Map<string, Pod>();
    for (const pod of pods) {
      const path = pod.ips.map((ip) => paths.get(ip)).find((each) => each !== undefined);
      if (path !== undefined) wanted.set(path, pod);
      else
        this.#trouble(
          "namespace",
          `${pod.namespace}/${pod.name}: its network namespace is not found`,
        );
    }
    if (leftOut > 0)
      this.#trouble("too many", `${leftOut} pods are not listened to inside: --in-pod-max`);
    for (const [path, pod] of [...this.#heard]) {
      if (wanted.get(path)?.uid === pod.uid) continue;
      // What was heard still belongs to the pod while it is taken.
      await running.leave(path);
      this.#heard.delete(path);
      this.#inside.leave(pod);
    }
    for (const [path, pod] of wanted) this.#enter(running, path, pod);
  }

  #enter(running: RunningTap, path: string, pod: Pod): void {
    if (this.#heard.has(path)) return;
    this.#heard.set(path, pod);
    this.#inside.enter(pod);
    try {
      running.listenIn(path, { interfaces: ["lo"], exclude: PROXY_ENDPOINTS });
    } catch (error) {
      this.#heard.delete(path);
      this.#inside.leave(pod);
      this.#trouble("entering", `${pod.namespace}/${pod.name}: ${(error as Error).message}`);
    }
  }

  #trouble(subject: string, line: string): void {
    this.#log.trouble(`in-pod ${subject}`, `in-pod capture: ${line}`);
  }
}
