/** Model to OpenAPI. What stands in the model is written; nothing is concluded here. */

import type {
  Api,
  Body,
  Content,
  Endpoint,
  Evidence,
  Link,
  Parameter,
  Response,
  SecurityScheme,
} from "../infer/model.ts";
import type { Json, JsonObject, OpenApiDocument, OpenApiVersion } from "./document.ts";
import { type SchemaOptions, schemaJson } from "./schema.ts";
import { reasonPhrase } from "./status.ts";

export interface EmitOptions extends SchemaOptions {
  readonly openapi: OpenApiVersion;
  /** Adds `x-nta` to API, operation, parameter, body and field. */
  readonly evidence: boolean;
}

/** Methods that a path item has a place for; others stand in its `x-nta-methods`. */
const METHODS = new Set(["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"]);

/** The name of what any operation may answer when it fails. */
const ERROR = "Error";
const OTHER_METHODS = "x-nta-methods";

export function emit(api: Api, options: EmitOptions): OpenApiDocument {
  const schemas = Object.fromEntries(
    [...api.components].map(([name, schema]) => [name, schemaJson(schema, options)]),
  );
  const schemes = Object.fromEntries(
    [...api.securitySchemes].map(([name, scheme]) => [name, securitySchemeJson(scheme, api)]),
  );
  const components: JsonObject = {
    ...(api.components.size > 0 && { schemas }),
    ...(api.errors !== null && { responses: { [ERROR]: errorJson(api.errors, options) } }),
    ...(api.securitySchemes.size > 0 && { securitySchemes: schemes }),
  };
  return {
    openapi: options.openapi,
    info: {
      title: api.title,
      description: description(api),
      version: "0.0.0",
      ...evidenceJson(api.evidence, options),
    },
    servers: api.servers.map((server) => ({ url: serverUrl(server) })),
    ...(api.tags.length > 0 && {
      tags: api.tags.map((tag) => ({ name: tag.name, description: tag.description })),
    }),
    paths: pathsJson(api, options),
    ...(Object.keys(components).length > 0 && { components }),
  };
}

function description(api: Api): string {
  const also = api.hosts.slice(1);
  const names = also.length === 0 ? "" : ` Also called ${also.join(", ")}.`;
  return `Concluded from the traffic of ${api.hosts[0]} on port ${api.port}.${names}`;
}

export function serverUrl({ scheme, host, port }: Api["servers"][number]): string {
  const name = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  const isDefault = port === (scheme === "https" ? 443 : 80);
  return `${scheme}://${name}${isDefault ? "" : `:${port}`}`;
}

function pathsJson(api: Api, options: EmitOptions): JsonObject {
  const paths = new Map<string, Map<string, Json>>();
  for (const endpoint of api.endpoints) {
    const item = paths.get(endpoint.path.text) ?? new Map<string, Json>();
    paths.set(endpoint.path.text, item);
    const operation = operationJson(endpoint, api.errors !== null, options);
    if (METHODS.has(endpoint.method)) item.set(endpoint.method.toLowerCase(), operation);
    else
      item.set(OTHER_METHODS, {
        ...(item.get(OTHER_METHODS) as JsonObject),
        [endpoint.method]: operation,
      });
  }
  return Object.fromEntries([...paths].map(([path, item]) => [path, Object.fromEntries(item)]));
}

function operationJson(
  { operation }: Endpoint,
  hasErrors: boolean,
  options: EmitOptions,
): JsonObject {
  const { parameters, request, responses, security } = operation;
  return {
    tags: [operation.tag],
    summary: operation.summary,
    operationId: operation.id,
    ...(parameters.length > 0 && {
      parameters: parameters.map((parameter) => parameterJson(parameter, options)),
    }),
    ...(request !== null && { requestBody: bodyJson(request, options) }),
    responses: responsesJson(responses, hasErrors, options),
    ...(security.length > 0 && {
      security: security.map((names) => Object.fromEntries(names.map((name) => [name, []]))),
    }),
    ...protocolJson(operation, options),
    ...(operation.convention !== null && { "x-nta-convention": operation.convention }),
    ...evidenceJson(operation.evidence, options),
  };
}

function protocolJson({ protocol }: Endpoint["operation"], options: EmitOptions): JsonObject {
  if (protocol === null) return {};
  const calls = protocol.operations.map(({ selector, request, responses, evidence }) => ({
    name: selector,
    ...(request !== null && { requestBody: bodyJson(request, options) }),
    responses: responsesJson(responses, false, options),
    ...evidenceJson(evidence, options),
  }));
  return { [`x-nta-${protocol.kind}`]: calls };
}

function parameterJson(parameter: Parameter, options: EmitOptions): JsonObject {
  return {
    name: parameter.name,
    in: parameter.place,
    ...(parameter.required && { required: true }),
    ...styleJson(parameter),
    schema: schemaJson(parameter.schema, options),
    ...evidenceJson(parameter.evidence, options),
  };
}

function styleJson({ style }: Parameter): JsonObject {
  switch (style) {
    case "single":
      return {};
    case "repeated":
      return { style: "form", explode: true };
    case "comma-list":
      return { style: "form", explode: false };
    case "space-list":
      return { style: "spaceDelimited", explode: false };
    case "pipe-list":
      return { style: "pipeDelimited", explode: false };
    case "deep":
      return { style: "deepObject", explode: true };
  }
}

function bodyJson(body: Body, options: EmitOptions): JsonObject {
  return { ...(body.required && { required: true }), content: contentJson(body.contents, options) };
}

function responsesJson(
  responses: readonly Response[],
  hasErrors: boolean,
  options: EmitOptions,
): JsonObject {
  const seen = responses.map((response): [string, JsonObject] => [
    String(response.status),
    {
      description: reasonPhrase(response.status),
      ...(response.headers.length > 0 && { headers: headersJson(response.headers, options) }),
      ...(response.contents.length > 0 && { content: contentJson(response.contents, options) }),
      ...(response.links.length > 0 && { links: linksJson(response.links) }),
      ...evidenceJson(response.evidence, options),
    },
  ]);
  if (hasErrors) seen.push(["default", { $ref: `#/components/responses/${ERROR}` }]);
  else if (seen.length === 0) seen.push(["default", { description: "No response was seen." }]);
  return Object.fromEntries(seen);
}

function linksJson(links: readonly Link[]): JsonObject {
  return Object.fromEntries(
    links.map(({ operationId, parameters }) => [
      operationId.replace(/[^A-Za-z0-9._-]/g, "_"),
      { operationId, parameters: Object.fromEntries(parameters) },
    ]),
  );
}

function errorJson(contents: readonly Content[], options: EmitOptions): JsonObject {
  return {
    description: "An error, as operations of this API answer it",
    ...(contents.length > 0 && { content: contentJson(contents, options) }),
  };
}

function headersJson(headers: readonly Parameter[], options: EmitOptions): JsonObject {
  return Object.fromEntries(
    headers.map((header) => [
      header.name,
      {
        ...(header.required && { required: true }),
        schema: schemaJson(header.schema, options),
        ...evidenceJson(header.evidence, options),
      },
    ]),
  );
}

function contentJson(contents: readonly Content[], options: EmitOptions): JsonObject {
  return Object.fromEntries(
    contents.map((content) => [
      content.mediaType,
      { schema: schemaJson(content.schema, options), ...evidenceJson(content.evidence, options) },
    ]),
  );
}

function securitySchemeJson(scheme: SecurityScheme, { servers }: Api): JsonObject {
  switch (scheme.kind) {
    case "http":
      return {
        type: "http",
        scheme: scheme.scheme,
        ...(scheme.bearerFormat !== null && { bearerFormat: scheme.bearerFormat }),
      };
    case "apiKey":
      return { type: "apiKey", in: scheme.place, name: scheme.name };
    case "oauth2": {
      const tokenUrl = `${serverUrl(servers[0]!)}${scheme.tokenPath}`;
      const flows = scheme.flows.map((flow) => [flow, { tokenUrl, scopes: {} }]);
      return { type: "oauth2", flows: Object.fromEntries(flows) };
    }
  }
}

export function evidenceJson(
  evidence: Evidence,
  options: { readonly evidence: boolean },
): JsonObject {
  if (!options.evidence) return {};
  return {
    "x-nta": {
      count: evidence.count,
      ...(evidence.firstMs !== null && { firstSeen: new Date(evidence.firstMs).toISOString() }),
      ...(evidence.lastMs !== null && { lastSeen: new Date(evidence.lastMs).toISOString() }),
      share: round(evidence.share),
      confidence: round(evidence.confidence),
    },
  };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
