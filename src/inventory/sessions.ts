/** Who signed in with a browser, and who is about to: rows, so that each server of the store knows them. */
import { createHash } from "node:crypto";
import type { Transaction } from "kysely";
import { inventoryLimits } from "../base/limits.ts";
import type { BegunSignIn, Role, SignedIn } from "./administration.ts";
import type { Context } from "./context.ts";
import type { Sessions } from "./inventory.ts";
import { storable } from "./names.ts";
import type { Database } from "./schema.ts";

export const createSessions = (context: Context): Sessions => ({
  begin: (secret, session, untilMs) => begin(context, secret, session, untilMs),
  find: (secret) => find(context, secret),
  end: (secret) =>
    context.store.write(
      async (tx) =>
        void (await tx.deleteFrom("sessions").where("id", "=", digestOf(secret)).execute()),
    ),
  beginSignIn: (state, begun, untilMs) =>
    context.store.write(async (tx) => {
      await makeRoom(tx, "sign_ins", inventoryLimits.signInsMax, context.now());
      await tx
        .insertInto("sign_ins")
        .values({ id: digestOf(state), ...begun, until_ms: untilMs })
        .execute();
    }),
  takeSignIn: (state) => takeSignIn(context, state),
});

/** Whoever reads the store can sign in with none of its rows. */
const digestOf = (secret: string): string =>
  createHash("sha256").update(secret).digest("base64url");

async function begin(
  { store, now }: Context,
  secret: string,
  { name, role, by, token, basis }: SignedIn,
  untilMs: number,
): Promise<void> {
  await store.write(async (tx) => {
    await makeRoom(tx, "sessions", inventoryLimits.sessionsMax, now());
    const id = digestOf(secret);
    await tx
      .insertInto("sessions")
      .values({ id, name: storable(name), role, by_what: by, token, basis, until_ms: untilMs })
      .execute();
  });
}

async function find({ store, now }: Context, secret: string): Promise<SignedIn | null> {
  const row = await store.read((db) =>
    db
      .selectFrom("sessions")
      .selectAll()
      .where("id", "=", digestOf(secret))
      .where("until_ms", ">", now())
      .executeTakeFirst(),
  );
  if (row === undefined) return null;
  const { name, role, by_what: by, token, basis } = row;
  return { name, role: role as Role, by: by as SignedIn["by"], token, basis };
}

async function takeSignIn({ store, now }: Context, state: string): Promise<BegunSignIn | null> {
  const row = await store.write((tx) =>
    tx
      .deleteFrom("sign_ins")
      .where("id", "=", digestOf(state))
      .returning(["verifier", "nonce", "until_ms"])
      .executeTakeFirst(),
  );
  if (row === undefined || row.until_ms <= now()) return null;
  return { verifier: row.verifier, nonce: row.nonce };
}

/** Those that are past their time. */
export async function endSessions(tx: Transaction<Database>, nowMs: number): Promise<void> {
  for (const table of ["sessions", "sign_ins"] as const)
    await tx.deleteFrom(table).where("until_ms", "<=", nowMs).execute();
}

/** For one more: where there are too many, the oldest go. */
async function makeRoom(
  tx: Transaction<Database>,
  table: "sessions" | "sign_ins",
  rowsMax: number,
  nowMs: number,
): Promise<void> {
  await tx.deleteFrom(table).where("until_ms", "<=", nowMs).execute();
  await tx
    .deleteFrom(table)
    .where("id", "in", (db) =>
      db
        .selectFrom(table)
        .select("id")
        .orderBy("until_ms", "desc")
        .orderBy("id")
        .limit(rowsMax)
        .offset(rowsMax - 1),
    )
    .execute();
}
