/** Forwarders and what waits for them. Their secrets are written and used, and never shown. */
import type {
  Delivery,
  DeliveryQuery,
  DueDelivery,
  Forwarder,
  ForwarderRequest,
  ForwarderTarget,
} from "./administration.ts";
import { addAudit } from "./auditlog.ts";
import type { Context } from "./context.ts";
import { deliveryOf, enqueueKnown } from "./deliveries.ts";
import { changesByIds } from "./feed.ts";
import type { Forwarding } from "./inventory.ts";
import { randomId } from "./names.ts";
import { listOf, pageOf, readCursor } from "./paging.ts";
import { notFound } from "./problem.ts";
import type { Page } from "./rows.ts";
import type { DeliveryTable, ForwarderTable } from "./schema.ts";
import type { Reader } from "./store.ts";

const LIMIT = 100;
/** Whoever claimed a delivery and died leaves it to others after this. */
const CLAIM_MS = 60_000;
const PROBLEM_MAX = 1_000;

export const createForwarding = (context: Context): Forwarding => ({
  list: () => list(context),
  create: (request, who) => create(context, request, who),
  update: (id, request, who) => update(context, id, request, who),
  remove: (id, who) => remove(context, id, who),
  target: async (id) => targetOf(await context.store.read((db) => requireForwarder(db, id))),
  deliveries: (query) => deliveries(context, query),
  due: (nowMs, limit) => due(context, nowMs, limit),
  hold: (claimed) => hold(context, claimed),
  delivered: (id) => settle(context, id, { state: "delivered", problem: null, nextMs: null }),
  failed: (id, problem, retryAtMs) =>
    settle(context, id, {
      state: retryAtMs === null ? "dead" : "waiting",
      problem: problem.slice(0, PROBLEM_MAX),
      nextMs: retryAtMs,
    }),
  retry: (id, who) => retry(context, id, who),
  changes: (ids) => context.store.read((db) => changesByIds(db, ids)),
});

const targetOf = (row: ForwarderTable): ForwarderTarget =>
  JSON.parse(row.target) as ForwarderTarget;

function withoutSecrets(target: ForwarderTarget): ForwarderTarget {
  if (target.kind === "s3") {
    const { secretAccessKey: _, ...shown } = target;
    return shown;
  }
  if (target.kind === "webhook") {
    const { secret: _, ...shown } = target;
    return shown;
  }
  if (target.kind === "http") {
    const headers = Object.entries(target.headers).map(([name, value]) => [
      name,
      isSecretHeader(name) ? HIDDEN : value,
    ]);
    return { ...target, headers: Object.fromEntries(headers) as Record<string, string> };
  }
  return target;
}

/** What stands where a header's value is not shown; sent back, it means the value that is kept. */
const HIDDEN = "********";
const isSecretHeader = (name: string): boolean =>
  /auth|token|key|secret|cookie|password/i.test(name);

/** Secrets that were left out stay as they were. */
function withSecrets(target: ForwarderTarget, before: ForwarderTarget): ForwarderTarget {
  if (target.kind === "s3" && before.kind === "s3") {
    const secretAccessKey = target.secretAccessKey ?? before.secretAccessKey;
    return { ...target, ...(secretAccessKey === undefined ? {} : { secretAccessKey }) };
  }
  if (target.kind === "webhook" && before.kind === "webhook") {
    const secret = target.secret ?? before.secret;
    return { ...target, ...(secret === undefined ? {} : { secret }) };
  }
  if (target.kind === "http" && before.kind === "http") {
    const kept = new Map(Object.entries(before.headers));
    const headers = Object.entries(target.headers).map(([name, value]) => [
      name,
      value === HIDDEN ? (kept.get(name) ?? "") : value,
    ]);
    return { ...target, headers: Object.fromEntries(headers) as Record<string, string> };
  }
  return target;
}

async function list({ store }: Context): Promise<Forwarder[]> {
  return store.read(async (db) => {
    const rows = await db
      .selectFrom("forwarders")
      .selectAll()
      .orderBy("name")
      .orderBy("id")
      .execute();
    const counts = await db
      .selectFrom("deliveries")
      .select((eb) => ["forwarder", "state", eb.fn.countAll<number>().as("count")])
      .where("state", "in", ["waiting", "dead"])
      .groupBy(["forwarder", "state"])
      .execute();
    const countOf = (id: string, state: string): number =>
      Number(counts.find((each) => each.forwarder === id && each.state === state)?.count ?? 0);
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      enabled: row.enabled === 1,
      target: withoutSecrets(targetOf(row)),
      lastMs: row.last_ms,
      lastProblem: row.last_problem,
      waiting: countOf(row.id, "waiting"),
      dead: countOf(row.id, "dead"),
    }));
  });
}

async function requireForwarder(db: Reader, id: string): Promise<ForwarderTable> {
  const row = await db.selectFrom("forwarders").selectAll().where("id", "=", id).executeTakeFirst();
  if (row === undefined) throw notFound("forwarder", id);
  return row;
}

async function shown(context: Context, id: string): Promise<Forwarder> {
  const found = (await list(context)).find((each) => each.id === id);
  if (found === undefined) throw notFound("forwarder", id);
  return found;
}

async function create(
  context: Context,
  { name, enabled, target }: ForwarderRequest,
  who: string,
): Promise<Forwarder> {
  const id = randomId();
  const preferences = await context.preferences.get();
  await context.store.write(async (tx) => {
    await tx
      .insertInto("forwarders")
      .values({
        id,
        name,
        enabled: enabled ? 1 : 0,
        target: JSON.stringify(target),
        last_ms: null,
        last_problem: null,
      })
      .execute();
    if (enabled) await enqueueKnown(tx, { id, target }, preferences, context.now());
    await addAudit(tx, {
      nowMs: context.now(),
      who,
      what: "forwarder.create",
      message: `${name} (${target.kind})`,
      api: null,
      undo: null,
    });
  });
  return shown(context, id);
}

async function update(
  context: Context,
  id: string,
  request: ForwarderRequest,
  who: string,
): Promise<Forwarder> {
  const preferences = await context.preferences.get();
  await context.store.write(async (tx) => {
    const before = await requireForwarder(tx, id);
    const target = JSON.stringify(withSecrets(request.target, targetOf(before)));
    const { name, enabled } = request;
    if (enabled && (before.enabled === 0 || target !== before.target)) {
      await enqueueKnown(tx, { id, target: request.target }, preferences, context.now());
    }
    await tx
      .updateTable("forwarders")
      .set({ name, enabled: enabled ? 1 : 0, target })
      .where("id", "=", id)
      .execute();
    await addAudit(tx, {
      nowMs: context.now(),
      who,
      what: "forwarder.change",
      message: name,
      api: null,
      undo: null,
    });
  });
  return shown(context, id);
}

async function remove(context: Context, id: string, who: string): Promise<void> {
  await context.store.write(async (tx) => {
    const { name } = await requireForwarder(tx, id);
    await tx.deleteFrom("deliveries").where("forwarder", "=", id).execute();
    await tx.deleteFrom("forwarders").where("id", "=", id).execute();
    await addAudit(tx, {
      nowMs: context.now(),
      who,
      what: "forwarder.remove",
      message: name,
      api: null,
      undo: null,
    });
  });
}

async function deliveries({ store }: Context, query: DeliveryQuery): Promise<Page<Delivery>> {
  const limit = query.limit ?? LIMIT;
  return store.read(async (db) => {
    let found = db
      .selectFrom("deliveries")
      .selectAll()
      .orderBy("id", "desc")
      .limit(limit + 1);
    if (query.cursor !== undefined) found = found.where("id", "<", readCursor(query.cursor)[1]);
    if (query.forwarder !== undefined) found = found.where("forwarder", "=", query.forwarder);
    const states = listOf(query.state);
    if (states.length > 0) found = found.where("state", "in", states);
    return pageOf(await found.execute(), limit, ({ id }) => ["", id], deliveryOf);
  });
}

async function due({ store }: Context, nowMs: number, limit: number): Promise<DueDelivery[]> {
  return store.write(async (tx) => {
    const query = tx
      .selectFrom("deliveries")
      .innerJoin("forwarders", "forwarders.id", "deliveries.forwarder")
      .select(["deliveries.id", "deliveries.forwarder", "attempts", "content", "target"])
      .where("state", "=", "waiting")
      .where("enabled", "=", 1)
      .where("next_ms", "<=", nowMs)
      .orderBy("next_ms")
      .limit(limit);
    const rows = await (store.engine === "postgres"
      ? query.forUpdate("deliveries").skipLocked()
      : query
    ).execute();
    const ids = rows.map(({ id }) => id);
    if (ids.length > 0) {
      await tx
        .updateTable("deliveries")
        .set((eb) => ({ next_ms: nowMs + CLAIM_MS, attempts: eb("attempts", "+", 1) }))
        .where("id", "in", ids)
        .execute();
    }
    return rows.map(({ id, forwarder, attempts, content, target }) => ({
      id,
      forwarder,
      attempts: attempts + 1,
      target: JSON.parse(target) as ForwarderTarget,
      content: JSON.parse(content) as DueDelivery["content"],
    }));
  });
}

/** Each claim counts an attempt, so that their number tells one claim from the next. */
async function hold(
  { store, now }: Context,
  claimed: readonly Pick<DueDelivery, "id" | "attempts">[],
): Promise<ReadonlySet<string>> {
  return store.write(async (tx) => {
    const held = new Set<string>();
    for (const { id, attempts } of claimed.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
      const { numUpdatedRows } = await tx
        .updateTable("deliveries")
        .set({ next_ms: now() + CLAIM_MS })
        .where("id", "=", id)
        .where("state", "=", "waiting")
        .where("attempts", "=", attempts)
        .executeTakeFirst();
      if (numUpdatedRows > 0n) held.add(id);
    }
    return held;
  });
}

async function settle(
  { store, now }: Context,
  id: string,
  {
    state,
    problem,
    nextMs,
  }: { state: Delivery["state"]; problem: string | null; nextMs: number | null },
): Promise<void> {
  await store.write(async (tx) => {
    const row = await requireDelivery(tx, id);
    await tx
      .updateTable("deliveries")
      .set({ state, problem, next_ms: nextMs })
      .where("id", "=", id)
      // Whoever took too long says nothing of what another has done since.
      .where("state", "=", "waiting")
      .execute();
    await tx
      .updateTable("forwarders")
      .set({ last_ms: now(), last_problem: problem })
      .where("id", "=", row.forwarder)
      .execute();
  });
}

async function requireDelivery(db: Reader, id: string): Promise<DeliveryTable> {
  const row = await db.selectFrom("deliveries").selectAll().where("id", "=", id).executeTakeFirst();
  if (row === undefined) throw notFound("delivery", id);
  return row;
}

async function retry({ store, now }: Context, id: string, who: string): Promise<Delivery> {
  const nowMs = now();
  return store.write(async (tx) => {
    const row = await requireDelivery(tx, id);
    const changes = { state: "waiting", next_ms: nowMs, problem: null, attempts: 0 };
    await tx.updateTable("deliveries").set(changes).where("id", "=", id).execute();
    await addAudit(tx, {
      nowMs,
      who,
      what: "delivery.retry",
      message: row.subject,
      api: row.api,
      undo: null,
    });
    return deliveryOf({ ...row, ...changes });
  });
}
