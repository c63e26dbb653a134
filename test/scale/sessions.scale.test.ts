//! Two servers of one PostgreSQL behind an address that sends each request to either: nobody needs to come back to the same.
import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { startProvider } from "../../src/server/provider.fixture.ts";
import { ask } from "../../src/server/server.fixture.ts";
import { startPostgres } from "../inventory/postgres.ts";
import { freePort, type Program, serve, withFolder } from "../server/program.ts";
import { learned } from "./simulatedtap.ts";

const API = "/api/v1";

/** Text of an event stream as it comes, and whether the server ended it. */
const listen = (url: string, cookie: string) => {
  const state = { text: "", status: 0, isOver: false };
  const sent = request(`${url}${API}/events`, { headers: { cookie } }, (answer) => {
    state.status = answer.statusCode ?? 0;
    answer.on("data", (bytes: Buffer) => {
      state.text += bytes.toString();
    });
    answer.once("close", () => {
      state.isOver = true;
    });
  });
  sent.on("error", () => {
    state.isOver = true;
  });
  sent.end();
  return { state, close: () => sent.destroy() };
};

const until = async (isTrue: () => boolean, what: string): Promise<void> => {
  for (let tries = 0; tries < 1200 && !isTrue(); tries++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(isTrue(), what);
};

const cookieIn = ({ headers }: { readonly headers: Readonly<Record<string, unknown>> }): string =>
  (headers["set-cookie"] as string[])[0]!.split(";")[0]!;

test("who signs in at one server is signed in at the other", async () => {
  const [postgres, provider] = [await startPostgres(), await startProvider()];
  const servers: Program[] = [];
  try {
    await withFolder(async (folder) => {
      const store = postgres.newDatabase();
      const flags = ["--store", store, "--oidc-issuer", provider.issuer, "--oidc-client-id", "nta"];
      flags.push("--public-url", "http://localhost", "--oidc-editors", "ada@example.com");
      const start = async () => serve({ port: await freePort(), folder, flags });
      servers.push(await start());
      servers.push(await start());
      const [one, other] = [servers[0]!.url, servers[1]!.url];

      provider.claims = { email: "ada@example.com", email_verified: true };
      const begun = await ask(`${one}${API}/sign-in`);
      const there = await ask(String(begun.headers["location"]));
      const back = new URL(String(there.headers["location"]));
      const returning = { headers: { cookie: cookieIn(begun) } };
      const returned = await ask(other + back.pathname + back.search, returning);
      assert.equal(returned.status, 200, returned.text);
      const again = await ask(one + back.pathname + back.search, returning);
      assert.equal(again.status, 400, "a sign-in ends once, wherever");
      const ada = cookieIn(returned);
      const me = async (url: string, cookie: string) =>
        (await ask(`${url}${API}/me`, { headers: { cookie } })).status;
      for (const url of [one, other]) assert.equal(await me(url, ada), 200);

      const headers = { cookie: ada, "content-type": "application/json" };
      const made = await ask(`${other}${API}/tokens`, {
        ...{ method: "POST", headers, body: JSON.stringify({ name: "bob", role: "viewer" }) },
      });
      assert.equal(made.status, 201, made.text);
      const { id, token } = made.json<{ id: string; token: string }>();
      const signed = await ask(`${one}${API}/session`, {
        ...{ method: "POST", headers: { "content-type": "application/json" } },
        body: JSON.stringify({ token }),
      });
      assert.equal(signed.status, 200, signed.text);
      const bob = cookieIn(signed);
      const bearer = async (url: string) =>
        (await ask(`${url}${API}/me`, { headers: { authorization: `Bearer ${token}` } })).status;
      for (const url of [one, other]) {
        assert.equal(await me(url, bob), 200);
        assert.equal(await bearer(url), 200);
      }

      const stream = listen(other, bob);
      await until(() => stream.state.text.includes("retry:"), "the stream began");
      const deltas = `{"v":1,"deltas":[${learned(Buffer.alloc(16), 1, 1, new Map()).text}]}`;
      const sent = await ask(`${one}${API}/deltas`, { method: "POST", headers, body: deltas });
      assert.equal(sent.status, 200, sent.text);
      await until(
        () => stream.state.text.includes("event: api"),
        "what one learned, the other says",
      );

      await servers[0]!.end("SIGKILL");
      servers[0] = await start();
      const anew = servers[0].url;
      for (const cookie of [ada, bob]) assert.equal(await me(anew, cookie), 200);
      await ask(`${anew}${API}/tokens/${id}`, { method: "DELETE", headers: { cookie: ada } });
      await until(() => stream.state.isOver, "a stream ends with the token that opened it");
      for (const url of [anew, other]) {
        assert.equal(await me(url, bob), 401);
        assert.equal(await bearer(url), 401);
      }
      await ask(`${other}${API}/session`, { method: "DELETE", headers: { cookie: ada } });
      assert.equal(await me(anew, ada), 401);
      stream.close();
    });
  } finally {
    for (const server of servers) await server.end("SIGKILL");
    await provider.close();
    await postgres.stop();
  }
});
