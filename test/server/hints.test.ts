//! What a person corrected is obeyed where traffic is heard.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { EndpointRow, SensorRow } from "../../src/server/contract.ts";
import { freePort, run, serve, withFolder } from "./program.ts";

const NTA = fileURLToPath(new URL("../../bin/nta.cjs", import.meta.url));
const SHOP = fileURLToPath(new URL("../../examples/shop.pcap", import.meta.url));
const PCAP_HEADER_BYTES = 24;
/** Calls of what is ignored that taught nothing before either, for their status. */
const REFUSED = 12;
const PATIENCE_MS = 90_000;

interface Page<Row> {
  readonly items: readonly Row[];
}

const ask = async (url: string, init: RequestInit = {}): Promise<unknown> => {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(url, { ...init, headers });
  const text = await answer.text();
  assert.ok(answer.ok, `${url}: ${answer.status} ${text}`);
  return JSON.parse(text);
};

test("a tap learns nothing of what is ignored, and counts it", async () => {
  await withFolder(async (folder) => {
    const server = await serve({ port: await freePort(), folder });
    let tap: ChildProcess | null = null;
    try {
      assert.equal(run(["import", SHOP, "--url", server.url], folder).status, 0);
      const url = `${server.url}/api/v1`;
      const { items } = (await ask(`${url}/apis?q=shop`)) as Page<{ readonly id: string }>;
      const hints = `${url}/apis/${items[0]!.id}/hints`;
      const ignores = ["/api/v1/categories", "/api/v1/orders/**"];
      await ask(hints, { method: "PUT", body: JSON.stringify({ ignores }) });
      const callsOf = async (path: string): Promise<number | undefined> => {
        const all = await ask(`${url}/apis/${items[0]!.id}/endpoints?limit=50`);
        return (all as Page<EndpointRow>).items.find((row) => row.path === path)?.calls;
      };

      const sensors = async (): Promise<readonly SensorRow[]> =>
        ((await ask(`${url}/sensors`)) as Page<SensorRow>).items;
      const obeys = async (): Promise<boolean> => {
        const answer = await ask(`${url}/deltas`, { method: "POST", body: '{"v":1,"deltas":[]}' });
        return "hints" in (answer as object);
      };
      const deadlineMs = performance.now() + PATIENCE_MS;
      while (!(await obeys())) {
        assert.ok(performance.now() < deadlineMs, "the server keeps what it tells for a moment");
        await sleep(200);
      }

      const words = [NTA, "tap", "-r", "-", "--server", server.url];
      tap = spawn(process.execPath, words, { stdio: ["pipe", "ignore", "pipe"] });
      let said = "";
      tap.stderr!.on("data", (bytes: Buffer) => {
        said += bytes.toString();
      });
      const ended = new Promise<number | null>((resolve) => tap!.once("exit", resolve));
      const capture = readFileSync(SHOP);
      tap.stdin!.write(capture.subarray(0, PCAP_HEADER_BYTES));
      // It asks as soon as it begins, and says after 3 s and every 15 s whether it was answered.
      const isAnswered = async (): Promise<boolean> =>
        (await sensors()).some(({ status }) => {
          const told = status?.["server"] as { readonly lastAcceptedMs: number } | undefined;
          return told !== undefined && told.lastAcceptedMs > 0;
        });
      while (!(await isAnswered())) {
        assert.ok(performance.now() < deadlineMs && tap.exitCode === null, said);
        await sleep(200);
      }
      tap.stdin!.end(capture.subarray(PCAP_HEADER_BYTES));
      assert.equal(await ended, 0, said);

      const heard = (await sensors()).find(({ coverage }) => coverage["exchanges-ignored"]! > 0)!;
      const described = 38 + 11 + 35 + 12 + 19 + 15;
      assert.equal(heard.coverage["exchanges-selected"], 462 + 84 - described);
      assert.equal(heard.coverage["exchanges-ignored"], described + REFUSED);
      const until = async (path: string, calls: number): Promise<void> => {
        for (let last = await callsOf(path); last !== calls; last = await callsOf(path)) {
          assert.ok(performance.now() < deadlineMs, `${path}: ${last} calls`);
          await sleep(200);
        }
      };
      await until("/api/v1/products", 2 * 38);
      await ask(hints, { method: "PUT", body: "{}" });
      await until("/api/v1/categories", 38);
    } finally {
      tap?.kill("SIGKILL");
      await server.end();
    }
  });
});
