/** What one method does at one template: parameters, bodies, responses. */

import type { BodySummary, RequestSummary, SlotSummary } from "../telemetry/summary.ts";
import { evidenceOf } from "./evidence.ts";
import { compareText } from "./group.ts";
import { isTextual, mostFrequentKind } from "./kinds.ts";
import type { Body, Content, Link, Parameter, PathTemplate, Response, Schema } from "./model.ts";
import { obtain } from "./obtain.ts";
import {
  type ParameterContext,
  requestParameters,
  responseHeaders,
  slotParameter,
} from "./parameters.ts";
import { type SchemaContext, schemaOf } from "./schema.ts";
import type { OperationSum } from "./sum.ts";
import * as thresholds from "./thresholds.ts";

export interface OperationContext extends ParameterContext {
  /** Of the operations of the API that take a body, the part where some calls had none. */
  readonly bodyDoubt: number;
  readonly schemas: SchemaContext;
}

export function operationParameters(
  sum: OperationSum,
  path: PathTemplate,
  slots: readonly (SlotSummary | null)[],
  context: OperationContext,
): Parameter[] {
  const names = path.segments.flatMap(({ parts }) =>
    parts.flatMap((part) => (part.kind === "parameter" ? [part.name] : [])),
  );
  return [
    ...names.map((name, index) => slotParameter(name, slots[index] ?? null, sum.calls)),
    ...requestParameters(sum.request, context),
  ];
}

export function requestBody(request: RequestSummary, context: OperationContext): Body | null {
  const contents = contentsOf(request.bodies, request.calls, context);
  if (contents.length === 0) return null;
  const isTrusted = context.bodyDoubt <= thresholds.bodyDoubtPerCallMax * request.calls;
  return { required: request.bodiless === 0 && isTrusted, contents };
}

/** How far it is to be doubted, in an API, that a body which was always there must be. */
export function bodyDoubt(requests: readonly RequestSummary[]): number {
  const withBody = requests.filter(({ bodies }) => bodies.size > 0);
  const lacking = withBody.filter(({ bodiless }) => bodiless > 0).length;
  return (lacking + thresholds.bodyDoubtUsual) / (withBody.length + 1);
}

export function responsesOf(
  sum: OperationSum,
  context: OperationContext,
  links: ReadonlyMap<number, readonly Link[]> = new Map(),
): Response[] {
  return [...sum.responses]
    .sort(([a], [b]) => a - b)
    .map(([status, response]) => ({
      status,
      contents: contentsOf(response.bodies, response.calls, context),
      headers: responseHeaders(response, context.ownHeaders),
      links: links.get(status) ?? [],
      evidence: evidenceOf(response.calls, sum.calls),
    }));
}

/** Contents of the errors of all operations, where enough of them failed to tell how this API does. */
export function errorContents(
  sums: readonly OperationSum[],
  context: OperationContext,
): Content[] | null {
  const bodies = new Map<string, BodySummary[]>();
  let calls = 0;
  let operations = 0;
  for (const sum of sums) {
    let errors = 0;
    for (const [status, response] of sum.responses) {
      if (status < 400) continue;
      errors += response.calls;
      for (const [type, body] of response.bodies) obtain(bodies, type, () => []).push(body);
    }
    calls += errors;
    if (errors > 0) operations += 1;
  }
  if (operations < thresholds.errorOperationsMin) return null;
  return [...bodies]
    .sort(([a], [b]) => compareText(a, b))
    .map(([mediaType, list]) => contentOf(mediaType, list, calls, context));
}

function contentsOf(
  bodies: ReadonlyMap<string, BodySummary>,
  calls: number,
  context: OperationContext,
): Content[] {
  return [...bodies]
    .sort(([a], [b]) => compareText(a, b))
    .map(([mediaType, body]) => contentOf(mediaType, [body], calls, context));
}

function contentOf(
  mediaType: string,
  bodies: readonly BodySummary[],
  calls: number,
  context: OperationContext,
): Content {
  const count = bodies.reduce((total, body) => total + body.count, 0);
  return {
    mediaType: mediaType === "" ? "application/octet-stream" : mediaType,
    schema: bodySchema(bodies, context),
    evidence: evidenceOf(count, calls),
  };
}

const anything: Schema = { kind: "any", nullable: false };

function bodySchema(bodies: readonly BodySummary[], context: OperationContext): Schema {
  switch (mostFrequentKind(bodies)) {
    case "json":
    // What is described is a line: 3.0 and 3.1 have no word for a sequence of documents.
    case "json-lines":
    case "form":
    case "multipart":
    case "xml": {
      const shapes = bodies.flatMap(({ shape }) => (shape === null ? [] : [shape]));
      const isSound = shapes.length > 0 && bodies.every(({ invalid }) => invalid === 0);
      const schemas = { ...context.schemas, isTextual: isTextual(bodies) };
      return isSound ? schemaOf(shapes, "", schemas) : anything;
    }
    case "text":
      return { kind: "string", nullable: false, format: null, words: null };
    case "binary":
      return { kind: "string", nullable: false, format: "binary", words: null };
    case "empty":
      return anything;
  }
}
