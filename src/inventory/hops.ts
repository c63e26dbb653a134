/**
 * Calls that a proxy passed on. It answers its caller and calls the service itself, so one request is two calls of two APIs;
 * what both bore of the request's id (`telemetry/traces.ts`) tells that they are one, and the address that the second call
 * came from tells which of the two APIs is the proxy.
 */
import { inventoryLimits } from "../base/limits.ts";

/** What is known of one API. */
export interface Heard {
  readonly id: string;
  /** At which it answers. */
  readonly addresses: ReadonlySet<string>;
  readonly callers: readonly (readonly [address: string, calls: number, errors: number])[];
  readonly traces: readonly (readonly [hash: number, caller: string])[];
}

export interface Hop {
  /** Address that called the proxy. */
  readonly from: string;
  /** APIs. */
  readonly via: string;
  readonly to: string;
  /** Shares of the calls that the proxy's address made: estimates. */
  readonly calls: number;
  readonly errors: number;
}

interface Sighting {
  readonly api: Heard;
  readonly caller: string;
}

interface Match {
  readonly from: string;
  readonly via: Heard;
  readonly to: Heard;
  /** The proxy's address. */
  readonly at: string;
}

export function hopsOf(apis: readonly Heard[]): Hop[] {
  const matches = [...sightingsOf(apis).values()].flatMap(matchesOf);
  const groups = new Map<string, Match[]>();
  for (const match of matches) {
    const key = `${match.to.id}\n${match.at}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [match]);
    else group.push(match);
  }
  return [...groups.values()].flatMap((group) => {
    const { to, at } = group[0]!;
    const [, calls = 0, errors = 0] = to.callers.find(([address]) => address === at) ?? [];
    return group.map(({ from, via }) => ({
      ...{ from, via: via.id, to: to.id },
      calls: calls / group.length,
      errors: errors / group.length,
    }));
  });
}

/** By hash. */
function sightingsOf(apis: readonly Heard[]): Map<number, Sighting[]> {
  const byHash = new Map<number, Sighting[]>();
  for (const api of apis) {
    for (const [hash, caller] of api.traces) {
      const sightings = byHash.get(hash);
      if (sightings === undefined) byHash.set(hash, [{ api, caller }]);
      else sightings.push({ api, caller });
    }
  }
  return byHash;
}

function matchesOf(sightings: readonly Sighting[]): Match[] {
  if (sightings.length > inventoryLimits.hopsMax) return [];
  const matches: Match[] = [];
  for (const proxy of sightings) {
    for (const service of sightings) {
      if (!isPassed(proxy, service) || isPassed(service, proxy)) continue;
      matches.push({ from: proxy.caller, via: proxy.api, to: service.api, at: service.caller });
    }
  }
  return matches;
}

/** Whether the second call came from where the first was answered; a proxy may reach a service beside it by loopback. */
const isPassed = (first: Sighting, second: Sighting): boolean =>
  first.api !== second.api &&
  (first.api.addresses.has(second.caller) ||
    (isLoopback(second.caller) && !isLoopback(first.caller)));

const isLoopback = (address: string): boolean => address.startsWith("127.") || address === "::1";
