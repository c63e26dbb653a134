/** What one method does at one template: parameters, bodies, responses. */

import type {
  BodySummary,
  RequestSummary,
  ResponseSummary,
  SlotSummary,
} from "../telemetry/summary.ts";
import { evidenceOf } from "./evidence.ts";
import { compareText } from "./group.ts";
import type { Body, Content, Parameter, PathTemplate, Response, Schema } from "./model.ts";
import { type CredentialNames, requestParameters, slotParameter } from "./parameters.ts";
import { type SchemaContext, schemaOf } from "./schema.ts";
import type { OperationSum } from "./sum.ts";

export interface OperationContext {
  readonly credentials: CredentialNames;
  readonly ownHeaders: readonly string[];
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
    ...requestParameters(sum.request, context.credentials, context.ownHeaders),
  ];
}

export function requestBody(request: RequestSummary, context: OperationContext): Body | null {
  const contents = contentsOf(request.bodies, request.calls, context);
  if (contents.length === 0) return null;
  return { required: request.bodiless === 0, contents };
}

export function responsesOf(sum: OperationSum, context: OperationContext): Response[] {
  return [...sum.responses]
    .sort(([a], [b]) => a - b)
    .map(([status, response]) => responseOf(status, response, sum, context));
}

function responseOf(
  status: number,
  response: ResponseSummary,
  sum: OperationSum,
  context: OperationContext,
): Response {
  return {
    status,
    contents: contentsOf(response.bodies, response.calls, context),
    headers: [],
    evidence: evidenceOf(response.calls, sum.calls),
  };
}

function contentsOf(
  bodies: ReadonlyMap<string, BodySummary>,
  calls: number,
  context: OperationContext,
): Content[] {
  return [...bodies]
    .sort(([a], [b]) => compareText(a, b))
    .map(([mediaType, body]) => ({
      mediaType: mediaType === "" ? "application/octet-stream" : mediaType,
      schema: bodySchema(body, context),
      evidence: evidenceOf(body.count, calls),
    }));
}

const anything: Schema = { kind: "any", nullable: false };

function bodySchema(body: BodySummary, context: OperationContext): Schema {
  const [kind] = [...body.kinds].sort(([a, m], [b, n]) => n - m || compareText(a, b))[0] ?? [
    "binary",
  ];
  switch (kind) {
    case "json":
    case "form":
    case "multipart":
    case "xml":
      return body.shape === null || body.invalid > 0
        ? anything
        : schemaOf([body.shape], "", context.schemas);
    case "json-lines":
    case "text":
      return { kind: "string", nullable: false, format: null, words: null };
    case "binary":
      return { kind: "string", nullable: false, format: "binary", words: null };
    case "empty":
      return anything;
  }
}
