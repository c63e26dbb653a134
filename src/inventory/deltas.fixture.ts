/** Deltas for tests, as a sensor makes them. */
import { type Delta, decodeDelta, freezeDelta, shardOf, summaryText } from "../sensor/delta.ts";
import { play, type Written } from "../telemetry/exchange.fixture.ts";
import { defaultPrivacy } from "../telemetry/privacy.ts";
import { defaultSelection } from "../telemetry/selection.ts";
import type { ApiSummary } from "../telemetry/summary.ts";
import { Telemetry } from "../telemetry/telemetry.ts";

const HASH_KEY = Buffer.from("0123456789abcdef");

/** Summaries learned from exchanges; failures teach shapes too. */
export function learn(exchanges: readonly Written[]): ApiSummary[] {
  const telemetry = new Telemetry({
    selection: { ...defaultSelection, statuses: ["xxx"] },
    privacy: defaultPrivacy,
    hashKey: HASH_KEY,
  });
  for (const exchange of exchanges) play(telemetry, exchange);
  return telemetry.take();
}

/** One sensor: it numbers its deltas by shard. */
export class FixtureSensor {
  readonly name: string;
  readonly epoch: string;
  /** Of the key that it says to hash under; samples are kept where the inventory's own is the same. */
  readonly keyId: string;
  readonly #sequences = new Map<number, number>();

  constructor(name: string, { epoch = "e1", keyId = "key" } = {}) {
    this.name = name;
    this.epoch = epoch;
    this.keyId = keyId;
  }

  /** A delta for each shard that the summaries fall into. */
  deltas(
    summaries: readonly ApiSummary[],
    coverage: Readonly<Record<string, number>> = {},
  ): Delta[] {
    const byShard = new Map<number, ApiSummary[]>();
    for (const summary of summaries) {
      const shard = shardOf(summary.key);
      byShard.set(shard, [...(byShard.get(shard) ?? []), summary]);
    }
    return [...byShard].map(([shard, own]) => {
      const sequence = (this.#sequences.get(shard) ?? 0) + 1;
      this.#sequences.set(shard, sequence);
      const facts = {
        keyId: this.keyId,
        fromMs: 0,
        toMs: 1,
        calls: callsOf(own),
        standsFor: callsOf(own),
        coverage: new Map(Object.entries(coverage)),
      };
      const name = { sensor: this.name, epoch: this.epoch, shard, sequence };
      return copyOf(freezeDelta(name, facts, own.map(summaryText)).text);
    });
  }

  hear(exchanges: readonly Written[]): Delta[] {
    return this.deltas(learn(exchanges));
  }
}

/** As it comes over the wire. */
export function copyOf(text: string): Delta {
  const delta = decodeDelta(JSON.parse(text));
  if (typeof delta === "string") throw new Error(delta);
  return delta;
}

function callsOf(summaries: readonly ApiSummary[]): number {
  let calls = 0;
  const walk = (node: ApiSummary["root"]): void => {
    for (const operation of node.operations.values()) calls += operation.calls + operation.refused;
    for (const child of node.children.values()) walk(child);
  };
  for (const { root } of summaries) walk(root);
  return calls;
}

/** A call of a shop: `GET /users/17`, answered as JSON. */
export const call = (
  line: string,
  more: Partial<Written> & { host?: string; body?: unknown } = {},
): Written => {
  const [method = "GET", target = "/", status = "200"] = line.split(" ");
  const { host = "shop.test", body = bodyOf(target), requestHeaders, ...rest } = more;
  return {
    method,
    target,
    status: Number(status),
    requestHeaders: { host, ...requestHeaders },
    responseBody: JSON.stringify(body),
    timeMs: NOW_MS,
    ...rest,
  };
};

/** Paths that inference would else take for values of one parameter answer differently. */
function bodyOf(target: string): unknown {
  if (target.startsWith("/orders")) return { total: 12.5, lines: [{ sku: "a-1", count: 2 }] };
  if (target.startsWith("/baskets")) return [{ basket: true, open: null }];
  if (target.startsWith("/invoices")) return { due: "2026-01-02", paid: false };
  return { id: 17, name: "Ada" };
}

export const NOW_MS = Date.UTC(2026, 10, 1, 12, 30);
export const bearer = { authorization: "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl" };
