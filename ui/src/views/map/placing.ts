/** Where nodes of the map stand. */
import type { MapNode, Part } from "./part.ts";

interface Place {
  readonly x: number;
  readonly y: number;
}

export interface Placing {
  readonly places: ReadonlyMap<string, Place>;
  /** Beside a node, for its name. */
  readonly hasRoom: boolean;
}

export const placingOf = (part: Part, isNarrow: boolean): Placing =>
  part.nodes.some(({ namespace }) => namespace !== null)
    ? blocksOf(part.nodes)
    : columnsOf(part, isNarrow ? 190 : 420);

/** Of nodes without namespaces: callers to the left of whom they call, those that are as deep above each other. */
const columnsOf = (part: Part, gapX: number): Placing => {
  const depths = depthsOf(part);
  const groups = Map.groupBy(part.nodes, ({ id }) => depths.get(id) ?? 0);
  const places = new Map<string, Place>();
  let hasRoom = true;
  let left = 0;
  for (const depth of [...groups.keys()].toSorted((a, b) => a - b)) {
    const sorted = groups.get(depth)!.toSorted((a, b) => b.calls - a.calls);
    const columns = Math.ceil(sorted.length / Math.max(columnMax, Math.sqrt(sorted.length * 1.2)));
    const rows = Math.ceil(sorted.length / columns);
    hasRoom &&= columns === 1;
    sorted.forEach(({ id }, index) => {
      const column = index % columns;
      // Every second one stands lower, so that what goes to the ones behind it passes between.
      const row = Math.floor(index / columns) + (column % 2) / 2;
      places.set(id, { x: left + column * stepX, y: (row - (rows - 1) / 2) * rowStep });
    });
    left += (columns - 1) * stepX + gapX;
  }
  return { places, hasRoom };
};

const columnMax = 8;
const rowStep = 92;

/** How many calls away from who is called by nobody; where calls go round, by the way found first. */
const depthsOf = ({ nodes, edges }: Pick<Part, "nodes" | "edges">): ReadonlyMap<string, number> => {
  const callers = new Map<string, string[]>();
  for (const { from, to } of edges)
    if (from !== to) callers.set(to, [...(callers.get(to) ?? []), from]);
  const depths = new Map<string, number>();
  const depthOf = (id: string, above: ReadonlySet<string>): number => {
    const known = depths.get(id);
    if (known !== undefined) return known;
    const inner = new Set(above).add(id);
    const ways = (callers.get(id) ?? [])
      .filter((caller) => !inner.has(caller))
      .map((caller) => depthOf(caller, inner) + 1);
    const depth = Math.max(0, ...ways);
    depths.set(id, depth);
    return depth;
  };
  for (const { id } of nodes) depthOf(id, new Set());
  return depths;
};

const stepX = 195;
const stepY = 105;
const gap = 90;
/** Of the whole drawing, width to height. */
const aspect = 1.7;

/** Of nodes in namespaces: a block each, its nodes in rows by calls, blocks beside each other. */
const blocksOf = (nodes: readonly MapNode[]): Placing => {
  const blocks = [...Map.groupBy(nodes, ({ namespace }) => namespace ?? "").values()]
    .map((members) => {
      const columns = Math.ceil(Math.sqrt(members.length * 1.4));
      const rows = Math.ceil(members.length / columns);
      return { members, columns, width: columns * stepX + gap, height: rows * stepY + gap };
    })
    .toSorted((a, b) => b.height - a.height);
  const area = blocks.reduce((sum, { width, height }) => sum + width * height, 0);
  const widthMax = Math.max(Math.sqrt(area * aspect), ...blocks.map(({ width }) => width));
  const places = new Map<string, Place>();
  let left = 0;
  let top = 0;
  let lineHeight = 0;
  for (const { members, columns, width, height } of blocks) {
    if (left > 0 && left + width > widthMax) {
      left = 0;
      top += lineHeight;
      lineHeight = 0;
    }
    members
      .toSorted((a, b) => b.calls - a.calls)
      .forEach((node, index) => {
        const x = left + (index % columns) * stepX;
        const y = top + Math.floor(index / columns) * stepY;
        places.set(node.id, { x, y });
      });
    left += width;
    lineHeight = Math.max(lineHeight, height);
  }
  return { places, hasRoom: false };
};
