/** The real server on a port and a store of its own, fed through uploads. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Upload } from "../../src/server/contract.ts";

const launcher = fileURLToPath(new URL("../../bin/nta.cjs", import.meta.url));
export const shopCapture = fileURLToPath(new URL("../../examples/shop.pcap", import.meta.url));

const startsWithinMs = 120_000;
const readsWithinMs = 240_000;

export interface RunningServer {
  readonly origin: string;
  readonly output: () => string;
  stop(): Promise<void>;
}

export const startServer = async (...flags: string[]): Promise<RunningServer> => {
  const folder = mkdtempSync(join(tmpdir(), "nta-ui-"));
  const store = `sqlite:${join(folder, "inventory.db")}`;
  const child = spawn(
    process.execPath,
    // A store that is named among the flags is the one that counts: the last does.
    [launcher, "serve", "--listen", "127.0.0.1:0", "--store", store, ...flags],
    { cwd: folder, stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  const origin = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no address:\n${output}`)), startsWithinMs);
    const onData = (data: Buffer): void => {
      output += data.toString();
      const found = /page and REST API: (http:\/\/[^/]+)\//.exec(output)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    };
    child.stdout.on("data", onData);
    child.stderr.on("data", onData);
    child.once("exit", (code) => reject(new Error(`ended with ${code}:\n${output}`)));
  });
  return {
    origin,
    output: () => output,
    stop: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** Gives a file to the server and waits until it was read. */
export const upload = async (
  origin: string,
  file: string,
  name = basename(file),
): Promise<Upload> => {
  const answer = await fetch(`${origin}/api/v1/uploads?name=${encodeURIComponent(name)}`, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: readFileSync(file),
  });
  assert.ok(answer.ok, `${answer.status} ${await answer.clone().text()}`);
  let found = (await answer.json()) as Upload;
  const until = Date.now() + readsWithinMs;
  while (found.state === "running") {
    assert.ok(Date.now() < until, `${name} was not read in time`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    found = (await (await fetch(`${origin}/api/v1/uploads/${found.id}`)).json()) as Upload;
  }
  assert.equal(found.state, "done", found.problem ?? "");
  return found;
};
