/**
 * Summaries in pieces. A piece is one node of the path trie without its children: pieces of one path merge as summaries
 * do, and all pieces of a source are its summary again.
 */
import { absorbNode, emptySummary } from "../telemetry/merge.ts";
import type { ApiKey, ApiSummary, LimitMarks, PathNode } from "../telemetry/summary.ts";
import { decodeSummary, nodeText } from "../telemetry/wire.ts";
import { storable } from "./names.ts";
import { packQuickly, unpack } from "./packing.ts";

/** What stands for the key where a piece is written by itself. */
const NO_KEY: ApiKey = { workload: "", host: "", port: 0, scheme: "http" };

const emptyNode = (): PathNode => ({ children: new Map(), operations: new Map(), slots: [] });

/** Calls `visit` for each node that says something; the nodes have no children, and belong to the caller. */
export function cutInPieces(root: PathNode, visit: (path: string, piece: PathNode) => void): void {
  const walk = (node: PathNode, path: string): void => {
    const children = [...node.children];
    node.children.clear();
    if (node.operations.size > 0 || node.slots.length > 0 || node.hash !== undefined)
      visit(path, node);
    for (const [key, child] of children) walk(child, `${path}/${storable(key)}`);
  };
  walk(root, "");
}

/** Merges `from` into `into`; false where that changes nothing. */
export function absorbPiece(into: PathNode, from: PathNode, limits: LimitMarks): boolean {
  const isSame = from.operations.size === 0 && from.slots.length === 0 && into.hash === from.hash;
  if (isSame) return false;
  if (from.hash !== undefined) into.hash = from.hash;
  absorbNode(into, from, limits);
  return true;
}

export function packPiece(piece: PathNode): { data: Uint8Array; characters: number } {
  const text = nodeText(piece);
  return { data: packQuickly(text), characters: text.length };
}

export function unpackPiece(data: Uint8Array): { piece: PathNode; characters: number } {
  const text = unpack(data);
  const [dictionary, root] = JSON.parse(text) as unknown[];
  const { value, problems } = decodeSummary({ v: 1, key: NO_KEY, dictionary, root });
  if (value === null)
    throw new Error(`internal error: a stored piece is broken: ${problems.join()}`);
  return { piece: value.root, characters: text.length };
}

/** The summary of a source. */
export function joinPieces(
  key: ApiKey,
  pieces: Iterable<{ readonly path: string; readonly data: Uint8Array }>,
): ApiSummary {
  const summary = emptySummary(key);
  const nodes = new Map<string, PathNode>([["", summary.root]]);
  const nodeAt = (path: string): PathNode => {
    const known = nodes.get(path);
    if (known !== undefined) return known;
    const node = emptyNode();
    nodes.set(path, node);
    const slash = path.lastIndexOf("/");
    nodeAt(path.slice(0, slash)).children.set(path.slice(slash + 1), node);
    return node;
  };
  for (const { path, data } of pieces) {
    const { piece } = unpackPiece(data);
    const node = nodeAt(path);
    for (const [key_, operation] of piece.operations) node.operations.set(key_, operation);
    node.slots.push(...piece.slots);
    if (piece.hash !== undefined) node.hash = piece.hash;
  }
  return summary;
}
