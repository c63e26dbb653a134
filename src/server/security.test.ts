import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { isShallow } from "./body.ts";
import { Failures } from "./failures.ts";
import { SecretFile } from "./secretfile.ts";
import { type AskOptions, startServer, type TestServer } from "./server.fixture.ts";

let open: TestServer;
let closed: TestServer;
before(async () => {
  open = await startServer();
  closed = await startServer({ isOpen: false, parts: { hostNames: null } });
});
after(async () => {
  await open.close();
  await closed.close();
});

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const json = { "content-type": "application/json" };
const patch = (headers: Record<string, string>): AskOptions => ({
  method: "PATCH",
  headers: { ...json, ...headers },
  body: "{}",
});

test("without a token there is nothing but health, page and description", async () => {
  for (const path of ["/api/v1/apis", "/api/v1/events", "/api/v1/archive", "/api/v1/backup"]) {
    const { status, headers } = await closed.ask(path);
    assert.deepEqual(
      [path, status, headers["www-authenticate"]],
      [path, 401, 'Bearer realm="nta"'],
    );
  }
  for (const path of ["/api/v1/deltas", "/api/telemetry", "/in/wrong/api/telemetry"]) {
    assert.equal((await closed.ask(path, { method: "POST", body: "{}" })).status, 401, path);
  }
  for (const path of ["/healthz", "/", "/api/v1/openapi.json"]) {
    assert.equal((await closed.ask(path)).status, 200, path);
  }
});

test("roles: who looks, who changes, who sends", async () => {
  const { tokens } = closed.inventory;
  const of = async (role: "viewer" | "editor" | "sensor") =>
    bearer((await tokens.create(role, role)).token);
  const rows = [
    [await of("viewer"), 200, 403, 403],
    [await of("editor"), 200, 200, 200],
    [await of("sensor"), 403, 403, 200],
  ] as const;
  for (const [headers, looks, changes, sends] of rows) {
    assert.equal((await closed.ask("/api/v1/apis", { headers })).status, looks);
    assert.equal((await closed.ask("/api/v1/apis/a", patch(headers))).status, changes);
    const body = '{"v":1,"deltas":[]}';
    assert.equal(
      (await closed.ask("/api/v1/deltas", { method: "POST", headers, body })).status,
      sends,
    );
  }
});

test("a wrong token is refused, a revoked one at once, too many wrong ones have to wait", async () => {
  const { id, token } = await closed.inventory.tokens.create("t", "editor");
  const ask = (text: string) => closed.ask("/api/v1/me", { headers: bearer(text) });
  assert.equal((await ask(token)).status, 200);
  assert.equal((await ask(`${token}x`)).status, 401);
  const keeper = (await closed.inventory.tokens.create("k", "editor")).token;
  assert.equal(
    (await closed.ask(`/api/v1/tokens/${id}`, { method: "DELETE", headers: bearer(keeper) }))
      .status,
    204,
  );
  assert.equal((await ask(token)).status, 401);
  const statuses: number[] = [];
  for (let index = 0; index < 30; index++) statuses.push((await ask(`nta_guess${index}`)).status);
  assert.equal(statuses.at(-1), 429);
  // Who was right before is not kept out by the guesses of others behind the same proxy.
  assert.equal((await ask(keeper)).status, 200);
});

test("failures are forgotten with time, and by the oldest where there are too many", () => {
  const failures = new Failures();
  for (let index = 0; index < 20; index++) failures.add("a", 0);
  assert.ok(failures.waitMs("a", 10) > 0);
  assert.equal(failures.waitMs("a", 60_001), 0);
  for (let index = 0; index < 5000; index++) failures.add(`b${index}`, 0);
  assert.equal(failures.waitMs("a", 10), 0);
});

test("a session ends where the settings that gave its role are others", async () => {
  const folder = mkdtempSync(join(tmpdir(), "nta-token-"));
  const file = join(folder, "token");
  writeFileSync(file, "the-first-admin-token");
  const fresh = await startServer({
    isOpen: false,
    parts: { hostNames: null },
    access: { adminToken: new SecretFile("admin-token-file", file), nowMs: () => nowMs },
  });
  let nowMs = Date.now();
  try {
    const body = JSON.stringify({ token: "the-first-admin-token" });
    const answer = await fresh.ask("/api/v1/session", { method: "POST", headers: json, body });
    assert.equal(answer.status, 200, answer.text);
    const [cookie = ""] = answer.headers["set-cookie"] as string[];
    const me = async () => (await fresh.ask("/api/v1/me", { headers: { cookie } })).status;
    assert.equal(await me(), 200);
    writeFileSync(file, "another-admin-token");
    nowMs += 60_000;
    assert.equal(await me(), 401);
  } finally {
    await fresh.close();
    rmSync(folder, { recursive: true });
  }
});

test("a session: a cookie that scripts cannot read and other sites do not send", async () => {
  const fresh = await startServer({ isOpen: false, parts: { hostNames: null } });
  const { token, id } = await fresh.inventory.tokens.create("p", "editor");
  const signIn = await fresh.ask("/api/v1/session", {
    method: "POST",
    headers: json,
    body: JSON.stringify({ token }),
  });
  assert.equal(signIn.status, 200);
  const [cookie = ""] = signIn.headers["set-cookie"] as string[];
  assert.match(cookie, /^nta_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
  const headers = { cookie: cookie.split(";")[0]! };
  assert.equal((await fresh.ask("/api/v1/me", { headers })).status, 200);
  assert.equal((await fresh.ask("/api/v1/apis/a", patch(headers))).status, 200);
  const foreign = patch({ ...headers, "sec-fetch-site": "cross-site" });
  assert.equal((await fresh.ask("/api/v1/apis/a", foreign)).status, 403);
  await fresh.ask(`/api/v1/tokens/${id}`, { method: "DELETE", headers });
  assert.equal((await fresh.ask("/api/v1/me", { headers })).status, 401);
  const wrong = await fresh.ask("/api/v1/session", {
    method: "POST",
    headers: json,
    body: '{"token":"x"}',
  });
  assert.equal(wrong.status, 401);
  await fresh.close();
});

test("behind a proxy that ends TLS the cookie stays within TLS", async () => {
  const parts = { hostNames: null, publicUrl: "https://nta.example" };
  const fresh = await startServer({ isOpen: false, parts });
  const { token } = await fresh.inventory.tokens.create("p", "viewer");
  const body = JSON.stringify({ token });
  const { headers } = await fresh.ask("/api/v1/session", { method: "POST", headers: json, body });
  assert.match(String(headers["set-cookie"]), /; Secure$/);
  assert.match(String(headers["strict-transport-security"]), /^max-age=/);
  await fresh.close();
});

test("pages of other sites change nothing, and read nothing", async () => {
  const rows: readonly [Record<string, string>, number][] = [
    [{}, 200],
    [{ "sec-fetch-site": "same-origin" }, 200],
    [{ "sec-fetch-site": "cross-site" }, 403],
    [{ "sec-fetch-site": "same-site" }, 403],
    [{ origin: "http://evil.example" }, 403],
    [{ origin: "null" }, 403],
    [{ origin: open.url }, 200],
  ];
  for (const [headers, expected] of rows) {
    const { status } = await open.ask("/api/v1/apis/a", patch(headers));
    assert.equal(status, expected, JSON.stringify(headers));
  }
  const read = await open.ask("/api/v1/apis", {
    headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" },
  });
  assert.equal(read.status, 403);
  const preflight = await open.ask("/api/v1/apis", {
    method: "OPTIONS",
    headers: { origin: "http://evil.example", "access-control-request-method": "PUT" },
  });
  assert.equal(preflight.headers["access-control-allow-origin"], undefined);
  // A simple request with a body that is JSON under another name.
  const simple = await open.ask("/api/v1/apis/a", {
    method: "PATCH",
    headers: { "content-type": "text/plain" },
    body: "{}",
  });
  assert.equal(simple.status, 415);
});

test("a stranger's name for loopback is refused", async () => {
  for (const [host, status] of [
    ["localhost:1", 200],
    ["127.0.0.1", 200],
    ["[::1]:8090", 200],
    ["nta.example", 200],
    ["evil.example", 421],
    ["127.0.0.1.evil.example", 421],
  ] as const) {
    assert.equal((await open.ask("/api/v1/apis", { headers: { host } })).status, status, host);
  }
});

test("headers that browsers heed", async () => {
  const { headers } = await open.ask("/api/v1/apis");
  assert.match(
    String(headers["content-security-policy"]),
    /default-src 'self'.*frame-ancestors 'none'/,
  );
  assert.equal(headers["x-content-type-options"], "nosniff");
  assert.equal(headers["cross-origin-resource-policy"], "same-origin");
  assert.equal(headers["access-control-allow-origin"], undefined);
});

test("compressed bombs end at the limit", async () => {
  const bomb = Buffer.alloc(64 << 20);
  for (const [coding, body] of [
    ["gzip", gzipSync(bomb)],
    ["zstd", zstdCompressSync(bomb)],
  ] as const) {
    const before = process.memoryUsage().rss;
    const headers = { "content-encoding": coding };
    const { status } = await open.ask("/api/v1/deltas", { method: "POST", headers, body });
    assert.equal(status, 413, coding);
    assert.ok(process.memoryUsage().rss - before < 200 << 20, "memory");
  }
  const headers = { "content-encoding": "gzip" };
  const cut = gzipSync("{}").subarray(0, 15);
  assert.equal(
    (await open.ask("/api/v1/deltas", { method: "POST", headers, body: cut })).status,
    400,
  );
  const other = { "content-encoding": "br" };
  assert.equal(
    (await open.ask("/api/v1/deltas", { method: "POST", headers: other, body: "x" })).status,
    415,
  );
  const long = { "content-length": "999999999" };
  assert.equal((await open.ask("/api/v1/deltas", { method: "POST", headers: long })).status, 413);
});

test("a large body in gzip is read like any other", async () => {
  const text = JSON.stringify({ v: 1, junk: randomBytes(1 << 20).toString("hex") });
  const headers = { "content-encoding": "gzip" };
  for (const path of ["/api/v1/deltas", "/api/telemetry"]) {
    const body = gzipSync(text);
    const { status } = await open.ask(path, { method: "POST", headers, body });
    assert.equal(status, 422, path);
  }
});

test("endless nesting is refused before it is read", async () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  assert.equal((await open.ask("/api/v1/deltas", { method: "POST", body: deep })).status, 400);
  assert.equal(
    (await open.ask("/api/telemetry", { method: "POST", body: `{"request":${deep}}` })).status,
    400,
  );
  const inside = await open.ask("/api/v1/sensors/a/status", {
    method: "PUT",
    headers: json,
    body: `{"a":${deep}}`,
  });
  assert.equal(inside.status, 400);
  assert.ok(isShallow(Buffer.from('"[[[[\\"[[["'), 1));
  assert.ok(!isShallow(Buffer.from("[[1]]"), 1));
});

test("__proto__ reaches nothing", async () => {
  for (const body of [
    '{"__proto__":{"ignored":true}}',
    '{"constructor":{"prototype":{"ignored":true}}}',
  ]) {
    const { status } = await open.ask("/api/v1/apis/a", { method: "PATCH", headers: json, body });
    assert.equal(status, 400, body);
  }
  assert.equal(({} as { ignored?: boolean }).ignored, undefined);
});

test("bodies that are too large, and targets that are too long", async () => {
  const body = JSON.stringify({ note: "x".repeat(2 << 20) });
  assert.equal(
    (await open.ask("/api/v1/apis/a", { method: "PATCH", headers: json, body })).status,
    413,
  );
  const telemetry = await open.ask("/api/telemetry", { method: "POST", body: "x".repeat(5 << 20) });
  assert.equal(telemetry.status, 413);
  assert.ok((await open.ask(`/api/v1/apis/${"a".repeat(20_000)}`)).status >= 400);
});

test("whoever may send cannot make up sensors without end", async () => {
  const fresh = await startServer();
  const rows = Array.from({ length: 19_999 }, (_, index) => ({ name: `s${index}` }));
  fresh.inventory.sensors.list = async () => rows;
  const put = async (name: string) =>
    (
      await fresh.ask(`/api/v1/sensors/${name}/status`, {
        method: "PUT",
        headers: json,
        body: "{}",
      })
    ).status;
  assert.deepEqual(
    [await put("s7"), await put("new"), await put("newer"), await put("new")],
    [204, 204, 503, 204],
  );
  const large = JSON.stringify({ a: "x".repeat(300_000) });
  assert.equal(
    (await fresh.ask("/api/v1/sensors/s7/status", { method: "PUT", headers: json, body: large }))
      .status,
    413,
  );
  await fresh.close();
});

test("a secret that is kept is not sent to another place", async () => {
  const put = async (url: string, secret?: string) => {
    const target = { kind: "webhook", url, kinds: [], ...(secret === undefined ? {} : { secret }) };
    const body = JSON.stringify({ name: "x", enabled: true, target });
    return (await open.ask("/api/v1/forwarders/f", { method: "PUT", headers: json, body })).status;
  };
  assert.equal(await put("https://a.example/2"), 200);
  assert.equal(await put("https://evil.example/1"), 422);
  assert.equal(await put("https://a.example.evil.example/1"), 422);
  assert.equal(await put("https://b.example/1", "new"), 200);
});

test("heads that trickle are cut off", async () => {
  assert.ok(open.app.server.headersTimeout <= 15_000);
  const socket = connect(open.port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nX: ");
  socket.destroy();
  assert.equal((await open.ask("/healthz")).status, 200);
});
