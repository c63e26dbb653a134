/** A small mesh on loopback: a service, the real Envoy in front of it with the filter that the chart renders, and clients. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type ClientHttp2Session, connect } from "node:http2";
import { Agent, request as requestTls } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { authority, serverCertificate, serverKey } from "../../src/sensor/certificates.fixture.ts";
import { nested, renderChart, type Values } from "./chart.ts";
import { envoyProgram } from "./tools.ts";

type Loose = Record<string, never> & { [name: string]: Loose };

export async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** The service: JSON of any size, what was sent echoed, gzip, trailers, and answers that break off. */
export async function startService(): Promise<{ server: Server; port: number }> {
  const server = createServer((request, response) => void serve(request, response));
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://service");
  const [, kind, value = ""] = url.pathname.split("/");
  const chunks: Buffer[] = [];
  request.on("error", () => {});
  response.on("error", () => {});
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  if (kind === "reset") {
    response.writeHead(200, { "content-type": "application/json", "content-length": 1000 });
    response.write("{");
    setTimeout(() => response.destroy(), 5);
  } else if (kind === "zipped") {
    const zipped = gzipSync(json({ id: Number(value), name: "zipped", tags: ["a", "b"] }));
    response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
    response.end(zipped);
  } else if (kind === "trailed") {
    response.writeHead(200, { "content-type": "application/json", trailer: "x-sum" });
    response.write(json({ id: Number(value), state: "done" }));
    response.addTrailers({ "x-sum": "1" });
    response.end();
  } else if (kind === "sized") {
    const text = "x".repeat(Math.max(0, Number(value) - 11));
    response.writeHead(200, { "content-type": "application/json" });
    response.end(json(Number(value) < 12 ? Number(value) % 10 : { text }));
  } else if (kind === "orders" && request.method === "POST") {
    const order = JSON.parse(body.toString()) as { items: unknown[] };
    response.writeHead(201, { "content-type": "application/json" });
    response.end(json({ id: order.items.length + 1000, items: order.items, total: 12.5 }));
  } else if (kind === "upload") {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(json({ bytes: body.length }));
  } else if (kind === "absent") {
    response.writeHead(404, { "content-type": "application/json" });
    response.end(json({ error: "absent" }));
  } else {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(json({ id: Number(value), name: `item ${value}`, price: 9.99, inStock: true }));
  }
}

/** The patches that the chart puts into a gateway, with the collector's address instead of its Service's. */
async function patches(
  collectorPort: number,
  more: Values,
): Promise<{ cluster: Loose; filter: Loose }> {
  const values = nested({
    "collector.enabled": true,
    "envoy.gateways": [{ name: "edge", namespace: "edge", matchLabels: { app: "edge" } }],
    ...more,
  });
  const object = (await renderChart({ helm: 4, values })).find(
    ({ kind }) => kind === "EnvoyFilter",
  )!;
  const [cluster, filter] = (object["spec"].configPatches as { patch: { value: Loose } }[]).map(
    ({ patch }) => patch.value,
  );
  const socket =
    cluster!["load_assignment"]!["endpoints"]![0 as never]!["lb_endpoints"]![0 as never]![
      "endpoint"
    ]!["address"]!["socket_address"]!;
  Object.assign(socket, { address: "127.0.0.1", port_value: collectorPort });
  return { cluster: cluster!, filter: filter! };
}

export interface EnvoyOptions {
  readonly servicePort: number;
  /** Null leaves the filter out. */
  readonly collectorPort: number | null;
  /** Whether it tells of exchanges by access log instead. */
  readonly accessLog?: boolean;
  /** Whether it is called in the clear, as one behind another is. */
  readonly isPlain?: boolean;
  /** Values of the chart beside those that put the filter there. */
  readonly values?: Values;
}

export interface RunningEnvoy {
  readonly pid: number;
  readonly port: number;
  readonly adminPort: number;
  stop(): Promise<void>;
}

export async function startEnvoy(options: EnvoyOptions): Promise<RunningEnvoy> {
  const folder = mkdtempSync(join(tmpdir(), "nta-envoy-"));
  const [port, adminPort] = [await freePort(), await freePort()];
  const added =
    options.collectorPort === null
      ? null
      : await patches(options.collectorPort, options.values ?? {});
  const config = join(folder, "envoy.json");
  writeFileSync(config, JSON.stringify(configuration(options, port, adminPort, added)));
  const child = spawn(
    envoyProgram(),
    [
      "-c",
      config,
      "--concurrency",
      "1",
      "--use-dynamic-base-id",
      "--log-level",
      "warning",
      "--disable-hot-restart",
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let log = "";
  child.stderr!.on("data", (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-4000);
  });
  const stop = async (): Promise<void> => {
    await endProcess(child, "SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; ; tries += 1) {
    try {
      if ((await fetch(`http://127.0.0.1:${adminPort}/ready`)).ok)
        return { pid: child.pid!, port, adminPort, stop };
    } catch {
      // It is not there yet.
    }
    if (tries > 1200 || child.exitCode !== null) {
      await stop();
      throw new Error(`Envoy does not start: ${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Who has not ended by then is ended, so that a test that fails ends too. */
const ENDING_MS = 30_000;

export async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), ENDING_MS);
  await ended;
  clearTimeout(timer);
}

function configuration(
  { servicePort, accessLog, isPlain }: EnvoyOptions,
  port: number,
  adminPort: number,
  added: { cluster: Loose; filter: Loose } | null,
): object {
  const at = (address: string, port_value: number): object => ({
    socket_address: { address, port_value },
  });
  const service = {
    ...{ name: "service", type: "STATIC", connect_timeout: "1s" },
    load_assignment: {
      cluster_name: "service",
      endpoints: [{ lb_endpoints: [{ endpoint: { address: at("127.0.0.1", servicePort) } }] }],
    },
  };
  const type = (name: string): object => ({ "@type": `type.googleapis.com/${name}` });
  const router = {
    name: "envoy.filters.http.router",
    typed_config: type("envoy.extensions.filters.http.router.v3.Router"),
  };
  const isFiltered = added !== null && accessLog !== true;
  const log = {
    name: "envoy.access_loggers.http_grpc",
    typed_config: {
      ...type("envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig"),
      common_config: {
        ...{ log_name: "nta", transport_api_version: "V3", buffer_flush_interval: "0.2s" },
        grpc_service: { envoy_grpc: { cluster_name: added?.cluster["name"] } },
      },
      additional_request_headers_to_log: ["content-type"],
      additional_response_headers_to_log: ["content-type"],
    },
  };
  const manager = {
    ...type("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
    ...{ stat_prefix: "in", codec_type: "AUTO", http2_protocol_options: {} },
    route_config: {
      virtual_hosts: [
        {
          name: "all",
          domains: ["*"],
          routes: [{ match: { prefix: "/" }, route: { cluster: "service", timeout: "30s" } }],
        },
      ],
    },
    http_filters: isFiltered ? [added.filter, router] : [router],
    ...(accessLog === true && { access_log: [log] }),
  };
  const tls = {
    name: "tls",
    typed_config: {
      ...type("envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"),
      common_tls_context: {
        alpn_protocols: ["h2", "http/1.1"],
        tls_certificates: [
          {
            certificate_chain: { inline_string: serverCertificate },
            private_key: { inline_string: serverKey },
          },
        ],
      },
    },
  };
  return {
    admin: { address: at("127.0.0.1", adminPort) },
    static_resources: {
      listeners: [
        {
          ...{ name: "in", address: at("127.0.0.1", port) },
          filter_chains: [
            {
              filters: [
                { name: "envoy.filters.network.http_connection_manager", typed_config: manager },
              ],
              ...(isPlain !== true && { transport_socket: tls }),
            },
          ],
        },
      ],
      clusters: added === null ? [service] : [service, added.cluster],
    },
  };
}

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: Buffer;
  readonly type?: string;
}

export interface Answer {
  readonly status: number;
  readonly bytes: number;
}

export interface Client {
  call(call: Call): Promise<Answer>;
  close(): void;
}

const HOST = "shop.test";

export function http1Client(port: number): Client {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 64,
    ca: authority,
    servername: "localhost",
  });
  return {
    call: ({ method, path, body, type }) =>
      new Promise((resolve, reject) => {
        const headers = {
          host: HOST,
          ...(body !== undefined && {
            "content-length": body.length,
            "content-type": type ?? "application/json",
          }),
        };
        const request = requestTls(
          { host: "127.0.0.1", port, path, method, headers, agent },
          (response) => {
            let bytes = 0;
            response.on("data", (chunk: Buffer) => {
              bytes += chunk.length;
            });
            response.on("end", () => resolve({ status: response.statusCode ?? 0, bytes }));
            response.on("error", reject);
          },
        );
        request.on("error", reject);
        request.end(body);
      }),
    close: () => agent.destroy(),
  };
}

export function http2Client(port: number): Client {
  const session: ClientHttp2Session = connect(`https://127.0.0.1:${port}`, {
    ca: authority,
    servername: "localhost",
  });
  session.on("error", () => {});
  return {
    call: ({ method, path, body, type }) =>
      new Promise((resolve, reject) => {
        const stream = session.request({
          ...{ ":method": method, ":path": path, ":authority": HOST },
          ...(body !== undefined && {
            "content-length": body.length,
            "content-type": type ?? "application/json",
          }),
        });
        let [status, bytes] = [0, 0];
        stream.on("response", (headers) => {
          status = Number(headers[":status"]);
        });
        stream.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
        });
        stream.on("end", () => resolve({ status, bytes }));
        stream.on("error", reject);
        stream.end(body);
      }),
    close: () => session.close(),
  };
}
