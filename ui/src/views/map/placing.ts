/** Where nodes stand when there are namespaces: a block each, its nodes in rows by calls, blocks beside each other. */
import type { MapNode } from "./part.ts";

export interface Place {
  readonly x: number;
  readonly y: number;
}

const stepX = 195;
const stepY = 105;
const gap = 90;
/** Of the whole drawing, width to height. */
const aspect = 1.7;

export const placesOf = (nodes: readonly MapNode[]): ReadonlyMap<string, Place> => {
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
  return places;
};
