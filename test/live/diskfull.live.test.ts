//! A disk that is full: the server says so and asks to come again, nothing acknowledged is lost, and room is all it needs.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { Fleet } from "../server/fleet.ts";
import { freePort, serve, withFolder } from "../server/program.ts";

const mount = (...words: string[]): void => {
  const { status, stderr } = spawnSync("mount", words, { encoding: "utf8" });
  assert.equal(status, 0, `mount ${words.join(" ")}: ${stderr}`);
};

interface Row {
  readonly hosts: readonly string[];
  readonly calls: number;
}

test("sensors wait while the disk is full, and all is there when it has room", async () => {
  await withFolder(async (folder) => {
    const disk = join(folder, "store");
    mkdirSync(disk);
    mount("-t", "tmpfs", "-o", "size=8m", "tmpfs", disk);
    const server = await serve({ port: await freePort(), folder });
    const fleet = new Fleet({ url: server.url, sensors: 6, pauseMs: 50, seed: 5 });
    try {
      fleet.start();
      await until(() => fleet.deltas > 20, "deltas are taken");
      fill(join(disk, "filler"));
      await until(() => fleet.failures > 20, "the server takes nothing any more");
      const { status, headers, body } = await refusedDelta(server.url);
      assert.equal(status, 503, body);
      assert.match(String(headers["retry-after"]), /^\d+$/);
      assert.match(body, /"title":"Not available now".*(?:disk|room)/);
      assert.equal((await fetch(`${server.url}/api/v1/apis`)).status, 200, "reading goes on");
      mount("-o", "remount,size=200m", disk);
      const before = fleet.deltas;
      await until(() => fleet.deltas > before + 20, "deltas are taken again");
      await fleet.stop();
      await compare(server.url, fleet.acknowledged);
    } finally {
      await server.end("SIGKILL");
      await fleet.abandon();
      spawnSync("umount", ["-l", disk]);
    }
  });
});

/** Takes all room that is left; the server writes meanwhile, so nobody knows before how much that is. */
function fill(path: string): void {
  const file = openSync(path, "w");
  try {
    for (;;) writeSync(file, Buffer.alloc(16_384));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, "ENOSPC");
  } finally {
    closeSync(file);
  }
}

/** Sends what is new until it is refused: the last bytes of a disk may still take a delta. */
async function refusedDelta(url: string) {
  const fleet = new Fleet({ url, sensors: 0, pauseMs: 0, seed: 9 });
  for (let round = 0; ; round++) {
    const answer = await post(`${url}/api/v1/deltas`, fleet.batch(`probe-${round}`));
    if (answer.status !== 200 || round > 200) return answer;
  }
}

const post = (url: string, body: Uint8Array) =>
  new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }>(
    (resolve, reject) => {
      const sent = request(url, { method: "POST" }, (response) => {
        let text = "";
        response.on("data", (bytes: Buffer) => {
          text += bytes.toString();
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        );
      });
      sent.once("error", reject);
      sent.end(body);
    },
  );

/** Probes that were taken count beside what the fleet had acknowledged, so there may be more, never less. */
async function compare(url: string, acknowledged: ReadonlyMap<string, number>): Promise<void> {
  const missing = async (): Promise<string[]> => {
    const { items } = (await (await fetch(`${url}/api/v1/apis?limit=1000`)).json()) as {
      items: Row[];
    };
    const kept = new Map(items.map(({ hosts, calls }) => [hosts[0] ?? "", calls]));
    return [...acknowledged].filter(([host, calls]) => (kept.get(host) ?? 0) < calls).map(String);
  };
  const startMs = Date.now();
  while ((await missing()).length > 0 && Date.now() - startMs < 30_000) await pause(500);
  assert.deepEqual(await missing(), []);
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const startMs = Date.now();
  while (!condition()) {
    assert.ok(Date.now() - startMs < 60_000, `not within a minute: ${what}`);
    await pause(50);
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
