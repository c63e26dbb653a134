/**
 * Signing in at an OpenID Connect provider (authorization code with PKCE, RFC 7636). The browser goes there and comes back
 * with a code; what the provider says of the person decides on the role, and a session begins.
 */
import { createHash } from "node:crypto";
import type { FastifyInstance } from "fastify";
import * as client from "openid-client";
import { UsageError } from "../base/errors.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { Access } from "./access.ts";
import { API_PREFIX, type Role } from "./contract.ts";
import { Refusal } from "./problem.ts";
import type { SecretFile } from "./secretfile.ts";
import { cookieOf } from "./sessions.ts";

export interface SignInOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: SecretFile | null;
  readonly publicUrl: string;
  /** E-mail addresses and groups; empty means nobody may edit, and everybody may look. */
  readonly editors: readonly string[];
  readonly viewers: readonly string[];
}

const START = `${API_PREFIX}/sign-in`;
const RETURN = `${API_PREFIX}/sign-in/return`;
const COOKIE = "nta_sign_in";
const BEGUN_MS = 600_000;

export class SignIn {
  readonly startPath = START;
  readonly #options: SignInOptions;
  readonly #sessions: Inventory["sessions"];
  #provider: Promise<client.Configuration> | null = null;

  constructor(options: SignInOptions, sessions: Inventory["sessions"]) {
    if (!URL.canParse(options.issuer)) {
      throw new UsageError(`--oidc-issuer: "${options.issuer}" is no URL; write https://…`);
    }
    this.#options = options;
    this.#sessions = sessions;
  }

  /** Names who gives which role to whom: where that changes, people are to sign in again. */
  get basis(): string {
    const { issuer, clientId, editors, viewers } = this.#options;
    const text = JSON.stringify([issuer, clientId, editors, viewers]);
    return createHash("sha256").update(text).digest("base64url");
  }

  /** Where the browser is to go, and the cookie that proves later that it was this one. */
  async begin(nowMs: number): Promise<{ url: string; cookie: string }> {
    const provider = await this.#discover();
    const state = client.randomState();
    const verifier = client.randomPKCECodeVerifier();
    const nonce = client.randomNonce();
    await this.#sessions.beginSignIn(state, { verifier, nonce }, nowMs + BEGUN_MS);
    const url = client.buildAuthorizationUrl(provider, {
      redirect_uri: this.#options.publicUrl + RETURN,
      scope: "openid profile email",
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
      nonce,
    });
    // Lax, as the way back comes from the provider's site.
    const cookie = `${COOKIE}=${state}; Path=${RETURN}; HttpOnly; SameSite=Lax; Max-Age=${BEGUN_MS / 1000}`;
    return { url: url.href, cookie };
  }

  /** Who came back. Throws a `Refusal` where that cannot be told, or where they may not look. */
  async finish(path: string, cookies: string | undefined): Promise<{ name: string; role: Role }> {
    const state = cookieOf(cookies, COOKIE);
    const begun = state === null ? null : await this.#sessions.takeSignIn(state);
    if (state === null || begun === null) {
      throw new Refusal(400, "this sign-in was not begun here, or too long ago; begin anew");
    }
    let claims: client.IDToken | undefined;
    try {
      const tokens = await client.authorizationCodeGrant(
        await this.#discover(),
        new URL(this.#options.publicUrl + path),
        { pkceCodeVerifier: begun.verifier, expectedState: state, expectedNonce: begun.nonce },
      );
      claims = tokens.claims();
    } catch (error) {
      throw new Refusal(
        502,
        `the provider did not confirm it: ${(error as Error).message.slice(0, 200)}`,
      );
    }
    const role = this.#roleOf(namesIn(claims ?? {}));
    if (role === null) {
      throw new Refusal(403, "you are signed in, but not among those who may look");
    }
    return { name: nameOf(claims ?? {}), role };
  }

  #roleOf(names: readonly string[]): Role | null {
    const { editors, viewers } = this.#options;
    if (names.some((name) => editors.includes(name))) return "editor";
    return viewers.length === 0 || names.some((name) => viewers.includes(name)) ? "viewer" : null;
  }

  /** Asked when it is needed first, and again after a failure: a provider that is down is no reason not to start. */
  #discover(): Promise<client.Configuration> {
    const { issuer, clientId, clientSecret } = this.#options;
    const secret = clientSecret?.text(Date.now());
    const isPlain = issuer.startsWith("http://");
    this.#provider ??= client
      .discovery(
        new URL(issuer),
        clientId,
        secret,
        secret === undefined ? client.None() : client.ClientSecretPost(secret),
        // An operator who writes http:// means it, such as for a provider in the same pod.
        isPlain ? { execute: [client.allowInsecureRequests] } : {},
      )
      .catch((error: unknown) => {
        this.#provider = null;
        throw new Refusal(
          502,
          `the provider ${issuer} does not answer: ${(error as Error).message}`,
        );
      });
    return this.#provider;
  }
}

/**
 * By what a person is given a role: the subject, groups, and the e-mail address where the provider vouches for it. User names
 * and other addresses are what people type in about themselves.
 */
function namesIn(claims: Record<string, unknown>): string[] {
  const { email, email_verified: isVerified, groups, sub } = claims;
  const all = [
    sub,
    isVerified === true ? email : undefined,
    ...(Array.isArray(groups) ? groups : []),
  ];
  return all.filter((name): name is string => typeof name === "string");
}

/** For the audit log. */
function nameOf({ email, preferred_username: user, sub }: Record<string, unknown>): string {
  const names = [email, user, sub].filter((name): name is string => typeof name === "string");
  return (names[0] ?? "somebody").slice(0, 100);
}

export function addSignInRoutes(
  app: FastifyInstance,
  signIn: SignIn,
  access: Access,
  isTls: boolean,
): void {
  const options = {
    config: { needs: "public", rateLimit: { max: 60, timeWindow: "1 minute" } } as const,
    schema: { hide: true },
  };
  app.get("/sign-in", options, async (_request, reply) => {
    const { url, cookie } = await signIn.begin(Date.now());
    void reply.header("set-cookie", isTls ? `${cookie}; Secure` : cookie);
    return await reply.redirect(url, 302);
  });
  app.get("/sign-in/return", options, async (request, reply) => {
    const { name, role } = await signIn.finish(request.url, request.headers.cookie);
    const identity = { name, role, by: "oidc", tokenId: null } as const;
    void reply.header("set-cookie", await access.sessions.begin(identity, isTls, Date.now()));
    // A redirect would still be the provider's site leading here, and a Strict cookie would not come along.
    return await reply
      .type("text/html")
      .send(
        '<!doctype html><meta http-equiv="refresh" content="0;url=/"><title>Signed in</title>\n',
      );
  });
}
