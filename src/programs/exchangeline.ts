/**
 * Exchanges as lines of JSON (NDJSON), as the command line promises them. Written straight into one buffer: a line of
 * 400 bytes costs a few hundred nanoseconds and makes no garbage.
 */
import { type Connection, type Exchange, ExchangeFlag, type Message } from "../http/exchange.ts";
import type { Head } from "../http/head.ts";
import { HeaderName } from "../http/headername.ts";
import { type FixedText, fixedText, LineBytes } from "./linebytes.ts";

/** What selection says of an exchange: null where it was selected, else the reason. */
export type Refusal = string | null;

export interface LineOptions {
  readonly bufferBytes?: number;
  /** Takes the first `byteCount` bytes; they are used again afterwards. */
  readonly flush: (bytes: Uint8Array, byteCount: number) => void;
}

/** Of one exchange beside its texts: names, numbers, addresses, flags. */
const FIXED_BYTES_MAX = 1024;
const BUFFER_BYTES = 1 << 18;
/** Connections, and seconds, whose text is kept; powers of two. */
const CONNECTION_PLACES = 256;
const SECOND_PLACES = 16;

const TIME = fixedText('{"time":"');
const HOST = fixedText(',"host":');
const TARGET = fixedText(',"target":');
const STATUS = fixedText(',"status":');
const REQUEST_TYPE = fixedText(',"requestType":');
const RESPONSE_TYPE = fixedText(',"responseType":');
const REQUEST_BYTES = fixedText(',"requestBodyBytes":');
const RESPONSE_BYTES = fixedText(',"responseBodyBytes":');
const DURATION = fixedText(',"durationMs":');
const FLAGS = fixedText(',"flags":');
const NO_FLAGS = fixedText(',"flags":[]');
const SELECTED = fixedText(',"selected":true}\n');
const REFUSED = fixedText(',"selected":false,"reason":');
const END = fixedText("}\n");
const NULL = fixedText("null");
const ZULU = fixedText('Z"');

const DOT = 0x2e;

interface ConnectionPlace {
  readonly connection: Connection;
  readonly text: FixedText;
}

interface SecondPlace {
  readonly second: number;
  readonly text: FixedText;
}

export class ExchangeLines {
  readonly #line: LineBytes;
  readonly #flagTexts = new Map<number, FixedText>();
  /** What was written of a connection, or of a second, by the last bits of its number. */
  readonly #connections: (ConnectionPlace | null)[] = new Array(CONNECTION_PLACES).fill(null);
  readonly #seconds: (SecondPlace | null)[] = new Array(SECOND_PLACES).fill(null);

  constructor({ bufferBytes = BUFFER_BYTES, flush }: LineOptions) {
    this.#line = new LineBytes(bufferBytes, flush);
  }

  write(exchange: Exchange, refusal: Refusal): void {
    const { request, response, status, method, target } = exchange;
    const line = this.#line;
    const headBytes = (request?.head.byteCount ?? 0) + (response?.head.byteCount ?? 0);
    line.reserve(FIXED_BYTES_MAX, method.length + target.length + headBytes);
    line.fixed(TIME);
    this.#time((request ?? response)?.startTimeMs ?? 0);
    line.fixed(this.#connectionText(exchange.connection));
    line.text(method);
    line.fixed(HOST);
    this.#header(request, HeaderName.Host);
    line.fixed(TARGET);
    line.text(target);
    line.fixed(STATUS);
    if (response === null) line.fixed(NULL);
    else line.integer(status);
    line.fixed(REQUEST_TYPE);
    this.#header(request, HeaderName.ContentType);
    line.fixed(RESPONSE_TYPE);
    this.#header(response, HeaderName.ContentType);
    line.fixed(REQUEST_BYTES);
    line.integer(request === null ? 0 : request.bodyBytes);
    line.fixed(RESPONSE_BYTES);
    line.integer(response === null ? 0 : response.bodyBytes);
    line.fixed(DURATION);
    this.#duration(request, response);
    if (exchange.flags === 0) line.fixed(NO_FLAGS);
    else {
      line.fixed(FLAGS);
      line.fixed(this.#flagText(exchange.flags));
    }
    if (refusal === null) line.fixed(SELECTED);
    else {
      line.fixed(REFUSED);
      line.text(refusal);
      line.fixed(END);
    }
  }

  /** Hands on the lines that are waiting. */
  flush(): void {
    this.#line.flush();
  }

  #header(message: Message | null, nameId: number): void {
    if (message === null) this.#line.fixed(NULL);
    else this.#headValue(message.head, nameId);
  }

  #headValue(head: Head, nameId: number): void {
    const { fields, fieldCount } = head;
    const fieldsEnd = fieldCount * 5;
    for (let at = 0; at < fieldsEnd; at += 5) {
      if (fields[at] !== nameId) continue;
      const isWritten = this.#line.textOfBytes(head.bytes, fields[at + 3]!, fields[at + 4]!);
      if (!isWritten) this.#line.text(head.valueAt(at / 5));
      return;
    }
    this.#line.fixed(NULL);
  }

  /** RFC 3339 with microseconds; the opening quote is there. */
  #time(timeMs: number): void {
    const micros = Math.round(timeMs * 1000);
    const second = Math.floor(micros / 1_000_000);
    this.#line.fixed(this.#secondText(second));
    const fraction = micros - second * 1_000_000;
    // A number beyond what a double holds exactly has none.
    this.#line.digits(fraction >= 0 && fraction < 1_000_000 ? fraction : 0, 6);
    this.#line.fixed(ZULU);
  }

  #secondText(second: number): FixedText {
    const place = this.#seconds[second & (SECOND_PLACES - 1)]!;
    if (place !== null && place.second === second) return place.text;
    const text = fixedText(secondText(second));
    this.#seconds[second & (SECOND_PLACES - 1)] = { second, text };
    return text;
  }

  #connectionText(connection: Connection): FixedText {
    const place = this.#connections[connection.id & (CONNECTION_PLACES - 1)]!;
    if (place !== null && place.connection === connection) return place.text;
    const { client, server } = connection;
    const ends = JSON.stringify({ client, server }, ["client", "server", "ip", "port"]);
    const text = fixedText(`,${ends.slice(1, -1)},"method":`);
    this.#connections[connection.id & (CONNECTION_PLACES - 1)] = { connection, text };
    return text;
  }

  #duration(request: Message | null, response: Message | null): void {
    const line = this.#line;
    const micros =
      request === null || response === null
        ? -1
        : Math.round((response.endTimeMs - request.startTimeMs) * 1000);
    if (micros < 0 || micros >= 2 ** 31) {
      line.plain(String(durationMs(request, response)));
      return;
    }
    const whole = Math.floor(micros / 1000);
    line.integer(whole);
    const fraction = micros - whole * 1000;
    if (fraction === 0) return;
    line.byte(DOT);
    line.digits(fraction, 3);
    line.dropZeros();
  }

  #flagText(flags: number): FixedText {
    let text = this.#flagTexts.get(flags);
    if (text === undefined) {
      text = fixedText(JSON.stringify(flagNames(flags)));
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
