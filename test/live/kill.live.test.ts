/**
 * kill -9 of the tap, and of the server, at any moment: what the server has acknowledged stays, and nothing counts twice.
 * Two rounds of each; `KILL_ROUNDS=10 npm run test:live` makes ten.
 */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { makeNetwork, needsRoot } from "./network.ts";
import { runScript, startScript, startTapProcess, type TapProcess } from "./tapprocess.ts";
import { until } from "./until.ts";

const ROUNDS = Number(process.env["KILL_ROUNDS"] ?? 2);
const SERVER_PORT = 8090;
const network = makeNetwork();

const kill = async (child: ChildProcess): Promise<void> => {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
};

test("kill -9 of tap and server loses nothing acknowledged and doubles nothing", async (t) => {
  if (!needsRoot(t)) return;
  const host = network.namespace("kill");
  const folder = mkdtempSync(join(tmpdir(), "nta-kill-live-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const startServer = async (): Promise<ChildProcess> =>
    (await startScript(host, "deltaserver.ts", [`${SERVER_PORT}`, join(folder, "deltas")])).process;
  const startTap = (): Promise<TapProcess> =>
    startTapProcess(host, [
      ...["--server", `http://127.0.0.1:${SERVER_PORT}`, "--state", join(folder, "state")],
      ...["--flush-interval", "0.5", "--status-listen", "off", "--cpu-max", "100"],
    ]);
  const stored = async (): Promise<number> => {
    const answer = await runScript(host, "fetch.ts", [`http://127.0.0.1:${SERVER_PORT}/calls`]);
    return (JSON.parse(answer) as { calls: number }).calls;
  };
  const web = await startScript(host, "webserver.ts", ["127.0.0.1", "0"]);
  t.after(() => web.process.kill());
  const load = (count: number): Promise<string> =>
    runScript(host, "webclient.ts", ["127.0.0.1", web.line, `${count}`, "4"]);
  const untilStored = async (expected: number): Promise<void> => {
    await until(`${expected} calls are stored`, async () => (await stored()) >= expected);
    assert.equal(await stored(), expected);
  };

  let server = await startServer();
  let tap = await startTap();
  t.after(() => Promise.all([server.kill("SIGKILL"), tap.child.kill("SIGKILL")]));
  let all = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    // The tap dies when all is acknowledged: all of it is there once.
    await load(400);
    all += 400;
    await untilStored(all);
    await kill(tap.child);
    tap = await startTap();
    // The server dies under load, and is away for some flushes: all of it comes.
    const loading = load(1200);
    await sleep(300);
    await kill(server);
    await loading;
    await sleep(1000);
    server = await startServer();
    all += 1200;
    await untilStored(all);
    // The tap dies under load: what was acknowledged stays, what was not may be lost, and nothing comes twice.
    const killed = load(1200);
    await sleep(200 + 400 * Math.random());
    const before = await stored();
    await kill(tap.child);
    await killed;
    // The next one sends what was saved, at the latest when it ends.
    assert.equal(await (await startTap()).stop(), 0);
    const now = await stored();
    tap = await startTap();
    assert.ok(now >= before && now <= all + 1200, `${before} before, ${now} of ${all + 1200}`);
    t.diagnostic(`round ${round}: ${now - all} of 1200 survived a kill under load`);
    all = now;
  }
  assert.equal(await tap.stop(), 0);
  assert.equal(await stored(), all);
});

test("a tap whose server never answers ends within its time, and keeps what it learned", async (t) => {
  if (!needsRoot(t)) return;
  const host = network.namespace("away");
  const folder = mkdtempSync(join(tmpdir(), "nta-away-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const web = await startScript(host, "webserver.ts", ["127.0.0.1", "0"]);
  t.after(() => web.process.kill());
  const words = ["--server", `http://127.0.0.1:${SERVER_PORT}`, "--state", folder];
  const tap = await startTapProcess(host, [...words, "--flush-interval", "0.5"]);
  await runScript(host, "webclient.ts", ["127.0.0.1", web.line, "500", "4"]);
  assert.equal(await tap.stop(), 0);
  assert.match(tap.log(), /is kept and sent at the next start/);
  const server = await startScript(host, "deltaserver.ts", [
    `${SERVER_PORT}`,
    join(folder, "deltas"),
  ]);
  t.after(() => server.process.kill());
  const next = await startTapProcess(host, words);
  const url = `http://127.0.0.1:${SERVER_PORT}/calls`;
  await until("what was kept is sent", async () => {
    const { calls } = JSON.parse(await runScript(host, "fetch.ts", [url])) as { calls: number };
    assert.ok(calls <= 500, `${calls} calls`);
    return calls === 500;
  });
  assert.equal(await next.stop(), 0);
});
