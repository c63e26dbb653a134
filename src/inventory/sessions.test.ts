import assert from "node:assert/strict";
import { test } from "node:test";
import { inventoryLimits } from "../base/limits.ts";
import type { Context } from "./context.ts";
import { createSessions } from "./sessions.ts";
import { openStore } from "./store.ts";

test("where too many sign in, the oldest make room", async () => {
  const store = await openStore("sqlite::memory:");
  try {
    const sessions = createSessions({ store, now: () => 0 } as unknown as Context);
    const begun = { verifier: "v", nonce: "n" };
    const { signInsMax } = inventoryLimits;
    for (let index = 0; index <= signInsMax; index++)
      await sessions.beginSignIn(`s${index}`, begun, 1000 + index);
    assert.equal(await sessions.takeSignIn("s0"), null);
    for (const index of [1, signInsMax])
      assert.deepEqual(await sessions.takeSignIn(`s${index}`), begun);
  } finally {
    await store.close();
  }
});
