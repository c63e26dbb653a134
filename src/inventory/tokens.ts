/** Tokens: shown once, kept as digests. They are random enough that a plain digest cannot be searched. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Role, TokenRow } from "./administration.ts";
import { addAudit } from "./auditlog.ts";
import type { Context } from "./context.ts";
import type { Tokens } from "./inventory.ts";
import { randomId } from "./names.ts";
import { notFound } from "./problem.ts";
import type { TokenTable } from "./schema.ts";

/** How exact "last used" is: each use would else be a write. */
const USED_EVERY_MS = 60_000;

export const createTokens = (context: Context): Tokens => ({
  list: () =>
    context.store.read(async (db) =>
      (await db.selectFrom("tokens").selectAll().orderBy("created_ms").execute()).map(tokenRow),
    ),
  create: (name, role, who) => create(context, name, role, who),
  remove: (id, who) => remove(context, id, who),
  verify: (token) => verify(context, token),
});

const tokenRow = (row: TokenTable): TokenRow => ({
  id: row.id,
  name: row.name,
  role: row.role as Role,
  createdMs: row.created_ms,
  usedMs: row.used_ms,
});

const digestOf = (token: string): Buffer => createHash("sha256").update(token).digest();

async function create(
  { store, now }: Context,
  name: string,
  role: Role,
  who: string,
): Promise<TokenRow & { token: string }> {
  const nowMs = now();
  const id = randomId();
  // The id stands in front, so that one row is looked at and secrets are compared in constant time.
  const token = `nta_${id}_${randomBytes(24).toString("base64url")}`;
  const row: TokenTable = {
    id,
    name,
    role,
    hash: digestOf(token).toString("hex"),
    created_ms: nowMs,
    used_ms: null,
  };
  await store.write(async (tx) => {
    await tx.insertInto("tokens").values(row).execute();
    await addAudit(tx, {
      nowMs,
      who,
      what: "token.create",
      message: `${name} (${role})`,
      api: null,
      undo: null,
    });
  });
  return { ...tokenRow(row), token };
}

async function remove({ store, now, emit }: Context, id: string, who: string): Promise<void> {
  await store.write(async (tx) => {
    const row = await tx
      .selectFrom("tokens")
      .select("name")
      .where("id", "=", id)
      .executeTakeFirst();
    if (row === undefined) throw notFound("token", id);
    await tx.deleteFrom("tokens").where("id", "=", id).execute();
    await tx.deleteFrom("sessions").where("token", "=", id).execute();
    await addAudit(tx, {
      nowMs: now(),
      who,
      what: "token.remove",
      message: row.name,
      api: null,
      undo: null,
    });
  });
  emit({ kind: "anew" });
}

const ID_LENGTH = 12;
const NOBODY = Buffer.alloc(32);

async function verify({ store, now }: Context, token: string): Promise<TokenRow | null> {
  const id = token.slice("nta_".length, "nta_".length + ID_LENGTH);
  const digest = digestOf(token);
  const row = await store.read((db) =>
    db
      .selectFrom("tokens")
      .selectAll()
      .where("id", "=", id.replaceAll("\0", ""))
      .executeTakeFirst(),
  );
  const isRight = timingSafeEqual(
    digest,
    row === undefined ? NOBODY : Buffer.from(row.hash, "hex"),
  );
  if (row === undefined || !isRight) return null;
  const nowMs = now();
  if ((row.used_ms ?? 0) < nowMs - USED_EVERY_MS) {
    await store.write((tx) =>
      tx.updateTable("tokens").set({ used_ms: nowMs }).where("id", "=", id).execute(),
    );
  }
  return tokenRow(row);
}
