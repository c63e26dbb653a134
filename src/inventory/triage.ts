/** What people make of APIs: names, owners and labels, and which hosts are one API. All of it can be undone. */
import type { Transaction } from "kysely";
import { apiDetail, requireApi } from "./apidetail.ts";
import { apiRow, nameOf, newApi, writeSet } from "./apirow.ts";
import { addAudit, type HumanFields } from "./auditlog.ts";
import type { Context } from "./context.ts";
import { randomId } from "./names.ts";
import { InventoryProblem } from "./problem.ts";
import { refreshRow } from "./refresh.ts";
import type { ApiDetail, ApiPatch, ApiRow } from "./rows.ts";
import type { ApiTable, Database } from "./schema.ts";

export async function patchApi(
  context: Context,
  api: string,
  patch: ApiPatch,
  who: string,
): Promise<ApiDetail> {
  await triage(context, [api], patch, who);
  return apiDetail(context, api);
}

export async function triage(
  context: Context,
  apis: readonly string[],
  patch: ApiPatch,
  who: string,
): Promise<ApiRow[]> {
  const nowMs = context.now();
  const preferences = await context.preferences.get();
  const rows = await context.store.write(async (tx) => {
    const changed: ApiTable[] = [];
    for (const api of new Set(apis)) {
      const before = await requireApi(tx, api);
      const fields = changedFields(before, fieldsOf(patch));
      if (Object.keys(fields.after).length > 0) {
        await tx.updateTable("apis").set(fields.after).where("id", "=", api).execute();
        await addAudit(tx, {
          nowMs,
          who,
          what: "api.change",
          message: `${nameOf(before)}: ${describe(patch)}`,
          api,
          undo: { kind: "fields", api, ...fields },
        });
        await refreshRow(tx, api, preferences, nowMs);
      }
      changed.push(await requireApi(tx, api));
    }
    return changed;
  });
  for (const { id } of rows) {
    context.inference.want(id);
    context.emit({ kind: "api", api: id });
  }
  return rows.map((row) => apiRow(row, nowMs));
}

function fieldsOf(patch: ApiPatch): HumanFields {
  return {
    ...(patch.name === undefined ? {} : { name: patch.name }),
    ...(patch.owner === undefined ? {} : { owner: patch.owner }),
    ...(patch.labels === undefined ? {} : { labels: writeSet(patch.labels) }),
    ...(patch.note === undefined ? {} : { note: patch.note }),
    ...(patch.confirmed === undefined ? {} : { confirmed: patch.confirmed ? 1 : 0 }),
    ...(patch.ignored === undefined ? {} : { ignored: patch.ignored ? 1 : 0 }),
  };
}

export function changedFields(
  row: ApiTable,
  wanted: HumanFields,
): { before: HumanFields; after: HumanFields } {
  const changes = Object.entries(wanted).filter(
    ([field, value]) => row[field as keyof HumanFields] !== value,
  );
  return {
    before: Object.fromEntries(changes.map(([field]) => [field, row[field as keyof HumanFields]])),
    after: Object.fromEntries(changes),
  };
}

function describe(patch: ApiPatch): string {
  const parts: string[] = [];
  if (patch.name !== undefined) parts.push(`is called ${patch.name}`);
  if (patch.owner !== undefined)
    parts.push(patch.owner === null ? "has no owner" : `belongs to ${patch.owner}`);
  if (patch.labels !== undefined)
    parts.push(
      patch.labels.length === 0 ? "has no labels" : `is labelled ${patch.labels.join(", ")}`,
    );
  if (patch.note !== undefined) parts.push("has another note");
  if (patch.confirmed !== undefined)
    parts.push(patch.confirmed ? "is confirmed" : "is no longer confirmed");
  if (patch.ignored !== undefined)
    parts.push(patch.ignored ? "is ignored" : "is no longer ignored");
  return parts.join(", ");
}

export async function mergeApis(
  context: Context,
  into: string,
  apis: readonly string[],
  who: string,
): Promise<ApiDetail> {
  const nowMs = context.now();
  const others = [...new Set(apis)].filter((api) => api !== into);
  if (others.length === 0)
    throw new InventoryProblem("invalid", "name at least one other API to merge");
  const preferences = await context.preferences.get();
  await context.store.write(async (tx) => {
    const target = await requireApi(tx, into);
    const names: string[] = [];
    for (const api of others) names.push(nameOf(await requireApi(tx, api)));
    const sources = await tx
      .selectFrom("sources")
      .select(["id", "api"])
      .where("api", "in", others)
      .execute();
    await tx.updateTable("sources").set({ api: into }).where("api", "in", others).execute();
    await tx.updateTable("apis").set({ merged_into: into }).where("id", "in", others).execute();
    await addAudit(tx, {
      nowMs,
      who,
      what: "api.merge",
      message: `${names.join(", ")} became part of ${nameOf(target)}`,
      api: into,
      undo: {
        kind: "sources",
        moves: sources.map(({ id, api }) => ({ source: id, from: api, to: into })),
        merged: others,
      },
    });
    for (const api of [into, ...others]) await refreshRow(tx, api, preferences, nowMs);
  });
  return inferredNow(context, into, others);
}

export async function splitApi(
  context: Context,
  api: string,
  sources: readonly string[],
  who: string,
): Promise<ApiDetail> {
  const nowMs = context.now();
  const preferences = await context.preferences.get();
  const made = await context.store.write(async (tx) => {
    const row = await requireApi(tx, api);
    const all = await tx
      .selectFrom("sources")
      .select(["id", "host", "port", "home"])
      .where("api", "=", api)
      .execute();
    const leaving = all.filter(({ id }) => sources.includes(id));
    if (leaving.length !== new Set(sources).size)
      throw new InventoryProblem("invalid", "not all of these sources are part of the API");
    if (leaving.length === all.length)
      throw new InventoryProblem("invalid", "at least one source must stay in the API");
    const id = await freeApi(tx, leaving[0]!.home, api);
    await tx
      .insertInto("apis")
      .values({ ...newApi(id, nowMs), title: leaving[0]!.host })
      .onConflict((on) => on.column("id").doUpdateSet({ merged_into: null }))
      .execute();
    const moved = leaving.map((source) => source.id);
    await tx.updateTable("sources").set({ api: id }).where("id", "in", moved).execute();
    const hosts = leaving.map(({ host, port }) => `${host}:${port}`).join(", ");
    await addAudit(tx, {
      nowMs,
      who,
      what: "api.split",
      message: `${hosts} left ${nameOf(row)}`,
      api,
      undo: {
        kind: "sources",
        moves: moved.map((source) => ({ source, from: api, to: id })),
        merged: [],
      },
    });
    for (const each of [api, id]) await refreshRow(tx, each, preferences, nowMs);
    return id;
  });
  return inferredNow(context, made, [api]);
}

/** The API that the source would be by rule, where that one is not in use; else one of a new name. */
async function freeApi(tx: Transaction<Database>, home: string, from: string): Promise<string> {
  if (home === from) return randomId();
  const used = await tx
    .selectFrom("sources")
    .select("id")
    .where("api", "=", home)
    .executeTakeFirst();
  return used === undefined ? home : randomId();
}

/** Answers as the change left it, but does not wait for more than a moment. */
async function inferredNow(
  context: Context,
  api: string,
  others: readonly string[],
): Promise<ApiDetail> {
  for (const each of [api, ...others]) {
    context.inference.want(each, "now");
    context.emit({ kind: "api", api: each });
  }
  await context.inference.upTo(api, PATIENCE_MS);
  return apiDetail(context, api);
}

const PATIENCE_MS = 3_000;
