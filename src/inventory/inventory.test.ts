import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { inventorySuite } from "../../test/inventory/suite.ts";
import { upgradeSuite } from "../../test/inventory/upgrade.ts";

const folder = mkdtempSync(join(tmpdir(), "nta-inventory-"));
after(() => rmSync(folder, { recursive: true }));
let count = 0;

const makeStore = async (): Promise<string> => {
  count += 1;
  return `sqlite:${join(folder, `${count}.db`)}`;
};

inventorySuite("SQLite", makeStore);
upgradeSuite("SQLite", makeStore);
