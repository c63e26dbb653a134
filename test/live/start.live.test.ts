//! `nta start --demo` as root: what the shop speaks on loopback is heard, described and kept over a restart.
import assert from "node:assert/strict";
import { test } from "node:test";
import { freePort, serve, withFolder } from "../server/program.ts";

const WAIT_MS = 60_000;

interface Row {
  readonly name: string;
  readonly endpoints: number;
  readonly calls: number;
}

const shopOf = async (url: string): Promise<Row | undefined> => {
  const { items } = (await (await fetch(`${url}/api/v1/apis?q=shop.example.com`)).json()) as {
    items: Row[];
  };
  return items[0];
};

test("the demo is heard within a minute, and is still known after a restart", async (t) => {
  await withFolder(async (folder) => {
    const options = { port: await freePort(), folder, program: "start" } as const;
    const first = await serve({ ...options, flags: ["--demo", "--interfaces", "lo"] });
    t.after(() => first.end("SIGKILL"));
    const startMs = Date.now();
    let shop = await shopOf(first.url);
    while ((shop?.endpoints ?? 0) < 15) {
      assert.ok(
        Date.now() - startMs < WAIT_MS,
        `heard only ${JSON.stringify(shop)}: ${first.log()}`,
      );
      await new Promise((resolve) => setTimeout(resolve, 500));
      shop = await shopOf(first.url);
    }
    const { items } = (await (await fetch(`${first.url}/api/v1/sensors`)).json()) as {
      items: { kind: string; explanation: string[] }[];
    };
    assert.equal(items[0]?.kind, "tap");
    assert.equal(await first.end(), 0, first.log());
    const second = await serve({ ...options, flags: ["--interfaces", "lo"] });
    t.after(() => second.end("SIGKILL"));
    const kept = await shopOf(second.url);
    assert.ok((kept?.calls ?? 0) >= shop!.calls, `${kept?.calls} calls of ${shop!.calls}`);
  });
});
