import { existsSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";
import { Refusal } from "./problem.ts";

const YEAR_MS = 31_536_000_000;

/**
 * The web page: files of its build, and `index.html` for the addresses of its views. Its files are no secret: they are given
 * to anybody, and ask for a token themselves.
 */
export function addPage(app: FastifyInstance, folder: string): void {
  const isBuilt = existsSync(join(folder, "index.html"));
  const config = { needs: "public" } as const;
  if (isBuilt) {
    void app.register(fastifyStatic, {
      root: folder,
      index: false,
      wildcard: false,
      serve: false,
      cacheControl: false,
    });
    app.get("/assets/*", { config, schema: { hide: true } }, async (request, reply) => {
      void reply.header("cache-control", `public, max-age=${YEAR_MS / 1000}, immutable`);
      return await reply.sendFile(`assets/${(request.params as { "*": string })["*"]}`);
    });
  }
  app.get("/*", { config, schema: { hide: true } }, async (request, reply) => {
    const path = (request.params as { "*": string })["*"];
    if (path.startsWith("api/") || path.startsWith("in/")) {
      throw new Refusal(404, "there is no such path; /api/v1/openapi.json lists all");
    }
    if (!isBuilt) return await reply.type("text/html").send(NOT_BUILT);
    void reply.header("cache-control", "no-cache");
    const isFile = /^[\w-]+\.[a-z]+$/.test(path) && existsSync(join(folder, path));
    return await reply.sendFile(isFile ? path : "index.html");
  });
}

const NOT_BUILT = `<!doctype html><html lang="en"><title>nta</title>
<p>The page was not built: run <code>npm run ui:build</code> and start the server again.</p>
<p>Everything it shows is also at <a href="/api/v1/overview">/api/v1</a>.</p></html>
`;
