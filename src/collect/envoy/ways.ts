/**
 * Envoys in a row, such as a gateway before a waypoint or a sidecar. Each of them tells of the same call; what counts is what the
 * last one tells, which calls the service itself. An Envoy that calls an address at which another is called that tells is
 * not the last one: of what it tells, only who called is worth to be kept.
 *
 *   client ──► E1 (called at A) ──► E2 (called at B, tells) ──► service S         E1's call of B is one of S that E2 counts
 *
 * A sidecar stands at the address of its service: it is called at B and calls B.
 */
import { collectLimits } from "../../base/limits.ts";
import type { Endpoint } from "../../reassemble/stream.ts";

/** So long after the last call that an Envoy told of, it is taken that it tells. */
const REMEMBERED_MS = 3_600_000;

interface Told {
  /** What stands behind it, by the host that was called; the host called last comes last. */
  readonly byHost: Map<string, Endpoint>;
  lastMs: number;
}

export interface Way {
  /** Who answered in the end, as far as it is known. */
  readonly server: Endpoint;
  /** Whether an Envoy further on tells of the call as well. */
  readonly isPassedOn: boolean;
}

export class EnvoyWays {
  /** By the address at which an Envoy was called. */
  readonly #told = new Map<string, Told>();

  /** An Envoy was called at `called` for `host`, and called `upstream`; a port of 0 means that it is not known. */
  take(called: Endpoint, upstream: Endpoint, host: string, nowMs: number): Way {
    if (upstream.port === 0) return { server: called, isPassedOn: false };
    const behind = isSame(called, upstream) ? null : this.#behind(upstream, host, nowMs);
    // A proxy that shares its address with the service may reach it by loopback.
    const isBeside = called.port > 0 && isLoopback(upstream.ip);
    const server = behind ?? (isBeside ? { ip: called.ip, port: upstream.port } : upstream);
    if (called.port > 0) this.#note(called, host, server, nowMs);
    return { server, isPassedOn: behind !== null };
  }

  #behind(upstream: Endpoint, host: string, nowMs: number): Endpoint | null {
    const told = this.#told.get(keyOf(upstream));
    if (told === undefined || nowMs - told.lastMs > REMEMBERED_MS) return null;
    // An Envoy may give the call another host.
    return told.byHost.get(host) ?? [...told.byHost.values()].at(-1)!;
  }

  #note(called: Endpoint, host: string, server: Endpoint, nowMs: number): void {
    const key = keyOf(called);
    const told = this.#told.get(key) ?? { byHost: new Map<string, Endpoint>(), lastMs: nowMs };
    told.lastMs = nowMs;
    told.byHost.delete(host);
    told.byHost.set(host, server);
    dropFirst(told.byHost, collectLimits.envoyHostsMax);
    this.#told.delete(key);
    this.#told.set(key, told);
    dropFirst(this.#told, collectLimits.envoyAddressesMax);
  }
}

const keyOf = ({ ip, port }: Endpoint): string => `${ip} ${port}`;
const isSame = (a: Endpoint, b: Endpoint): boolean => a.ip === b.ip && a.port === b.port;
const isLoopback = (ip: string): boolean => ip.startsWith("127.") || ip === "::1";

function dropFirst(map: Map<string, unknown>, max: number): void {
  if (map.size > max) map.delete(map.keys().next().value!);
}
