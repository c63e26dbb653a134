/** A running server as a client program sees it. */
import { createWriteStream } from "node:fs";
import { type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Settings } from "../../base/config.ts";
import { UsageError } from "../../base/errors.ts";
import { readNamedFile } from "../../sensor/namedfile.ts";
import { API_PREFIX } from "../../server/contract.ts";
import { tokenOf } from "../token.ts";

/** Of a page or a document; a backup is not held. */
const ANSWER_BYTES_MAX = 1 << 28;
const TIMEOUT_MS = 60_000;

interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

export class ServerClient {
  readonly #base: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #tls: { ca?: string; cert?: string; key?: string };

  /** @throws UsageError where URL, token or certificate cannot be used. */
  constructor(settings: Settings) {
    const { url, caFile, certFile, keyFile } = settings;
    if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
      throw new UsageError(`--url: "${url}" is no URL; write it as http://127.0.0.1:8090`);
    }
    this.#base = new URL(url);
    const secret = tokenOf(settings);
    this.#headers = secret === "" ? {} : { authorization: `Bearer ${secret}` };
    this.#tls = {
      ...(caFile === "" ? {} : { ca: readNamedFile("--ca-file", caFile) }),
      ...(certFile === "" ? {} : { cert: readNamedFile("--cert-file", certFile) }),
      ...(keyFile === "" ? {} : { key: readNamedFile("--key-file", keyFile) }),
    };
  }

  async json<Value>(path: string, query: Query = {}): Promise<Value> {
    return this.#parse(await this.text(path, query)) as Value;
  }

  async text(path: string, query: Query = {}): Promise<string> {
    return await textOf(await this.#ask("GET", path, query));
  }

  /** Without a body. */
  async tell<Value>(method: "POST" | "DELETE", path: string): Promise<Value> {
    return this.#parse(await textOf(await this.#ask(method, path, {}))) as Value;
  }

  async send<Value>(
    method: "POST" | "PUT",
    path: string,
    query: Query,
    body: string | Readable,
    type: string,
  ): Promise<Value> {
    return this.#parse(await textOf(await this.#ask(method, path, query, body, type))) as Value;
  }

  /** Writes the answer to a file. */
  async download(path: string, file: string): Promise<void> {
    const answer = await this.#ask("GET", path, {});
    try {
      await pipeline(answer, createWriteStream(file, { flags: "wx", mode: 0o600 }));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === "EEXIST") throw new UsageError(`${file} is there already; name another file`);
      throw new UsageError(`cannot write to ${file}: ${code ?? message}`);
    }
  }

  /** Items of all pages. */
  async *all<Item>(path: string, query: Query = {}): AsyncGenerator<Item, void, void> {
    let cursor: string | null = null;
    do {
      const page: Page<Item> = await this.json<Page<Item>>(path, {
        ...query,
        ...(cursor === null ? {} : { cursor }),
      });
      yield* page.items;
      cursor = page.next;
    } while (cursor !== null);
  }

  async #ask(
    method: string,
    path: string,
    query: Query,
    body?: string | Readable,
    type?: string,
  ): Promise<IncomingMessage> {
    const url = new URL(
      `${this.#base.pathname.replace(/\/$/, "")}${API_PREFIX}${path}`,
      this.#base,
    );
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
    const headers = { ...this.#headers, ...(type === undefined ? {} : { "content-type": type }) };
    const options = { method, headers, timeout: TIMEOUT_MS, ...this.#tls };
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = (url.protocol === "https:" ? requestTls : requestPlain)(
        url,
        options,
        resolve,
      );
      request.once("error", (error) => reject(this.#unreachable(error)));
      request.once("timeout", () => request.destroy(new Error("no answer")));
      if (body === undefined || typeof body === "string") request.end(body);
      else pipeline(body, request).catch(() => undefined);
    });
    const { statusCode = 0 } = answer;
    if (statusCode >= 200 && statusCode < 300) return answer;
    throw new UsageError(refusalText(statusCode, await textOf(answer), this.#base));
  }

  /** Any web server may stand where the URL leads, and answer anything. */
  #parse(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      throw new UsageError(
        `${this.#base.href} is no nta server, or a part of one; --url names another`,
      );
    }
  }

  #unreachable(error: NodeJS.ErrnoException): UsageError {
    const reason = reasonOf(error);
    return new UsageError(
      `${this.#base.origin} does not answer: ${reason}. Is nta serve or nta start running there? --url names another`,
    );
  }
}

export type Query = Readonly<Record<string, string | number | boolean>>;

function refusalText(status: number, body: string, { origin }: URL): string {
  if (status === 401) return `${origin} wants a token: --token, --token-file or NTA_TOKEN`;
  try {
    const { title, detail } = JSON.parse(body) as { title?: string; detail?: string };
    return `${origin}: ${detail ?? title ?? status}`;
  } catch {
    return `${origin} answers with ${status}; is it the URL of nta serve?`;
  }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let byteCount = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    byteCount += chunk.length;
    if (byteCount > ANSWER_BYTES_MAX) throw new UsageError("the server's answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** In one line: OpenSSL's messages have several, and say nothing to whom they reach. */
function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === "EPROTO")
    return "it does not speak TLS as it should; does the URL begin with http://?";
  return message.split("\n")[0] || (code ?? "unknown error");
}
