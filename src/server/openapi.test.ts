import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { startServer, type TestServer } from "./server.fixture.ts";

let server: TestServer;
let text = "";
before(async () => {
  server = await startServer();
  text = (await server.ask("/api/v1/openapi.json")).text;
});
after(() => server.close());

interface Document {
  readonly paths: Record<string, Record<string, { operationId?: string; security?: unknown[] }>>;
}

test("our own description is valid", async () => {
  const { valid, errors } = await new Validator().validate(
    JSON.parse(text) as Record<string, unknown>,
  );
  assert.ok(valid, JSON.stringify(errors ?? []).slice(0, 2000));
});

test("it describes every path of the contract, and every operation has a name of its own", () => {
  const { paths } = JSON.parse(text) as Document;
  const ids = Object.values(paths).flatMap((item) =>
    Object.values(item).map(({ operationId }) => operationId),
  );
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.length > 55, `${ids.length} operations`);
  for (const path of [
    "/api/v1/apis/{api}/document",
    "/api/v1/deltas",
    "/api/v1/events",
    "/api/v1/uploads/{upload}",
  ]) {
    assert.ok(Object.hasOwn(paths, path), path);
  }
  assert.deepEqual(paths["/api/v1/session"]?.["post"]?.security, []);
});

test("redocly finds nothing wrong with it", () => {
  const folder = mkdtempSync(join(tmpdir(), "nta-openapi-"));
  try {
    const file = join(folder, "openapi.json");
    writeFileSync(file, text);
    writeFileSync(join(folder, "redocly.yaml"), RULES);
    const manifest = createRequire(import.meta.url).resolve("@redocly/cli/package.json");
    const words = [
      join(dirname(manifest), "bin", "cli.js"),
      "lint",
      file,
      "--format=json",
      "--config",
      join(folder, "redocly.yaml"),
    ];
    const env = {
      ...process.env,
      REDOCLY_TELEMETRY: "off",
      REDOCLY_SUPPRESS_UPDATE_NOTICE: "true",
    };
    const { stdout, stderr } = spawnSync(process.execPath, words, {
      encoding: "utf8",
      env,
      cwd: folder,
    });
    const { totals, problems } = JSON.parse(
      stdout.slice(stdout.indexOf("{")) || `{"totals":null,"problems":${JSON.stringify(stderr)}}`,
    ) as {
      totals: { errors: number; warnings: number } | null;
      problems: { ruleId: string; message: string; location: { pointer: string }[] }[];
    };
    const lines = problems.map(
      (each) => `${each.ruleId}: ${each.message} ${each.location[0]?.pointer}`,
    );
    assert.deepEqual([totals?.errors, totals?.warnings], [0, 0], lines.slice(0, 20).join("\n"));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** `operation-4xx-response` looks for a number; ours is the range. */
const RULES = `
extends: [recommended]
rules:
  operation-4xx-response: off
  no-server-example.com: off
`;
