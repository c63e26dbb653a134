//! A second opinion on the documents, by a linter that others use.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { SHOP_CAPTURE } from "../../examples/generate.ts";
import { nta, withFolder } from "../support/nta.ts";

const REDOCLY = fileURLToPath(new URL("../../node_modules/.bin/redocly", import.meta.url));

for (const version of ["3.0", "3.1"]) {
  test(`redocly finds no error in documents of OpenAPI ${version}`, () =>
    withFolder((folder) => {
      const words = ["reconstruct", SHOP_CAPTURE, "-o", folder, "--openapi", version];
      assert.equal(nta(words).status, 0);
      const documents = readdirSync(folder).map((name) => join(folder, name));
      assert.equal(documents.length, 2);
      const { status, stdout, stderr } = spawnSync(
        REDOCLY,
        ["lint", "--extends", "minimal", ...documents],
        { encoding: "utf8", env: { ...process.env, REDOCLY_TELEMETRY: "off" } },
      );
      assert.equal(status, 0, stdout + stderr);
    }));
}
