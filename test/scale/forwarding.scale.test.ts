//! Two servers, one queue: each document and each webhook goes out once, also when a server dies in the middle of one.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { call, FixtureSensor } from "../../src/inventory/deltas.fixture.ts";
import { openInventory } from "../../src/inventory/inventory.ts";
import { startPostgres } from "../inventory/postgres.ts";
import { freePort, type Program, serve, withFolder } from "../server/program.ts";

const APIS = 12;

const until = async (isTrue: () => boolean | Promise<boolean>, what: () => string) => {
  for (const endMs = Date.now() + 300_000; !(await isTrue()); await sleep(200))
    if (Date.now() > endMs) assert.fail(`after 5 min: ${what()}`);
};

test("what is forwarded goes out once", async (context) => {
  const postgres = await startPostgres();
  const servers: Program[] = [];
  /** Of requests that were answered, by what they are about; and of those that began. */
  const answered = new Map<string, number>();
  const begun = new Map<string, number>();
  let isHolding = false;
  let heldCount = 0;
  const target = createServer((request, response) => {
    const { url = "", headers } = request;
    const name = headers["webhook-id"] === undefined ? url : `webhook ${headers["webhook-id"]}`;
    request.resume().once("end", async () => {
      begun.set(name, (begun.get(name) ?? 0) + 1);
      if (isHolding) heldCount += 1;
      while (isHolding) await sleep(20);
      if (response.destroyed || request.socket.destroyed) return;
      answered.set(name, (answered.get(name) ?? 0) + 1);
      response.end();
    });
  });
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
  const { port } = target.address() as AddressInfo;
  const store = postgres.newDatabase();
  const inventory = await openInventory({ url: store, inferAfterMs: 0 });
  try {
    await withFolder(async (folder) => {
      const url = `http://127.0.0.1:${port}`;
      const more = { method: "POST", headers: {}, body: "{document}" } as const;
      const forwarders = [
        { kind: "webhook", url: `${url}/hook`, kinds: [] } as const,
        { kind: "http", url: `${url}/{name}?v={version}`, ...more } as const,
      ];
      for (const each of forwarders)
        await inventory.forwarding.create({ name: each.kind, enabled: true, target: each }, "test");
      const flags = ["--store", store, "--forward-allow", "127.0.0.1"];
      const start = async () => serve({ port: await freePort(), folder, flags });
      servers.push(await start());
      servers.push(await start());
      const sensor = new FixtureSensor("tap-1");
      const teach = async (path: string): Promise<void> => {
        for (let index = 0; index < APIS; index += 1) {
          const host = `api${index}.test`;
          await inventory.ingest(sensor.hear([call(`GET ${path}`, { host, timeMs: Date.now() })]));
        }
        await inventory.settled();
      };
      const waiting = async (): Promise<number> =>
        (await inventory.forwarding.list()).reduce((sum, each) => sum + each.waiting, 0);
      const settled = () =>
        until(
          async () => (await waiting()) === 0,
          () => `still waiting; answered: ${JSON.stringify([...answered])}`,
        );
      await teach("/users/17");
      await settled();
      assert.equal([...answered.keys()].filter((name) => name.startsWith("webhook")).length, APIS);
      assert.equal(answered.size, 2 * APIS);
      assert.deepEqual(
        [...begun].filter(([, count]) => count !== 1),
        [],
        "once, by two servers that ask all the time",
      );

      isHolding = true;
      await teach("/orders");
      await until(
        () => heldCount > 0,
        () => "nothing was sent",
      );
      await servers[0]!.end("SIGKILL");
      await servers[1]!.end("SIGKILL");
      isHolding = false;
      servers[0] = await start();
      servers[1] = await start();
      await settled();
      const twice = [...answered].filter(([, count]) => count !== 1);
      assert.deepEqual(twice, [], "nothing is answered twice");
      assert.equal(answered.size, 4 * APIS);
      const again = [...begun].filter(([, count]) => count !== 1);
      context.diagnostic(
        `${answered.size} requests; begun again as both servers died in the middle: ${again.length}`,
      );
      assert.ok(again.length <= heldCount, "only what was under way is sent again");

      const { items } = await inventory.feed.changes({ limit: 1000 });
      const said = items.map(({ api, code, path, version }) => `${api} ${code} ${path} ${version}`);
      assert.equal(new Set(said).size, said.length, "each change is told once");
    });
  } finally {
    isHolding = false;
    for (const server of servers) await server.end("SIGKILL");
    await inventory.close();
    await new Promise<void>((resolve) => {
      target.close(() => resolve());
      target.closeAllConnections();
    });
    await postgres.stop();
  }
});
