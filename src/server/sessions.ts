import { randomBytes } from "node:crypto";
import { serverLimits } from "../base/limits.ts";
import type { Identity } from "./access.ts";

export const SESSION_MS = 12 * 3_600_000;
const COOKIE = "nta_session";

interface Session {
  readonly identity: Identity;
  readonly expiresMs: number;
}

/** People who signed in with their browser, by the random value of their cookie. They end with the process. */
export class Sessions {
  readonly #byId = new Map<string, Session>();

  /** Gives the value of `Set-Cookie`. Where there are too many, the oldest ends. */
  begin(identity: Identity, isSecure: boolean, nowMs: number): string {
    if (this.#byId.size >= serverLimits.sessionsMax) {
      const [oldest] = this.#byId.keys();
      if (oldest !== undefined) this.#byId.delete(oldest);
    }
    const id = randomBytes(32).toString("base64url");
    this.#byId.set(id, { identity, expiresMs: nowMs + SESSION_MS });
    return setCookie(id, SESSION_MS / 1000, isSecure);
  }

  find(cookies: string | undefined, nowMs: number): Identity | null {
    const id = cookieOf(cookies, COOKIE);
    const session = id === null ? undefined : this.#byId.get(id);
    if (id === null || session === undefined) return null;
    if (session.expiresMs > nowMs) return session.identity;
    this.#byId.delete(id);
    return null;
  }

  end(cookies: string | undefined, isSecure: boolean): string {
    const id = cookieOf(cookies, COOKIE);
    if (id !== null) this.#byId.delete(id);
    return setCookie("", 0, isSecure);
  }

  /** Ends the sessions that began with a token which is revoked. */
  endOf(tokenId: string): void {
    for (const [id, { identity }] of this.#byId) {
      if (identity.tokenId === tokenId) this.#byId.delete(id);
    }
  }
}

const setCookie = (value: string, maxAgeS: number, isSecure: boolean): string =>
  `${COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}${isSecure ? "; Secure" : ""}`;

/** The value of one cookie of a `Cookie` field (RFC 6265, section 4.2). */
export function cookieOf(cookies: string | undefined, name: string): string | null {
  for (const pair of (cookies ?? "").split(";")) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return null;
}
