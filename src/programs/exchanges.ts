import type { Settings } from "../base/config.ts";
import type { Exchange, ExchangeObserver } from "../http/exchange.ts";
import { HeaderName } from "../http/headername.ts";
import type { Endpoint } from "../reassemble/stream.ts";
import { durationMs, ExchangeLines, flagNames, type Refusal } from "./exchangeline.ts";
import { textOf } from "./linebytes.ts";
import { readCaptures } from "./pipeline.ts";
import { refusals } from "./selecting.ts";
import { printLine, writeOutput } from "./standardoutput.ts";

/**
 * Prints what was heard, one exchange a line, nothing learned. Signals keep their default effect: what was printed
 * is whole lines.
 */
export const exchanges = async (
  captures: readonly string[],
  settings: Settings,
): Promise<number> => {
  const refusalOf = refusals(settings);
  const lines = new ExchangeLines({ flush: writeOutput });
  const readableLines: string[] = [];
  const print = settings.json
    ? (exchange: Exchange) => lines.write(exchange, refusalOf(exchange))
    : (exchange: Exchange) => readableLines.push(readable(exchange, refusalOf(exchange)));
  const flush = (): void => {
    lines.flush();
    if (readableLines.length > 0) printLine(readableLines.join("\n"));
    readableLines.length = 0;
  };
  const observer: ExchangeObserver = {
    requestHead: () => null,
    responseHead: () => null,
    exchange: print,
  };
  const { signal } = new AbortController();
  const { interfaces } = settings;
  const options = { signal, interfaces, onPiece: flush };
  const { warnings } = await readCaptures(captures, observer, options);
  flush();
  for (const warning of warnings) process.stderr.write(`nta: warning: ${warning}\n`);
  return 0;
};

/** `09:00:00.012  10.0.0.1:40000 → 10.0.0.2:8080   GET 200   12.3 ms  shop.example/products  2.1 kB  …` */
const readable = (exchange: Exchange, refusal: Refusal): string => {
  const { request, response, connection, status } = exchange;
  const timeMs = (request ?? response)?.startTimeMs ?? 0;
  const duration = durationMs(request, response);
  const host = request?.head.value(HeaderName.Host) ?? "";
  const bytes = (request?.bodyBytes ?? 0) + (response?.bodyBytes ?? 0);
  const notes = [
    ...flagNames(exchange.flags),
    ...(refusal === null ? [] : [`not used: ${refusal}`]),
  ];
  return [
    timeOfDay(timeMs),
    `${endpointText(connection.client)} → ${endpointText(connection.server)}`.padEnd(45),
    (exchange.method === "" ? "?" : exchange.method).padStart(7),
    response === null ? "  –" : String(status).padStart(3, "0"),
    (duration === null ? "–" : `${duration.toFixed(1)} ms`).padStart(10),
    byteText(bytes).padStart(9),
    `${printable(host)}${printable(exchange.target)}`,
    notes.length === 0 ? "" : ` (${notes.join(", ")})`,
  ]
    .join("  ")
    .trimEnd();
};

const timeOfDay = (timeMs: number): string => {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? "--:--:--.---" : date.toISOString().slice(11, 23);
};

const endpointText = ({ ip, port }: Endpoint): string =>
  ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;

const byteText = (bytes: number): string => {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
};

/** Text from traffic for a terminal: no control characters, so no escape sequences. */
const printable = (latin1: string): string => textOf(latin1).replaceAll(/\p{C}/gu, "?");
