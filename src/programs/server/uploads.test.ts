import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { test } from "node:test";
import type { Upload } from "../../server/contract.ts";
import { startServer, type TestServer } from "../../server/server.fixture.ts";
import { defaultSelection } from "../../telemetry/selection.ts";
import { uploadJobs } from "./uploadjob.ts";

const SHOP = readFileSync(new URL("../../../examples/shop.pcap", import.meta.url));
const start = (uploadBytesMax = 8 << 20): Promise<TestServer> =>
  startServer({
    uploadBytesMax,
    startJob: uploadJobs(Buffer.from("0123456789abcdef"), defaultSelection),
  });
const give = (server: TestServer, name: string, body: string | Buffer) =>
  server.ask(`/api/v1/uploads?name=${name}`, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body,
  });

async function ended(server: TestServer, id: string): Promise<Upload> {
  for (;;) {
    const upload = (await server.ask(`/api/v1/uploads/${id}`)).json<Upload>();
    if (upload.state !== "running") return upload;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("a capture is read in a thread, and twice given it counts once", async () => {
  const server = await start();
  const first = await give(server, "shop.pcap", SHOP);
  assert.equal(first.status, 202);
  const upload = await ended(server, first.json<Upload>().id);
  assert.deepEqual([upload.state, upload.kind, upload.problem], ["done", "capture", null]);
  assert.equal(upload.bytesDone, SHOP.length);
  assert.ok(upload.exchanges > 600, `${upload.exchanges} exchanges`);
  const calls = () =>
    [...server.inventory.deltas.values()].reduce((sum, delta) => sum + delta.calls, 0);
  const before = calls();
  assert.ok(before > 400, `${before} calls`);
  const again = await ended(server, (await give(server, "copy.pcap", SHOP)).json<Upload>().id);
  assert.match(again.problem ?? "", /read before/);
  assert.equal(calls(), before);
  await server.close();
});

test("a HAR file, a description and what is neither", async () => {
  const server = await start();
  const entry = {
    startedDateTime: "2026-01-01T00:00:00Z",
    time: 5,
    request: { method: "GET", url: "http://har.example/api/things/1", headers: [] },
    response: {
      status: 200,
      headers: [],
      content: { mimeType: "application/json", text: '{"a":1}' },
    },
  };
  const rows = [
    ["trace.har", JSON.stringify({ log: { entries: [entry] } }), "har", "done"],
    [
      "openapi.yaml",
      "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: {}\n",
      "openapi",
      "done",
    ],
    ["noise.bin", Buffer.from([0, 1, 2, 3, 200, 7, 8, 9]), "capture", "failed"],
    ["empty", Buffer.alloc(0), "capture", "failed"],
  ] as const;
  for (const [name, body, kind, state] of rows) {
    const upload = await ended(server, (await give(server, name, body)).json<Upload>().id);
    assert.deepEqual([name, upload.kind, upload.state], [name, kind, state]);
    if (state === "failed")
      assert.doesNotMatch(upload.problem ?? "", /nta-upload/, "no path of ours");
  }
  const list = (await server.ask("/api/v1/uploads")).json<{ items: Upload[] }>().items;
  assert.equal(list.length, rows.length);
  await server.close();
});

test("a file beyond the limit is refused, announced or not", async () => {
  const server = await start(1 << 20);
  assert.equal((await give(server, "big", Buffer.alloc(2 << 20))).status, 413);
  const status = await new Promise<number>((resolve, reject) => {
    const sent = request(`${server.url}/api/v1/uploads?name=big`, { method: "POST" });
    sent.once("response", (response) => resolve(response.resume().statusCode ?? 0));
    sent.once("error", reject);
    for (let index = 0; index < 20; index++) sent.write(Buffer.alloc(100_000));
  });
  assert.equal(status, 413);
  assert.deepEqual((await server.ask("/api/v1/uploads")).json<{ items: Upload[] }>().items, []);
  await server.close();
});

test("cancelled is cancelled, and its place is free again", async () => {
  let cancelled = 0;
  const server = await startServer({
    startJob: () => {
      const done = Promise.withResolvers<void>();
      return {
        done: done.promise,
        cancel: () => {
          cancelled += 1;
          done.reject(new Error("ended"));
        },
      };
    },
  });
  for (let round = 0; round < 3; round++) {
    const { id } = (await give(server, "a.pcap", SHOP)).json<Upload>();
    const answer = await server.ask(`/api/v1/uploads/${id}`, { method: "DELETE" });
    assert.equal(answer.json<Upload>().state, "cancelled");
    assert.equal((await ended(server, id)).state, "cancelled");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(cancelled, 3);
  const running = [await give(server, "a", SHOP), await give(server, "b", SHOP)];
  assert.deepEqual(
    running.map(({ status }) => status),
    [202, 202],
  );
  assert.equal((await give(server, "c", SHOP)).status, 429);
  assert.equal((await server.ask("/api/v1/uploads/none")).status, 404);
  await server.close();
});
