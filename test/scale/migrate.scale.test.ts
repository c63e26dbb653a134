//! The move of a store between engines, with the program that operators use.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startPostgres } from "../inventory/postgres.ts";
import { freePort, run, serve, withFolder } from "../server/program.ts";

const SHOP = fileURLToPath(new URL("../../examples/shop.pcap", import.meta.url));

test("from SQLite to PostgreSQL and back, with the same documents", async () => {
  const postgres = await startPostgres();
  try {
    await withFolder(async (folder) => {
      const first = join(folder, "store", "inventory.db");
      const server = await serve({ port: await freePort(), folder });
      const imported = run(["import", SHOP, "--url", server.url], folder);
      assert.equal(imported.status, 0, imported.stderr);
      const database = postgres.newDatabase();
      const early = run(["migrate", "--store", `sqlite:${first}`, "--to", database], folder);
      assert.equal(early.status, 2);
      assert.match(early.stderr, /another nta uses/);
      await server.end();

      const there = run(["migrate", "--store", `sqlite:${first}`, "--to", database], folder);
      assert.equal(there.status, 0, there.stderr);
      assert.match(
        there.stdout,
        /copied \d+ rows; the documents of all [1-9]\d* APIs are the same/,
      );
      const again = run(["migrate", "--store", `sqlite:${first}`, "--to", database], folder);
      assert.equal(again.status, 2);
      assert.match(again.stderr, /not empty/);
      const back = `sqlite:${join(folder, "back.db")}`;
      const returned = run(["migrate", "--store", database, "--to", back], folder);
      assert.equal(returned.status, 0, returned.stderr);
      assert.match(returned.stdout, /documents of all [1-9]\d* APIs are the same/);
      for (const words of [["migrate"], ["migrate", "--store", "sqlite:none.db", "--to", back]]) {
        const { status, stderr } = run(words, folder);
        assert.equal(status, 2);
        assert.match(stderr, /^nta: --(?:to|store): [^\n]+\n$/);
      }
    });
  } finally {
    await postgres.stop();
  }
});
