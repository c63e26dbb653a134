import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { type AddressInfo, isIP } from "node:net";
import { UsageError } from "../base/errors.ts";
import { sensorLimits } from "../base/limits.ts";
import { explain } from "./explain.ts";
import { METRICS_TYPE, metricsText } from "./metrics.ts";
import { nodeHttp } from "./nodehttp.ts";
import { type SensorStatus, statusJson } from "./status.ts";

export interface StatusServerOptions {
  /** Address to listen on; loopback unless an operator opens it. */
  readonly address: string;
  /** 0 takes any that is free. */
  readonly port: number;
  readonly status: () => SensorStatus;
}

export interface StatusServer {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

/** A request must be there, and a connection busy, within this. */
const TIMEOUT_MS = 5000;

/**
 * `/status`, `/metrics`, `/healthz` (the process turns), `/readyz` (it listens to packets). Neither of the last two depends
 * on the server: a tap without one is to go on listening.
 */
export async function openStatusServer(options: StatusServerOptions): Promise<StatusServer> {
  const isLocal = isLoopback(options.address);
  const server = nodeHttp().createServer(
    {
      requestTimeout: TIMEOUT_MS,
      headersTimeout: TIMEOUT_MS,
      keepAliveTimeout: TIMEOUT_MS,
      connectionsCheckingInterval: 1000,
    },
    (request, response) => answer(request, response, options.status, isLocal),
  );
  server.maxConnections = sensorLimits.statusConnectionsMax;
  await listen(server, options);
  const { address, port } = server.address() as AddressInfo;
  return {
    address,
    port,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function listen(server: Server, { address, port }: StatusServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.on("error", (error: NodeJS.ErrnoException) => {
      const reason = error.code === "EADDRINUSE" ? "another program uses it" : error.message;
      reject(new UsageError(`--status-listen: ${address}:${port}: ${reason}; choose another`));
    });
    server.listen(port, address, resolve);
  });
}

interface Reply {
  readonly code: number;
  readonly body: string;
  readonly type?: string;
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  status: () => SensorStatus,
  isLocal: boolean,
): void {
  const { code, body, type = "text/plain; charset=utf-8" } = replyTo(request, status, isLocal);
  response.writeHead(code, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

function replyTo(request: IncomingMessage, status: () => SensorStatus, isLocal: boolean): Reply {
  if (request.method !== "GET" && request.method !== "HEAD")
    return { code: 405, body: "only GET\n" };
  // A page in a browser may reach loopback under a name of its own choice (DNS rebinding).
  if (isLocal && !isLocalName(request.headers.host ?? "")) {
    return { code: 403, body: "not under this name\n" };
  }
  switch (request.url?.split("?")[0]) {
    case "/status": {
      const facts = status();
      return { code: 200, body: statusJson(facts, explain(facts)), type: "application/json" };
    }
    case "/metrics":
      return { code: 200, body: metricsText(status()), type: METRICS_TYPE };
    case "/healthz":
      return { code: 200, body: "ok\n" };
    case "/readyz": {
      const facts = status();
      if (facts.capture.state === "listening") return { code: 200, body: "ok\n" };
      return { code: 503, body: `${explain(facts)[0]}\n` };
    }
    default:
      return { code: 404, body: "there are /status, /metrics, /healthz and /readyz\n" };
  }
}

const isLoopback = (address: string): boolean =>
  address === "localhost" || address === "::1" || address.startsWith("127.");

/** `localhost` or an address, with or without a port. */
function isLocalName(host: string): boolean {
  const name = /^\[([^\]]*)\](?::\d+)?$/.exec(host)?.[1] ?? host.replace(/:\d+$/, "");
  return name === "localhost" || isIP(name) !== 0;
}
