import { readFile, stat } from "node:fs/promises";
import type { Agent as HttpAgent, IncomingMessage, RequestOptions } from "node:http";
import type { Agent as HttpsAgent } from "node:https";
import { promisify } from "node:util";
import { zstdCompress } from "node:zlib";
import { UsageError } from "../base/errors.ts";
import { sensorLimits } from "../base/limits.ts";
import { parseAnswer, problemOf } from "./answer.ts";
import { type Batch, encodeBatch } from "./delta.ts";
import { nodeHttp, nodeHttps } from "./nodehttp.ts";
import type { Outcome, Transport } from "./transport.ts";

const compress = promisify(zstdCompress);

export interface HttpTransportOptions {
  /** `http://host:port` or `https://…`, with a path in front of `/api/v1` where a proxy adds one. */
  readonly server: string;
  readonly token: string | null;
  /** Read before each request, so that a token may be exchanged; wins over `token`. */
  readonly tokenFile: string | null;
  /** Files in PEM, read before each request too; null for the system's authorities, and for no certificate. */
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
  readonly userAgent: string;
  readonly connectTimeoutMs?: number;
  /** From the first byte to the last of the answer. */
  readonly timeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 10_000;
const TIMEOUT_MS = 30_000;

interface TlsFiles {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** What came back: the head and as much of the body as is of use. */
interface Answer {
  readonly status: number;
  readonly type: string;
  readonly retryAfter: string | undefined;
  readonly body: Buffer;
  /** Whether the body is all there. */
  readonly whole: boolean;
}

/** Direct to `nta serve`: `POST /api/v1/deltas`, JSON in zstd, over one connection that is kept. */
export class HttpTransport implements Transport {
  readonly target: string;
  readonly #options: HttpTransportOptions;
  readonly #url: URL;
  #agent: HttpAgent | HttpsAgent | null = null;
  /** The files that the agent was made from. */
  #agentFiles = "";

  /** Throws a `UsageError` where `server` is no URL of a server. */
  constructor(options: HttpTransportOptions) {
    this.#options = options;
    this.#url = deltasUrl(options.server);
    this.target = this.#url.href;
  }

  async publish(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    try {
      const body = await compress(encodeBatch(batch));
      const headers = { "content-encoding": "zstd" };
      const answer = await this.#send("POST", this.#url, headers, body, signal);
      return outcomeOf(answer, batch.deltas.length);
    } catch (error) {
      return { kind: "unreachable", reason: signal.aborted ? "stopped" : reasonOf(error) };
    }
  }

  async report(sensor: string, status: string): Promise<void> {
    const url = new URL(`sensors/${encodeURIComponent(sensor)}/status`, this.#url);
    try {
      await this.#send("PUT", url, {}, Buffer.from(status), AbortSignal.timeout(TIMEOUT_MS));
    } catch {
      // The next one comes soon; that the server is away, deltas say.
    }
  }

  close(): void {
    this.#agent?.destroy();
    this.#agent = null;
  }

  async #send(
    method: string,
    url: URL,
    more: Readonly<Record<string, string>>,
    body: Buffer,
    signal: AbortSignal,
  ): Promise<Answer> {
    const headers: Record<string, string | number> = {
      ...more,
      "content-type": "application/json",
      "content-length": body.length,
      accept: "application/json",
      "user-agent": this.#options.userAgent,
    };
    const token = await this.#token();
    if (token !== null) headers["authorization"] = `Bearer ${token}`;
    const agent = await this.#currentAgent();
    const options: RequestOptions = { method, headers, agent, signal };
    try {
      return await this.#exchange(url, options, body);
    } catch (error) {
      // A kept connection that the server closed at this moment says nothing about the server.
      if (!(error instanceof StaleConnection)) throw error;
      return await this.#exchange(url, options, body);
    }
  }

  async #exchange(url: URL, options: RequestOptions, body: Buffer): Promise<Answer> {
    const { connectTimeoutMs = CONNECT_TIMEOUT_MS, timeoutMs = TIMEOUT_MS } = this.#options;
    const isTls = this.#url.protocol === "https:";
    const sent = (isTls ? nodeHttps() : nodeHttp()).request(url, options);
    const giveUp = (what: string, ms: number): NodeJS.Timeout =>
      setTimeout(() => sent.destroy(new Error(`${what} within ${ms / 1000} s`)), ms);
    const connecting = giveUp("no connection", connectTimeoutMs);
    const answering = giveUp("no answer", timeoutMs);
    sent.once("socket", (socket) => {
      if (!socket.connecting) clearTimeout(connecting);
      else socket.once(isTls ? "secureConnect" : "connect", () => clearTimeout(connecting));
    });
    try {
      return await new Promise<Answer>((resolve, reject) => {
        sent.once("response", (response) => readAnswer(response).then(resolve, reject));
        sent.on("error", (error: NodeJS.ErrnoException) => {
          const isStale =
            sent.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
          reject(isStale ? new StaleConnection() : error);
        });
        sent.end(body);
      });
    } finally {
      clearTimeout(connecting);
      clearTimeout(answering);
    }
  }

  async #token(): Promise<string | null> {
    const { token, tokenFile } = this.#options;
    if (tokenFile === null) return token;
    const { size } = await stat(tokenFile);
    if (size > sensorLimits.tokenBytesMax)
      throw new Error(`token file ${tokenFile}: it is too large`);
    return (await readFile(tokenFile, "utf8")).trim();
  }

  async #currentAgent(): Promise<HttpAgent | HttpsAgent> {
    const files = await this.#readTls();
    const text = JSON.stringify(files);
    if (this.#agent !== null && text === this.#agentFiles) return this.#agent;
    this.#agent?.destroy();
    this.#agentFiles = text;
    const kept = { keepAlive: true, maxSockets: 1 };
    this.#agent =
      this.#url.protocol === "https:"
        ? new (nodeHttps().Agent)({ ...kept, ...withoutUndefined(files) })
        : new (nodeHttp().Agent)(kept);
    return this.#agent;
  }

  async #readTls(): Promise<TlsFiles> {
    const { caFile, certFile, keyFile } = this.#options;
    const read = async (path: string | null): Promise<string | undefined> =>
      path === null ? undefined : await readFile(path, "utf8");
    return { ca: await read(caFile), cert: await read(certFile), key: await read(keyFile) };
  }
}

class StaleConnection extends Error {
  override readonly message = "the connection was closed";
}

function deltasUrl(server: string): URL {
  let url: URL;
  try {
    url = new URL(server);
  } catch {
    throw new UsageError(`--server: "${server}" is no URL; write it as http://nta.example:8090`);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new UsageError(`--server: ${url.protocol}// is not supported; use http:// or https://`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new UsageError(
      "--server: a URL with a user in it is not used; give the token by --token",
    );
  }
  url.pathname = `${url.pathname.replace(/\/$/, "")}/api/v1/deltas`;
  url.search = "";
  url.hash = "";
  return url;
}

function readAnswer(response: IncomingMessage): Promise<Answer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let byteCount = 0;
    const finish = (whole: boolean): void =>
      resolve({
        status: response.statusCode ?? 0,
        type: response.headers["content-type"] ?? "",
        retryAfter: response.headers["retry-after"],
        body: Buffer.concat(chunks),
        whole,
      });
    response.on("data", (chunk: Buffer) => {
      byteCount += chunk.length;
      if (byteCount <= sensorLimits.answerBytesMax) chunks.push(chunk);
      else response.destroy();
    });
    response.once("end", () => finish(response.complete));
    response.once("error", () => finish(false));
    response.once("close", () => finish(false));
  });
}

function outcomeOf(answer: Answer, deltaCount: number): Outcome {
  const { status } = answer;
  if (status >= 200 && status < 300) return acceptance(answer, deltaCount);
  const reason = `${status} ${problemOf(answer.type, answer.body)}`.trim();
  if (status === 413) return { kind: "too large", reason };
  // Only our own server's word is final: a proxy's 400 may be about anything.
  if ((status === 400 || status === 422) && isProblem(answer.type)) {
    return { kind: "refused", reason };
  }
  return {
    kind: "retry",
    afterMs: retryAfterMs(answer.retryAfter, Date.now()),
    reason: reason + adviceFor(status),
  };
}

/** What an operator should look at; empty where the server only needs time. */
function adviceFor(status: number): string {
  if (status === 401) return " (is the token right?)";
  if (status === 403) return " (is it a sensor's token?)";
  return status < 500 && status !== 408 && status !== 425 && status !== 429
    ? " (is the URL that of nta serve?)"
    : "";
}

/** A 2xx of whoever else listens there must not be taken for an acknowledgement. */
function acceptance({ status, type, body, whole }: Answer, deltaCount: number): Outcome {
  const reason = `${status}, but not as nta serve answers; is it the right address?`;
  if (!whole || !/^application\/json\b/i.test(type)) return { kind: "unreachable", reason };
  const parsed = parseAnswer(body.toString());
  if (parsed === null || parsed.accepted + parsed.duplicates !== deltaCount) {
    return { kind: "unreachable", reason };
  }
  const isDuplicate = deltaCount > 0 && parsed.accepted === 0;
  return { kind: isDuplicate ? "duplicate" : "accepted", answer: parsed.answer };
}

const isProblem = (type: string): boolean => /^application\/problem\+json\b/i.test(type);

/** Seconds, or a date (RFC 9110, section 10.2.3); null for what is neither. */
export function retryAfterMs(value: string | undefined, nowMs: number): number | null {
  if (value === undefined) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? null : Math.max(0, dateMs - nowMs);
}

const withoutUndefined = (files: TlsFiles): Record<string, string> =>
  Object.fromEntries(
    Object.entries(files).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );

/** An error without message (several addresses, none of which answered) has its code. */
function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return message === "" ? (code ?? "unknown error") : message;
}
