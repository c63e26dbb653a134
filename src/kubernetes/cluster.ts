/** Watches a cluster, or of it only the pods of one node, and keeps the tables that `Owners` reads. */
import type { Clock } from "../sensor/clock.ts";
import type { QuietLog } from "../sensor/quietlog.ts";
import type { ClusterAccess } from "./access.ts";
import { PodTable } from "./addresses.ts";
import { ApiClient } from "./client.ts";
import { endpointSliceOf, ownedOf, podOf, serviceOf } from "./facts.ts";
import { ByName, type ClusterTables, Owners } from "./owners.ts";
import { type Mirror, Reflector } from "./reflector.ts";

export interface ClusterOptions {
  /** Tells its workloads from those of other clusters; empty where there is but one. */
  readonly name: string;
  readonly access: ClusterAccess;
  /** A node's name: its pods only, which is all that a tap may read. Null: everything. */
  readonly node: string | null;
  /** Whether pods keep their labels, for choosing among them. */
  readonly keepLabels: boolean;
  readonly clock: Clock;
  readonly log: QuietLog;
  readonly random: () => number;
}

const EXPIRE_MS = 10_000;

export class Cluster {
  readonly tables: ClusterTables;
  readonly owners: Owners;
  readonly #reflectors: readonly Reflector<never>[];
  readonly #client: ApiClient;
  readonly #stop = new AbortController();
  readonly #done: Promise<unknown>;
  readonly #timer: NodeJS.Timeout;

  constructor(options: ClusterOptions) {
    const { name, access, node, keepLabels, clock, log, random } = options;
    const nowMs = (): number => clock.nowMs();
    this.#client = new ApiClient(access);
    this.tables = {
      pods: new PodTable(nowMs),
      replicaSets: new ByName(),
      jobs: new ByName(),
      services: new ByName(),
      slices: new ByName(),
    };
    this.owners = new Owners(this.tables, nowMs, name);
    const reflectors: Reflector<never>[] = [];
    const reflect = <Item>(
      path: string,
      project: (object: unknown) => Item | null,
      mirror: Mirror<Item>,
    ): void => {
      const fieldSelector = node === null ? "" : `spec.nodeName=${node}`;
      const shared = { client: this.#client, clock, log, random };
      reflectors.push(
        new Reflector({ ...shared, path, fieldSelector, project, mirror }) as Reflector<never>,
      );
    };
    reflect("/api/v1/pods", podOf(keepLabels), this.tables.pods);
    if (node === null) {
      reflect("/apis/apps/v1/replicasets", ownedOf, this.tables.replicaSets);
      reflect("/apis/batch/v1/jobs", ownedOf, this.tables.jobs);
      reflect("/api/v1/services", serviceOf, this.tables.services);
      reflect("/apis/discovery.k8s.io/v1/endpointslices", endpointSliceOf, this.tables.slices);
    }
    this.#reflectors = reflectors;
    this.#done = Promise.all(reflectors.map((reflector) => reflector.run(this.#stop.signal)));
    this.#timer = setInterval(() => this.tables.pods.expire(), EXPIRE_MS);
  }

  /** Whether all was listed once. */
  get isSynced(): boolean {
    return this.#reflectors.every((reflector) => reflector.isSynced);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await this.#done;
    this.#client.close();
  }
}
