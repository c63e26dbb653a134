/**
 * Lets another tool describe a capture: `node bench/accuracypeer.ts TOOL CAPTURE FOLDER`. The capture is made HAR
 * first, and only calls to its busiest host count.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { harOf, harText } from "./harcapture.ts";

const BIN = fileURLToPath(new URL("../node_modules/.bin", import.meta.url));

const COMMANDS: Readonly<
  Record<string, (har: string, document: string, server: string) => string[]>
> = {
  // The options that its documentation recommends for identifiers in paths.
  "har-to-openapi": (har, document) => [
    ...[join(BIN, "har-to-openapi"), har, "-o", document],
    ...["--attempt-to-parameterize-url", "--relaxed-methods", "--infer-parameter-types"],
  ],
  "redocly generate-spec": (har, document, server) => [
    ...[join(BIN, "redocly"), "generate-spec", har, "--traffic-format", "har"],
    ...["--openapi-version", "3.1", "--server", server, "-o", document],
  ],
};

const [tool = "", capture = "", folder = ""] = process.argv.slice(2);
const command = COMMANDS[tool];
if (command === undefined) throw new Error(`known are ${Object.keys(COMMANDS).join(", ")}`);
const entries = await harOf(capture);
const origins = new Map<string, number>();
for (const { request } of entries) {
  const { origin } = new URL((request as { url: string }).url);
  origins.set(origin, (origins.get(origin) ?? 0) + 1);
}
const [[server] = [""]] = [...origins].sort(([, a], [, b]) => b - a);
const scratch = mkdtempSync(join(tmpdir(), "nta-peer-"));
try {
  const har = join(scratch, "traffic.har");
  writeFileSync(har, harText(entries));
  const words = command(har, join(folder, "openapi.yaml"), server);
  const { status, error } = spawnSync(process.execPath, words, {
    stdio: "inherit",
    // The scorer itself gives up after 300 s.
    timeout: 280_000,
  });
  process.exitCode = error === undefined ? (status ?? 1) : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
