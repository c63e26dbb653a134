import { telemetryLimits } from "../base/limits.ts";
import type { Exchange } from "../http/exchange.ts";
import { HeaderName } from "../http/headername.ts";
import type { NodeBudget } from "./book.ts";
import { Corrections } from "./corrections.ts";
import { FieldCache } from "./fieldcache.ts";
import { ApiTally } from "./live.ts";
import type { ApiKey } from "./summary.ts";
import { type Authority, parseAuthority, type Target } from "./target.ts";
import type { Trie } from "./trie.ts";

const hosts = new FieldCache<Authority | null>(HeaderName.Host, (text) =>
  text === null ? null : parseAuthority(text),
);

/**
 * Which workload answered a client at an address at a time (`namespace/kind/name`), empty where that is not known. Addresses are
 * given to another when their owner is gone.
 */
export type WorkloadOf = (ip: string, port: number, timeMs: number, client: string) => string;

/** All APIs that are being counted, by what names them: host, port, scheme and workload. */
export class ApiTable {
  readonly #byHost = new Map<string, ApiTally[]>();
  readonly #budget: NodeBudget;
  readonly #trie: Trie;
  readonly #workloadOf: WorkloadOf | null;
  #corrections = new Corrections([]);
  /** What `#locate` found. */
  #host = "";
  #port = 0;
  #scheme: ApiKey["scheme"] = "http";
  #count = 0;
  /** APIs that were forgotten because there were too many. */
  forgotten = 0;

  constructor(trie: Trie, budget: NodeBudget, workloadOf: WorkloadOf | null) {
    this.#trie = trie;
    this.#budget = budget;
    this.#workloadOf = workloadOf;
  }

  /** From now on. */
  correct(corrections: Corrections): void {
    this.#corrections = corrections;
    for (const api of this.all()) api.corrections = corrections.of(api.key.host, api.key.port);
  }

  /** Whether somebody said that the path is no part of its API. */
  ignores(exchange: Exchange, target: Target): boolean {
    if (this.#corrections.isEmpty) return false;
    this.#locate(exchange, target);
    return this.#corrections.of(this.#host, this.#port)?.ignores(target) ?? false;
  }

  /**
   * The server that an exchange belongs to: the host that the target or the Host field names, else the server's address;
   * the port on which the server listens, or through a proxy the one that is named.
   */
  #locate({ connection: { server }, request }: Exchange, target: Target): void {
    const authority =
      target.authority === "" ? hosts.of(request!.head) : parseAuthority(target.authority);
    this.#host = authority?.host ?? server.ip;
    this.#scheme = target.scheme === "https" ? "https" : "http";
    this.#port =
      target.authority === "" ? server.port : namedPort(authority, this.#scheme, server.port);
  }

  /** The API that an exchange belongs to. */
  of(exchange: Exchange, target: Target): ApiTally {
    const { server, client } = exchange.connection;
    this.#locate(exchange, target);
    const host = this.#host;
    const port = this.#port;
    const scheme = this.#scheme;
    const workload =
      this.#workloadOf === null
        ? ""
        : this.#workloadOf(server.ip, server.port, exchange.request!.startTimeMs, client.ip);
    let apis = this.#byHost.get(host);
    if (apis !== undefined) {
      for (const api of apis) {
        const { key } = api;
        if (key.port === port && key.scheme === scheme && key.workload === workload) return api;
      }
    }
    if (this.#count >= telemetryLimits.apisMax) {
      this.#forget();
      apis = this.#byHost.get(host);
    }
    const api = new ApiTally({ workload, host, port, scheme }, this.#budget);
    api.corrections = this.#corrections.of(host, port);
    if (apis === undefined) this.#byHost.set(host, [api]);
    else apis.push(api);
    this.#count += 1;
    this.#trie.nodeCount += 1;
    return api;
  }

  all(): ApiTally[] {
    return [...this.#byHost.values()].flat();
  }

  clear(): void {
    for (const api of this.all()) this.#trie.release(api);
    this.#byHost.clear();
    this.#count = 0;
  }

  /** Half of the APIs stay: those heard most, of equals the later ones. */
  #forget(): void {
    const order = this.all().map((api, at) => ({ api, at }));
    order.sort((a, b) => b.api.calls - a.api.calls || b.api.refused - a.api.refused || b.at - a.at);
    const stays = order.slice(0, order.length >> 1).sort((a, b) => a.at - b.at);
    for (const { api } of order.slice(order.length >> 1)) {
      this.#trie.release(api);
      this.forgotten += 1;
    }
    this.#byHost.clear();
    for (const { api } of stays) {
      const apis = this.#byHost.get(api.key.host);
      if (apis === undefined) this.#byHost.set(api.key.host, [api]);
      else apis.push(api);
    }
    this.#count = stays.length;
  }
}

function namedPort(authority: Authority | null, scheme: string, fallback: number): number {
  if (authority === null || authority.host === null) return fallback;
  if (authority.port !== 0) return authority.port;
  return scheme === "https" ? 443 : 80;
}
