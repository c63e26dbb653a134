/**
 * A Kubernetes API server as far as list and watch go, with the habits of the real one: versions that grow over all objects,
 * pages whose tokens expire, watches that begin at a version, bookmarks, 410 in the answer and in the stream, 429 with
 * Retry-After, tokens that are refused, and connections that break.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

export interface FakeObject {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly object[];
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

interface Event {
  readonly version: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly path: string;
  readonly object: FakeObject;
}

interface Watcher {
  readonly path: string;
  readonly node: string;
  readonly response: ServerResponse;
}

export class FakeApi {
  readonly requests: string[] = [];
  token: string | null = null;
  /** Requests that are answered with 429 before any is answered well. */
  busyRequests = 0;
  retryAfterSeconds = 1;
  /** A version before this is gone. */
  #oldest = 0;
  #version = 100;
  readonly #objects = new Map<string, Map<string, FakeObject>>();
  readonly #events: Event[] = [];
  readonly #watchers = new Set<Watcher>();
  readonly #server: Server;
  readonly #scheme: string;

  constructor(tls: { readonly key: string; readonly cert: string } | null = null) {
    const answer = (request: IncomingMessage, response: ServerResponse): void =>
      this.#answer(request, response);
    this.#server = tls === null ? createServer(answer) : createTlsServer(tls, answer);
    this.#scheme = tls === null ? "http" : "https";
  }

  async open(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get watchCount(): number {
    return this.#watchers.size;
  }

  put(path: string, object: FakeObject): void {
    let objects = this.#objects.get(path);
    if (objects === undefined) {
      objects = new Map();
      this.#objects.set(path, objects);
    }
    const key = keyOf(object);
    this.#tell({ type: objects.has(key) ? "MODIFIED" : "ADDED", path, object });
    objects.set(key, this.#versioned(object));
  }

  delete(path: string, namespace: string, name: string): void {
    const objects = this.#objects.get(path);
    const object = objects?.get(`${namespace}/${name}`);
    if (object === undefined) throw new Error(`there is no ${namespace}/${name}`);
    objects!.delete(`${namespace}/${name}`);
    this.#tell({ type: "DELETED", path, object });
  }

  /** What etcd does every five minutes: versions before now are gone. */
  compact(): void {
    this.#oldest = this.#version;
    this.#events.length = 0;
  }

  bookmark(): void {
    this.#version += 1;
    for (const { response } of this.#watchers) {
      const metadata = { resourceVersion: String(this.#version) };
      response.write(`${JSON.stringify({ type: "BOOKMARK", object: { metadata } })}\n`);
    }
  }

  /** As a restart of the API server, or of a proxy. */
  breakConnections(): void {
    this.#server.closeAllConnections();
    this.#watchers.clear();
  }

  /** As after the watch's timeout. */
  endWatches(): void {
    for (const { response } of this.#watchers) response.end();
    this.#watchers.clear();
  }

  /** Tells watchers in the stream that they are too old. */
  expireWatches(): void {
    for (const { response } of this.#watchers) {
      response.end(`${JSON.stringify({ type: "ERROR", object: gone() })}\n`);
    }
    this.#watchers.clear();
  }

  #versioned(object: FakeObject): FakeObject {
    return {
      ...object,
      metadata: {
        ...object.metadata,
        resourceVersion: String(this.#version),
      } as FakeObject["metadata"],
    };
  }

  #tell(event: Omit<Event, "version">): void {
    this.#version += 1;
    const told = { ...event, version: this.#version, object: this.#versioned(event.object) };
    this.#events.push(told);
    for (const watcher of this.#watchers) this.#send(watcher, told);
  }

  #send({ path, node, response }: Watcher, event: Event): void {
    if (event.path !== path || !isOn(event.object, node)) return;
    const line = `${JSON.stringify({ type: event.type, object: event.object })}\n`;
    // Events do not care for the borders of packets.
    response.write(line.slice(0, 17));
    response.write(line.slice(17));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(request.url ?? "");
    const url = new URL(request.url ?? "", "http://api");
    if (this.token !== null && request.headers.authorization !== `Bearer ${this.token}`) {
      fail(response, 401, "Unauthorized");
      return;
    }
    if (this.busyRequests > 0) {
      this.busyRequests -= 1;
      response.setHeader("retry-after", String(this.retryAfterSeconds));
      fail(response, 429, "too many requests, please try again later");
      return;
    }
    if (url.searchParams.get("watch") === "true") this.#watch(url, response);
    else this.#list(url, response);
  }

  #list(url: URL, response: ServerResponse): void {
    const node = nodeOf(url);
    const [from, version] = (url.searchParams.get("continue") ?? "").split("@").map(Number);
    if (version !== undefined && version < this.#oldest) {
      response.writeHead(410, { "content-type": "application/json" });
      response.end(JSON.stringify(gone()));
      return;
    }
    const limit = Number(url.searchParams.get("limit") ?? 0) || Number.POSITIVE_INFINITY;
    const all = [...(this.#objects.get(url.pathname)?.values() ?? [])].filter((each) =>
      isOn(each, node),
    );
    const start = from ?? 0;
    const items = all.slice(start, start + limit);
    const isLast = start + limit >= all.length;
    const resourceVersion = String(version ?? this.#version);
    response.writeHead(200, { "content-type": "application/json" });
    const metadata = {
      resourceVersion,
      ...(!isLast && { continue: `${start + limit}@${resourceVersion}` }),
    };
    response.end(JSON.stringify({ kind: "List", apiVersion: "v1", metadata, items }));
  }

  #watch(url: URL, response: ServerResponse): void {
    const version = Number(url.searchParams.get("resourceVersion"));
    if (version < this.#oldest) {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(`${JSON.stringify({ type: "ERROR", object: gone() })}\n`);
      return;
    }
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    const watcher = { path: url.pathname, node: nodeOf(url), response };
    this.#watchers.add(watcher);
    response.on("close", () => this.#watchers.delete(watcher));
    for (const event of this.#events) if (event.version > version) this.#send(watcher, event);
  }
}

const keyOf = ({ metadata }: FakeObject): string => `${metadata.namespace}/${metadata.name}`;
const nodeOf = (url: URL): string =>
  /^spec\.nodeName=(.+)$/.exec(url.searchParams.get("fieldSelector") ?? "")?.[1] ?? "";
const isOn = (object: FakeObject, node: string): boolean =>
  node === "" || object.spec?.["nodeName"] === node;
const gone = (): object => ({
  ...{ kind: "Status", apiVersion: "v1", status: "Failure", reason: "Expired", code: 410 },
  message: "too old resource version",
});

function fail(response: ServerResponse, code: number, message: string): void {
  response.writeHead(code, { "content-type": "application/json" });
  response.end(JSON.stringify({ kind: "Status", status: "Failure", message, code }));
}
