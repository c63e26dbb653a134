/** What is refused before any route looks at it: foreign host names, foreign origins, people without the right. */
import { isIP } from "node:net";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { type Access, mayDo, type Needed } from "./access.ts";
import { CONTENT_SECURITY_POLICY } from "./csp.ts";
import type { Identity } from "./identity.ts";
import { Refusal } from "./problem.ts";

declare module "fastify" {
  interface FastifyRequest {
    identity: Identity;
  }
  interface FastifyContextConfig {
    /** Who may ask; without it viewers may read and editors may write. */
    readonly needs?: Needed;
    /** The route reads the body itself, within limits of its own. */
    readonly readsBody?: boolean;
  }
}

export interface GuardOptions {
  readonly access: Access;
  /** Null accepts any Host: the server is not on loopback and no names were given. */
  readonly hostNames: ReadonlySet<string> | null;
  readonly isTls: boolean;
}

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
const NOBODY: Identity = { role: "viewer", name: "", by: "open", tokenId: null };

export function addGuards(app: FastifyInstance, options: GuardOptions): void {
  const { access, hostNames, isTls } = options;
  app.decorateRequest("identity");
  app.addHook("onRequest", async (request, reply) => {
    void reply.headers({
      "content-security-policy": CONTENT_SECURITY_POLICY,
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
      "cross-origin-opener-policy": "same-origin",
      ...(isTls ? { "strict-transport-security": "max-age=31536000" } : {}),
    });
    refuseForeignHost(request, hostNames);
    request.identity = NOBODY;
    const needed = neededBy(request);
    if (needed === "public") return;
    const { token } = request.params as { token?: string };
    const inPath = request.routeOptions.url?.startsWith("/in/:token") === true ? token : undefined;
    const identity = await access.identify(request, inPath);
    request.identity = identity;
    if (!mayDo(identity.role, needed)) {
      throw new Refusal(403, `this needs the role ${needed}; yours is ${identity.role}`);
    }
    if (
      identity.by === "open" ||
      identity.by === "oidc" ||
      request.headers.authorization === undefined
    )
      refuseForeignOrigin(request);
  });
}

function neededBy(request: FastifyRequest): Needed {
  const { needs } = request.routeOptions.config;
  return needs ?? (SAFE_METHODS.has(request.method) ? "viewer" : "editor");
}

/** A name that a stranger's DNS points here (DNS rebinding) would make their page one of our origin. */
function refuseForeignHost(request: FastifyRequest, names: ReadonlySet<string> | null): void {
  if (names === null) return;
  const name = hostNameOf(request.headers.host ?? "");
  if (name === "localhost" || isIP(name) !== 0 || names.has(name)) return;
  throw new Refusal(
    421,
    `this server is not called ${JSON.stringify(name.slice(0, 100))}; --host-names adds names`,
  );
}

function hostNameOf(host: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(host)?.[1];
  return (bracketed ?? host.replace(/:\d+$/, "")).toLowerCase();
}

/**
 * Another site's page may make a browser ask us, with our cookie or from within loopback. Browsers say so: by
 * `Sec-Fetch-Site`, older ones by `Origin`. Programs send neither. A link from elsewhere may still lead to a document.
 */
export function refuseForeignOrigin(request: FastifyRequest): void {
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined) {
    if (site === "same-origin" || site === "none") return;
    const isLink = request.headers["sec-fetch-mode"] === "navigate" && request.method === "GET";
    if (isLink) return;
    throw foreign();
  }
  const { origin, host } = request.headers;
  if (origin === undefined) return;
  if (origin === "null" || !URL.canParse(origin) || new URL(origin).host !== host) throw foreign();
}

const foreign = (): Refusal =>
  new Refusal(403, "a page of another site asked; only pages of this server and programs may");
