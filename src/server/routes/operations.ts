import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import type { Inventory } from "../../inventory/inventory.ts";
import { type Access, addressOf } from "../access.ts";
import { Me, SessionRequest } from "../contract.ts";
import { refuseForeignOrigin } from "../guards.ts";
import type { Identity } from "../identity.ts";
import type { Metrics } from "../metrics.ts";
import { operation } from "../operation.ts";

const tag = "server";

export interface SessionOptions {
  readonly access: Access;
  readonly version: string;
  readonly isTls: boolean;
  /** Where single sign-on starts; null where it is not set up. */
  readonly signInPath: string | null;
}

export function addSessionRoutes(app: FastifyInstance, options: SessionOptions): void {
  const { access, version, isTls, signInPath } = options;
  const meOf = ({ role, name, by }: Identity): Me => ({ role, name, by, version, signInPath });
  operation(
    app,
    { method: "GET", path: "/me", id: "getMe", summary: "Who asks", tag, answer: Me },
    ({ request }) => meOf(request.identity),
  );
  operation(
    app,
    {
      method: "POST",
      path: "/session",
      id: "signIn",
      summary: "Signs a person in with a token: sets a cookie",
      tag,
      body: SessionRequest,
      answer: Me,
      needs: "public",
    },
    async ({ body, request, reply }) => {
      refuseForeignOrigin(request);
      const identity = await access.signIn(body.token, addressOf(request));
      void reply.header("set-cookie", await access.sessions.begin(identity, isTls, Date.now()));
      return meOf(identity);
    },
  );
  operation(
    app,
    {
      method: "DELETE",
      path: "/session",
      id: "signOut",
      summary: "Signs out",
      tag,
      answer: null,
      needs: "public",
    },
    async ({ request, reply }) => {
      refuseForeignOrigin(request);
      void reply.header("set-cookie", await access.sessions.end(request.headers.cookie, isTls));
    },
  );
}

/** For those who run the server; outside of `/api/v1`, and open, as orchestrators ask without tokens. */
export function addHealthRoutes(
  app: FastifyInstance,
  inventory: Inventory,
  metrics: Metrics,
): void {
  const config = { needs: "public" } as const;
  const schema = { hide: true };
  app.get("/healthz", { config, schema }, (_request, reply) =>
    reply.type("text/plain").send("ok\n"),
  );
  app.get("/readyz", { config, schema }, async (_request, reply) => {
    await inventory.ping();
    return await reply.type("text/plain").send("ok\n");
  });
  app.get("/metrics", { config, schema }, async (_request, reply) => {
    void reply.type(metrics.contentType);
    return await metrics.text();
  });
}

export function addOpenApiRoute(app: FastifyInstance): void {
  operation(
    app,
    {
      method: "GET",
      path: "/openapi.json",
      id: "getOpenApi",
      summary: "This description",
      tag,
      answer: Type.Unknown(),
      needs: "public",
    },
    () => app.swagger(),
  );
}
