/** People who signed in with their browser: a cookie of random bits, and what the store keeps of it. */
import { randomBytes } from "node:crypto";
import type { Inventory } from "../inventory/inventory.ts";
import type { Identity } from "./identity.ts";

const SESSION_MS = 12 * 3_600_000;
const COOKIE = "nta_session";

export class Sessions {
  readonly #store: Inventory["sessions"];
  readonly #basisOf: (identity: Identity) => string | null;

  /** `basisOf` names the settings that give somebody their role today; null where they give none. */
  constructor(store: Inventory["sessions"], basisOf: (identity: Identity) => string | null) {
    this.#store = store;
    this.#basisOf = basisOf;
  }

  /** Gives the value of `Set-Cookie`. */
  async begin(identity: Identity, isSecure: boolean, nowMs: number): Promise<string> {
    const { name, role, by, tokenId } = identity;
    const basis = this.#basisOf(identity);
    if ((by !== "token" && by !== "oidc") || basis === null) {
      throw new Error(`internal error: no session begins with ${by}`);
    }
    const secret = randomBytes(32).toString("base64url");
    await this.#store.begin(secret, { name, role, by, token: tokenId, basis }, nowMs + SESSION_MS);
    return setCookie(secret, SESSION_MS / 1000, isSecure);
  }

  async find(cookies: string | undefined): Promise<Identity | null> {
    const secret = cookieOf(cookies, COOKIE);
    if (secret === null) return null;
    const found = await this.#store.find(secret);
    if (found === null) return null;
    const { name, role, by, token: tokenId, basis } = found;
    const identity: Identity = { name, role, by, tokenId };
    return this.#basisOf(identity) === basis ? identity : null;
  }

  async end(cookies: string | undefined, isSecure: boolean): Promise<string> {
    const secret = cookieOf(cookies, COOKIE);
    if (secret !== null) await this.#store.end(secret);
    return setCookie("", 0, isSecure);
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
