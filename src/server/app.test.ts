import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startServer, type TestServer } from "./server.fixture.ts";

let server: TestServer;
before(async () => {
  server = await startServer();
});
after(() => server.close());

test("health, readiness and metrics", async () => {
  assert.equal((await server.ask("/healthz")).text, "ok\n");
  assert.equal((await server.ask("/readyz")).status, 200);
  const { text, headers } = await server.ask("/metrics");
  assert.match(text, /^nta_apis 0$/m);
  assert.match(text, /^nta_server_request_seconds_bucket/m);
  assert.match(String(headers["content-type"]), /^text\/plain/);
});

test("who asks on loopback is an editor", async () => {
  const me = (await server.ask("/api/v1/me")).json<object>();
  const expected = {
    role: "editor",
    name: "local user",
    by: "open",
    version: "0.0.0",
    signInPath: null,
  };
  assert.deepEqual(me, expected);
});

test("a list, and a filter that is misspelt", async () => {
  assert.deepEqual((await server.ask("/api/v1/apis?limit=5")).json(), {
    items: [],
    next: null,
    total: 0,
  });
  const wrong = await server.ask("/api/v1/apis?stauts=new");
  assert.equal(wrong.status, 400);
  assert.match(String(wrong.headers["content-type"]), /^application\/problem\+json/);
  assert.match(wrong.text, /no query parameter .*stauts.*known: cursor, limit, sort/);
  assert.equal((await server.ask("/api/v1/apis?limit=0")).status, 400);
  assert.equal((await server.ask("/api/v1/apis?sort=__proto__")).status, 400);
});

test("what is not there is a problem, whatever the method", async () => {
  for (const path of ["/api/v1/nothing", "/api/nothing", "/in/x"]) {
    const answer = await server.ask(path);
    assert.equal(answer.status, 404, path);
    assert.match(String(answer.headers["content-type"]), /^application\/problem\+json/);
  }
  const { status, text } = await server.ask("/api/v1/apis", { method: "DELETE" });
  assert.deepEqual([status, (JSON.parse(text) as { title: string }).title], [404, "Not found"]);
});

test("an answer that did not change is not sent again", async () => {
  const first = await server.ask("/api/v1/apis");
  const etag = String(first.headers["etag"]);
  const again = await server.ask("/api/v1/apis", { headers: { "if-none-match": etag } });
  assert.deepEqual([again.status, again.text], [304, ""]);
});

test("without a build the page says how to make one", async () => {
  const { text, headers } = await server.ask("/apis/x");
  assert.match(text, /npm run ui:build/);
  assert.match(String(headers["content-security-policy"]), /^default-src 'self'/);
});

test("a body that is not as described is refused with the place", async () => {
  const headers = { "content-type": "application/json" };
  const body = '{"name": 7}';
  const { status, text } = await server.ask("/api/v1/apis/abc", { method: "PATCH", headers, body });
  assert.equal(status, 400);
  assert.match(text, /"path":"\/name"/);
});
