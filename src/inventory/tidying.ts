/** Ingest adds to pieces one by one, so what limits whole nodes and tries is looked at when a source is read as a whole. */
import { inventoryLimits, telemetryLimits } from "../base/limits.ts";
import { absorbNode } from "../telemetry/merge.ts";
import type { ApiSummary, PathNode } from "../telemetry/summary.ts";
import type { Tidied } from "./lesson.ts";
import { cutInPieces, packPiece } from "./pieces.ts";

/** Cuts the summary down; it must not be used afterwards. */
export function tidy(summary: ApiSummary): Tidied {
  const limits = new Map<string, number>();
  const root: PathNode = { children: new Map(), operations: new Map(), slots: [] };
  foldWide(summary.root, limits);
  absorbNode(root, summary.root, limits);
  dropLeastHeard(root, limits);
  const pieces: { path: string; data: Uint8Array }[] = [];
  cutInPieces(root, (path, piece) => pieces.push({ path, data: packPiece(piece).data }));
  return { pieces, limits: Object.fromEntries(limits) };
}

export function isOverfull({ root }: ApiSummary): boolean {
  let nodes = 0;
  let isWide = false;
  const walk = (node: PathNode): void => {
    nodes += 1;
    isWide ||= node.children.size > telemetryLimits.pathChildrenMax;
    for (const child of node.children.values()) walk(child);
  };
  walk(root);
  return isWide || nodes > inventoryLimits.nodesTidyAbove;
}

/** Merging into an empty node of the same kind cuts its children by telemetry's own rule. */
function foldWide(node: PathNode, limits: Map<string, number>): void {
  for (const child of node.children.values()) foldWide(child, limits);
  if (node.children.size <= telemetryLimits.pathChildrenMax) return;
  const children = new Map(node.children);
  node.children.clear();
  absorbNode(node, { children, operations: new Map(), slots: [] }, limits);
}

/** Leaves that are heard least go, until there is room again. */
function dropLeastHeard(root: PathNode, limits: Map<string, number>): void {
  const leaves: { parent: PathNode; key: string; calls: number }[] = [];
  let nodes = 0;
  const walk = (node: PathNode): void => {
    nodes += 1;
    for (const [key, child] of node.children) {
      walk(child);
      if (child.children.size > 0) continue;
      let calls = 0;
      for (const operation of child.operations.values())
        calls += operation.calls + operation.refused / 1e6;
      leaves.push({ parent: node, key, calls });
    }
  };
  walk(root);
  leaves.sort((a, b) => a.calls - b.calls);
  for (const { parent, key } of leaves) {
    if (nodes <= inventoryLimits.nodesKept) return;
    parent.children.delete(key);
    nodes -= 1;
    limits.set("nodesKept", (limits.get("nodesKept") ?? 0) + 1);
  }
}
