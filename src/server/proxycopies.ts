/**
 * Envoy tells of a call to the service behind it; where the way from there is in the clear, the tap of the service's node
 * hears the same call arrive. That both bear one request's id, under different callers, says that the two are one. Then the tap
 * counts, and of what Envoy told only who called is kept: the tap knows no caller but Envoy.
 */

import { serverLimits } from "../base/limits.ts";
import { emptyOperation } from "../infer/sum.ts";
import { emptyLatency } from "../telemetry/latency.ts";
import type { ApiSummary, OperationSummary, PathNode } from "../telemetry/summary.ts";
import { emptyTimeBuckets } from "../telemetry/timebuckets.ts";

interface Known {
  /** Hashes of requests that each side told of lately, with who called. */
  readonly byTap: Map<number, string>;
  readonly byProxy: Map<number, string>;
  /** When one request was last seen on both sides. */
  bothMs: number;
}

/** So long after the last request that both told of, it is taken that the way is still in the clear. */
const REMEMBERED_MS = 3_600_000;

export class ProxyCopies {
  readonly #apis = new Map<string, Known>();

  /** What counts of a delta's summaries. */
  take(summaries: readonly ApiSummary[], isProxy: boolean, nowMs: number): readonly ApiSummary[] {
    return summaries.map((summary) => {
      const known = this.#note(summary, isProxy, nowMs);
      const isCopy = isProxy && known !== null && nowMs - known.bothMs < REMEMBERED_MS;
      return isCopy ? { ...summary, root: callersOf(summary.root) } : summary;
    });
  }

  /** Null where nothing of it bore an id so far. */
  #note({ key, root }: ApiSummary, isProxy: boolean, nowMs: number): Known | null {
    // Envoy has ended TLS, so the scheme is another.
    const name = `${key.workload === "" ? key.host : key.workload} ${key.port}`;
    let known = this.#apis.get(name);
    for (const { hash, caller } of tracesOf(root)) {
      known ??= { byTap: new Map(), byProxy: new Map(), bothMs: Number.NEGATIVE_INFINITY };
      const [own, other] = isProxy ? [known.byProxy, known.byTap] : [known.byTap, known.byProxy];
      const otherCaller = other.get(hash);
      if (otherCaller !== undefined && otherCaller !== caller) known.bothMs = nowMs;
      own.delete(hash);
      own.set(hash, caller);
      dropFirst(own, serverLimits.copyHashesMax);
    }
    if (known === undefined) return null;
    this.#apis.delete(name);
    this.#apis.set(name, known);
    dropFirst(this.#apis, serverLimits.copyApisMax);
    return known;
  }
}

function dropFirst(map: Map<unknown, unknown>, max: number): void {
  if (map.size > max) map.delete(map.keys().next().value);
}

function* tracesOf(node: PathNode): Generator<{ hash: number; caller: string }> {
  for (const { traces } of node.operations.values()) yield* [...(traces?.values() ?? [])].flat();
  for (const child of node.children.values()) yield* tracesOf(child);
}

/** Who called, without a call. */
function callersOf(node: PathNode): PathNode {
  const children = new Map([...node.children].map(([name, child]) => [name, callersOf(child)]));
  const operations = new Map(
    [...node.operations].map(([name, operation]): [string, OperationSummary] => [
      name,
      {
        ...emptyOperation(),
        ...{ buckets: emptyTimeBuckets(), latency: emptyLatency() },
        ...{ requestBytes: 0, responseBytes: 0, traces: operation.traces },
        internalCalls: operation.internalCalls,
        externalCalls: operation.externalCalls,
        callers: operation.callers,
      },
    ]),
  );
  return { ...node, children, operations };
}
