/** Rows in statements of few sizes, so that they stay prepared. */
import { CompiledQuery, type RawBuilder, sql, type Transaction } from "kysely";
import { inventoryLimits } from "../base/limits.ts";
import { type Database, TABLE_KEYS } from "./schema.ts";
import type { Engine } from "./store.ts";

/** A sum that passes 2^53 ends there: beyond, node:sqlite does not read what it wrote, and PostgreSQL's integers end at 2^63. */
export const saturated = <Value>(value: Value): Value =>
  typeof value === "number" && value > Number.MAX_SAFE_INTEGER
    ? (Number.MAX_SAFE_INTEGER as Value)
    : value;

/** The sum of a column over many rows, each of which may be as large as that. */
export const summed = (column: string): RawBuilder<number> =>
  sql<number>`sum(${sql.ref(column)} * 1.0)`;

/** Whether a column has one of many values: one value of the statement, so that its text is the same for any number. */
export const isOneOf = (
  engine: Engine,
  column: string,
  values: readonly string[],
): RawBuilder<boolean> =>
  engine === "postgres"
    ? sql<boolean>`${sql.ref(column)} = any(${values}::text[])`
    : sql<boolean>`${sql.ref(column)} in (select value from json_each(${JSON.stringify(values)}))`;

/** The largest first: `rowsMax`, then what is left in powers of four. */
export function* inChunks<Row>(rows: readonly Row[]): Generator<Row[]> {
  let size: number = inventoryLimits.rowsMax;
  let at = 0;
  while (at < rows.length) {
    while (size > rows.length - at) size = Math.max(1, size >> 2);
    yield rows.slice(at, at + size);
    at += size;
  }
}

/** By table, columns that are updated, number of rows and engine. */
const texts = new Map<string, string>();

/**
 * Inserts rows, all with the same columns; of those whose keys are there already the named columns are replaced, all but
 * the key where none are named. The text is made once for each size: kysely takes as long to make it as SQLite to run it.
 */
export async function upsert<Table extends keyof Database>(
  tx: Transaction<Database>,
  engine: Engine,
  table: Table,
  rows: readonly Database[Table][],
  updated?: readonly (keyof Database[Table] & string)[],
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const columns = Object.keys(first) as (keyof Database[Table] & string)[];
  const replaced =
    updated ?? columns.filter((column) => !TABLE_KEYS[table].some((key) => key === column));
  for (const chunk of inChunks(rows)) {
    const name = `${engine} ${table} ${chunk.length} ${columns.join()} ${replaced.join()}`;
    const text = texts.get(name) ?? upsertText(engine, table, columns, replaced, chunk.length);
    texts.set(name, text);
    const values: unknown[] = [];
    for (const row of chunk) for (const column of columns) values.push(saturated(row[column]));
    await tx.executeQuery(CompiledQuery.raw(text, values));
  }
}

function upsertText(
  engine: Engine,
  table: keyof Database,
  columns: readonly string[],
  replaced: readonly string[],
  rowCount: number,
): string {
  const rows = Array.from({ length: rowCount }, (_, row) => {
    const values = columns.map((_column, index) =>
      engine === "postgres" ? `$${row * columns.length + index + 1}` : "?",
    );
    return `(${values.join(", ")})`;
  });
  const updates = replaced.map((column) => `${column} = excluded.${column}`);
  return `insert into ${table} (${columns.join(", ")}) values ${rows.join(", ")} on conflict (${TABLE_KEYS[table].join(", ")}) do update set ${updates.join(", ")}`;
}
