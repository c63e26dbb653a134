/**
 * The JSON that gateway plugins of APIClarity's family send, one exchange a request:
 *
 *     {"requestID", "scheme", "destinationAddress": "ip:port", "destinationNamespace", "sourceAddress": "ip:port",
 *      "request":  {"method", "path", "host", "common": COMMON},
 *      "response": {"statusCode": "200", "common": COMMON}}
 *     COMMON: {"version", "headers": [{"key", "value"}], "body": base64, "truncatedBody", "time": ms}
 *
 * Senders differ: `TruncatedBody`, numbers as text, a whole URL as `path`, addresses without port. What is missing is
 * taken as unknown; only what cannot be an exchange is refused.
 */
import { Buffer } from "node:buffer";
import { collectLimits } from "../base/limits.ts";
import type { ExchangeObserver } from "../http/exchange.ts";
import type { Endpoint } from "../reassemble/stream.ts";
import { isAddress } from "./address.ts";
import { type Field, harFields } from "./harparts.ts";
import { readHarUrl } from "./harurl.ts";
import { asList, asNumber, asObject, asText, type LooseObject, member } from "./loose.ts";
import { handOver, type ToldMessage } from "./told.ts";

const UNKNOWN_IP = "0.0.0.0";

/** Why a record made no exchange; null where it did. Stable words. */
export type TelemetryProblem = "no-object" | "no-request" | "no-response" | "bad-url" | "bad-head";

/** Hands the exchange of one record to `observer`. `nowMs` stands in where the record has no time. */
export function readTelemetry(
  value: unknown,
  observer: ExchangeObserver,
  nowMs: number,
): TelemetryProblem | null {
  const record = asObject(value);
  if (record === null) return "no-object";
  const request = asObject(member(record, "request"));
  const response = asObject(member(record, "response"));
  const method = asText(member(request, "method"))?.toUpperCase() ?? "";
  const path = asText(member(request, "path"));
  if (request === null || method === "" || path === null) return "no-request";
  const status = asNumber(member(response, "statusCode"), 0);
  if (response === null || status === 0) return "no-response";
  const scheme = asText(member(record, "scheme"))?.toLowerCase() === "https" ? "https" : "http";
  const told = messageOf(request, nowMs, null);
  const destination = endpointOf(member(record, "destinationAddress"));
  const host = asText(member(request, "host")) || hostField(told.fields) || nameOf(destination);
  const url = readHarUrl(
    /^https?:\/\//i.test(path) ? path : `${scheme}://${host}${slashed(path)}`,
    method,
  );
  if (typeof url === "string") return "bad-url";
  const fields = told.fields.filter(({ name }) => name.toLowerCase() !== "host");
  const isTold = handOver(
    {
      connectionId: 0,
      client: endpointOf(member(record, "sourceAddress")),
      server: { ip: destination.ip, port: destination.port || url.port },
      method,
      target: url.target,
      status,
      request: { ...told, fields: [{ name: "Host", value: url.authority }, ...fields] },
      response: messageOf(response, nowMs, told.endMs),
    },
    observer,
  );
  return isTold ? null : "bad-head";
}

/** The only time that a message has is when it passed; a response cannot come before its request. */
function messageOf(message: LooseObject, nowMs: number, notBeforeMs: number | null): ToldMessage {
  const common = asObject(member(message, "common"));
  const body = asText(member(common, "body"));
  const timeMs = Math.max(asNumber(member(common, "time"), nowMs), notBeforeMs ?? 0);
  return {
    fields: fieldsOf(member(common, "headers")),
    body: Buffer.from(body ?? "", "base64"),
    isTruncated: isTrue(member(common, "truncatedBody")) || isTrue(member(common, "TruncatedBody")),
    startMs: timeMs,
    endMs: timeMs,
  };
}

const isTrue = (value: unknown): boolean => value === true || value === "true";

function fieldsOf(headers: unknown): readonly Field[] {
  const list = asList(headers)
    .slice(0, collectLimits.harFieldsMax)
    .map((header) => {
      const object = asObject(header);
      return { name: member(object, "key"), value: member(object, "value") };
    });
  const { fields, authority } = harFields(list);
  return authority === null ? fields : [{ name: "Host", value: authority }, ...fields];
}

const hostField = (fields: readonly Field[]): string =>
  fields.find(({ name }) => name.toLowerCase() === "host")?.value ?? "";

const slashed = (path: string): string => (path.startsWith("/") ? path : `/${path}`);

/** `10.0.0.7:8080`, `[::1]:80`, an address alone; the port is 0 where there is none. */
function endpointOf(value: unknown): Endpoint {
  const text = asText(value) ?? "";
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/i.exec(text);
  const ip = match === null ? text : (match[1] ?? match[2]!);
  const port = Number(match?.[3] ?? 0);
  return { ip: isAddress(ip) ? ip : UNKNOWN_IP, port: port <= 65_535 ? port : 0 };
}

const nameOf = ({ ip, port }: Endpoint): string => {
  const name = ip.includes(":") ? `[${ip}]` : ip;
  return port === 0 ? name : `${name}:${port}`;
};
