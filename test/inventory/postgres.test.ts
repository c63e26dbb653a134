import { after, before } from "node:test";
import { type Postgres, startPostgres } from "./postgres.ts";
import { inventorySuite } from "./suite.ts";
import { upgradeSuite } from "./upgrade.ts";

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

inventorySuite("PostgreSQL", async () => postgres.newDatabase());
upgradeSuite("PostgreSQL", async () => postgres.newDatabase());
