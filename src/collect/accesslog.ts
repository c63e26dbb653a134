/**
 * Access logs that come as datagrams, one call each: of NGINX by syslog, of F5 BIG-IP by its high-speed log. They hold a
 * request line and a status, and no headers or bodies, so such endpoints get paths, query names and statuses, no schemas.
 */
import { Buffer } from "node:buffer";
import type { ExchangeObserver } from "../http/exchange.ts";
import { isAddress } from "./address.ts";
import { type Field, harFields } from "./harparts.ts";
import { readHarUrl } from "./harurl.ts";
import { asNumber, asObject, asText, type LooseObject, member } from "./loose.ts";
import { handOver, type ToldMessage } from "./told.ts";

/** Why a line made no exchange; null where it did. */
export type LogProblem = "not-understood" | "bad-url" | "bad-head";

interface Call {
  readonly clientIp: string;
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly scheme: "http" | "https";
  readonly serverIp: string;
  readonly serverPort: number;
  readonly status: number;
  readonly responseBytes: number;
  readonly durationMs: number;
  readonly userAgent: string;
  readonly type: string;
}

const UNKNOWN_IP = "0.0.0.0";
const noCall: Call = {
  clientIp: UNKNOWN_IP,
  method: "",
  target: "",
  host: "",
  scheme: "http",
  serverIp: UNKNOWN_IP,
  serverPort: 0,
  status: 0,
  responseBytes: 0,
  durationMs: 0,
  userAgent: "",
  type: "",
};

/**
 * A syslog datagram of NGINX (`access_log syslog:server=…`): behind its head either a JSON object with NGINX' own variable
 * names (`log_format … escape=json`), or the format `combined`, which names no host: then the sender's address stands in.
 */
export function readNginx(
  datagram: Uint8Array,
  senderIp: string,
  observer: ExchangeObserver,
  nowMs: number,
): LogProblem | null {
  const text = Buffer.from(datagram).toString("utf8");
  const message = afterHead(text);
  const call = message.startsWith("{")
    ? ofVariables(parse(message))
    : ofCombined(message, senderIp);
  return call === null ? "not-understood" : hand(call, observer, nowMs);
}

/** RFC 3164, section 4.1: `<PRI>TIMESTAMP HOSTNAME TAG: MESSAGE`. */
function afterHead(text: string): string {
  if (!/^<\d{1,3}>/.test(text)) return text;
  const end = text.indexOf(": ");
  return end < 0 ? text : text.slice(end + 2);
}

/** A line of F5's high-speed log as a JSON object with the names of `docs/server.md`, or NGINX' names. */
export function readF5(
  datagram: Uint8Array,
  observer: ExchangeObserver,
  nowMs: number,
): LogProblem | null {
  const text = Buffer.from(datagram).toString("utf8");
  const start = text.indexOf("{");
  const call = start < 0 ? null : ofVariables(parse(text.slice(start)));
  return call === null ? "not-understood" : hand(call, observer, nowMs);
}

function parse(text: string): LooseObject | null {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Names of the same thing in NGINX' variables and in usual iRules. */
const NAMES = {
  clientIp: ["remote_addr", "client_ip", "clientIp", "client_addr"],
  method: ["request_method", "method", "http_method"],
  target: ["request_uri", "uri", "http_uri", "path"],
  host: ["http_host", "host", "server_name", "hostname"],
  scheme: ["scheme", "protocol"],
  serverIp: ["server_addr", "server_ip", "virtual_ip"],
  serverPort: ["server_port", "serverPort", "virtual_port"],
  status: ["status", "http_status", "status_code", "response_code"],
  responseBytes: ["body_bytes_sent", "bytes_sent", "response_size"],
  userAgent: ["http_user_agent", "user_agent"],
  type: ["sent_http_content_type", "content_type", "response_content_type"],
} as const;

function ofVariables(object: LooseObject | null): Call | null {
  if (object === null) return null;
  const first = (names: readonly string[]): unknown =>
    names.map((name) => member(object, name)).find((value) => value !== undefined && value !== "");
  const text = (names: readonly string[]): string => asText(first(names)) ?? "";
  const line = asText(member(object, "request")) ?? "";
  const [, lineMethod = "", lineTarget = ""] = REQUEST_LINE.exec(line) ?? [];
  const seconds = asNumber(first(["request_time", "upstream_response_time"]), 0);
  return {
    clientIp: text(NAMES.clientIp),
    method: text(NAMES.method) || lineMethod,
    target: text(NAMES.target) || lineTarget,
    host: text(NAMES.host),
    scheme: text(NAMES.scheme).toLowerCase().startsWith("https") ? "https" : "http",
    serverIp: text(NAMES.serverIp),
    serverPort: asNumber(first(NAMES.serverPort), 0),
    status: asNumber(first(NAMES.status), 0),
    responseBytes: asNumber(first(NAMES.responseBytes), 0),
    durationMs: asNumber(first(["response_time_ms", "duration_ms"]), seconds * 1000),
    userAgent: text(NAMES.userAgent),
    type: text(NAMES.type),
  };
}

const REQUEST_LINE = /^([A-Z][A-Z-]{0,19}) (\S{1,8192}) HTTP\/\d(?:\.\d)?$/;
/** `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"` */
const COMBINED =
  /^(\S{1,64}) - \S{0,256} \[[^\]]{0,64}\] "([^"]{1,9000})" (\d{3}) (\d{1,15})(?: "[^"]{0,4096}" "([^"]{0,1024})")?/;

function ofCombined(message: string, senderIp: string): Call | null {
  const found = COMBINED.exec(message);
  const line = REQUEST_LINE.exec(found?.[2] ?? "");
  if (found === null || line === null) return null;
  return {
    ...noCall,
    clientIp: found[1]!,
    method: line[1]!,
    target: line[2]!,
    host: senderIp.includes(":") ? `[${senderIp}]` : senderIp,
    serverIp: senderIp,
    status: Number(found[3]),
    responseBytes: Number(found[4]),
    userAgent: found[5] ?? "",
  };
}

function hand(call: Call, observer: ExchangeObserver, nowMs: number): LogProblem | null {
  const path = call.target.startsWith("/") ? call.target : `/${call.target}`;
  const url = readHarUrl(`${call.scheme}://${call.host}${path}`, call.method);
  if (typeof url === "string" || call.host === "" || call.method === "") return "bad-url";
  const durationMs = Math.max(0, call.durationMs);
  const requestMs = nowMs - durationMs;
  const isTold = handOver(
    {
      connectionId: 0,
      client: { ip: addressOr(call.clientIp), port: 0 },
      server: { ip: addressOr(call.serverIp), port: portOr(call.serverPort, url.port) },
      method: call.method,
      target: url.target,
      status: call.status,
      request: silent(
        fieldsOf([
          ["Host", url.authority],
          ["User-Agent", call.userAgent],
        ]),
        requestMs,
        0,
      ),
      response: silent(fieldsOf([["Content-Type", call.type]]), nowMs, call.responseBytes),
    },
    observer,
  );
  return isTold ? null : "bad-head";
}

/** A message whose body nobody kept. */
const silent = (fields: readonly Field[], timeMs: number, wireBytes: number): ToldMessage => ({
  fields,
  body: wireBytes > 0 ? null : new Uint8Array(0),
  isTruncated: wireBytes > 0,
  startMs: timeMs,
  endMs: timeMs,
  wireBytes,
});

function fieldsOf(pairs: readonly (readonly [string, string])[]): readonly Field[] {
  const given = pairs.filter(([, value]) => value !== "");
  return harFields(given.map(([name, value]) => ({ name, value }))).fields;
}

const addressOr = (text: string): string => (isAddress(text) ? text : UNKNOWN_IP);
const portOr = (port: number, fallback: number): number =>
  Number.isInteger(port) && port > 0 && port <= 65_535 ? port : fallback;
