/** Backup and restore between the engines: what is read back is what was there, and knows the same deltas. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { copyStore } from "../../src/inventory/copying.ts";
import { call, FixtureSensor, NOW_MS } from "../../src/inventory/deltas.fixture.ts";
import { type Inventory, openInventory } from "../../src/inventory/inventory.ts";
import { type Postgres, startPostgres } from "./postgres.ts";

const folder = mkdtempSync(join(tmpdir(), "nta-copy-"));
let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(async () => {
  await postgres.stop();
  rmSync(folder, { recursive: true });
});

const open = (url: string): Promise<Inventory> =>
  openInventory({ url, now: () => NOW_MS, inferAfterMs: 0 });

/** All that the inventory says of its APIs. */
async function account(inventory: Inventory): Promise<string> {
  await inventory.settled();
  const apis = await inventory.apis.list({ sort: "name", limit: 1000 });
  const documents: string[] = [];
  for (const { id } of apis.items) {
    const { text } = await inventory.documents.text(id, {
      openapi: "3.0",
      format: "yaml",
      evidence: true,
    });
    documents.push(text);
  }
  const endpoints = await inventory.endpoints.list({ limit: 5000 });
  const changes = await inventory.feed.changes({ limit: 1000 });
  const findings = await inventory.feed.findings({ limit: 1000 });
  const traffic = await inventory.apis.traffic(apis.items[0]!.id, 0, NOW_MS + 1);
  const audit = await inventory.audit.list({});
  return JSON.stringify({ apis, documents, endpoints, changes, findings, traffic, audit }, null, 1);
}

test("a PostgreSQL store goes to a file, to SQLite and back, and stays the same", async () => {
  const sensor = new FixtureSensor("tap");
  const from = postgres.newDatabase();
  const inventory = await open(from);
  const hosts = Array.from({ length: 30 }, (_, index) => `api${index}.test`);
  const deltas = hosts.flatMap((host) =>
    sensor.hear([call("GET /users/17", { host }), call("POST /orders 201", { host })]),
  );
  const again = structuredClone(deltas);
  await inventory.ingest(deltas);
  await inventory.settled();
  const [api] = (await inventory.apis.list({ sort: "name" })).items;
  await inventory.apis.patch(api!.id, { owner: "team-ä", labels: ["pci"] }, "ada");
  const expected = await account(inventory);

  const file = join(folder, "backup.db");
  assert.ok((await inventory.backup(file)) > 100_000);
  await inventory.close();
  const back = postgres.newDatabase();
  const counts = await copyStore(`sqlite:${file}`, back);
  assert.equal(counts["apis"], 30);
  assert.equal(counts["sources"], 30);
  for (const url of [`sqlite:${file}`, back]) {
    const copy = await open(url);
    assert.ok(Buffer.from(copy.hashKey).equals(inventory.hashKey), "the same key");
    assert.ok((await account(copy)) === expected, `${url} says the same`);
    const { accepted } = await copy.ingest(structuredClone(again));
    assert.equal(accepted, 0, "it knows the same deltas");
    await copy.close();
  }
  await assert.rejects(copyStore(`sqlite:${file}`, back), {
    name: "UsageError",
    message: /not empty/,
  });
});
