/** Pages by the last row of the one before, so that rows which come meanwhile move nothing. */
import { InventoryProblem } from "./problem.ts";
import type { Page } from "./rows.ts";

/** What a page was sorted by, and the id, of its last row. */
export type Cursor = readonly [value: string | number, id: string];

export const writeCursor = (cursor: Cursor): string =>
  Buffer.from(JSON.stringify(cursor)).toString("base64url");

export function readCursor(text: string): Cursor {
  try {
    const [value, id] = JSON.parse(Buffer.from(text, "base64url").toString()) as unknown[];
    if ((typeof value === "string" || typeof value === "number") && typeof id === "string")
      return [value, id];
  } catch {
    // Said below.
  }
  throw new InventoryProblem(
    "invalid",
    "the cursor is none that this list gave: begin without one",
  );
}

/** A page of rows of which one more than `limit` was asked for. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  cursorOf: (row: Row) => Cursor,
  itemOf: (row: Row) => Item,
  total: number | null = null,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(itemOf),
    next: rows.length > limit && last !== undefined ? writeCursor(cursorOf(last)) : null,
    total,
  };
}

export interface Sorting {
  readonly column: string;
  readonly isDown: boolean;
}

/** `-calls` to a column of `columns`. */
export function sortingOf(sort: string, columns: Readonly<Record<string, string>>): Sorting {
  const isDown = sort.startsWith("-");
  const column = new Map(Object.entries(columns)).get(isDown ? sort.slice(1) : sort);
  if (column === undefined) {
    throw new InventoryProblem(
      "invalid",
      `sort: ${Object.keys(columns).join(", ")}, with a minus in front to sort down`,
    );
  }
  return { column, isDown };
}

/** Members of a comma list. */
export const listOf = (text: string | undefined): string[] =>
  (text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
