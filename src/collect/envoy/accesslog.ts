/**
 * Envoy's access logs over gRPC (envoy/service/accesslog/v3/als.proto): what a mesh tells without any change to its filters.
 * They hold no bodies, and of the headers only those that were asked for by name.
 *
 *     StreamAccessLogsMessage  2 { 1 HTTPAccessLogEntry… }
 *     HTTPAccessLogEntry       1 AccessLogCommon | 3 request | 4 response
 *     AccessLogCommon          2 downstream remote | 3 downstream local | 5 start | 6 last byte of the request |
 *                              9 first byte of the response | 13 upstream remote | 23 duration
 */
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { collectLimits } from "../../base/limits.ts";
import { ExchangeFlag, type ExchangeObserver } from "../../http/exchange.ts";
import type { Endpoint } from "../../reassemble/stream.ts";
import type { Field } from "../harparts.ts";
import { handOver } from "../told.ts";
import type { EnvoyWays } from "./ways.ts";

/** By number: envoy/config/core/v3/base.proto. */
const METHODS = [
  "",
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
  "PATCH",
];
const UNKNOWN: Endpoint = { ip: "0.0.0.0", port: 0 };

interface Entry {
  method: string;
  authority: string;
  path: string;
  status: number;
  requestBytes: number;
  responseBytes: number;
  client: Endpoint;
  local: Endpoint;
  upstream: Endpoint;
  startMs: number;
  requestEndMs: number;
  responseStartMs: number;
  durationMs: number;
  readonly requestFields: Field[];
  readonly responseFields: Field[];
}

export interface AccessLogResult {
  readonly exchanges: number;
  /** Entries that made none. */
  readonly refused: number;
}

/** Hands each entry of a message to `observer`; null for bytes that are no such message. */
export function readAccessLog(
  bytes: Uint8Array,
  observer: ExchangeObserver,
  ways: EnvoyWays,
): AccessLogResult | null {
  const entries: Entry[] = [];
  try {
    each(bytes, (reader, number) => {
      if (number !== 2) return false;
      each(reader.bytes(), (inner, innerNumber) => {
        if (innerNumber !== 1) return false;
        entries.push(readEntry(inner.bytes()));
        return true;
      });
      return true;
    });
  } catch {
    return null;
  }
  let exchanges = 0;
  for (const entry of entries) if (tell(entry, observer, ways)) exchanges += 1;
  return { exchanges, refused: entries.length - exchanges };
}

function tell(entry: Entry, observer: ExchangeObserver, ways: EnvoyWays): boolean {
  const { method, path, authority, status, startMs } = entry;
  const { server, isPassedOn } = ways.take(entry.local, entry.upstream, authority, startMs);
  const requestEndMs = startMs + entry.requestEndMs;
  const responseStartMs = Math.max(requestEndMs, startMs + entry.responseStartMs);
  const host = authority === "" ? [] : [{ name: "host", value: printable(authority) }];
  return handOver(
    {
      connectionId: 0,
      client: entry.client,
      server,
      flags: isPassedOn ? ExchangeFlag.passedOn : 0,
      method,
      target: path,
      status,
      request: {
        ...{ fields: [...host, ...entry.requestFields], startMs, endMs: requestEndMs },
        ...messageBytes(entry.requestBytes),
      },
      response: {
        ...{ fields: entry.responseFields, startMs: responseStartMs },
        ...{ endMs: Math.max(responseStartMs, startMs + entry.durationMs) },
        ...messageBytes(entry.responseBytes),
      },
    },
    observer,
  );
}

const NOTHING = new Uint8Array(0);

/** A body of no bytes is whole; of any other nothing was seen. */
const messageBytes = (
  wireBytes: number,
): { body: Uint8Array | null; isTruncated: boolean; wireBytes: number } => ({
  ...{ body: wireBytes === 0 ? NOTHING : null, isTruncated: wireBytes > 0, wireBytes },
});

function readEntry(bytes: Uint8Array): Entry {
  const entry: Entry = {
    ...{ method: "", authority: "", path: "", status: 0, requestBytes: 0, responseBytes: 0 },
    ...{ client: UNKNOWN, local: UNKNOWN, upstream: UNKNOWN },
    ...{ startMs: 0, requestEndMs: 0, responseStartMs: 0, durationMs: 0 },
    requestFields: [],
    responseFields: [],
  };
  each(bytes, (reader, number) => {
    if (number === 1) readCommon(reader.bytes(), entry);
    else if (number === 3) readRequest(reader.bytes(), entry);
    else if (number === 4) readResponse(reader.bytes(), entry);
    else return false;
    return true;
  });
  return entry;
}

function readCommon(bytes: Uint8Array, entry: Entry): void {
  each(bytes, (reader, number) => {
    if (number === 2) entry.client = readAddress(reader.bytes());
    else if (number === 3) entry.local = readAddress(reader.bytes());
    else if (number === 13) entry.upstream = readAddress(reader.bytes());
    else if (number === 5) entry.startMs = readTime(reader.bytes());
    else if (number === 6) entry.requestEndMs = readTime(reader.bytes());
    else if (number === 9) entry.responseStartMs = readTime(reader.bytes());
    else if (number === 23) entry.durationMs = readTime(reader.bytes());
    else return false;
    return true;
  });
}

function readRequest(bytes: Uint8Array, entry: Entry): void {
  each(bytes, (reader, number) => {
    if (number === 1) entry.method = METHODS[reader.int32()] ?? "";
    else if (number === 3) entry.authority = reader.string();
    else if (number === 5) entry.path = reader.string();
    else if (number === 6) addField(entry.requestFields, "user-agent", reader.string());
    else if (number === 9) addField(entry.requestFields, "x-request-id", reader.string());
    else if (number === 12) entry.requestBytes = Number(reader.uint64());
    else if (number === 13) readField(reader.bytes(), entry.requestFields);
    else return false;
    return true;
  });
}

function readResponse(bytes: Uint8Array, entry: Entry): void {
  each(bytes, (reader, number) => {
    if (number === 1) entry.status = readWrapped(reader.bytes());
    else if (number === 3) entry.responseBytes = Number(reader.uint64());
    else if (number === 4) readField(reader.bytes(), entry.responseFields);
    else return false;
    return true;
  });
}

/** An entry of a map from name to value. */
function readField(bytes: Uint8Array, fields: Field[]): void {
  let name = "";
  let value = "";
  each(bytes, (reader, number) => {
    if (number === 1) name = reader.string();
    else if (number === 2) value = reader.string();
    else return false;
    return true;
  });
  addField(fields, name, value);
}

function addField(fields: Field[], name: string, value: string): void {
  if (value === "" || !/^[!#$%&'*+\-.^_`|~0-9a-z]+$/i.test(name)) return;
  if (fields.length < collectLimits.envoyFieldsMax) fields.push({ name, value: printable(value) });
}

const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, " ").trim();

/** Address { 1 socket address { 2 address | 3 port } } */
function readAddress(bytes: Uint8Array): Endpoint {
  let ip = "";
  let port = 0;
  each(bytes, (reader, number) => {
    if (number !== 1) return false;
    each(reader.bytes(), (inner, innerNumber) => {
      if (innerNumber === 2) ip = inner.string();
      else if (innerNumber === 3) port = inner.uint32();
      else return false;
      return true;
    });
    return true;
  });
  return /^[\d.]+$|^[0-9a-f:.]+$/i.test(ip) && port <= 65_535 ? { ip, port } : UNKNOWN;
}

/** Timestamp or Duration { 1 seconds | 2 nanoseconds }, in milliseconds. */
function readTime(bytes: Uint8Array): number {
  let ms = 0;
  each(bytes, (reader, number) => {
    if (number === 1) ms += Number(reader.int64()) * 1000;
    else if (number === 2) ms += reader.int32() / 1e6;
    else return false;
    return true;
  });
  return ms;
}

/** UInt32Value { 1 value } */
function readWrapped(bytes: Uint8Array): number {
  let value = 0;
  each(bytes, (reader, number) => {
    if (number !== 1) return false;
    value = reader.uint32();
    return true;
  });
  return value;
}

/** Calls `take` for each field; what it does not take is skipped. */
function each(bytes: Uint8Array, take: (reader: BinaryReader, number: number) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (!take(reader, number)) reader.skip(wireType, number);
  }
}
