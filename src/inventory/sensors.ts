/** Who sends, whether it still does, and what it loses. */

import { isOfCluster, placeOf } from "../telemetry/workload.ts";
import { addAudit } from "./auditlog.ts";
import type { Context } from "./context.ts";
import type { Sensors } from "./inventory.ts";
import { storable } from "./names.ts";
import { notFound } from "./problem.ts";
import type { SensorKind, SensorRow } from "./rows.ts";
import type { SensorTable } from "./schema.ts";

/** A sensor sends every few seconds while it hears anything; its status comes once a minute. */
const SILENT_AFTER_MS = 5 * 60_000;
/** Above this share of what it saw, losses are worth a person's look. */
const LOSS_SHARE = 0.01;
/** Reasons of a sensor's coverage that are losses; the others are choices. */
const LOSS = /^(?:drops?|lost|ring|device|kernel|overflow|shed|unsent|given-up)(?:[.:-]|$)/;
const COVERED_FOR_MS = 10 * 60_000;
const COVERED_MAX = 10_000;

export const createSensors = (context: Context): Sensors => ({
  list: () => list(context),
  report: (name, status) => report(context, storable(name), status),
  remove: (name, who) => remove(context, name, who),
  coveredAddresses: (exceptSensor) => covered(context, exceptSensor),
});

async function list({ store, now }: Context): Promise<SensorRow[]> {
  const rows = await store.read((db) =>
    db.selectFrom("sensors").selectAll().orderBy("name").execute(),
  );
  const nowMs = now();
  return rows.map((row) => sensorRow(row, nowMs));
}

export function sensorRow(row: SensorTable, nowMs: number): SensorRow {
  const coverage = JSON.parse(row.coverage) as Record<string, number>;
  const status = row.status === null ? null : (JSON.parse(row.status) as Record<string, unknown>);
  const health = healthOf(row, coverage, nowMs);
  return {
    name: row.name,
    kind: row.kind as SensorKind,
    version: row.version ?? textOf(status?.["version"]),
    firstMs: row.first_ms,
    lastMs: row.last_ms,
    health,
    calls: row.calls,
    deltas: row.deltas,
    duplicates: row.duplicates,
    coverage,
    status,
    explanation: [...explanationOf(health, row, nowMs), ...linesOf(status?.["explanation"])],
  };
}

function healthOf(
  row: SensorTable,
  coverage: Readonly<Record<string, number>>,
  nowMs: number,
): SensorRow["health"] {
  // An import ends, and is well then.
  if (row.kind !== "import" && nowMs - row.last_ms > SILENT_AFTER_MS) return "silent";
  let lost = 0;
  let all = 0;
  for (const [reason, count] of Object.entries(coverage)) {
    all += count;
    if (LOSS.test(reason)) lost += count;
  }
  return lost > all * LOSS_SHARE ? "losing" : "healthy";
}

function explanationOf(health: SensorRow["health"], row: SensorTable, nowMs: number): string[] {
  if (health === "silent")
    return [`Nothing came from it for ${Math.round((nowMs - row.last_ms) / 60_000)} minutes.`];
  if (health === "losing")
    return ["It loses more than 1 % of what it sees; the reasons stand in its coverage."];
  return row.deltas === 0 ? ["It has not sent anything that it learned yet."] : [];
}

const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null);
const linesOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((line): line is string => typeof line === "string") : [];

async function report(
  { store, now, emit }: Context,
  name: string,
  status: Record<string, unknown>,
): Promise<void> {
  const nowMs = now();
  const text = JSON.stringify(status);
  await store.write((tx) =>
    tx
      .insertInto("sensors")
      .values({
        name,
        kind: "tap",
        version: textOf(status["version"]),
        first_ms: nowMs,
        last_ms: nowMs,
        calls: 0,
        deltas: 0,
        duplicates: 0,
        coverage: "{}",
        status: text,
      })
      .onConflict((on) => on.column("name").doUpdateSet({ last_ms: nowMs, status: text }))
      .execute(),
  );
  emit({ kind: "sensor", sensor: name });
}

/** What it taught stays; its sequence numbers too, so that what it sent before never counts again. */
async function remove({ store, now }: Context, name: string, who: string): Promise<void> {
  await store.write(async (tx) => {
    const { numDeletedRows } = await tx
      .deleteFrom("sensors")
      .where("name", "=", name)
      .executeTakeFirst();
    if (numDeletedRows === 0n) throw notFound("sensor", name);
    await addAudit(tx, {
      nowMs: now(),
      who,
      what: "sensor.remove",
      message: name,
      api: null,
      undo: null,
    });
  });
}

/**
 * Addresses in the sensor's own cluster, as they are given in others too. Those that answer for workloads are named by sensors that know them: those that collect, not
 * those that tap.
 */
async function covered({ store, now }: Context, exceptSensor: string): Promise<string[]> {
  const sinceMs = now() - COVERED_FOR_MS;
  return store.read(async (db) => {
    const others = await db
      .selectFrom("sensors")
      .select("name")
      .where("kind", "=", "collect")
      .where("name", "!=", exceptSensor)
      .where("last_ms", ">=", sinceMs)
      .execute();
    if (others.length === 0) return [];
    const rows = await db
      .selectFrom("sources")
      .select(["workload", "addresses"])
      .where("workload", "!=", "")
      .where("last_ms", ">=", sinceMs)
      .execute();
    const addresses = new Set(
      rows
        .filter(({ workload }) => isOfCluster(exceptSensor, placeOf(workload).cluster))
        .flatMap((row) => Object.keys(JSON.parse(row.addresses) as object)),
    );
    return [...addresses].slice(0, COVERED_MAX);
  });
}
