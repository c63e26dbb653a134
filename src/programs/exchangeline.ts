/**
 * Exchanges as lines of JSON (NDJSON), as the command line promises them. Written byte by byte into one buffer: a
 * line of 400 bytes costs a few hundred nanoseconds and makes no garbage.
 */
import { type Exchange, ExchangeFlag, type Message } from "../http/exchange.ts";
import type { Head } from "../http/head.ts";
import { HeaderName } from "../http/headername.ts";

/** What selection says of an exchange: null where it was selected, else the reason. */
export type Refusal = string | null;

export interface LineOptions {
  readonly bufferBytes?: number;
  /** Takes the first `byteCount` bytes; they are used again afterwards. */
  readonly flush: (bytes: Uint8Array, byteCount: number) => void;
}

/** Of one exchange beside its texts: names, numbers, addresses, flags. */
const FIXED_BYTES_MAX = 1024;
/** A byte may become `\u00e9`. */
const ESCAPED_BYTES_MAX = 6;
const BUFFER_BYTES = 1 << 18;

const ascii = (text: string): Uint8Array => Buffer.from(text, "latin1");

const TIME = ascii('{"time":');
const CLIENT = ascii(',"client":{"ip":"');
const SERVER = ascii('},"server":{"ip":"');
const PORT = ascii('","port":');
const METHOD = ascii('},"method":');
const HOST = ascii(',"host":');
const TARGET = ascii(',"target":');
const STATUS = ascii(',"status":');
const REQUEST_TYPE = ascii(',"requestType":');
const RESPONSE_TYPE = ascii(',"responseType":');
const REQUEST_BYTES = ascii(',"requestBodyBytes":');
const RESPONSE_BYTES = ascii(',"responseBodyBytes":');
const DURATION = ascii(',"durationMs":');
const FLAGS = ascii(',"flags":');
const SELECTED = ascii(',"selected":true}\n');
const REFUSED = ascii(',"selected":false,"reason":');
const END = ascii("}\n");
const NULL = ascii("null");

const QUOTE = 0x22;
const DOT = 0x2e;
const ZERO = 0x30;

/** Bytes that stand for themselves in a JSON string of ASCII. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x7f && byte !== QUOTE && byte !== 0x5c ? 1 : 0,
);

export class ExchangeLines {
  readonly #flush: LineOptions["flush"];
  #bytes: Uint8Array;
  #used = 0;
  readonly #flagTexts = new Map<number, Uint8Array>();
  /** `"2026-03-02T09:00:00.` of the second that was written last. */
  #secondText: Uint8Array = NULL;
  #second = Number.NaN;

  constructor(options: LineOptions) {
    this.#flush = options.flush;
    this.#bytes = new Uint8Array(options.bufferBytes ?? BUFFER_BYTES);
  }

  write(exchange: Exchange, refusal: Refusal): void {
    const { request, response, connection, status } = exchange;
    this.#reserve(exchange);
    this.#raw(TIME);
    this.#time((request ?? response)?.startTimeMs ?? 0);
    this.#raw(CLIENT);
    this.#plain(connection.client.ip);
    this.#raw(PORT);
    this.#integer(connection.client.port);
    this.#raw(SERVER);
    this.#plain(connection.server.ip);
    this.#raw(PORT);
    this.#integer(connection.server.port);
    this.#raw(METHOD);
    this.#text(exchange.method);
    this.#raw(HOST);
    this.#header(request, HeaderName.Host);
    this.#raw(TARGET);
    this.#text(exchange.target);
    this.#raw(STATUS);
    if (status === 0) this.#raw(NULL);
    else this.#integer(status);
    this.#raw(REQUEST_TYPE);
    this.#header(request, HeaderName.ContentType);
    this.#raw(RESPONSE_TYPE);
    this.#header(response, HeaderName.ContentType);
    this.#raw(REQUEST_BYTES);
    this.#integer(request === null ? 0 : request.bodyBytes);
    this.#raw(RESPONSE_BYTES);
    this.#integer(response === null ? 0 : response.bodyBytes);
    this.#raw(DURATION);
    this.#duration(request, response);
    this.#raw(FLAGS);
    this.#raw(this.#flagText(exchange.flags));
    if (refusal === null) this.#raw(SELECTED);
    else {
      this.#raw(REFUSED);
      this.#text(refusal);
      this.#raw(END);
    }
  }

  /** Hands on the lines that are waiting. */
  flush(): void {
    if (this.#used > 0) this.#flush(this.#bytes, this.#used);
    this.#used = 0;
  }

  /** Room for the longest line that the exchange can make. */
  #reserve({ method, target, request, response }: Exchange): void {
    const texts =
      method.length +
      target.length +
      (request?.head.byteCount ?? 0) +
      (response?.head.byteCount ?? 0);
    const needed = FIXED_BYTES_MAX + ESCAPED_BYTES_MAX * texts;
    if (this.#used + needed <= this.#bytes.length) return;
    this.flush();
    if (needed > this.#bytes.length) this.#bytes = new Uint8Array(needed);
  }

  #raw(text: Uint8Array): void {
    const bytes = this.#bytes;
    let used = this.#used;
    for (let at = 0; at < text.length; at++) bytes[used++] = text[at]!;
    this.#used = used;
  }

  /** ASCII that needs no escape. */
  #plain(text: string): void {
    const bytes = this.#bytes;
    let used = this.#used;
    for (let at = 0; at < text.length; at++) bytes[used++] = text.charCodeAt(at);
    this.#used = used;
  }

  #text(text: string): void {
    const bytes = this.#bytes;
    let used = this.#used;
    bytes[used++] = QUOTE;
    for (let at = 0; at < text.length; at++) {
      const byte = text.charCodeAt(at);
      if (byte > 255 || PLAIN[byte] === 0) {
        this.#plain(quoteUnusual(text));
        return;
      }
      bytes[used++] = byte;
    }
    bytes[used++] = QUOTE;
    this.#used = used;
  }

  #header(message: Message | null, nameId: number): void {
    if (message === null) this.#raw(NULL);
    else this.#headValue(message.head, nameId);
  }

  #headValue(head: Head, nameId: number): void {
    const { fields, fieldCount } = head;
    for (let index = 0; index < fieldCount; index++) {
      if (fields[index * 5] !== nameId) continue;
      const source = head.bytes;
      const end = fields[index * 5 + 4]!;
      const bytes = this.#bytes;
      let used = this.#used;
      bytes[used++] = QUOTE;
      for (let at = fields[index * 5 + 3]!; at < end; at++) {
        const byte = source[at]!;
        if (PLAIN[byte] === 0) {
          this.#plain(quoteUnusual(head.valueAt(index)));
          return;
        }
        bytes[used++] = byte;
      }
      bytes[used++] = QUOTE;
      this.#used = used;
      return;
    }
    this.#raw(NULL);
  }

  /** Not negative. */
  #integer(value: number): void {
    if (value >= 1e9) {
      this.#plain(String(value));
      return;
    }
    let digits = 1;
    for (let limit = 10; value >= limit; limit *= 10) digits += 1;
    this.#digits(value, digits);
  }

  #digits(value: number, count: number): void {
    const bytes = this.#bytes;
    let rest = value | 0;
    for (let at = this.#used + count - 1; at >= this.#used; at--) {
      const next = (rest / 10) | 0;
      bytes[at] = ZERO + rest - next * 10;
      rest = next;
    }
    this.#used += count;
  }

  /** RFC 3339 with microseconds. */
  #time(timeMs: number): void {
    const micros = Math.round(timeMs * 1000);
    const second = Math.floor(micros / 1_000_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#secondText = ascii(`"${secondText(second)}`);
    }
    this.#raw(this.#secondText);
    this.#digits(micros - second * 1_000_000, 6);
    this.#bytes[this.#used++] = 0x5a;
    this.#bytes[this.#used++] = QUOTE;
  }

  #duration(request: Message | null, response: Message | null): void {
    const micros =
      request === null || response === null
        ? -1
        : Math.round((response.endTimeMs - request.startTimeMs) * 1000);
    if (micros < 0 || micros >= 2 ** 31) {
      this.#plain(String(durationMs(request, response)));
      return;
    }
    const whole = Math.floor(micros / 1000);
    this.#integer(whole);
    const fraction = micros - whole * 1000;
    if (fraction === 0) return;
    this.#bytes[this.#used++] = DOT;
    this.#digits(fraction, 3);
    while (this.#bytes[this.#used - 1] === ZERO) this.#used -= 1;
  }

  #flagText(flags: number): Uint8Array {
    let text = this.#flagTexts.get(flags);
    if (text === undefined) {
      text = ascii(JSON.stringify(flagNames(flags)));
      this.#flagTexts.set(flags, text);
    }
    return text;
  }
}

/** Names of the bits of `Exchange.flags`, in the order of the table. */
export const flagNames = (flags: number): string[] =>
  Object.entries(ExchangeFlag).flatMap(([name, bit]) => (flags & bit ? [name] : []));

/** From the request's first byte to the response's last, or null where one of them was not seen. */
export const durationMs = (request: Message | null, response: Message | null): number | null =>
  request === null || response === null
    ? null
    : Math.round((response.endTimeMs - request.startTimeMs) * 1000) / 1000;

/** Up to the point before the fraction; a time that no date can express is the epoch. */
const secondText = (second: number): string => {
  const date = new Date(second * 1000);
  const text = Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
  return text.slice(0, -4);
};

/** `text` holds bytes; they are read as UTF-8 where they are that, else as latin1. */
const quoteUnusual = (text: string): string =>
  JSON.stringify(textOf(text)).replaceAll(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Text of bytes that are held one a character. */
export const textOf = (latin1: string): string => {
  try {
    return utf8.decode(Buffer.from(latin1, "latin1"));
  } catch {
    return latin1;
  }
};
