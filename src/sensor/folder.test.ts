import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makeFolders } from "./folder.ts";

test("folders are made with their parents, and what cannot be made is said at once", () => {
  const root = mkdtempSync(join(tmpdir(), "nta-folder-"));
  try {
    const folder = join(root, "a", "b", "c");
    makeFolders(folder, 0o700);
    makeFolders(folder, 0o700);
    assert.equal(statSync(join(root, "a")).mode & 0o777, 0o700);
    assert.throws(() => makeFolders("/proc/nta/none", 0o700), { code: "ENOENT" });
  } finally {
    rmSync(root, { recursive: true });
  }
});
