/** Who asks, and what they may. */
import { createHash, timingSafeEqual } from "node:crypto";
import { TLSSocket } from "node:tls";
import type { FastifyRequest } from "fastify";
import { serverLimits } from "../base/limits.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { Role, TokenRow } from "./contract.ts";
import { Failures } from "./failures.ts";
import type { Identity } from "./identity.ts";
import { Refusal } from "./problem.ts";
import type { SecretFile } from "./secretfile.ts";
import { Sessions } from "./sessions.ts";

export interface AccessOptions {
  /** Lets everybody in as editor who does not say who they are: only for loopback. */
  readonly isOpen: boolean;
  /** Looks a token up in the store, in the same time whatever is wrong with it. */
  readonly verify: (token: string) => Promise<TokenRow | null>;
  readonly sessions: Inventory["sessions"];
  /** Names the settings of single sign-on; null where it is not set up. */
  readonly signInBasis: string | null;
  /** Tokens from files, which are no rows of the store. */
  readonly adminToken: SecretFile | null;
  readonly sensorToken: SecretFile | null;
  /** Whether a client certificate that was verified makes a sensor. */
  readonly trustsCertificates: boolean;
  readonly nowMs: () => number;
}

/** What a route asks for; `public` for what anybody may. An editor may do everything. */
export type Needed = Role | "public";

const RIGHT_MS = 600_000;
const OPEN: Identity = { role: "editor", name: "local user", by: "open", tokenId: null };

export class Access {
  readonly sessions: Sessions;
  readonly #options: AccessOptions;
  readonly #failures = new Failures();
  /** Until when tokens that were right lately, by their hash, are no guesses: they never wait for those of others. */
  readonly #right = new Map<string, number>();

  constructor(options: AccessOptions) {
    this.#options = options;
    this.sessions = new Sessions(options.sessions, (identity) => this.#basisOf(identity));
  }

  get isOpen(): boolean {
    return this.#options.isOpen;
  }

  /** Throws a `Refusal` where nobody is known, or a token is wrong. */
  async identify(request: FastifyRequest, tokenInPath?: string): Promise<Identity> {
    const { isOpen } = this.#options;
    const { authorization, cookie } = request.headers;
    const bearer = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1] ?? tokenInPath;
    if (bearer !== undefined) return await this.signIn(bearer, addressOf(request));
    const byCertificate = this.#certificate(request);
    if (byCertificate !== null) return byCertificate;
    const session = await this.sessions.find(cookie);
    if (session !== null) return session;
    if (isOpen && authorization === undefined) return OPEN;
    throw new Refusal(401, "a token is needed: Authorization: Bearer nta_…", {
      headers: { "www-authenticate": 'Bearer realm="nta"' },
    });
  }

  /** The owner of a token. Throws a `Refusal` where it is wrong, or where `address` gave too many wrong ones. */
  async signIn(token: string, address: string): Promise<Identity> {
    const nowMs = this.#options.nowMs();
    const hash = hashOf(token);
    const text = hash.toString("base64");
    const isKnown = (this.#right.get(text) ?? 0) > nowMs;
    const waitMs = isKnown ? 0 : this.#failures.waitMs(address, nowMs);
    if (waitMs > 0) {
      throw new Refusal(429, "too many wrong tokens came from this address", {
        headers: { "retry-after": String(Math.ceil(waitMs / 1000)) },
      });
    }
    const identity = await this.#ownerOf(token, hash, nowMs);
    if (identity === null) {
      this.#right.delete(text);
      this.#failures.add(address, nowMs);
      throw new Refusal(401, "the token is wrong, or was revoked", {
        headers: { "www-authenticate": 'Bearer realm="nta", error="invalid_token"' },
      });
    }
    if (this.#right.size >= serverLimits.rightTokensMax) this.#right.clear();
    this.#right.set(text, nowMs + RIGHT_MS);
    return identity;
  }

  /** Sessions outlive the process, so one that began with settings of then ends where those of now differ. */
  #basisOf({ by, name, tokenId }: Identity): string | null {
    if (by === "oidc") return this.#options.signInBasis;
    if (tokenId !== null) return "";
    const file = this.#files().find((each) => each.name === name)?.file ?? null;
    return file === null ? null : hashOf(file.text(this.#options.nowMs())).toString("base64url");
  }

  #files() {
    const { adminToken, sensorToken } = this.#options;
    return [
      { file: adminToken, role: "editor", name: "admin token file" },
      { file: sensorToken, role: "sensor", name: "sensor token file" },
    ] as const;
  }

  async #ownerOf(token: string, hash: Buffer, nowMs: number): Promise<Identity | null> {
    const { verify } = this.#options;
    for (const { file, role, name } of this.#files()) {
      if (file !== null && timingSafeEqual(hash, hashOf(file.text(nowMs)))) {
        return { role, name, by: "token", tokenId: null };
      }
    }
    if (token.length > TOKEN_LENGTH_MAX) return null;
    const row = await verify(token);
    return row === null ? null : { role: row.role, name: row.name, by: "token", tokenId: row.id };
  }

  #certificate(request: FastifyRequest): Identity | null {
    if (!this.#options.trustsCertificates) return null;
    const { socket } = request.raw;
    if (!(socket instanceof TLSSocket) || !socket.authorized) return null;
    const name = socket.getPeerCertificate().subject?.CN;
    return {
      role: "sensor",
      name: typeof name === "string" ? name : "certificate",
      by: "certificate",
      tokenId: null,
    };
  }
}

const TOKEN_LENGTH_MAX = 256;
/** Tokens are random, so there is nothing to guess behind a plain hash. */
const hashOf = (token: string): Buffer => createHash("sha256").update(token).digest();

export const addressOf = (request: FastifyRequest): string =>
  request.raw.socket.remoteAddress ?? "";

export function mayDo(role: Role, needed: Needed): boolean {
  return needed === "public" || role === "editor" || role === needed;
}
