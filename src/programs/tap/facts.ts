/** What a listener says of itself, as plain data that crosses threads, and the sum of several. */
import { FLOW_KINDS } from "../../http/tallies.ts";
import type { NamedCount, PortStatus } from "../../sensor/status.ts";

export interface InterfaceFacts {
  readonly name: string;
  readonly isUp: boolean;
  readonly packets: number;
  readonly bytes: number;
}

export interface ListenerFacts {
  /** CPU time of the listener's thread. */
  readonly cpuMs: number;
  /** Of the kernel, by the source's own count: lost packets included. */
  readonly offeredPackets: number;
  readonly packets: number;
  readonly bytes: number;
  readonly interfaces: readonly InterfaceFacts[];
  readonly packetKinds: readonly NamedCount[];
  /** Packets that were lost or left out, by cause. */
  readonly drops: readonly NamedCount[];
  readonly ringFill: number;
  readonly openFlows: number;
  readonly flowKinds: readonly NamedCount[];
  readonly tlsNames: readonly NamedCount[];
  readonly reasons: readonly NamedCount[];
  readonly ports: readonly PortStatus[];
  readonly problems: readonly string[];
}

export const noFacts: ListenerFacts = {
  cpuMs: 0,
  offeredPackets: 0,
  packets: 0,
  bytes: 0,
  interfaces: [],
  packetKinds: [],
  drops: [],
  ringFill: 0,
  openFlows: 0,
  flowKinds: [],
  tlsNames: [],
  reasons: [],
  ports: [],
  problems: [],
};

const LISTED_MAX = 20;

export const addFacts = (a: ListenerFacts, b: ListenerFacts): ListenerFacts => ({
  cpuMs: a.cpuMs + b.cpuMs,
  offeredPackets: a.offeredPackets + b.offeredPackets,
  packets: a.packets + b.packets,
  bytes: a.bytes + b.bytes,
  interfaces: addInterfaces(a.interfaces, b.interfaces),
  packetKinds: addCounts(a.packetKinds, b.packetKinds),
  drops: addCounts(a.drops, b.drops),
  ringFill: Math.max(a.ringFill, b.ringFill),
  openFlows: a.openFlows + b.openFlows,
  flowKinds: addCounts(a.flowKinds, b.flowKinds),
  tlsNames: addCounts(a.tlsNames, b.tlsNames).slice(0, LISTED_MAX),
  reasons: addCounts(a.reasons, b.reasons),
  ports: addPorts(a.ports, b.ports),
  problems: [...new Set([...a.problems, ...b.problems])],
});

export const addCounts = (
  a: readonly NamedCount[],
  b: readonly NamedCount[],
): readonly NamedCount[] => {
  const sums = new Map<string, number>();
  for (const { name, count } of [...a, ...b]) sums.set(name, (sums.get(name) ?? 0) + count);
  return [...sums]
    .map(([name, count]) => ({ name, count }))
    .filter(({ count }) => count > 0)
    .sort((x, y) => y.count - x.count || (x.name < y.name ? -1 : 1));
};

const addInterfaces = (
  a: readonly InterfaceFacts[],
  b: readonly InterfaceFacts[],
): readonly InterfaceFacts[] => {
  const sums = new Map<string, InterfaceFacts>();
  for (const each of [...a, ...b]) {
    const known = sums.get(each.name);
    const packets = (known?.packets ?? 0) + each.packets;
    const bytes = (known?.bytes ?? 0) + each.bytes;
    sums.set(each.name, { ...each, packets, bytes });
  }
  return [...sums.values()];
};

const addPorts = (a: readonly PortStatus[], b: readonly PortStatus[]): readonly PortStatus[] => {
  const sums = new Map<number, PortStatus>();
  for (const each of [...a, ...b]) {
    const known = sums.get(each.port);
    const kind = known === undefined || known.kind === "none" ? each.kind : known.kind;
    sums.set(each.port, { port: each.port, kind, flows: (known?.flows ?? 0) + each.flows });
  }
  return [...sums.values()]
    .sort((x, y) => y.flows - x.flows || x.port - y.port)
    .slice(0, LISTED_MAX);
};

/** What is told of the sensor beside the APIs: counts that add up, each in one delta only. */
export const coverageOf = (facts: ListenerFacts): ReadonlyMap<string, number> => {
  const coverage = new Map<string, number>([["packets", facts.packets]]);
  for (const { name, count } of facts.drops) coverage.set(`packets-${name}`, count);
  for (const { name, count } of facts.flowKinds) coverage.set(`flows-${name}`, count);
  for (const { name, count } of facts.reasons) coverage.set(`exchanges-${name}`, count);
  return coverage;
};

/** How much each count has grown. */
export const growth = (
  before: ReadonlyMap<string, number>,
  now: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> => {
  const grown = new Map<string, number>();
  for (const [name, count] of now) {
    const more = count - (before.get(name) ?? 0);
    if (more > 0) grown.set(name, more);
  }
  return grown;
};

/** Which kind of flow was counted since the last call, by the growth of its count. */
export class KindWatch {
  readonly #count: (index: number) => number;
  readonly #last = new Float64Array(FLOW_KINDS.length);

  constructor(count: (index: number) => number) {
    this.#count = count;
  }

  /** An index of `FLOW_KINDS`; -1 for none. */
  latest(): number {
    let found = -1;
    for (let index = 0; index < this.#last.length; index += 1) {
      const count = this.#count(index);
      if (count > this.#last[index]!) {
        this.#last[index] = count;
        found = index;
      }
    }
    return found;
  }
}
