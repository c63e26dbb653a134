/** Query, header and cookie parameters of an operation. */

import type { ParameterSummary, RequestSummary, SlotSummary } from "../telemetry/summary.ts";
import { evidenceOf } from "./evidence.ts";
import { compareText } from "./group.ts";
import { isOwnHeader } from "./headers.ts";
import type { Parameter, ParameterStyle, Schema } from "./model.ts";
import { decodeName } from "./schema.ts";
import { valueSchema } from "./text.ts";
import * as thresholds from "./thresholds.ts";

/** Names under which credentials travelled: they are security schemes, never parameters. */
export type CredentialNames = ReadonlySet<string>;

export function requestParameters(
  request: RequestSummary,
  credentials: CredentialNames,
  ownHeaders: readonly string[],
): Parameter[] {
  const query = queryParameters(request, credentials);
  const headers = named(request.headers, "header", request.calls, credentials).filter((parameter) =>
    isOwnHeader(parameter.name, ownHeaders),
  );
  const cookies = named(request.cookies, "cookie", request.calls, credentials);
  return [...query, ...headers, ...cookies];
}

export function slotParameter(name: string, slot: SlotSummary | null, calls: number): Parameter {
  const schema: Schema =
    slot === null
      ? { kind: "string", nullable: false, format: null, words: null }
      : valueSchema(slot.text, name);
  return {
    name,
    place: "path",
    required: true,
    schema,
    style: "single",
    evidence: evidenceOf(calls, calls),
  };
}

function queryParameters(request: RequestSummary, credentials: CredentialNames): Parameter[] {
  return named(request.query, "query", request.calls, credentials);
}

function named(
  parameters: ReadonlyMap<string, ParameterSummary>,
  place: "query" | "header" | "cookie",
  total: number,
  credentials: CredentialNames,
): Parameter[] {
  return [...parameters]
    .filter(([name]) => !credentials.has(`${place}:${name}`) && !name.includes("{"))
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, parameter]) => parameterOf(decodeName(name), place, parameter, total));
}

function parameterOf(
  name: string,
  place: "query" | "header" | "cookie",
  parameter: ParameterSummary,
  total: number,
): Parameter {
  const style = place === "query" ? styleOf(parameter) : "single";
  const value = valueSchema(parameter.text, name);
  const item: Schema =
    style === "single" || style === "repeated"
      ? value
      : { kind: "string", nullable: false, format: null, words: null };
  return {
    name,
    place,
    required: total >= thresholds.requiredCallsMin && parameter.calls === total,
    schema: style === "single" ? item : { kind: "array", nullable: false, items: item },
    style,
    evidence: evidenceOf(parameter.calls, total),
  };
}

function styleOf(parameter: ParameterSummary): ParameterStyle {
  if (parameter.repeated > 0) return "repeated";
  const { text } = parameter;
  if (text.count > 1 && text.commaLists === text.count) return "comma-list";
  if (text.count > 1 && text.pipeLists === text.count) return "pipe-list";
  return "single";
}
