/** From the store to lessons: all that is known of one API. */
import { DAY_MS } from "./figures.ts";
import type { Lesson, LessonSource } from "./lesson.ts";
import { notFound } from "./problem.ts";
import type { ApiHints } from "./rows.ts";
import type { ApiTable, SourceTable } from "./schema.ts";
import type { Reader } from "./store.ts";

export interface ReadLesson extends Lesson {
  readonly row: ApiTable;
  readonly sourceRows: readonly SourceTable[];
}

/** The source with most calls comes first, so it names the API. */
export async function readLesson(
  db: Reader,
  api: string,
  {
    hashKey,
    nowMs,
    unusedAfterDays,
  }: { hashKey: Uint8Array; nowMs: number; unusedAfterDays: number },
): Promise<ReadLesson> {
  const row = await db.selectFrom("apis").selectAll().where("id", "=", api).executeTakeFirst();
  if (row === undefined) throw notFound("API", api);
  const sourceRows = await db
    .selectFrom("sources")
    .selectAll()
    .where("api", "=", api)
    .orderBy("calls", "desc")
    .orderBy("id")
    .execute();
  const sources: LessonSource[] = [];
  for (const { id, workload, host, port, scheme } of sourceRows) {
    const pieces = await db
      .selectFrom("nodes")
      .select(["path", "data"])
      .where("source", "=", id)
      .orderBy("node")
      .execute();
    sources.push({ id, key: { workload, host, port, scheme }, pieces });
  }
  const imported = await db
    .selectFrom("imports")
    .select("data")
    .where("api", "=", api)
    .executeTakeFirst();
  return {
    api,
    row,
    sourceRows,
    sources,
    hints: JSON.parse(row.hints) as ApiHints,
    hashKey,
    imported: imported?.data ?? null,
    orphanBeforeMs: nowMs - unusedAfterDays * DAY_MS,
  };
}

/** What goes to the thread: rows stay here. */
export const lessonOf = ({
  api,
  sources,
  hints,
  hashKey,
  imported,
  orphanBeforeMs,
}: ReadLesson): Lesson => ({
  api,
  sources,
  hints,
  hashKey,
  imported,
  orphanBeforeMs,
});
