/** Who changed what, and how to take it back. */
import type { Transaction } from "kysely";
import type { AuditRow } from "./administration.ts";
import type { Context } from "./context.ts";
import { setFinding } from "./findings.ts";
import type { Audit } from "./inventory.ts";
import { growingId, storable } from "./names.ts";
import { pageOf, readCursor } from "./paging.ts";
import { InventoryProblem, notFound } from "./problem.ts";
import { refreshRow } from "./refresh.ts";
import type { ApiTable, AuditTable, Database } from "./schema.ts";

/** Fields of an API that people set. */
export type HumanFields = Partial<
  Pick<ApiTable, "name" | "owner" | "labels" | "note" | "confirmed" | "ignored" | "hints">
>;

/** What takes an entry back. Each carries what it left, so that a later change by another is not undone unseen. */
export type Undo =
  | {
      readonly kind: "fields";
      readonly api: string;
      readonly before: HumanFields;
      readonly after: HumanFields;
    }
  | {
      readonly kind: "sources";
      /** API of each source, before and after. */
      readonly moves: readonly {
        readonly source: string;
        readonly from: string;
        readonly to: string;
      }[];
      /** APIs that were made part of another. */
      readonly merged: readonly string[];
    }
  | {
      readonly kind: "finding";
      readonly finding: string;
      readonly state: string;
      readonly reason: string | null;
    };

interface Entry {
  readonly nowMs: number;
  readonly who: string;
  readonly what: string;
  readonly message: string;
  readonly api: string | null;
  readonly undo: Undo | null;
}

export async function addAudit(
  tx: Transaction<Database>,
  { nowMs, who, what, message, api, undo }: Entry,
): Promise<string> {
  const id = growingId(nowMs);
  await tx
    .insertInto("audit")
    .values({
      id,
      at_ms: nowMs,
      who,
      what,
      message,
      api,
      undo: undo === null ? null : JSON.stringify(undo),
      undone_ms: null,
    })
    .execute();
  return id;
}

const LIMIT = 100;

export const createAudit = (context: Context): Audit => ({
  list: async ({ cursor, limit = LIMIT, api }) =>
    context.store.read(async (db) => {
      let found = db
        .selectFrom("audit")
        .selectAll()
        .orderBy("id", "desc")
        .limit(limit + 1);
      if (cursor !== undefined) found = found.where("id", "<", readCursor(cursor)[1]);
      if (api !== undefined) found = found.where("api", "=", api);
      return pageOf(await found.execute(), limit, ({ id }) => ["", id], auditRow);
    }),
  undo: (entry, who) => undo(context, entry, who),
  note: (what, message, who) =>
    context.store.write(async (tx) => {
      const entry = { nowMs: context.now(), who, what, message: storable(message) };
      await addAudit(tx, { ...entry, api: null, undo: null });
    }),
});

const auditRow = (row: AuditTable): AuditRow => ({
  id: row.id,
  atMs: row.at_ms,
  who: row.who,
  what: row.what,
  message: row.message,
  api: row.api,
  undoable: row.undo !== null && row.undone_ms === null,
  undoneMs: row.undone_ms,
});

async function undo(context: Context, id: string, who: string): Promise<AuditRow> {
  const nowMs = context.now();
  const preferences = await context.preferences.get();
  const { entry, touched } = await context.store.write(async (tx) => {
    const row = await tx.selectFrom("audit").selectAll().where("id", "=", id).executeTakeFirst();
    if (row === undefined) throw notFound("entry of the audit log", id);
    if (row.undone_ms !== null) throw new InventoryProblem("conflict", "this was undone already");
    if (row.undo === null)
      throw new InventoryProblem("invalid", `nothing takes back what ${row.what} did`);
    const apis = await takeBack(tx, JSON.parse(row.undo) as Undo);
    await tx.updateTable("audit").set({ undone_ms: nowMs }).where("id", "=", id).execute();
    const message = `took back: ${row.message}`;
    await addAudit(tx, { nowMs, who, what: "audit.undo", message, api: row.api, undo: null });
    for (const api of apis) await refreshRow(tx, api, preferences, nowMs);
    return { entry: auditRow({ ...row, undone_ms: nowMs }), touched: apis };
  });
  for (const api of touched) {
    context.inference.want(api, "now");
    context.emit({ kind: "api", api });
  }
  return entry;
}

/** Gives the APIs that it touched. */
async function takeBack(tx: Transaction<Database>, undo: Undo): Promise<string[]> {
  switch (undo.kind) {
    case "fields":
      return takeBackFields(tx, undo);
    case "sources":
      return takeBackMoves(tx, undo);
    case "finding": {
      const { finding, state, reason } = undo;
      const { api } = await setFinding(tx, finding, { state, reason });
      return [api];
    }
  }
}

async function takeBackFields(
  tx: Transaction<Database>,
  undo: Extract<Undo, { kind: "fields" }>,
): Promise<string[]> {
  const row = await tx.selectFrom("apis").selectAll().where("id", "=", undo.api).executeTakeFirst();
  if (row === undefined) throw notFound("API", undo.api);
  for (const [field, value] of Object.entries(undo.after)) {
    if (row[field as keyof HumanFields] !== value) {
      throw new InventoryProblem(
        "conflict",
        `the ${field} was changed again since: undo that first`,
      );
    }
  }
  await tx.updateTable("apis").set(undo.before).where("id", "=", undo.api).execute();
  return [undo.api];
}

async function takeBackMoves(
  tx: Transaction<Database>,
  undo: Extract<Undo, { kind: "sources" }>,
): Promise<string[]> {
  for (const { source, to } of undo.moves) {
    const row = await tx
      .selectFrom("sources")
      .select("api")
      .where("id", "=", source)
      .executeTakeFirst();
    if (row !== undefined && row.api !== to) {
      throw new InventoryProblem(
        "conflict",
        "its hosts were merged or split again since: undo that first",
      );
    }
  }
  for (const api of undo.merged)
    await tx.updateTable("apis").set({ merged_into: null }).where("id", "=", api).execute();
  for (const { source, from } of undo.moves) {
    await tx.updateTable("sources").set({ api: from }).where("id", "=", source).execute();
  }
  return [...new Set([...undo.moves.flatMap(({ from, to }) => [from, to]), ...undo.merged])];
}
