import assert from "node:assert/strict";
import { get, type IncomingMessage } from "node:http";
import { test } from "node:test";
import type { Change } from "./contract.ts";
import { startServer, type TestServer } from "./server.fixture.ts";

const change = (id: string): Change => ({
  id,
  atMs: 1,
  api: "a",
  apiName: "a",
  kind: "endpoint-new",
  code: "operation.added",
  breaking: false,
  method: "GET",
  path: "/x",
  where: "",
  message: "",
  version: 2,
});

const listen = (server: TestServer, query = ""): Promise<IncomingMessage> =>
  new Promise((resolve) => get(`${server.url}/api/v1/events${query}`, resolve));

/** Reads until `count` events were seen. */
async function events(response: IncomingMessage, count: number): Promise<string[]> {
  let text = "";
  for await (const bytes of response) {
    text += String(bytes);
    const found = text.split("\n\n").filter((each) => each.includes("event: "));
    if (found.length >= count) return found;
  }
  throw new Error(`the stream ended: ${text}`);
}

test("what happens is told, and changes have ids to go on from", async () => {
  const server = await startServer();
  const response = await listen(server);
  assert.match(String(response.headers["content-type"]), /^text\/event-stream/);
  assert.match(String(response.headers["content-security-policy"]), /default-src/);
  server.inventory.emit({ kind: "change", change: change("c7") });
  server.inventory.emit({ kind: "api", api: "a" });
  const [first = "", second = ""] = await events(response, 2);
  assert.match(first, /^id: c7\nevent: change\ndata: \{"kind":"change","change":\{"id":"c7"/);
  assert.equal(second, 'event: api\ndata: {"kind":"api","api":"a"}');
  await server.close();
});

test("who was away gets what was missed", async () => {
  const server = await startServer();
  const asked: string[] = [];
  server.inventory.feed.changesAfter = async (id: string) => {
    asked.push(id);
    return [change("c8")];
  };
  const [missed = ""] = await events(await listen(server, "?after=c7"), 1);
  assert.match(missed, /^id: c8\n/);
  assert.deepEqual(asked, ["c7"]);
  await server.close();
});

test("a reader that does not read is let go, and costs no more than its share", async () => {
  const server = await startServer();
  const slow = await listen(server);
  slow.pause();
  const gone = new Promise<void>((resolve) => {
    slow.once("aborted", resolve);
    slow.once("close", resolve);
    slow.on("error", () => resolve());
  });
  const large = { ...change("c"), message: "x".repeat(50_000) };
  for (let round = 0; round < 400; round++) {
    server.inventory.emit({ kind: "change", change: large });
    if (round % 20 === 0) await new Promise(setImmediate);
  }
  slow.resume();
  await gone;
  await server.close();
});
