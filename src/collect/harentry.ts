import { Buffer } from "node:buffer";
import { collectLimits, httpLimits } from "../base/limits.ts";
import {
  type BodySink,
  type Connection,
  ExchangeFlag,
  type ExchangeObserver,
} from "../http/exchange.ts";
import { PooledExchange, PooledMessage } from "../http/exchangepool.ts";
import { isAddress } from "./address.ts";
import type { EntryTaker } from "./entrycutter.ts";
import { contentBytes, postedBytes } from "./harbody.ts";
import { type Field, harFields, harTimes } from "./harparts.ts";
import type { HarProblem } from "./harproblem.ts";
import { type HarUrl, readHarUrl } from "./harurl.ts";
import { asNumber, asObject, asText, type LooseObject, member } from "./loose.ts";

const UNKNOWN_IP = "0.0.0.0";
const SWITCHING_PROTOCOLS = 101;

/** Makes exchanges of HAR entries, one at a time, and hands them to an observer. */
export class HarEntries implements EntryTaker {
  readonly #observer: ExchangeObserver;
  readonly #problems = new Map<HarProblem, number>();
  readonly #connections = new Map<string, Connection>();
  #connectionId = 0;
  count = 0;
  exchangeCount = 0;

  constructor(observer: ExchangeObserver) {
    this.#observer = observer;
  }

  problems(): { code: HarProblem; count: number }[] {
    return [...this.#problems].map(([code, count]) => ({ code, count }));
  }

  note(code: HarProblem): void {
    this.#problems.set(code, (this.#problems.get(code) ?? 0) + 1);
  }

  tooLarge(): void {
    this.count++;
    this.note("tooLarge");
  }

  entry(bytes: Uint8Array): void {
    this.count++;
    const entry = parseEntry(bytes);
    if (entry === null) {
      this.note("brokenEntry");
      return;
    }
    const problem = this.#emit(entry);
    if (problem === null) this.exchangeCount++;
    else this.note(problem);
  }

  /** Answers why the entry made no exchange, or null. */
  #emit(entry: LooseObject): HarProblem | null {
    const request = asObject(member(entry, "request"));
    const method = asText(member(request, "method"));
    const urlText = asText(member(request, "url"));
    if (request === null || method === null || urlText === null) return "noRequest";
    const url = readHarUrl(urlText, method);
    if (typeof url === "string") return url;
    const exchange = new PooledExchange();
    exchange.connection = this.#connection(entry, url);
    const requestMessage = requestOf(request, method, url);
    const response = asObject(member(entry, "response"));
    const status = asNumber(member(response, "status"), 0);
    const responseMessage = status === 0 ? null : responseOf(response, status);
    if (requestMessage === null || responseMessage === BAD_HEAD) return "badHead";
    exchange.request = requestMessage;
    exchange.method = method;
    exchange.target = url.target;
    this.#setTimes(entry, requestMessage, responseMessage);
    this.#requestBody(exchange, requestMessage, request);
    if (responseMessage === null) exchange.flags |= ExchangeFlag.noResponse;
    else this.#response(exchange, responseMessage, response, status);
    this.#observer.exchange(exchange);
    return null;
  }

  #response(
    exchange: PooledExchange,
    message: PooledMessage,
    response: LooseObject | null,
    status: number,
  ): void {
    exchange.response = message;
    exchange.status = status;
    if (status === SWITCHING_PROTOCOLS) exchange.flags |= ExchangeFlag.upgraded;
    message.sink = this.#observer.responseHead(exchange);
    const content = asObject(member(response, "content"));
    let bytes = contentBytes(content);
    const size = asNumber(member(content, "size"), 0);
    if (bytes === null && (size <= 0 || exchange.method === "HEAD")) bytes = Buffer.alloc(0);
    if (bytes === null) {
      exchange.flags |= ExchangeFlag.responseTruncated;
      this.note("bodyMissing");
    }
    const wireBytes = asNumber(member(response, "bodySize"), -1);
    this.#hand(exchange, message, bytes, wireBytes >= 0 ? wireBytes : Math.max(size, 0), false);
  }

  #requestBody(exchange: PooledExchange, message: PooledMessage, request: LooseObject): void {
    message.sink = this.#observer.requestHead(exchange);
    const bytes = postedBytes(asObject(member(request, "postData")));
    if (bytes === null) {
      exchange.flags |= ExchangeFlag.requestTruncated;
      this.note("bodyMissing");
    }
    this.#hand(exchange, message, bytes, asNumber(member(request, "bodySize"), -1), true);
  }

  #hand(
    exchange: PooledExchange,
    message: PooledMessage,
    bytes: Uint8Array | null,
    wireBytes: number,
    isRequest: boolean,
  ): void {
    message.complete = bytes !== null;
    message.bodyBytes = wireBytes >= 0 ? wireBytes : (bytes?.length ?? 0);
    const sink: BodySink | null = message.sink;
    if (sink === null) return;
    const handed = bytes === null ? 0 : Math.min(bytes.length, httpLimits.bodyBytesMax);
    if (bytes !== null && handed > 0) sink.data(bytes, 0, handed);
    const whole = bytes !== null && handed === bytes.length;
    if (bytes !== null && !whole)
      exchange.flags |= isRequest ? ExchangeFlag.requestOverLimit : ExchangeFlag.responseOverLimit;
    sink.end(whole);
  }

  #setTimes(entry: LooseObject, request: PooledMessage, response: PooledMessage | null): void {
    const times = harTimes(entry);
    if (times === null) {
      this.note("badTime");
      return;
    }
    request.startTimeMs = times.requestStartMs;
    request.endTimeMs = times.requestEndMs;
    if (response === null) return;
    response.startTimeMs = times.responseStartMs;
    response.endTimeMs = times.responseEndMs;
  }

  /** Entries of one connection share it, as far as the file tells connections apart. */
  #connection(entry: LooseObject, url: HarUrl): Connection {
    const serverIp = ipText(member(entry, "serverIPAddress")) ?? url.ip ?? UNKNOWN_IP;
    const clientIp = ipText(member(entry, "_clientIP")) ?? UNKNOWN_IP;
    const name = asText(member(entry, "connection")) ?? "";
    const key = `${name} ${clientIp} ${serverIp} ${url.port}`;
    const known = this.#connections.get(key);
    if (known !== undefined) return known;
    const connection: Connection = {
      id: ++this.#connectionId,
      client: { ip: clientIp, port: 0 },
      server: { ip: serverIp, port: url.port },
    };
    if (this.#connections.size >= collectLimits.harConnectionsMax) this.#connections.clear();
    this.#connections.set(key, connection);
    return connection;
  }
}

const utf8 = new TextDecoder("utf-8");

function parseEntry(bytes: Uint8Array): LooseObject | null {
  try {
    return asObject(JSON.parse(utf8.decode(bytes)));
  } catch {
    return null;
  }
}

const BAD_HEAD = Symbol("bad head");

function requestOf(request: LooseObject, method: string, url: HarUrl): PooledMessage | null {
  const { fields, authority } = harFields(member(request, "headers"));
  if (!fields.some(({ name }) => name.toLowerCase() === "host"))
    fields.unshift({ name: "Host", value: authority ?? url.authority });
  const postData = asObject(member(request, "postData"));
  addType(fields, asText(member(postData, "mimeType")));
  const message = new PooledMessage();
  return read(message, `${method} ${url.target} HTTP/1.1`, fields, true) ? message : null;
}

function responseOf(response: LooseObject | null, status: number): PooledMessage | typeof BAD_HEAD {
  const { fields } = harFields(member(response, "headers"));
  addType(fields, asText(member(asObject(member(response, "content")), "mimeType")));
  const message = new PooledMessage();
  if (!Number.isInteger(status) || status < 100 || status > 999) return BAD_HEAD;
  return read(message, `HTTP/1.1 ${status} `, fields, false) ? message : BAD_HEAD;
}

/** `x-unknown` is what browsers write where there was no type. */
function addType(fields: Field[], type: string | null): void {
  if (type === null || type === "" || type === "x-unknown") return;
  if (!fields.some(({ name }) => name.toLowerCase() === "content-type"))
    fields.push({ name: "Content-Type", value: type });
}

function read(message: PooledMessage, line: string, fields: Field[], isRequest: boolean): boolean {
  const lines = fields.map(({ name, value }) => `${name}: ${value}\r\n`).join("");
  const text = `${line}\r\n${lines}\r\n`;
  const bytes = Buffer.from(text, isLatin1(text) ? "latin1" : "utf8");
  return (
    message.head.parse(bytes, 0, bytes.length, isRequest) === bytes.length &&
    !message.head.line.spaced
  );
}

function isLatin1(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0xff) return false;
  return true;
}

/** An address as flows write it: no brackets, no zone. */
function ipText(value: unknown): string | null {
  const text = asText(value)?.replace(/^\[/, "").replace(/\]$/, "") ?? "";
  return isAddress(text) ? text : null;
}
