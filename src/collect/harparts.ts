import { collectLimits } from "../base/limits.ts";
import { asList, asNumber, asObject, asText, type LooseObject, member } from "./loose.ts";

export interface Field {
  readonly name: string;
  readonly value: string;
}

/**
 * The header list as fields that can stand in a head. Pseudo headers of HTTP/2 (RFC 9113, section 8.3) are taken
 * out; `:authority` is what Host is in HTTP/1. Values that were joined by line feeds are taken apart again.
 */
export function harFields(headers: unknown): { fields: Field[]; authority: string | null } {
  const fields: Field[] = [];
  let authority: string | null = null;
  for (const header of asList(headers).slice(0, collectLimits.harFieldsMax)) {
    const object = asObject(header);
    const name = asText(member(object, "name"))?.trim() ?? "";
    const value = asText(member(object, "value")) ?? "";
    if (name === ":authority") authority = printable(value);
    if (name === "" || !/^[!#$%&'*+\-.^_`|~0-9a-z]+$/i.test(name)) continue;
    for (const line of value.split("\n")) fields.push({ name, value: printable(line) });
  }
  return { fields, authority };
}

/** No controls: they would end the line, or make the head doubtful. */
const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, " ").trim();

export interface HarTimes {
  readonly requestStartMs: number;
  readonly requestEndMs: number;
  readonly responseStartMs: number;
  readonly responseEndMs: number;
}

/**
 * When the messages passed. `timings` are durations, -1 where they do not apply; blocked, dns and connect (which
 * includes ssl) come before the request. Without `timings` all of `time` is waiting.
 */
export function harTimes(entry: LooseObject): HarTimes | null {
  const startedMs = Date.parse(asText(member(entry, "startedDateTime")) ?? "");
  if (Number.isNaN(startedMs)) return null;
  const timings = asObject(member(entry, "timings"));
  const duration = (name: string): number => Math.max(0, asNumber(member(timings, name), 0));
  const requestStartMs = startedMs + duration("blocked") + duration("dns") + duration("connect");
  const requestEndMs = requestStartMs + duration("send");
  const known = timings !== null && asNumber(member(timings, "wait"), -1) >= 0;
  const wait = known ? duration("wait") : Math.max(0, asNumber(member(entry, "time"), 0));
  const responseStartMs = requestEndMs + wait;
  const responseEndMs = responseStartMs + duration("receive");
  return { requestStartMs, requestEndMs, responseStartMs, responseEndMs };
}
