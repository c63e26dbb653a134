/** Descriptions that people have of their APIs, kept to be compared with what is heard. */
import { apiNames, requireApi } from "./apidetail.ts";
import { addAudit } from "./auditlog.ts";
import type { Context } from "./context.ts";
import type { Imports } from "./inventory.ts";
import type { Described } from "./lesson.ts";
import { pack, unpack } from "./packing.ts";
import { InventoryProblem } from "./problem.ts";
import { refreshRow } from "./refresh.ts";
import type { Comparison, ComparisonRow, ImportResult } from "./rows.ts";
import type { Reader } from "./store.ts";

const PATIENCE_MS = 5_000;

export const createImports = (context: Context): Imports => ({
  put: (api, text, who) => put(context, api, text, who),
  comparison: (api) => comparison(context, api),
  remove: (api, who) => remove(context, api, who),
});

async function put(
  context: Context,
  given: string | null,
  text: string,
  who: string,
): Promise<ImportResult> {
  const { store, learner, inference } = context;
  const described = await learner.ask("describe", { text });
  if (!described.isUsable) {
    const [problem] = described.problems;
    throw new InventoryProblem(
      "invalid",
      `no OpenAPI description: ${problem?.message ?? "it describes nothing"}`,
    );
  }
  const nowMs = context.now();
  const preferences = await context.preferences.get();
  const api = await store.write(async (tx) => {
    const id = given ?? (await apiOfHosts(tx, described));
    await requireApi(tx, id);
    const row = {
      title: described.title,
      version: described.version,
      imported_ms: nowMs,
      data: pack(text),
      documented: 0,
      comparison: null,
    };
    await tx
      .insertInto("imports")
      .values({ api: id, ...row })
      .onConflict((on) => on.column("api").doUpdateSet(row))
      .execute();
    await tx.updateTable("apis").set({ has_imported: 1 }).where("id", "=", id).execute();
    const message = `${described.title}: ${described.operations} operations`;
    await addAudit(tx, { nowMs, who, what: "api.import", message, api: id, undo: null });
    await refreshRow(tx, id, preferences, nowMs);
    return id;
  });
  inference.want(api, "now");
  await inference.upTo(api, PATIENCE_MS);
  context.emit({ kind: "api", api });
  const { title, operations, problems } = described;
  return { api, title, operations, problems: [...problems] };
}

/** The API that has one of the servers as a host, with its port where it names one; of several the most called. */
async function apiOfHosts(db: Reader, { hosts }: Described): Promise<string> {
  for (const server of hosts) {
    const [, host = server, port] = /^(.*?)(?::(\d+))?$/.exec(server) ?? [];
    let query = db
      .selectFrom("sources")
      .select("api")
      .where("host", "=", host)
      .orderBy("calls", "desc");
    if (port !== undefined) query = query.where("port", "=", Number(port));
    const found = await query.executeTakeFirst();
    if (found !== undefined) return found.api;
  }
  const names =
    hosts.length === 0 ? "it names no server" : `its servers are ${hosts.slice(0, 5).join(", ")}`;
  throw new InventoryProblem(
    "invalid",
    `no API that was heard fits the description, as ${names}: name the API that it describes (--api of nta import, api of the request)`,
  );
}

async function comparison({ store }: Context, api: string): Promise<Comparison> {
  return store.read(async (db) => {
    await requireApi(db, api);
    const row = await db
      .selectFrom("imports")
      .selectAll()
      .where("api", "=", api)
      .executeTakeFirst();
    if (row === undefined)
      throw new InventoryProblem("not-found", "no description was imported for this API");
    return {
      api,
      title: row.title,
      importedMs: row.imported_ms,
      documented: row.documented,
      rows: row.comparison === null ? [] : (JSON.parse(unpack(row.comparison)) as ComparisonRow[]),
    };
  });
}

async function remove(context: Context, api: string, who: string): Promise<void> {
  const nowMs = context.now();
  const preferences = await context.preferences.get();
  await context.store.write(async (tx) => {
    await requireApi(tx, api);
    const { numDeletedRows } = await tx
      .deleteFrom("imports")
      .where("api", "=", api)
      .executeTakeFirst();
    if (numDeletedRows === 0n)
      throw new InventoryProblem("not-found", "no description was imported for this API");
    await tx.updateTable("apis").set({ has_imported: 0 }).where("id", "=", api).execute();
    const names = await apiNames(tx, [api]);
    const message = `the description of ${names.get(api)} was taken away`;
    await addAudit(tx, { nowMs, who, what: "api.import-remove", message, api, undo: null });
    await refreshRow(tx, api, preferences, nowMs);
  });
  context.inference.want(api, "now");
  context.emit({ kind: "api", api });
}
