/** Renders the chart with a real Helm. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import type { KubernetesObject } from "./objects.ts";
import { type HelmMajor, helmProgram } from "./tools.ts";

export const CHART = fileURLToPath(new URL("../../chart", import.meta.url));
const run = promisify(execFile);

export type Values = Readonly<Record<string, unknown>>;

export interface Rendering {
  readonly values: Values;
  readonly helm: HelmMajor;
  /** APIs that the cluster has beside its own. */
  readonly apis?: readonly string[];
}

/** The objects, hooks included. Rejects with what Helm says. */
export async function renderChart(rendering: Rendering): Promise<KubernetesObject[]> {
  const folder = mkdtempSync(join(tmpdir(), "nta-chart-"));
  try {
    const values = join(folder, "values.json");
    writeFileSync(values, JSON.stringify(rendering.values));
    const words = ["template", "shop", CHART, "--namespace", "watch", "--values", values];
    for (const api of rendering.apis ?? []) words.push("--api-versions", api);
    const { stdout } = await run(helmProgram(rendering.helm), words, {
      maxBuffer: 1 << 26,
      env: { PATH: process.env["PATH"], HOME: folder },
    });
    return parseAllDocuments(stdout, { version: "1.1" }).flatMap((document) => {
      if (document.errors.length > 0) throw document.errors[0]!;
      const object = document.toJSON() as KubernetesObject | null;
      return object === null ? [] : [object];
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Values by path: `{"tap.inPod.mode": "all"}`. */
export function nested(flat: Values): Values {
  const root: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(flat)) {
    const names = path.split(".");
    let at = root;
    for (const name of names.slice(0, -1)) {
      at[name] ??= {};
      at = at[name] as Record<string, unknown>;
    }
    at[names.at(-1)!] = value;
  }
  return root;
}
