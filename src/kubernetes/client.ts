/**
 * GET requests to the Kubernetes API. The token and the authority are read again as the kubelet renews them; a connection is
 * kept. Answers are bounded: a page item by item, a watch line by line.
 */
import { readFile } from "node:fs/promises";
import type { IncomingMessage, Agent as PlainAgent } from "node:http";
import type { Agent as TlsAgent } from "node:https";
import { kubernetesLimits } from "../base/limits.ts";
import { nodeHttp, nodeHttps } from "../sensor/nodehttp.ts";
import type { ClusterAccess } from "./access.ts";
import { PageReader } from "./pagereader.ts";

/** The API refused: 401 and 403 are matters of permission, 410 of a version that is gone, 429 of load. */
export class ApiError extends Error {
  readonly status: number;
  /** What it asked to wait (Retry-After), or null. */
  readonly afterMs: number | null;

  constructor(status: number, afterMs: number | null, message: string) {
    super(message);
    this.status = status;
    this.afterMs = afterMs;
  }
}

const CONNECT_TIMEOUT_MS = 10_000;
/** Without a byte for so long, a connection is dead: a watch has bookmarks or ends within its timeout. */
const SILENCE_MS = 330_000;

export class ApiClient {
  readonly #access: ClusterAccess;
  readonly #url: URL;
  #agent: PlainAgent | TlsAgent | null = null;
  #authority = "";

  constructor(access: ClusterAccess) {
    this.#access = access;
    this.#url = new URL(access.url);
  }

  /** One page, item by item as they come; gives what stands beside them. */
  async list(path: string, onItem: (item: unknown) => void, signal: AbortSignal): Promise<unknown> {
    const response = await this.#open(path, signal);
    const page = new PageReader(onItem);
    for await (const chunk of bounded(response, kubernetesLimits.pageBytesMax)) page.push(chunk);
    return page.end();
  }

  /** The events of a watch, one JSON text each, until the server ends it. */
  async *watch(path: string, signal: AbortSignal): AsyncGenerator<string, void, void> {
    const response = await this.#open(path, signal);
    yield* linesOf(response);
  }

  close(): void {
    this.#agent?.destroy();
    this.#agent = null;
  }

  async #open(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const { tokenFile, caFile } = this.#access;
    const token = tokenFile === null ? null : (await readFile(tokenFile, "utf8")).trim();
    const authority = caFile === null ? "" : await readFile(caFile, "utf8");
    const response = await this.#send(path, token, this.#agentFor(authority), signal);
    if (response.statusCode === 200) return response;
    const body = await readWhole(response);
    throw new ApiError(
      response.statusCode ?? 0,
      retryAfterMs(response.headers["retry-after"]),
      messageOf(body, response.statusCode ?? 0),
    );
  }

  #send(
    path: string,
    token: string | null,
    agent: PlainAgent | TlsAgent,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { request } = this.#url.protocol === "https:" ? nodeHttps() : nodeHttp();
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, this.#url), {
        agent,
        signal,
        headers: {
          accept: "application/json",
          ...(token !== null && { authorization: `Bearer ${token}` }),
        },
      });
      const timer = setTimeout(() => {
        sent.destroy(new Error("no answer in time"));
      }, CONNECT_TIMEOUT_MS);
      sent.on("response", (response) => {
        clearTimeout(timer);
        response.setTimeout(SILENCE_MS, () => {
          response.destroy(new Error("silent for too long"));
        });
        resolve(response);
      });
      sent.on("error", (error) => {
        clearTimeout(timer);
        reject(error);
      });
      sent.end();
    });
  }

  #agentFor(authority: string): PlainAgent | TlsAgent {
    if (this.#agent !== null && authority === this.#authority) return this.#agent;
    this.#agent?.destroy();
    this.#authority = authority;
    this.#agent =
      this.#url.protocol === "https:"
        ? new (nodeHttps().Agent)({ keepAlive: true, ...(authority !== "" && { ca: authority }) })
        : new (nodeHttp().Agent)({ keepAlive: true });
    return this.#agent;
  }
}

async function* bounded(
  response: IncomingMessage,
  bytesMax: number,
): AsyncGenerator<Buffer, void, void> {
  let byteCount = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    byteCount += chunk.length;
    if (byteCount > bytesMax) throw new Error("the answer is too large");
    yield chunk;
  }
}

async function readWhole(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of bounded(response, kubernetesLimits.refusalBytesMax)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const LINE_FEED = 10;

async function* linesOf(response: IncomingMessage): AsyncGenerator<string, void, void> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      const line = Buffer.concat([...held, chunk.subarray(start, end)]).toString();
      held = [];
      heldBytes = 0;
      start = end + 1;
      if (line.trim() !== "") yield line;
    }
    heldBytes += chunk.length - start;
    if (heldBytes > kubernetesLimits.eventBytesMax) throw new Error("an event is too large");
    if (start < chunk.length) held.push(chunk.subarray(start));
  }
}

function retryAfterMs(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) * 1000 : null;
}

/** The message of a Status object, on one line. */
function messageOf(body: Buffer, status: number): string {
  try {
    const { message } = JSON.parse(body.toString()) as { message?: unknown };
    if (typeof message === "string") return message.replaceAll(/\p{C}+/gu, " ").slice(0, 200);
  } catch {
    // No Status: a proxy, or something that is no Kubernetes at all.
  }
  return `HTTP status ${status}`;
}
