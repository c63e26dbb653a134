/** What waits to be forwarded. A document waits once for each forwarder, however often its API changes meanwhile. */
import type { Transaction } from "kysely";
import { inventoryLimits } from "../base/limits.ts";
import type { Delivery, DeliveryContent, ForwarderTarget, Preferences } from "./administration.ts";
import { growingId } from "./names.ts";
import type { Change } from "./rows.ts";
import type { Database, DeliveryTable } from "./schema.ts";

/** An API that changes is mostly about to change again. */
const DOCUMENT_REST_MS = 5_000;

interface NewVersion {
  readonly api: string;
  readonly name: string;
  readonly changes: readonly Change[];
  readonly endpoints: number;
  readonly nowMs: number;
  readonly preferences: Preferences;
}

export async function enqueueVersion(
  tx: Transaction<Database>,
  version: NewVersion,
): Promise<void> {
  const forwarders = await tx
    .selectFrom("forwarders")
    .select(["id", "target"])
    .where("enabled", "=", 1)
    .execute();
  for (const { id, target } of forwarders) {
    const parsed = JSON.parse(target) as ForwarderTarget;
    if (parsed.kind === "webhook") await enqueueChanges(tx, id, parsed.kinds, version);
    else if (version.endpoints >= version.preferences.forwardMinEndpoints)
      await enqueueDocument(tx, id, version);
  }
}

const ROWS_AT_ONCE = 200;

/** A forwarder that is new gets what is known already; a webhook tells of changes alone. */
export async function enqueueKnown(
  tx: Transaction<Database>,
  { id, target }: { readonly id: string; readonly target: ForwarderTarget },
  { forwardMinEndpoints }: Preferences,
  nowMs: number,
): Promise<void> {
  if (target.kind === "webhook") return;
  const apis = await tx
    .selectFrom("apis")
    .select(["id", "title"])
    .where("merged_into", "is", null)
    .where("ignored", "=", 0)
    .where("version", ">", 0)
    .where("endpoints", ">=", forwardMinEndpoints)
    .where("id", "not in", (db) =>
      db
        .selectFrom("deliveries")
        .select("api")
        .where("forwarder", "=", id)
        .where("state", "=", "waiting"),
    )
    .limit(inventoryLimits.deliveriesMax)
    .execute();
  const rows = apis.map(({ id: api, title }) => ({
    id: growingId(nowMs),
    forwarder: id,
    api,
    subject: `document of ${title}`,
    content: JSON.stringify({ kind: "document", api } satisfies DeliveryContent),
    state: "waiting",
    attempts: 0,
    at_ms: nowMs,
    next_ms: nowMs,
    problem: null,
  }));
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    await tx
      .insertInto("deliveries")
      .values(rows.slice(at, at + ROWS_AT_ONCE))
      .execute();
  }
}

async function enqueueDocument(
  tx: Transaction<Database>,
  forwarder: string,
  { api, name, nowMs }: NewVersion,
): Promise<void> {
  const waiting = await tx
    .selectFrom("deliveries")
    .select("id")
    .where("forwarder", "=", forwarder)
    .where("api", "=", api)
    .where("state", "=", "waiting")
    .executeTakeFirst();
  if (waiting !== undefined) return;
  await enqueue(tx, {
    forwarder,
    api,
    subject: `document of ${name}`,
    content: { kind: "document", api },
    atMs: nowMs,
    nextMs: nowMs + DOCUMENT_REST_MS,
  });
}

async function enqueueChanges(
  tx: Transaction<Database>,
  forwarder: string,
  kinds: readonly string[],
  { api, name, changes, nowMs }: NewVersion,
): Promise<void> {
  const wanted = changes.filter(({ kind }) => kinds.length === 0 || kinds.includes(kind));
  if (wanted.length === 0) return;
  await enqueue(tx, {
    forwarder,
    api,
    subject: `${wanted.length} change${wanted.length === 1 ? "" : "s"} of ${name}`,
    content: { kind: "changes", api, changes: wanted.map(({ id }) => id) },
    atMs: nowMs,
    nextMs: nowMs,
  });
}

export async function enqueue(
  tx: Transaction<Database>,
  delivery: {
    forwarder: string;
    api: string;
    subject: string;
    content: DeliveryContent;
    atMs: number;
    nextMs: number;
  },
): Promise<void> {
  const { forwarder, api, subject, content, atMs, nextMs } = delivery;
  const { count } = await tx
    .selectFrom("deliveries")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("forwarder", "=", forwarder)
    .where("state", "=", "waiting")
    .executeTakeFirstOrThrow();
  if (Number(count) >= inventoryLimits.deliveriesMax) await dropOldest(tx, forwarder);
  await tx
    .insertInto("deliveries")
    .values({
      id: growingId(atMs),
      forwarder,
      api,
      subject,
      content: JSON.stringify(content),
      state: "waiting",
      attempts: 0,
      at_ms: atMs,
      next_ms: nextMs,
      problem: null,
    })
    .execute();
}

async function dropOldest(tx: Transaction<Database>, forwarder: string): Promise<void> {
  const oldest = await tx
    .selectFrom("deliveries")
    .select("id")
    .where("forwarder", "=", forwarder)
    .where("state", "=", "waiting")
    .orderBy("id")
    .executeTakeFirst();
  if (oldest === undefined) return;
  await tx
    .updateTable("deliveries")
    .set({ state: "dead", next_ms: null, problem: "too many deliveries wait" })
    .where("id", "=", oldest.id)
    .execute();
}

export const deliveryOf = (row: DeliveryTable): Delivery => ({
  id: row.id,
  forwarder: row.forwarder,
  subject: row.subject,
  state: row.state as Delivery["state"],
  attempts: row.attempts,
  nextMs: row.next_ms,
  atMs: row.at_ms,
  problem: row.problem,
});
