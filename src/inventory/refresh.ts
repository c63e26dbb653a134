/** What follows from a person's change at once; the rest follows from inference, which it asks for. */
import type { Transaction } from "kysely";
import type { Preferences } from "./administration.ts";
import { searchText, statusOf } from "./apirow.ts";
import type { Database } from "./schema.ts";

export async function refreshRow(
  tx: Transaction<Database>,
  api: string,
  preferences: Preferences,
  nowMs: number,
): Promise<void> {
  const row = await tx.selectFrom("apis").selectAll().where("id", "=", api).executeTakeFirst();
  if (row === undefined) return;
  await tx
    .updateTable("apis")
    .set({
      status: statusOf(row, preferences, nowMs),
      search: searchText(row),
      dirty_ms: (row.dirty_ms ?? nowMs) + 1,
    })
    .where("id", "=", api)
    .execute();
}
