/** Serves the built page and the invented inventory on loopback, under the policy of the real server. */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { API_PREFIX } from "../../src/server/contract.ts";
import { CONTENT_SECURITY_POLICY } from "../../src/server/csp.ts";
import { answerOf, makeRoutes } from "./routes.ts";
import { makeWorld } from "./world.ts";

const folder = fileURLToPath(new URL("../dist/", import.meta.url));
const types: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

export const makeInventedServer = (
  size: { apis: number; endpoints: number },
  nowMs = Date.UTC(2026, 10, 22, 12),
): Server => {
  const routes = makeRoutes(makeWorld(size.apis, size.endpoints, nowMs));
  return createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    response.setHeader("content-security-policy", CONTENT_SECURITY_POLICY);
    if (!url.pathname.startsWith(API_PREFIX)) return sendFile(url.pathname, response);
    if (url.pathname === `${API_PREFIX}/events`) {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(": here\n\n");
      return;
    }
    void bodyOf(request).then((body) => {
      const value = answerOf(routes, request.method ?? "GET", url, body);
      if (value === undefined) response.writeHead(404).end(JSON.stringify({ title: "Not found" }));
      else if (typeof value === "string") response.end(value);
      else {
        response.setHeader("content-type", "application/json");
        response.setHeader("content-encoding", "gzip");
        response.end(gzipSync(JSON.stringify(value), { level: 1 }));
      }
    });
  });
};

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text === "" ? undefined : JSON.parse(text);
};

const sendFile = (path: string, response: ServerResponse): void => {
  const wanted = normalize(join(folder, path));
  const isFile = wanted.startsWith(folder) && extname(wanted) !== "";
  const file = isFile ? wanted : join(folder, "index.html");
  response.setHeader("content-type", types[extname(file)] ?? "application/octet-stream");
  if (path.startsWith("/assets/"))
    response.setHeader("cache-control", "max-age=31536000, immutable");
  try {
    const bytes = readFileSync(file);
    response.setHeader("content-encoding", "gzip");
    response.end(gzipSync(bytes));
  } catch {
    response.removeHeader("content-encoding");
    response.writeHead(404).end();
  }
};
