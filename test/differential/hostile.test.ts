//! Malformed and odd files from outside: no crash, no hang, no memory, exit 0 or 2, whichever program reads them.
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { evalFolder, skipWithoutEval } from "../support/evaldata.ts";
import { startNta, withFolder } from "../support/nta.ts";

const SECONDS_MAX = 5;
const MEGABYTES_MAX = 300;
const POLL_MS = 10;

const skip = skipWithoutEval("the test with hostile files");

test("every hostile file ends in order", { skip }, () =>
  withFolder(async (folder) => {
    const files = globSync("hostile/*/*", { cwd: evalFolder()! }).sort();
    assert.ok(files.length >= 300, `only ${files.length} files`);
    const failures: string[] = [];
    let next = 0;
    let largest = 0;
    const work = async (): Promise<void> => {
      for (let index = next++; index < files.length; index = next++) {
        const path = join(evalFolder()!, files[index]!);
        const out = join(folder, String(index));
        const words =
          index % 4 === 3 ? ["exchanges", path, "--json"] : ["reconstruct", path, "-o", out];
        const { problem, megabytes } = await runWatched(words);
        largest = Math.max(largest, megabytes);
        if (problem !== null) failures.push(`${files[index]}: ${problem}`);
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, work));
    console.log(`${files.length} hostile files, at most ${largest.toFixed(0)} MB`);
    assert.deepEqual(failures, []);
  }),
);

const runWatched = async (
  words: readonly string[],
): Promise<{ problem: string | null; megabytes: number }> => {
  const child = startNta(words);
  let stderr = "";
  child.stdin!.on("error", () => undefined);
  child.stdin!.end();
  child.stdout!.resume();
  child.stderr!.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const startMs = performance.now();
  let megabytes = 0;
  const watch = setInterval(() => {
    megabytes = Math.max(megabytes, peakMegabytes(child));
    if (performance.now() - startMs > SECONDS_MAX * 1000) child.kill("SIGKILL");
  }, POLL_MS);
  const [status, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.on("close", (...ending) => resolve(ending)),
  );
  clearInterval(watch);
  if (signal !== null) return { problem: `ended by ${signal}`, megabytes };
  if (megabytes > MEGABYTES_MAX) return { problem: `${megabytes} MB`, megabytes };
  if (status === 0) return { problem: null, megabytes };
  const isOneLine = /^(?:nta: warning: [^\n]*\n)*nta: [^\n]+\n$/.test(stderr);
  if (status === 2 && isOneLine) return { problem: null, megabytes };
  return { problem: `status ${status}: ${stderr.slice(0, 300)}`, megabytes };
};

const peakMegabytes = (child: ChildProcess): number => {
  try {
    const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
    return Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0) / 1000;
  } catch {
    return 0;
  }
};
