/** Corrections of one API, kept with it; inference obeys them from then on. */
import { inventoryLimits } from "../base/limits.ts";
import { parseHints } from "../spec/hints.ts";
import { requireApi } from "./apidetail.ts";
import { existingApis } from "./apilist.ts";
import { nameOf, readSet } from "./apirow.ts";
import { addAudit } from "./auditlog.ts";
import type { Context } from "./context.ts";
import type { HintStore, HintsOfServers } from "./inventory.ts";
import { lessonOf, readLesson } from "./lessons.ts";
import { InventoryProblem } from "./problem.ts";
import { refreshRow } from "./refresh.ts";
import type { ApiHints, HintsPreview } from "./rows.ts";
import { changedFields } from "./triage.ts";

const PATIENCE_MS = 3_000;

export const createHints = (context: Context): HintStore => ({
  get: (api) =>
    context.store.read(async (db) => JSON.parse((await requireApi(db, api)).hints) as ApiHints),
  put: async (api, hints, who) => put(context, api, checked(hints), who),
  preview: async (api, hints) => preview(context, api, checked(hints)),
  all: () => all(context),
});

/** Of the APIs that are called most, as many as a sensor may be told. */
async function all({ store }: Context): Promise<HintsOfServers[]> {
  const rows = await store.read((db) =>
    existingApis(db)
      .select(["hosts", "ports", "hints"])
      .where("hints", "not in", NO_HINTS)
      .orderBy("calls", "desc")
      .limit(inventoryLimits.hintedApisMax)
      .execute(),
  );
  let left: number = inventoryLimits.hintsCharactersMax;
  return rows.flatMap(({ hosts, ports, hints }) => {
    left -= hosts.length + ports.length + hints.length;
    if (left < 0) return [];
    return [
      {
        hosts: readSet(hosts),
        ports: readSet(ports).map(Number),
        ...(JSON.parse(hints) as ApiHints),
      },
    ];
  });
}

/** As they are stored before anybody gave one, and where all were taken back. */
const NO_HINTS = [
  "{}",
  JSON.stringify({ pins: [], vetoes: [], renames: [], ignores: [], ownHeaders: [] }),
];

/** The same rules as for a file of hints. */
function checked(hints: ApiHints): ApiHints {
  const { value, problems } = parseHints(JSON.stringify(hints));
  if (problems.length > 0) throw new InventoryProblem("invalid", problems.join("; "));
  const { pins, vetoes, renames, ignores, ownHeaders } = value;
  return { pins, vetoes, renames, ignores, ownHeaders };
}

async function put(context: Context, api: string, hints: ApiHints, who: string): Promise<ApiHints> {
  const nowMs = context.now();
  const preferences = await context.preferences.get();
  await context.store.write(async (tx) => {
    const row = await requireApi(tx, api);
    const fields = changedFields(row, { hints: JSON.stringify(hints) });
    if (Object.keys(fields.after).length === 0) return;
    await tx.updateTable("apis").set(fields.after).where("id", "=", api).execute();
    const count = Object.values(hints).reduce((sum, list) => sum + list.length, 0);
    await addAudit(tx, {
      nowMs,
      who,
      what: "api.hints",
      message: `${nameOf(row)}: ${count} hint${count === 1 ? "" : "s"}`,
      api,
      undo: { kind: "fields", api, ...fields },
    });
    await refreshRow(tx, api, preferences, nowMs);
  });
  context.inference.want(api, "now");
  await context.inference.upTo(api, PATIENCE_MS);
  context.emit({ kind: "api", api });
  return hints;
}

async function preview(
  { store, now, hashKey, learner, preferences }: Context,
  api: string,
  proposed: ApiHints,
): Promise<HintsPreview> {
  const { unusedAfterDays } = await preferences.get();
  const nowMs = now();
  const lesson = await store.read(async (db) => {
    await requireApi(db, api);
    return readLesson(db, api, { hashKey, nowMs, unusedAfterDays });
  });
  return learner.ask("preview", { ...lessonOf(lesson), proposed });
}
