import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { SHOP_CAPTURE } from "../../examples/generate.ts";
import { nta, withFolder } from "../support/nta.ts";

const redocly = join(
  dirname(createRequire(import.meta.url).resolve("@redocly/cli/package.json")),
  "bin",
  "cli.js",
);

for (const openapi of ["3.0", "3.1"]) {
  test(`another linter finds no error in documents of OpenAPI ${openapi}`, () =>
    withFolder((folder) => {
      const out = join(folder, "out");
      const words = ["reconstruct", SHOP_CAPTURE, "-o", out, "--openapi", openapi];
      assert.equal(nta(words).status, 0);
      const documents = readdirSync(out).map((name) => join(out, name));
      assert.ok(documents.length >= 2);
      const lint = spawnSync(
        process.execPath,
        [redocly, "lint", "--extends=minimal", "--format=json", ...documents],
        { encoding: "utf8", env: { ...process.env, REDOCLY_TELEMETRY: "off" }, cwd: folder },
      );
      assert.equal(lint.status, 0, lint.stdout + lint.stderr);
      const counts = [...lint.stdout.matchAll(/"errors": (\d+)/g)].map((match) => match[1]);
      assert.deepEqual(
        counts,
        documents.map(() => "0"),
      );
    }));
}
