/** Endpoints as a tree of their paths. Folders with one folder inside and nothing else are one row. */
import type { EndpointRow } from "../../../../src/server/contract.ts";
import { addSeries, type Series, type SeriesById } from "./series.ts";

export interface Folder {
  readonly kind: "folder";
  readonly id: string;
  readonly label: string;
  readonly depth: number;
  readonly endpoints: number;
  readonly calls: number;
  /** Of its calls, those that failed. */
  readonly errorShare: number;
  readonly series: Series | null;
}

export interface Leaf {
  readonly kind: "endpoint";
  readonly id: string;
  readonly depth: number;
  readonly endpoint: EndpointRow;
}

export type TreeRow = Folder | Leaf;

interface Node {
  label: string;
  path: string;
  readonly children: Map<string, Node>;
  readonly endpoints: EndpointRow[];
  count: number;
  calls: number;
  errors: number;
  series: Series | null;
}

export interface Tree {
  readonly root: Node;
  readonly folders: readonly string[];
}

const makeNode = (label: string, path: string): Node => ({
  label,
  path,
  children: new Map(),
  endpoints: [],
  count: 0,
  calls: 0,
  errors: 0,
  series: null,
});

export const makeTree = (endpoints: readonly EndpointRow[], series: SeriesById): Tree => {
  const root = makeNode("", "");
  for (const endpoint of endpoints) {
    let node = root;
    add(node, endpoint, series);
    for (const segment of endpoint.path.split("/").slice(1)) {
      let child = node.children.get(segment);
      if (child === undefined) {
        child = makeNode(`/${segment}`, `${node.path}/${segment}`);
        node.children.set(segment, child);
      }
      node = child;
      add(node, endpoint, series);
    }
    node.endpoints.push(endpoint);
  }
  const folders: string[] = [];
  for (const child of root.children.values()) join(child, folders);
  return { root, folders };
};

const add = (node: Node, endpoint: EndpointRow, series: SeriesById): void => {
  node.series = addSeries(node.series, series.get(endpoint.id));
  node.count += 1;
  node.calls += endpoint.calls;
  node.errors += endpoint.calls * endpoint.errorShare;
};

const join = (node: Node, folders: string[]): void => {
  while (node.children.size === 1 && node.endpoints.length === 0) {
    const [only] = node.children.values();
    node.label += only!.label;
    node.path = only!.path;
    node.children.clear();
    for (const [segment, child] of only!.children) node.children.set(segment, child);
    node.endpoints.push(...only!.endpoints);
  }
  folders.push(node.path);
  for (const child of node.children.values()) join(child, folders);
};

/** The rows in sight, from top to bottom; what stands below a closed folder is left out. */
export const rowsOf = (tree: Tree, closed: ReadonlySet<string>): TreeRow[] => {
  const rows: TreeRow[] = [];
  const walk = (node: Node, depth: number): void => {
    rows.push({
      kind: "folder",
      id: node.path,
      label: node.label,
      depth,
      endpoints: node.count,
      calls: node.calls,
      errorShare: node.calls === 0 ? 0 : node.errors / node.calls,
      series: node.series,
    });
    if (closed.has(node.path)) return;
    for (const endpoint of node.endpoints)
      rows.push({ kind: "endpoint", id: endpoint.id, depth: depth + 1, endpoint });
    for (const child of node.children.values()) walk(child, depth + 1);
  };
  for (const endpoint of tree.root.endpoints)
    rows.push({ kind: "endpoint", id: endpoint.id, depth: 0, endpoint });
  for (const child of tree.root.children.values()) walk(child, 0);
  return rows;
};
