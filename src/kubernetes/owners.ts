/**
 * Who answers at an address, and who calls from one. A pod belongs to the workload that controls it, so that replicas, and
 * the versions of a rollout, are one. The address of a Service or of a node's port leads to the pods behind it and to the
 * port on which they listen.
 */
import { inCluster } from "../telemetry/workload.ts";
import type { PodTable } from "./addresses.ts";
import type { EndpointSlice, Owned, Owner, Pod, Service, ServicePort } from "./facts.ts";
import type { Mirror } from "./reflector.ts";

/** Objects by namespace and name. */
export class ByName<Item extends { readonly namespace: string; readonly name: string }>
  implements Mirror<Item>
{
  readonly #items = new Map<string, Item>();
  /** Grows with each change. */
  version = 0;

  replace(items: readonly Item[]): void {
    this.#items.clear();
    for (const item of items) this.upsert(item);
    this.version += 1;
  }

  upsert(item: Item): void {
    this.#items.set(`${item.namespace}/${item.name}`, item);
    this.version += 1;
  }

  remove(item: Item): void {
    this.#items.delete(`${item.namespace}/${item.name}`);
    this.version += 1;
  }

  get(namespace: string, name: string): Item | undefined {
    return this.#items.get(`${namespace}/${name}`);
  }

  all(): Iterable<Item> {
    return this.#items.values();
  }
}

export interface ClusterTables {
  readonly pods: PodTable;
  /** Empty where only a node's pods are watched; then names tell the owner's owner. */
  readonly replicaSets: ByName<Owned>;
  readonly jobs: ByName<Owned>;
  readonly services: ByName<Service>;
  readonly slices: ByName<EndpointSlice>;
}

export interface Listener {
  /** As `telemetry/workload.ts` names it. */
  readonly workload: string;
  /** On which the process listens. */
  readonly port: number;
}

export type CallerKind = "workload" | "node" | "internal" | "external";

interface Backends {
  readonly addresses: readonly string[];
  readonly port: number;
}

/** Names of Services are gathered anew after so long: 5,000 addresses take some milliseconds. */
const NAMES_MS = 5000;

export class Owners {
  /** Empty where there is but one. */
  readonly cluster: string;
  readonly #tables: ClusterTables;
  readonly #nowMs: () => number;
  /** `ip port` of Services, and ` port` of nodes, to what is behind them. */
  #routes = new Map<string, readonly Backends[]>();
  #routesVersion = -1;
  /** `workload port` to names of Services. */
  #names = new Map<string, string[]>();
  #namesVersion = -1;
  #namesMs = 0;

  constructor(tables: ClusterTables, nowMs: () => number, cluster = "") {
    this.cluster = cluster;
    this.#tables = tables;
    this.#nowMs = nowMs;
  }

  /** The workload that answers at an address, as `telemetry/` names it; empty where that is not known. */
  readonly workloadOf = (ip: string, port: number, timeMs: number = this.#nowMs()): string => {
    // A source may not know the time.
    const pod = this.#tables.pods.at(ip, port, timeMs > 0 ? timeMs : this.#nowMs());
    return pod === null ? "" : this.#workload(pod);
  };

  namespaceOf(ip: string, port: number, timeMs: number = this.#nowMs()): string {
    return this.#tables.pods.at(ip, port, timeMs)?.namespace ?? "";
  }

  /**
   * Who really listens behind an address as a client sees it: a pod's own, a Service's or a node's. Null where that is not
   * known, or where several workloads or ports stand behind it.
   */
  listenerAt(ip: string, port: number, timeMs: number = this.#nowMs()): Listener | null {
    const own = this.workloadOf(ip, port, timeMs);
    if (own !== "") return { workload: own, port };
    let found: Listener | null = null;
    for (const { addresses, port: backendPort } of this.#backendsAt(ip, port)) {
      for (const address of addresses) {
        const workload = this.workloadOf(address, backendPort, timeMs);
        if (workload === "") continue;
        if (found === null) found = { workload, port: backendPort };
        else if (found.workload !== workload || found.port !== backendPort) return null;
      }
    }
    return found;
  }

  /**
   * Nodes of all pods that may answer at an address, as `listenerAt` finds them and with the cluster's name; none where one
   * of them is not known.
   */
  nodesBehind(ip: string, port: number): string[] {
    const nowMs = this.#nowMs();
    const own = this.#tables.pods.at(ip, port, nowMs);
    if (own !== null) return [inCluster(this.cluster, own.node)];
    const nodes = new Set<string>();
    for (const { addresses, port: backendPort } of this.#backendsAt(ip, port)) {
      for (const address of addresses)
        nodes.add(this.#tables.pods.at(address, backendPort, nowMs)?.node ?? "");
    }
    return nodes.has("") ? [] : [...nodes].map((node) => inCluster(this.cluster, node));
  }

  #backendsAt(ip: string, port: number): readonly Backends[] {
    const routes = this.#routesNow();
    const known = routes.get(`${ip} ${port}`);
    if (known !== undefined) return known;
    return (this.#tables.pods.isNode(ip) ? routes.get(` ${port}`) : undefined) ?? [];
  }

  /** Names under which Services reach a workload's port: `cart.shop`. Sorted. */
  readonly serviceNamesOf = (workload: string, port: number): readonly string[] => {
    const { version } = this.#tables.slices;
    // Pods come after the slices that name them, so what was found grows old by time as well.
    const isOld = this.#nowMs() - this.#namesMs > NAMES_MS || this.#namesVersion !== version;
    if (isOld) {
      this.#names = this.#namesNow();
      this.#namesVersion = version;
      this.#namesMs = this.#nowMs();
    }
    return this.#names.get(`${workload} ${port}`) ?? [];
  };

  #namesNow(): Map<string, string[]> {
    const found = new Map<string, Set<string>>();
    for (const { service, namespace, ports, addresses } of this.#tables.slices.all()) {
      for (const { port } of ports) {
        for (const workload of new Set(
          addresses.map((address) => this.workloadOf(address, port)),
        )) {
          if (workload === "") continue;
          const key = `${workload} ${port}`;
          found.set(key, (found.get(key) ?? new Set()).add(`${service}.${namespace}`));
        }
      }
    }
    return new Map([...found].map(([key, names]) => [key, [...names].sort()]));
  }

  /** What kind of caller an address is. */
  callerKind(ip: string): CallerKind {
    if (this.workloadOf(ip, 0) !== "") return "workload";
    if (this.#tables.pods.isNode(ip)) return "node";
    return isPrivate(ip) ? "internal" : "external";
  }

  /**
   * Addresses of Services behind which all that listen are reported: who sees only a client call one has nothing to add.
   */
  servicesBefore(reported: ReadonlySet<string>): string[] {
    const addresses: string[] = [];
    const slices = this.#slicesByService();
    for (const service of this.#tables.services.all()) {
      const behind = slices.get(`${service.namespace}/${service.name}`) ?? [];
      const backends = behind.flatMap((slice) => slice.addresses);
      if (backends.length > 0 && backends.every((address) => reported.has(address))) {
        addresses.push(...service.ips);
      }
    }
    return addresses;
  }

  #workload(pod: Pod): string {
    const { kind, name } = this.#controller(pod);
    return inCluster(this.cluster, `${pod.namespace}/${kind}/${name}`);
  }

  #controller({ namespace, name, owner, templateHash }: Pod): Owner {
    if (owner === null) return { kind: "Pod", name };
    if (owner.kind === "ReplicaSet") {
      const known = this.#tables.replicaSets.get(namespace, owner.name)?.owner;
      if (known) return known;
      const ending = `-${templateHash}`;
      if (templateHash === "" || !owner.name.endsWith(ending)) return owner;
      return { kind: "Deployment", name: owner.name.slice(0, -ending.length) };
    }
    if (owner.kind === "Job") {
      const known = this.#tables.jobs.get(namespace, owner.name)?.owner;
      if (known) return known;
      // A CronJob names its Jobs by the minute that they were due, since 1970.
      const scheduled = /^(.+)-\d{8}$/.exec(owner.name);
      return scheduled === null ? owner : { kind: "CronJob", name: scheduled[1]! };
    }
    return owner;
  }

  #slicesByService(): Map<string, EndpointSlice[]> {
    const slices = new Map<string, EndpointSlice[]>();
    for (const slice of this.#tables.slices.all()) {
      const key = `${slice.namespace}/${slice.service}`;
      const others = slices.get(key);
      if (others === undefined) slices.set(key, [slice]);
      else others.push(slice);
    }
    return slices;
  }

  /** Built anew where Services or slices changed since. */
  #routesNow(): Map<string, readonly Backends[]> {
    const { services, slices } = this.#tables;
    const version = services.version + slices.version;
    if (version === this.#routesVersion) return this.#routes;
    const byService = this.#slicesByService();
    this.#routes = new Map();
    for (const service of services.all()) {
      const behind = byService.get(`${service.namespace}/${service.name}`) ?? [];
      for (const port of service.ports) {
        const backends = backendsOf(behind, port);
        for (const ip of service.ips) this.#routes.set(`${ip} ${port.port}`, backends);
        if (port.nodePort > 0) this.#routes.set(` ${port.nodePort}`, backends);
      }
    }
    this.#routesVersion = version;
    return this.#routes;
  }
}

/** A Service's port and its slices' port have one name; the slice has the number that a named target port is in its pods. */
const backendsOf = (slices: readonly EndpointSlice[], { name }: ServicePort): Backends[] =>
  slices.flatMap(({ ports, addresses }) =>
    ports.filter((port) => port.name === name).map(({ port }) => ({ addresses, port })),
  );

/** RFC 1918, RFC 6598, RFC 4193, loopback and link local. */
const isPrivate = (ip: string): boolean =>
  /^(?:10\.|127\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/.test(
    ip,
  ) || /^(?:::1$|f[cd]|fe[89ab])/i.test(ip);
