//! Two servers on one PostgreSQL.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type InventoryEvent, openInventory } from "../../src/inventory/inventory.ts";
import { decodeDelta, freezeDelta, summaryText } from "../../src/sensor/delta.ts";
import { oneCall } from "../../src/sensor/summaries.fixture.ts";
import { startPostgres } from "../inventory/postgres.ts";

const delta = (sequence: number) => {
  const { text } = freezeDelta(
    { sensor: "tap-1", epoch: "e1", shard: 7, sequence },
    { keyId: "k", fromMs: 1, toMs: 2, calls: 1, standsFor: 1, coverage: new Map() },
    [summaryText(oneCall("x40"))],
  );
  const read = decodeDelta(JSON.parse(text));
  assert.ok(typeof read === "object", String(read));
  return read;
};

test("what happens at one server is heard at the other, also after the database was away", async () => {
  const postgres = await startPostgres();
  const url = postgres.newDatabase();
  const one = await openInventory({ url, inferAfterMs: 10 });
  const other = await openInventory({ url, inferAfterMs: 10 });
  try {
    assert.deepEqual(one.hashKey, other.hashKey);
    const heard: InventoryEvent[] = [];
    other.onEvent((event) => heard.push(event));
    const kinds = async (kind: string): Promise<number> => {
      for (let tries = 0; tries < 1200; tries++) {
        if (heard.some((event) => event.kind === kind)) break;
        await sleep(50);
      }
      return heard.filter((event) => event.kind === kind).length;
    };
    assert.deepEqual(await one.ingest([delta(1)]), { accepted: 1, duplicates: 0, refused: 0 });
    assert.ok((await kinds("change")) >= 1, "there is a new API");
    assert.ok((await kinds("api")) >= 1);
    assert.deepEqual(await other.ingest([delta(1)]), { accepted: 0, duplicates: 1, refused: 0 });

    await postgres.crash();
    let outcome: unknown = null;
    for (let tries = 0; tries < 600 && outcome === null; tries++) {
      outcome = await one.ingest([delta(2)]).catch(() => null);
      if (outcome === null) await sleep(100);
    }
    assert.deepEqual(outcome, { accepted: 1, duplicates: 0, refused: 0 });
    // Who missed something is told to ask anew, and hears again from then on.
    assert.ok((await kinds("anew")) >= 1, "listens again");
    heard.length = 0;
    const { items } = await one.apis.list({});
    await one.apis.patch(items[0]!.id, { owner: "team" }, "test");
    assert.ok((await kinds("api")) >= 1, "hears again");
    assert.equal((await other.apis.list({})).items[0]!.owner, "team");
  } finally {
    await one.close();
    await other.close();
    await postgres.stop();
  }
});
