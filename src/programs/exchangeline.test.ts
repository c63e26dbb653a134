import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Exchange, ExchangeFlag } from "../http/exchange.ts";
import { PooledMessage } from "../http/exchangepool.ts";
import { durationMs, ExchangeLines, flagNames } from "./exchangeline.ts";
import { textOf } from "./linebytes.ts";

interface Written {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly type: string | null;
  readonly status: number;
  readonly startTimeMs: number;
  readonly tookMs: number;
  readonly bodyBytes: number;
  readonly flags: number;
  readonly connectionId: number;
  readonly refusal: string | null;
}

const latin1Value = (lengthMax: number) =>
  fc
    .array(fc.integer({ min: 0x21, max: 0xff }), { maxLength: lengthMax })
    .map((bytes) => Buffer.from(bytes).toString("latin1"));
const utf8Value = fc.string({ unit: "grapheme", maxLength: 8 }).map((text) =>
  Buffer.from(text.replaceAll(/\s|\p{Cc}/gu, ""))
    .toString("latin1")
    .replaceAll(/[^\x21-\xff]|\x7f/g, ""),
);
const anyValue = fc.oneof(latin1Value(40), utf8Value, fc.constant("application/json"));

const anyExchange: fc.Arbitrary<Written> = fc.record({
  method: fc.constantFrom("GET", "POST", "M-SEARCH"),
  target: fc.oneof(latin1Value(300), fc.webPath()).map((text) => `/${text}`),
  host: anyValue,
  type: fc.option(anyValue),
  status: fc.constantFrom(0, 7, 200, 404, 999),
  startTimeMs: fc.integer({ min: -1e15, max: 4e15 }).map((micros) => micros / 1000),
  tookMs: fc.integer({ min: -2e6, max: 3e12 }).map((micros) => micros / 1000),
  bodyBytes: fc.oneof(
    fc.integer({ min: 0, max: 12_000 }),
    fc.constant(999_999_999),
    fc.constant(2 ** 53 - 1),
  ),
  flags: fc.constantFrom(
    0,
    0,
    ExchangeFlag.pipelined,
    ExchangeFlag.responseGap | ExchangeFlag.interim,
  ),
  connectionId: fc.integer({ min: 1, max: 600 }),
  refusal: fc.constantFrom(null, "status", "noise-pages"),
});

const message = (head: string, isRequest: boolean, written: Written): PooledMessage => {
  const bytes = Buffer.from(head, "latin1");
  const made = new PooledMessage();
  assert.equal(made.head.parse(bytes, 0, bytes.length, isRequest), bytes.length);
  made.startTimeMs = written.startTimeMs;
  made.endTimeMs = written.startTimeMs + written.tookMs;
  made.bodyBytes = written.bodyBytes;
  return made;
};

const exchangeOf = (written: Written): Exchange => {
  const type = written.type === null ? "" : `Content-Type: ${written.type}\r\n`;
  const request = `${written.method} ${written.target} HTTP/1.1\r\nHost: ${written.host}\r\n\r\n`;
  const response = `HTTP/1.1 200 OK\r\nX: y\r\n${type}\r\n`;
  return {
    connection: {
      id: written.connectionId,
      client: { ip: `10.0.0.${written.connectionId % 256}`, port: 40_000 + written.connectionId },
      server: { ip: "2001:db8::1", port: 80 },
    },
    method: written.method,
    target: written.target,
    status: written.status,
    request: message(request, true, written),
    response: written.status === 0 ? null : message(response, false, written),
    flags: written.flags,
  };
};

/** The same by way of an object. */
const expected = (exchange: Exchange, written: Written): unknown => {
  const micros = Math.round(written.startTimeMs * 1000);
  const date = new Date(Math.floor(micros / 1e6) * 1000);
  const fraction = String(micros - Math.floor(micros / 1e6) * 1e6).padStart(6, "0");
  const { request, response } = exchange;
  return {
    time: `${date.toISOString().slice(0, -4)}${fraction}Z`,
    client: exchange.connection.client,
    server: exchange.connection.server,
    method: written.method,
    host: textOf(written.host),
    target: textOf(written.target),
    status: written.status === 0 ? null : written.status,
    requestType: null,
    responseType: response === null || written.type === null ? null : textOf(written.type),
    requestBodyBytes: written.bodyBytes,
    responseBodyBytes: response === null ? 0 : written.bodyBytes,
    durationMs: durationMs(request, response),
    flags: flagNames(written.flags),
    ...(written.refusal === null
      ? { selected: true }
      : { selected: false, reason: written.refusal }),
  };
};

test("lines of exchanges are what JSON.stringify would write", () => {
  fc.assert(
    fc.property(fc.array(anyExchange, { minLength: 1, maxLength: 12 }), (all) => {
      let text = "";
      const lines = new ExchangeLines({
        bufferBytes: 2048,
        flush: (bytes, byteCount) => {
          text += Buffer.from(bytes.subarray(0, byteCount)).toString("latin1");
        },
      });
      const exchanges = all.map(exchangeOf);
      for (const [index, exchange] of exchanges.entries())
        lines.write(exchange, all[index]!.refusal);
      lines.flush();
      assert.match(text, /^[ -~\n]*$/);
      const wanted = exchanges.map((exchange, index) => expected(exchange, all[index]!));
      const written = text
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as unknown);
      assert.deepEqual(written, wanted);
      assert.equal(
        Object.keys(written[0] as object).join(),
        Object.keys(wanted[0] as object).join(),
      );
    }),
  );
});

test("a time that no date can express is the epoch", () => {
  let text = "";
  const lines = new ExchangeLines({
    flush: (bytes, byteCount) => {
      text = Buffer.from(bytes.subarray(0, byteCount)).toString();
    },
  });
  const written: Written = {
    method: "GET",
    target: "/",
    host: "a",
    type: null,
    status: 0,
    startTimeMs: 9e15,
    tookMs: 0,
    bodyBytes: 0,
    flags: 0,
    connectionId: 1,
    refusal: null,
  };
  lines.write(exchangeOf(written), null);
  lines.flush();
  assert.match(text, /^\{"time":"1970-01-01T00:00:00\.\d{6}Z",/);
});
