/** Exchanges for tests: written as text, handed to an observer as `http/` does. */
import type { Connection, Exchange, ExchangeObserver, Message } from "../http/exchange.ts";
import { PooledHead } from "../http/pooledhead.ts";

export interface Written {
  readonly method?: string;
  readonly target?: string;
  readonly status?: number;
  readonly requestHeaders?: Readonly<Record<string, string>>;
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly requestBody?: string | Uint8Array;
  readonly responseBody?: string | Uint8Array;
  readonly requestWhole?: boolean;
  readonly responseWhole?: boolean;
  readonly timeMs?: number;
  readonly client?: string;
  readonly server?: string;
  readonly port?: number;
  readonly flags?: number;
}

export function exchangeOf(written: Written): Exchange {
  const connection: Connection = {
    id: 1,
    client: { ip: written.client ?? "10.0.0.1", port: 40_000 },
    server: { ip: written.server ?? "10.0.0.2", port: written.port ?? 80 },
  };
  const timeMs = written.timeMs ?? 1_700_000_000_000;
  const method = written.method ?? "GET";
  const target = written.target ?? "/";
  const status = written.status ?? 200;
  return {
    connection,
    method,
    target,
    status,
    request: messageOf(
      "GET / HTTP/1.1",
      { host: "api.test", ...written.requestHeaders },
      written.requestBody,
      timeMs,
    ),
    response: messageOf(
      "HTTP/1.1 200 OK",
      written.responseHeaders ?? { "content-type": "application/json" },
      written.responseBody,
      timeMs + 5,
    ),
    flags: written.flags ?? 0,
  };
}

function messageOf(
  line: string,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array | undefined,
  timeMs: number,
): Message {
  const head = new PooledHead();
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const bytes = Buffer.from(`${line}\r\n${fields.join("")}\r\n`, "latin1");
  head.parse(bytes, 0, bytes.length, line.startsWith("GET"));
  return {
    head,
    minorVersion: 1,
    bodyBytes: body === undefined ? 0 : bytesOf(body).length,
    complete: true,
    sink: null,
    startTimeMs: timeMs,
    endTimeMs: timeMs,
  };
}

const bytesOf = (body: string | Uint8Array): Uint8Array =>
  typeof body === "string" ? Buffer.from(body) : body;

/** Tells an observer of an exchange, its bodies in chunks of `chunkBytes`. */
export function play(observer: ExchangeObserver, written: Written, chunkBytes = 1_448): void {
  const exchange = exchangeOf(written);
  const { request, response } = exchange;
  request!.sink = observer.requestHead(exchange);
  deliver(request!, written.requestBody, written.requestWhole ?? true, chunkBytes);
  response!.sink = observer.responseHead(exchange);
  deliver(response!, written.responseBody, written.responseWhole ?? true, chunkBytes);
  observer.exchange(exchange);
}

function deliver(
  message: Message,
  body: string | Uint8Array | undefined,
  whole: boolean,
  chunkBytes: number,
): void {
  message.complete = whole;
  const bytes = bytesOf(body ?? "");
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    message.sink?.data(bytes, at, Math.min(bytes.length, at + chunkBytes));
  }
  message.sink?.end(whole);
}
