import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const CLI = join(
  dirname(createRequire(import.meta.url).resolve("@redocly/cli/package.json")),
  "bin",
  "cli.js",
);

/** Runs it in `folder`, where no configuration of it lies. */
export const redocly = (words: readonly string[], folder: string): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [CLI, ...words], {
    encoding: "utf8",
    env: { ...process.env, REDOCLY_TELEMETRY: "off" },
    cwd: folder,
    maxBuffer: 1 << 28,
  });
