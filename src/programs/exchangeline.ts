/**
 * One exchange as one line of JSON (NDJSON), as the command line promises it. Lines are put together as text:
 * whatever repeats (addresses, hosts, media types, seconds) is kept ready, so that a line costs less than a
 * microsecond.
 */
import { type Connection, type Exchange, ExchangeFlag, type Message } from "../http/exchange.ts";
import { HeaderName } from "../http/headername.ts";

/** What selection says of an exchange: null where it was selected, else the reason. */
export type Refusal = string | null;

export class ExchangeLines {
  readonly #connections = new WeakMap<Connection, string>();
  /** Text to its JSON form. */
  readonly #quoted = new Map<string, string>();
  readonly #flags = new Map<number, string>();
  #second = Number.NaN;
  #secondText = "";

  /** The line with its line feed, in ASCII alone. */
  write(exchange: Exchange, refusal: Refusal): string {
    const { request, response, connection, status } = exchange;
    const first = request ?? response;
    const host = this.#header(request, HeaderName.Host);
    const requestType = this.#header(request, HeaderName.ContentType);
    const responseType = this.#header(response, HeaderName.ContentType);
    const verdict = refusal === null ? "true" : `false,"reason":${this.#quoteOften(refusal)}`;
    return (
      `{"time":${first === null ? "null" : this.#time(first.startTimeMs)},${this.#addresses(connection)}` +
      `,"method":${this.#quoteOften(exchange.method)},"host":${host},"target":${quote(exchange.target)}` +
      `,"status":${status === 0 ? "null" : status},"requestType":${requestType},"responseType":${responseType}` +
      `,"requestBodyBytes":${request === null ? 0 : request.bodyBytes}` +
      `,"responseBodyBytes":${response === null ? 0 : response.bodyBytes}` +
      `,"durationMs":${durationText(request, response)},"flags":${this.#flagNames(exchange.flags)}` +
      `,"selected":${verdict}}\n`
    );
  }

  #header(message: Message | null, name: number): string {
    const value = message === null ? null : message.head.value(name);
    return value === null ? "null" : this.#quoteOften(value);
  }

  #addresses(connection: Connection): string {
    let text = this.#connections.get(connection);
    if (text === undefined) {
      const { client, server } = connection;
      text =
        `"client":{"ip":${quote(client.ip)},"port":${client.port}},` +
        `"server":{"ip":${quote(server.ip)},"port":${server.port}}`;
      this.#connections.set(connection, text);
    }
    return text;
  }

  #quoteOften(text: string): string {
    let quoted = this.#quoted.get(text);
    if (quoted === undefined) {
      quoted = quote(text);
      if (this.#quoted.size < QUOTED_MAX && text.length <= QUOTED_CHARACTERS_MAX) {
        this.#quoted.set(text, quoted);
      }
    }
    return quoted;
  }

  #flagNames(flags: number): string {
    let text = this.#flags.get(flags);
    if (text === undefined) {
      text = JSON.stringify(flagNames(flags));
      this.#flags.set(flags, text);
    }
    return text;
  }

  /** RFC 3339 with microseconds. */
  #time(timeMs: number): string {
    const micros = Math.round(timeMs * 1000);
    const second = Math.floor(micros / 1_000_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#secondText = secondText(second);
    }
    return `"${this.#secondText}${String(1_000_000 + micros - second * 1_000_000).slice(1)}Z"`;
  }
}

/** Texts that are kept ready: 4,096 of at most 256 characters, 2 MB. */
const QUOTED_MAX = 4096;
const QUOTED_CHARACTERS_MAX = 256;

/** Names of the bits of `Exchange.flags`, in the order of the table. */
export const flagNames = (flags: number): string[] =>
  Object.entries(ExchangeFlag).flatMap(([name, bit]) => (flags & bit ? [name] : []));

/** From the request's first byte to the response's last, or null where one of them was not seen. */
export const durationMs = (request: Message | null, response: Message | null): number | null =>
  request === null || response === null
    ? null
    : Math.round((response.endTimeMs - request.startTimeMs) * 1000) / 1000;

const durationText = (request: Message | null, response: Message | null): string => {
  const duration = durationMs(request, response);
  return duration === null ? "null" : String(duration);
};

/** Up to the point before the fraction; a time that no date can express is the epoch. */
const secondText = (second: number): string => {
  const date = new Date(second * 1000);
  const text = Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
  return text.slice(0, -4);
};

/** Anything that JSON or ASCII cannot hold as it is. */
const UNUSUAL = /[^ !#-[\]-~]/;

const quote = (text: string): string => (UNUSUAL.test(text) ? quoteUnusual(text) : `"${text}"`);

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
