/** Findings as they are kept: each stays known by its id, whether it is seen now or not. */
import type { Transaction } from "kysely";
import type { LearnedFinding } from "./lesson.ts";
import { notFound } from "./problem.ts";
import type { Finding, FindingState, Severity, SeverityCounts } from "./rows.ts";
import type { Database, FindingTable } from "./schema.ts";
import { SEVERITIES } from "./severity.ts";
import { inChunks, upsert } from "./statements.ts";
import type { Engine, Reader } from "./store.ts";

/** What is seen now is open, unless a person accepted it; what is seen no more is resolved. Gives those that opened. */
export async function saveFindings(
  tx: Transaction<Database>,
  engine: Engine,
  api: string,
  learned: readonly LearnedFinding[],
  nowMs: number,
): Promise<string[]> {
  const stored = await tx.selectFrom("findings").selectAll().where("api", "=", api).execute();
  const known = new Map(stored.map((row) => [row.id, row]));
  const opened: string[] = [];
  const rows: FindingTable[] = [];
  for (const finding of new Map(learned.map((each) => [each.id, each])).values()) {
    const before = known.get(finding.id);
    known.delete(finding.id);
    const isOpened = before === undefined || before.state === "resolved";
    if (isOpened) opened.push(finding.id);
    rows.push({
      id: finding.id,
      rule: finding.rule,
      title: finding.title,
      severity: finding.severity,
      weight: SEVERITIES.indexOf(finding.severity),
      api,
      method: finding.method,
      path: finding.path,
      endpoint: finding.endpoint,
      evidence: JSON.stringify(finding.evidence),
      advice: finding.advice,
      state: isOpened ? "open" : before.state,
      reason: isOpened ? null : before.reason,
      first_ms: before?.first_ms ?? nowMs,
      last_ms: nowMs,
    });
  }
  await upsert(tx, engine, "findings", rows);
  const gone = [...known.values()].filter(({ state }) => state === "open").map(({ id }) => id);
  for (const ids of inChunks(gone)) {
    await tx.updateTable("findings").set({ state: "resolved" }).where("id", "in", ids).execute();
  }
  return opened;
}

/** Open ones of an API. */
export async function countFindings(db: Reader, api: string): Promise<SeverityCounts> {
  const rows = await db
    .selectFrom("findings")
    .select((eb) => ["severity", eb.fn.countAll<number>().as("count")])
    .where("api", "=", api)
    .where("state", "=", "open")
    .groupBy("severity")
    .execute();
  const counts: SeverityCounts = { info: 0, low: 0, medium: 0, high: 0 };
  for (const { severity, count } of rows) counts[severity as Severity] = Number(count);
  return counts;
}

export const findingOf = (row: FindingTable, apiName: string): Finding => ({
  id: row.id,
  rule: row.rule,
  title: row.title,
  severity: row.severity as Severity,
  api: row.api,
  apiName,
  method: row.method,
  path: row.path,
  endpoint: row.endpoint,
  evidence: JSON.parse(row.evidence) as string[],
  advice: row.advice,
  state: row.state as FindingState,
  reason: row.reason,
  firstMs: row.first_ms,
  lastMs: row.last_ms,
});

/** What a person said of a finding, counted in its API. Gives the finding as it was; rejects where there is none. */
export async function setFinding(
  tx: Transaction<Database>,
  finding: string,
  said: Pick<FindingTable, "state" | "reason">,
): Promise<FindingTable> {
  const row = await tx
    .selectFrom("findings")
    .selectAll()
    .where("id", "=", finding)
    .executeTakeFirst();
  if (row === undefined) throw notFound("finding", finding);
  await tx.updateTable("findings").set(said).where("id", "=", finding).execute();
  await tx
    .updateTable("apis")
    .set(await countFindings(tx, row.api))
    .where("id", "=", row.api)
    .execute();
  return row;
}
