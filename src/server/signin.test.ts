import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Provider, startProvider } from "./provider.fixture.ts";
import { type Answer, ask, startServer, type TestServer } from "./server.fixture.ts";

let provider: Provider;
let server: TestServer;
before(async () => {
  provider = await startProvider();
  server = await startServer({
    isOpen: false,
    signIn: {
      issuer: provider.issuer,
      clientId: "nta",
      clientSecret: null,
      publicUrl: "http://nta.example",
      editors: ["ada@example.com", "platform"],
      viewers: ["bob@example.com"],
    },
  });
});
after(async () => {
  await server.close();
  await provider.close();
});

const cookieOf = (answer: Answer): string =>
  (answer.headers["set-cookie"] as string[])[0]!.split(";")[0]!;

/** Goes the way of a browser; gives the answer to its coming back. */
async function signIn(
  claims: Record<string, unknown>,
  change: (path: string) => string = (path) => path,
) {
  provider.claims = claims;
  const begun = await server.ask("/api/v1/sign-in");
  assert.equal(begun.status, 302);
  const there = await ask(String(begun.headers["location"]));
  const back = new URL(String(there.headers["location"]));
  assert.equal(back.origin, "http://nta.example");
  return await server.ask(change(back.pathname + back.search), {
    headers: { cookie: cookieOf(begun) },
  });
}

const me = async (answer: Answer) =>
  (await server.ask("/api/v1/me", { headers: { cookie: cookieOf(answer) } })).json<{
    role: string;
    name: string;
    by: string;
  }>();

test("who is not signed in is told where that starts", async () => {
  const { status, text } = await server.ask("/api/v1/me");
  assert.equal(status, 401);
  assert.equal((JSON.parse(text) as { signInPath: string }).signInPath, "/api/v1/sign-in");
});

test("roles come from e-mail addresses and groups", async () => {
  const rows = [
    [{ email: "ada@example.com", email_verified: true }, "editor"],
    [{ email: "eve@example.com", groups: ["platform"] }, "editor"],
    [{ email: "bob@example.com", email_verified: true }, "viewer"],
  ] as const;
  for (const [claims, role] of rows) {
    const answer = await signIn(claims);
    assert.equal(answer.status, 200, answer.text);
    const { role: got, by, name } = await me(answer);
    assert.deepEqual([got, by, name], [role, "oidc", claims.email]);
  }
});

test("others may not look, and an address that nobody vouches for counts for nothing", async () => {
  assert.equal((await signIn({ email: "mallory@example.com" })).status, 403);
  assert.equal((await signIn({ email: "ada@example.com", email_verified: false })).status, 403);
  assert.equal((await signIn({ email: "ada@example.com" })).status, 403);
  assert.equal((await signIn({ preferred_username: "platform" })).status, 403);
});

test("a code, a state or a token that is not ours is refused", async () => {
  const ada = { email: "ada@example.com" };
  assert.equal((await signIn(ada, (path) => path.replace(/state=[^&]+/, "state=x"))).status, 502);
  assert.equal((await signIn(ada, (path) => path.replace(/code=[^&]+/, "code=x"))).status, 502);
  assert.equal((await signIn({ ...ada, nonce: "another" })).status, 502);
  assert.equal((await signIn({ ...ada, aud: "another" })).status, 502);
  assert.equal((await server.ask("/api/v1/sign-in/return?code=x&state=y")).status, 400);
});
