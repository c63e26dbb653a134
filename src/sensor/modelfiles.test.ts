import assert from "node:assert/strict";
import { test } from "node:test";
import { ModelFiles } from "./modelfiles.fixture.ts";

test("what was not synced may be lost in a power cut, and only there", async () => {
  const files = new ModelFiles();
  const file = await files.create("a");
  await file.write(Buffer.from("bytes"));
  assert.equal(files.survive("kill", () => 0).bytes("a")?.length, 5);
  assert.equal(files.survive("power cut", () => 0).bytes("a"), undefined);
  await file.sync();
  await files.syncFolder();
  assert.equal(files.survive("power cut", () => 0).bytes("a")?.length, 5);
  await files.rename("a", "b");
  assert.deepEqual(files.survive("kill", () => 0).paths(), ["b"]);
  assert.deepEqual(files.survive("power cut", () => 0).paths(), ["a"]);
});
