import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SHOP_CAPTURE } from "../../examples/generate.ts";
import { nta, withFolder } from "../support/nta.ts";
import { redocly } from "./redocly.ts";

for (const openapi of ["3.0", "3.1"]) {
  test(`another linter finds no error in documents of OpenAPI ${openapi}`, () =>
    withFolder((folder) => {
      const out = join(folder, "out");
      const words = ["reconstruct", SHOP_CAPTURE, "-o", out, "--openapi", openapi];
      assert.equal(nta(words).status, 0);
      const documents = readdirSync(out).map((name) => join(out, name));
      assert.ok(documents.length >= 2);
      const lint = redocly(["lint", "--extends=minimal", "--format=json", ...documents], folder);
      assert.equal(lint.status, 0, lint.stdout + lint.stderr);
      const counts = [...lint.stdout.matchAll(/"errors": (\d+)/g)].map((match) => match[1]);
      assert.deepEqual(
        counts,
        documents.map(() => "0"),
      );
    }));
}
