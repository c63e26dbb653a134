/** What changed, and what is worth a look. */

import { sql } from "kysely";
import { apiNames } from "./apidetail.ts";
import { addAudit } from "./auditlog.ts";
import { changeOf } from "./concluding.ts";
import type { Context } from "./context.ts";
import { findingOf, setFinding } from "./findings.ts";
import type { Feed } from "./inventory.ts";
import { growingIdAt } from "./names.ts";
import { listOf, pageOf, readCursor } from "./paging.ts";
import type { Change, ChangeQuery, Finding, FindingQuery, Page } from "./rows.ts";
import type { ChangeTable, FindingTable } from "./schema.ts";
import { inChunks } from "./statements.ts";
import type { Reader } from "./store.ts";

const LIMIT = 100;

export const createFeed = (context: Context): Feed => ({
  changes: (query) => changes(context, query),
  changesAfter: (id, limit) => changesAfter(context, id, limit),
  findings: (query) => findings(context, query),
  judge: (finding, state, reason, who) =>
    judge(context, { finding, state, reason: reason ?? null, who }),
});

async function changes({ store }: Context, query: ChangeQuery): Promise<Page<Change>> {
  const limit = query.limit ?? LIMIT;
  return store.read(async (db) => {
    let found = db
      .selectFrom("changes")
      .selectAll()
      .orderBy("id", "desc")
      .limit(limit + 1);
    if (query.cursor !== undefined) found = found.where("id", "<", readCursor(query.cursor)[1]);
    if (query.api !== undefined) found = found.where("api", "=", query.api);
    const kinds = listOf(query.kind);
    if (kinds.length > 0) found = found.where("kind", "in", kinds);
    if (query.breaking !== undefined) found = found.where("breaking", "=", query.breaking ? 1 : 0);
    if (query.sinceMs !== undefined) {
      // The id says so too, and leads there.
      const fromId = growingIdAt(query.sinceMs);
      found = found.where("id", ">=", fromId).where("at_ms", ">=", query.sinceMs);
    }
    const rows = await found.execute();
    const named = await withNames(db, rows);
    return pageOf(
      named,
      limit,
      ({ id }) => ["", id],
      (change) => change,
    );
  });
}

async function changesAfter({ store }: Context, id: string, limit: number): Promise<Change[]> {
  return store.read(async (db) =>
    withNames(
      db,
      await db
        .selectFrom("changes")
        .selectAll()
        .where("id", ">", id)
        .orderBy("id")
        .limit(limit)
        .execute(),
    ),
  );
}

export async function changesByIds(db: Reader, ids: readonly string[]): Promise<Change[]> {
  const rows: ChangeTable[] = [];
  for (const chunk of inChunks([...ids])) {
    rows.push(...(await db.selectFrom("changes").selectAll().where("id", "in", chunk).execute()));
  }
  return withNames(
    db,
    rows.sort((a, b) => (a.id < b.id ? -1 : 1)),
  );
}

async function withNames(db: Reader, rows: readonly ChangeTable[]): Promise<Change[]> {
  const names = await apiNames(
    db,
    rows.map(({ api }) => api),
  );
  return rows.map((row) => changeOf(row, names.get(row.api) ?? row.api));
}

async function findings({ store }: Context, query: FindingQuery): Promise<Page<Finding>> {
  const limit = query.limit ?? LIMIT;
  return store.read(async (db) => {
    let filtered = db.selectFrom("findings");
    if (query.api !== undefined) filtered = filtered.where("api", "=", query.api);
    for (const name of ["rule", "severity", "state"] as const) {
      const values = listOf(query[name]);
      if (values.length > 0) filtered = filtered.where(name, "in", values);
    }
    let page = filtered
      .selectAll()
      .orderBy("weight", "desc")
      .orderBy("id", "desc")
      .limit(limit + 1);
    if (query.cursor !== undefined) {
      const [weight, id] = readCursor(query.cursor);
      page = page.where(sql<boolean>`(weight, id) < (${Number(weight)}, ${id})`);
    }
    const rows = await page.execute();
    const { count } = await filtered
      .select((eb) => eb.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    const names = await apiNames(
      db,
      rows.map(({ api }) => api),
    );
    return pageOf(
      rows,
      limit,
      (row) => [row.weight, row.id],
      (row) => findingOf(row, names.get(row.api) ?? row.api),
      Number(count),
    );
  });
}

interface Judgement {
  readonly finding: string;
  readonly state: "open" | "accepted";
  readonly reason: string | null;
  readonly who: string;
}

async function judge(
  { store, now, emit }: Context,
  { finding, state, reason, who }: Judgement,
): Promise<Finding> {
  const judged = await store.write(async (tx) => {
    const row = await setFinding(tx, finding, { state, reason });
    const where = row.path === null ? "" : ` at ${row.method} ${row.path}`;
    await addAudit(tx, {
      nowMs: now(),
      who,
      what: state === "accepted" ? "finding.accept" : "finding.reopen",
      message: `${row.title}${where}${reason === null ? "" : `: ${reason}`}`,
      api: row.api,
      undo: { kind: "finding", finding, state: row.state, reason: row.reason },
    });
    const names = await apiNames(tx, [row.api]);
    const after: FindingTable = { ...row, state, reason };
    return findingOf(after, names.get(row.api) ?? row.api);
  });
  emit({ kind: "finding", finding });
  emit({ kind: "api", api: judged.api });
  return judged;
}
