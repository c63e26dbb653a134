/** The part of the map that is drawn. */
import type { ServiceMap } from "../../../../src/server/contract.ts";

export type MapNode = ServiceMap["nodes"][number];
export type Colouring = "errors" | "findings";

export interface Part {
  readonly nodes: readonly MapNode[];
  readonly edges: ServiceMap["edges"];
  /** Nodes that fit the filter and are too many to draw. */
  readonly hidden: number;
}

/** So many names can be read at once; more than the second is a hairball. */
export const nodesShown = { first: 48, most: 150 };

/** What the filter names and its neighbours; those with most calls where they are too many. */
export const partOf = (
  map: ServiceMap,
  {
    namespace,
    q,
    nodesMax,
  }: { readonly namespace: string | null; readonly q: string; readonly nodesMax: number },
): Part => {
  const wanted = q.toLowerCase();
  const isNamed = (node: MapNode): boolean =>
    (namespace === null || node.namespace === namespace) &&
    node.label.toLowerCase().includes(wanted);
  const named = new Set(map.nodes.filter(isNamed).map(({ id }) => id));
  const near = new Set(named);
  if (namespace !== null || wanted !== "")
    for (const { from, to } of map.edges) {
      if (named.has(from)) near.add(to);
      if (named.has(to)) near.add(from);
    }
  const weights = new Map<string, number>();
  for (const { from, to, calls } of map.edges)
    for (const id of [from, to]) weights.set(id, (weights.get(id) ?? 0) + calls);
  const fitting = map.nodes
    .filter(({ id }) => near.has(id))
    .toSorted((a, b) => (weights.get(b.id) ?? b.calls) - (weights.get(a.id) ?? a.calls));
  const nodes = fitting.slice(0, nodesMax);
  const drawn = new Set(nodes.map(({ id }) => id));
  return {
    nodes,
    edges: map.edges.filter(({ from, to }) => drawn.has(from) && drawn.has(to)),
    hidden: fitting.length - nodes.length,
  };
};

export const edgesOf = (part: Part, id: string) => ({
  callers: part.edges.filter(({ to }) => to === id).map(({ from, via }) => ({ id: from, via })),
  called: part.edges.filter(({ from }) => from === id).map(({ to, via }) => ({ id: to, via })),
});
