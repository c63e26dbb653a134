/** Parts of summaries. As merge is a union, a summary may travel in parts that are merged again where they arrive. */
import type { ApiSummary, OperationSummary, PathNode } from "../telemetry/summary.ts";
import { forEachNode, weighNode, weighOperation } from "./weigh.ts";

/**
 * Cuts a summary in two: `part` holds operations that weigh `weightMax` at most together, but at least one; `rest` the
 * others, or null. Merged they are the summary again. What belongs to a node itself goes with the part that has it first,
 * so `part` is to be merged before `rest`. The summary must not be used afterwards.
 */
export function cutSummary(
  summary: ApiSummary,
  weightMax: number,
): { part: ApiSummary; rest: ApiSummary | null } {
  const cut: Cut = { left: weightMax, taken: 0 };
  const root = cutNode(summary.root, cut) ?? emptyNode();
  const part: ApiSummary = {
    key: summary.key,
    root,
    serverAddresses: new Map(summary.serverAddresses),
    limits: new Map(summary.limits),
  };
  summary.serverAddresses.clear();
  summary.limits.clear();
  return { part, rest: isEmpty(summary.root) ? null : summary };
}

interface Cut {
  left: number;
  /** Operations taken so far. */
  taken: number;
}

/** Moves what there is room for out of `node`, into a node that is returned; null where there was no room. */
function cutNode(node: PathNode, cut: Cut): PathNode | null {
  if (isFull(cut)) return null;
  const part: PathNode = { ...emptyNode(), slots: node.slots.splice(0) };
  if (node.hash !== undefined) part.hash = node.hash;
  cut.left -= weighNode(part);
  for (const [key, operation] of node.operations) {
    const weight = weighOperation(operation);
    if (cut.taken > 0 && weight > cut.left) {
      cut.left = 0;
      break;
    }
    part.operations.set(key, operation);
    node.operations.delete(key);
    cut.left -= weight;
    cut.taken += 1;
  }
  for (const [key, child] of node.children) {
    const taken = cutNode(child, cut);
    if (taken === null) break;
    part.children.set(key, taken);
    if (isEmpty(child)) node.children.delete(key);
  }
  return part;
}

const isFull = (cut: Cut): boolean => cut.taken > 0 && cut.left <= 0;

const emptyNode = (): PathNode => ({ children: new Map(), operations: new Map(), slots: [] });

const isEmpty = (node: PathNode): boolean =>
  node.operations.size === 0 && node.children.size === 0 && node.slots.length === 0;

/** What a loss cost. */
export interface Loss {
  readonly operations: number;
  readonly calls: number;
}

/**
 * Drops the operations of all `summaries` that are heard least, until what is left weighs `weightMax` at most. Where it
 * took something it marks `limit`.
 */
export function dropLeastHeard(
  summaries: readonly ApiSummary[],
  weightMax: number,
  limit: string,
): Loss {
  const heard: { summary: ApiSummary; node: PathNode; key: string; operation: OperationSummary }[] =
    [];
  let weight = 0;
  for (const summary of summaries) {
    forEachNode(summary.root, (node) => {
      weight += weighNode(node);
      for (const [key, operation] of node.operations) {
        heard.push({ summary, node, key, operation });
        weight += weighOperation(operation);
      }
    });
  }
  const calls = (operation: OperationSummary): number => operation.calls + operation.refused / 1e6;
  heard.sort((a, b) => calls(a.operation) - calls(b.operation));
  let operations = 0;
  let lostCalls = 0;
  for (const { summary, node, key, operation } of heard) {
    if (weight <= weightMax) break;
    node.operations.delete(key);
    weight -= weighOperation(operation);
    if (node.operations.size === 0 && node.children.size === 0) weight -= weighNode(node);
    operations += 1;
    lostCalls += operation.calls + operation.refused;
    summary.limits.set(limit, (summary.limits.get(limit) ?? 0) + 1);
  }
  if (operations > 0) for (const summary of summaries) removeEmptyNodes(summary.root);
  return { operations, calls: lostCalls };
}

function removeEmptyNodes(node: PathNode): void {
  for (const [key, child] of node.children) {
    removeEmptyNodes(child);
    if (child.operations.size === 0 && child.children.size === 0) node.children.delete(key);
  }
}
