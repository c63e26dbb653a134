/** Query, header and cookie parameters of an operation. */

import type { TextShape } from "../telemetry/shape.ts";
import type {
  ParameterSummary,
  RequestSummary,
  ResponseSummary,
  SlotSummary,
} from "../telemetry/summary.ts";
import { evidenceOf } from "./evidence.ts";
import { compareText } from "./group.ts";
import { isOwnCookie, isOwnHeader, isOwnResponseHeader } from "./headers.ts";
import type { Field, Parameter, ParameterStyle, Schema } from "./model.ts";
import { NameShares } from "./nameshares.ts";
import { obtain } from "./obtain.ts";
import { decodeName } from "./schema.ts";
import { sumTexts } from "./sum.ts";
import { valueSchema } from "./text.ts";
import * as thresholds from "./thresholds.ts";

/** Names under which credentials travelled: they are security schemes, never parameters. */
export type CredentialNames = ReadonlySet<string>;

/** What is known of all parameters of an API while those of an operation are described. */
export interface ParameterContext {
  readonly credentials: CredentialNames;
  readonly ownHeaders: readonly string[];
  /** By place and name: of the operations that have it, the part where some calls lack it. */
  readonly absent: NameShares;
}

export function requestParameters(request: RequestSummary, context: ParameterContext): Parameter[] {
  const headers = [...request.headers].filter(([name]) => isOwnHeader(name, context.ownHeaders));
  const cookies = [...request.cookies].filter(([name]) => isOwnCookie(name));
  return [
    ...queryParameters(request, context),
    ...named(headers, "header", request.calls, context),
    ...named(cookies, "cookie", request.calls, context),
  ];
}

/** Learns from all operations which parameters are optional. */
export function absentParameters(requests: Iterable<RequestSummary>): NameShares {
  const shares = new NameShares();
  for (const request of requests) {
    const add = (place: string, parameters: ReadonlyMap<string, ParameterSummary>): void => {
      for (const [name, { calls }] of parameters)
        shares.add(`${place}:${name}`, calls < request.calls);
    };
    add("query", request.query);
    add("header", request.headers);
    add("cookie", request.cookies);
  }
  return shares;
}

/** Headers of a response that say something of the API's own. */
export function responseHeaders(
  response: ResponseSummary,
  ownHeaders: readonly string[],
): Parameter[] {
  const own = [...response.headers].filter(([name]) => isOwnResponseHeader(name, ownHeaders));
  return own
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, parameter]) => parameterOf(name, "header", parameter, response.calls, true));
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

/** `filter[state]` and `filter[owner]` are one parameter, an object; the others stand for themselves. */
function queryParameters(request: RequestSummary, context: ParameterContext): Parameter[] {
  const plain: [string, ParameterSummary][] = [];
  const deep = new Map<string, [string, ParameterSummary][]>();
  for (const [name, parameter] of request.query) {
    const [, base = "", property = ""] = /^([^[\]{}]+)\[([^[\]]+)\]$/.exec(name) ?? [];
    if (base === "" || context.credentials.has(`query:${name}`)) plain.push([name, parameter]);
    else obtain(deep, base, () => []).push([property, parameter]);
  }
  const objects = [...deep].map(([name, parts]) => deepParameter(name, parts, request.calls));
  return [...named(plain, "query", request.calls, context), ...objects].sort((a, b) =>
    compareText(a.name, b.name),
  );
}

function deepParameter(
  name: string,
  parts: readonly [string, ParameterSummary][],
  total: number,
): Parameter {
  const fields: Field[] = [];
  const values: TextShape[] = [];
  for (const [property, { text, calls }] of [...parts].sort(([a], [b]) => compareText(a, b)))
    if (property.includes("{")) values.push(text);
    else
      fields.push({
        name: decodeName(property),
        required: false,
        schema: valueSchema(text, property),
        isNullAssumed: false,
        isFractionAssumed: false,
        evidence: evidenceOf(calls, total),
      });
  const most = Math.max(...parts.map(([, { calls }]) => calls));
  return {
    name,
    place: "query",
    required: false,
    schema: {
      kind: "object",
      nullable: false,
      fields,
      additional: values.length === 0 ? null : valueSchema(sumTexts(values), ""),
    },
    style: "deep",
    evidence: evidenceOf(most, total),
  };
}

function named(
  parameters: Iterable<[string, ParameterSummary]>,
  place: "query" | "header" | "cookie",
  total: number,
  { credentials, absent }: ParameterContext,
): Parameter[] {
  return [...parameters]
    .filter(([name]) => !credentials.has(`${place}:${name}`) && !name.includes("{"))
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, parameter]) => {
      const doubt = thresholds.parameterDoubt + absent.share(`${place}:${name}`);
      const isTrusted = doubt <= thresholds.doubtPerCallMax * total;
      return parameterOf(decodeName(name), place, parameter, total, isTrusted);
    });
}

function parameterOf(
  name: string,
  place: "query" | "header" | "cookie",
  parameter: ParameterSummary,
  total: number,
  isTrusted: boolean,
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
    required: isTrusted && parameter.calls === total,
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
