/** Exchanges that another system tells of in values of its own: heads as names and values, bodies as bytes. */
import { Buffer } from "node:buffer";
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import { httpLimits } from "../base/limits.ts";
import { type BodySink, ExchangeFlag, type ExchangeObserver } from "../http/exchange.ts";
import { PooledExchange, PooledMessage } from "../http/exchangepool.ts";
import type { Endpoint } from "../reassemble/stream.ts";
import type { Field } from "./harparts.ts";

export interface ToldMessage {
  readonly fields: readonly Field[];
  /** As it was on the wire; null where it was not kept. */
  readonly body: Uint8Array | null;
  /** Whether `body` is only the beginning. */
  readonly isTruncated: boolean;
  readonly startMs: number;
  readonly endMs: number;
  /** Bytes on the wire, where that is known otherwise than from `body`. */
  readonly wireBytes?: number;
}

export interface ToldExchange {
  readonly connectionId: number;
  readonly client: Endpoint;
  readonly server: Endpoint;
  readonly method: string;
  /** In origin-form, or for https in absolute-form, as nothing else in an exchange tells the scheme. */
  readonly target: string;
  readonly status: number;
  readonly request: ToldMessage;
  readonly response: ToldMessage;
  /** `ExchangeFlag` bits of its own. */
  readonly flags?: number;
}

/** Hands the exchange to `observer`. False where its heads cannot be those of messages: nothing was handed over. */
export function handOver(told: ToldExchange, observer: ExchangeObserver): boolean {
  const request = messageOf(`${told.method} ${told.target} HTTP/1.1`, told.request, true);
  const isStatus = Number.isInteger(told.status) && told.status >= 100 && told.status <= 999;
  const response = isStatus ? messageOf(`HTTP/1.1 ${told.status} `, told.response, false) : null;
  if (request === null || response === null) return false;
  const exchange = new PooledExchange();
  const { connectionId, client, server } = told;
  exchange.connection = { id: connectionId, client, server };
  exchange.method = told.method;
  exchange.target = told.target;
  exchange.request = request;
  exchange.flags = told.flags ?? 0;
  request.sink = observer.requestHead(exchange);
  exchange.flags |= handBody(request, told.request, requestFlags);
  exchange.response = response;
  exchange.status = told.status;
  response.sink = observer.responseHead(exchange);
  exchange.flags |= handBody(response, told.response, responseFlags);
  observer.exchange(exchange);
  return true;
}

function messageOf(line: string, told: ToldMessage, isRequest: boolean): PooledMessage | null {
  const lines = told.fields.map(({ name, value }) => `${name}: ${value}\r\n`).join("");
  const text = `${line}\r\n${lines}\r\n`;
  const bytes = Buffer.from(text, isLatin1(text) ? "latin1" : "utf8");
  const message = new PooledMessage();
  if (message.head.parse(bytes, 0, bytes.length, isRequest) !== bytes.length) return null;
  if (message.head.line.spaced) return null;
  message.startTimeMs = told.startMs;
  message.endTimeMs = told.endMs;
  return message;
}

interface Flags {
  readonly truncated: number;
  readonly undecodable: number;
  readonly overLimit: number;
}
const requestFlags: Flags = {
  truncated: ExchangeFlag.requestTruncated,
  undecodable: ExchangeFlag.requestUndecodable,
  overLimit: ExchangeFlag.requestOverLimit,
};
const responseFlags: Flags = {
  truncated: ExchangeFlag.responseTruncated,
  undecodable: ExchangeFlag.responseUndecodable,
  overLimit: ExchangeFlag.responseOverLimit,
};

/** Gives the flags that the body sets. */
function handBody(message: PooledMessage, told: ToldMessage, flags: Flags): number {
  const { body, isTruncated } = told;
  message.complete = body !== null && !isTruncated;
  message.bodyBytes = told.wireBytes ?? body?.length ?? 0;
  const sink: BodySink | null = message.sink;
  const cut = message.complete ? 0 : flags.truncated;
  if (sink === null) return cut;
  if (body === null) {
    sink.end(false);
    return cut;
  }
  const decoded = decode(body, codingOf(told.fields));
  if (decoded === null) {
    sink.end(false);
    return cut | flags.undecodable;
  }
  const handed = Math.min(decoded.length, httpLimits.bodyBytesMax);
  if (handed > 0) sink.data(decoded, 0, handed);
  const isAll = handed === decoded.length;
  sink.end(isAll && message.complete);
  return cut | (isAll ? 0 : flags.overLimit);
}

function codingOf(fields: readonly Field[]): string {
  const field = fields.find(({ name }) => name.toLowerCase() === "content-encoding");
  return field?.value.trim().toLowerCase() ?? "";
}

/** Some collectors decode bodies and leave the field: what does not begin as its coding does is taken as it is. */
function decode(body: Uint8Array, coding: string): Uint8Array | null {
  const options = { maxOutputLength: httpLimits.bodyBytesMax };
  try {
    switch (coding) {
      case "gzip":
      case "x-gzip":
        return body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body, options) : body;
      case "zstd":
        return body[0] === 0x28 && body[1] === 0xb5 ? zstdDecompressSync(body, options) : body;
      case "deflate":
        return (body[0]! & 0x0f) === 8 ? inflateSync(body, options) : body;
      case "br":
        return isTextual(body) ? body : brotliDecompressSync(body, options);
      default:
        return body;
    }
  } catch {
    return null;
  }
}

/** JSON, XML, a form: Brotli has no mark of its own. */
const isTextual = (body: Uint8Array): boolean =>
  body.length === 0 || /^[\s{["<\w]/.test(String.fromCharCode(body[0]!));

function isLatin1(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0xff) return false;
  return true;
}
