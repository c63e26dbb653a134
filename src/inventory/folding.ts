/**
 * What summaries know of the endpoints that inference concluded and that inference has no use for: callers, latency,
 * statuses, and in which nodes each was heard. A node belongs to the endpoint whose template takes its path.
 */
import { frameOf } from "../infer/frame.ts";
import { kindOf, valueFrame } from "../infer/tree.ts";
import { emptyLatency, type LatencySketch, mergeLatency } from "../telemetry/latency.ts";
import { addCounts } from "../telemetry/mergeshape.ts";
import type { ApiSummary, OperationSummary, PathNode, SlotSummary } from "../telemetry/summary.ts";
import type { TraceSample } from "../telemetry/traces.ts";
import { nodeName, sourceId } from "./names.ts";

/** What was heard of one endpoint. */
export interface Heard {
  readonly operations: OperationSummary[];
  /** `source node` of the pieces that it was heard in. */
  readonly nodes: { readonly source: string; readonly node: string; readonly operation: string }[];
  /** Of the parameters of its path, of all nodes. */
  readonly slots: SlotSummary[];
  readonly statusClasses: number[];
  readonly latency: LatencySketch;
  readonly callers: Map<string, number>;
  readonly traces: TraceSample[];
  internalCalls: number;
  externalCalls: number;
  firstMs: number;
  lastMs: number;
}

const nothing = (): Heard => ({
  operations: [],
  nodes: [],
  slots: [],
  statusClasses: [0, 0, 0, 0, 0],
  latency: emptyLatency(),
  callers: new Map(),
  traces: [],
  internalCalls: 0,
  externalCalls: 0,
  firstMs: Number.POSITIVE_INFINITY,
  lastMs: Number.NEGATIVE_INFINITY,
});

export interface EndpointName {
  readonly method: string;
  /** Template. */
  readonly path: string;
}

/** What was heard of each endpoint, in their order. What belongs to none is left out. */
export function foldEndpoints(
  summaries: readonly ApiSummary[],
  endpoints: readonly EndpointName[],
): Heard[] {
  const heard = endpoints.map(nothing);
  const router = new Router(endpoints);
  for (const { key, root } of summaries) {
    const source = sourceId(key);
    const walk = (node: PathNode, segments: string[], slots: readonly SlotSummary[]): void => {
      for (const [operation, summary] of node.operations) {
        const index = router.find(segments, methodOf(operation));
        if (index === null) continue;
        const into = heard[index]!;
        into.nodes.push({ source, node: nodeName(pathOf(segments)), operation });
        into.slots.push(...slots);
        addOperation(into, summary);
      }
      for (const [segment, child] of node.children) {
        walk(
          child,
          [...segments, segment],
          child.slots.length === 0 ? slots : [...slots, ...child.slots],
        );
      }
    };
    walk(root, [], []);
  }
  return heard;
}

const pathOf = (segments: readonly string[]): string =>
  segments.map((segment) => `/${segment}`).join("");

function methodOf(operation: string): string {
  const space = operation.indexOf(" ");
  return space < 0 ? operation : operation.slice(0, space);
}

function addOperation(into: Heard, operation: OperationSummary): void {
  into.operations.push(operation);
  operation.statusClasses.forEach((count, index) => {
    into.statusClasses[index]! += count;
  });
  mergeLatency(into.latency, operation.latency);
  addCounts(into.callers, operation.callers);
  if (operation.traces !== null) into.traces.push(operation.traces);
  into.internalCalls += operation.internalCalls;
  into.externalCalls += operation.externalCalls;
  into.firstMs = Math.min(into.firstMs, operation.firstMs);
  into.lastMs = Math.max(into.lastMs, operation.lastMs);
}

/** Templates as a trie of frames, which takes paths as `infer/templates.ts` joined them. */
class Router {
  readonly #root: Branch = { children: new Map(), methods: new Map() };

  constructor(endpoints: readonly EndpointName[]) {
    endpoints.forEach(({ method, path }, index) => {
      let branch = this.#root;
      for (const segment of path.slice(1).split("/")) {
        const frame = frameOf(segment);
        const next = branch.children.get(frame) ?? { children: new Map(), methods: new Map() };
        branch.children.set(frame, next);
        branch = next;
      }
      branch.methods.set(method, index);
    });
  }

  find(segments: readonly string[], method: string): number | null {
    return find(this.#root, segments.length === 0 ? [""] : segments, 0, method);
  }
}

interface Branch {
  readonly children: Map<string, Branch>;
  readonly methods: Map<string, number>;
}

function find(
  branch: Branch,
  segments: readonly string[],
  at: number,
  method: string,
): number | null {
  if (at === segments.length) return branch.methods.get(method) ?? null;
  const segment = segments[at]!;
  const frame = frameOf(segment);
  const own = branch.children.get(frame);
  if (own !== undefined) {
    const found = find(own, segments, at + 1, method);
    if (found !== null) return found;
  }
  const kind = kindOf(segment);
  if (segment === "" || kind === "value" || kind === "framed") return null;
  const value = branch.children.get(valueFrame(frame));
  return value === undefined ? null : find(value, segments, at + 1, method);
}
