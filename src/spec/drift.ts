/** Where the calls of one endpoint differ from its description. */

import type { Api, Body, Content, Endpoint, Parameter, Response } from "../infer/model.ts";
import type {
  DescribedBody,
  DescribedOperation,
  DescribedParameter,
  Description,
} from "./description.ts";
import {
  allowsNull,
  type LoneField,
  type Meeting,
  typesBeyond,
  valuesBeyond,
  walkSchemas,
} from "./differences.ts";
import type { DriftCode } from "./driftcodes.ts";
import { about, type Finding } from "./finding.ts";
import { schemaJson } from "./schema.ts";
import type { SchemaReader } from "./schemaview.ts";

export interface Pair {
  readonly api: Api;
  readonly endpoint: Endpoint;
  readonly described: DescribedOperation;
  readonly description: Description;
  /** Reads schemas of the API. */
  readonly schemas: SchemaReader;
}

export function driftOf(pair: Pair): Finding[] {
  return [
    ...parameterDrift(pair),
    ...requestDrift(pair),
    ...responseDrift(pair),
    ...securityDrift(pair),
  ];
}

/** Headers that OpenAPI does not let parameters describe (OAS 3.0.3, "Parameter Object"). */
const NO_PARAMETERS = new Set(["accept", "content-type", "authorization"]);

function parameterDrift(pair: Pair): Finding[] {
  const { endpoint, described } = pair;
  const findings: Finding[] = [];
  const add = (
    code: DriftCode,
    { place, name }: Parameter | DescribedParameter,
    text: string,
    count: number,
  ) => findings.push(about(endpoint, code, `${place} ${name}`, text, { count }));
  const known = new Map(described.parameters.map((each) => [parameterKey(each), each]));
  const seen = new Set<string>();
  for (const parameter of endpoint.operation.parameters) {
    if (parameter.place === "path") continue;
    const key = parameterKey(parameter);
    seen.add(key);
    const own = known.get(key) ?? deepParameter(described, parameter);
    const { count } = parameter.evidence;
    if (own === undefined) {
      add("drift.parameter.undocumented", parameter, "it is sent and not described", count);
      continue;
    }
    if (own.isDeprecated)
      add("zombie.parameter", parameter, "it is marked deprecated and still sent", count);
    if (own.isRequired && parameter.evidence.share < 1)
      add(
        "drift.parameter.missing",
        parameter,
        `only part of the calls that succeeded bore it: ${percent(parameter.evidence.share)}`,
        count,
      );
    findings.push(...valueDrift(pair, parameter, own));
  }
  findings.push(...pathDrift(pair));
  if (!hasSucceeded(endpoint)) return findings;
  for (const own of described.parameters) {
    const isAbsent = own.place !== "path" && own.isRequired && !seen.has(parameterKey(own));
    if (isAbsent && !isExempt(own, pair))
      add(
        "drift.parameter.missing",
        own,
        "no call that succeeded bore it",
        endpoint.operation.evidence.count,
      );
  }
  return findings;
}

/** Parameters of a path have the order of their places, whatever their names are. */
function pathDrift(pair: Pair): Finding[] {
  const { endpoint, described } = pair;
  const names = [...described.path.matchAll(/\{([^}]*)\}/g)].map((match) => match[1]!);
  const slots = endpoint.path.segments.flatMap(({ parts }) =>
    parts.flatMap((part) => (part.kind === "parameter" ? [part.name] : [])),
  );
  if (names.length !== slots.length) return [];
  return slots.flatMap((slot, index) => {
    const parameter = endpoint.operation.parameters.find(
      ({ place, name }) => place === "path" && name === slot,
    );
    const own = described.parameters.find(
      ({ place, name }) => place === "path" && name === names[index],
    );
    return parameter === undefined || own === undefined ? [] : valueDrift(pair, parameter, own);
  });
}

function parameterKey({ place, name }: { readonly place: string; readonly name: string }): string {
  return `${place} ${place === "header" ? name.toLowerCase() : name}`;
}

/** `filter[state]` and `ids[]`, as some write what others call `filter` and `ids`. */
function deepParameter(
  described: DescribedOperation,
  { place, name }: Parameter,
): DescribedParameter | undefined {
  const bare = name.replace(/\[.*$/, "");
  return described.parameters.find(
    (each) => each.place === place && each.name.replace(/\[.*$/, "") === bare,
  );
}

/** Credentials are no parameters here, and some headers are none in OpenAPI. */
function isExempt({ place, name }: DescribedParameter, { api, endpoint }: Pair): boolean {
  if (place === "cookie" || (place === "header" && NO_PARAMETERS.has(name.toLowerCase())))
    return true;
  return endpoint.operation.security.flat().some((scheme) => {
    const own = api.securitySchemes.get(scheme);
    return own?.kind === "apiKey" && own.name.toLowerCase() === name.toLowerCase();
  });
}

/** What is sent as text: a number is a text too, and a single value a list of one. */
function valueDrift(
  { endpoint, description, schemas }: Pair,
  parameter: Parameter,
  own: DescribedParameter,
): Finding[] {
  const seen = schemas.view([schemaJson(parameter.schema, { openapi: "3.1.0", evidence: true })]);
  let described = description.schemas.view([own.schema]);
  if (described.types.has("array") && !seen.types.has("array"))
    described = description.schemas.view(described.items);
  const say = (text: string): Finding[] => [
    about(
      endpoint,
      "drift.parameter.type",
      `${parameter.place} ${parameter.name}`,
      text,
      parameter.evidence,
    ),
  ];
  if (!described.types.has("string")) {
    const beyond = typesBeyond(seen, described);
    return beyond.length === 0
      ? []
      : say(`${beyond.join(" or ")} instead of ${[...described.types].join(" or ")}`);
  }
  const values = valuesBeyond(seen, described);
  if (values.length > 0) return say(`words that are not described: ${values.join(", ")}`);
  return isOtherFormat({ left: seen, right: described })
    ? say(`not ${[...described.formats].join(" or ")}`)
    : [];
}

function requestDrift(pair: Pair): Finding[] {
  const { endpoint, described } = pair;
  const { request, evidence } = endpoint.operation;
  if (described.request === null) {
    if (request === null) return [];
    return [
      about(
        endpoint,
        "drift.request.undocumented",
        "request",
        "a body is sent and none is described",
        bodyEvidence(request),
      ),
    ];
  }
  const findings: Finding[] = [];
  if (described.request.isRequired && hasSucceeded(endpoint) && request?.required !== true)
    findings.push(
      about(
        endpoint,
        "drift.request.missing",
        "request",
        "calls without a body succeeded",
        evidence,
      ),
    );
  for (const content of request?.contents ?? [])
    findings.push(...contentDrift(pair, content, described.request, "request"));
  return findings;
}

function bodyEvidence({ contents }: Body): { count: number } {
  return { count: contents.reduce((sum, { evidence }) => sum + evidence.count, 0) };
}

function responseDrift(pair: Pair): Finding[] {
  const { endpoint, described } = pair;
  return endpoint.operation.responses.flatMap((response) => {
    const own = responseFor(described, response);
    const place = `response ${response.status}`;
    if (own === null)
      return [
        about(
          endpoint,
          "drift.response.status",
          place,
          "the status is answered and not described",
          response.evidence,
        ),
      ];
    return response.contents.flatMap((content) => contentDrift(pair, content, own, place));
  });
}

function responseFor(
  { responses }: DescribedOperation,
  { status }: Response,
): DescribedBody | null {
  return (
    responses.get(String(status)) ??
    responses.get(`${Math.floor(status / 100)}XX`) ??
    responses.get("default") ??
    null
  );
}

function contentDrift(pair: Pair, content: Content, body: DescribedBody, place: string): Finding[] {
  const { endpoint, schemas, description } = pair;
  const isRequest = place === "request";
  const where = `${place} ${content.mediaType}`;
  const schema = schemaFor(body, content.mediaType);
  if (schema === null) {
    const code = isRequest ? "drift.request.media-type" : "drift.response.media-type";
    const known = [...body.contents.keys()].join(", ") || "no body";
    return [about(endpoint, code, where, `described is ${known}`, content.evidence)];
  }
  const isText = !/[/+]json/.test(content.mediaType);
  // Of plain text and files nothing is known that a schema could contradict.
  if (isText && content.schema.kind === "string") return [];
  const findings: Finding[] = [];
  const add = (code: DriftCode, inner: string, text: string, count: number | null): void => {
    const at = inner === "" ? where : `${where} ${inner}`;
    findings.push(about(endpoint, code, at, text, { count: count ?? content.evidence.count }));
  };
  walkSchemas(
    {
      reader: schemas,
      alternatives: [schemaJson(content.schema, { openapi: "3.1.0", evidence: true })],
    },
    { reader: description.schemas, alternatives: [schema] },
    {
      meet: (meeting) => meetDrift(meeting, isText, isRequest, add),
      alone: (side, field) => loneDrift(side, field, isRequest, add),
    },
  );
  return findings;
}

type Add = (code: DriftCode, place: string, text: string, count: number | null) => void;

function meetDrift(meeting: Meeting, isText: boolean, isRequest: boolean, add: Add): void {
  const { left, right, place, field } = meeting;
  const count = left.seenCount;
  const beyond = typesBeyond(left, right);
  const isTextual = isText && right.types.has("string");
  if (beyond.length > 0 && !isTextual)
    add(
      "drift.field.type",
      place,
      `${beyond.join(" or ")} instead of ${[...right.types].join(" or ")}`,
      count,
    );
  if (left.types.has("null") && !left.isNullAssumed && !allowsNull(right))
    add("drift.field.null", place, "null where the description does not allow it", count);
  const values = valuesBeyond(left, right);
  if (values.length > 0)
    add("drift.field.value", place, `words that are not described: ${values.join(", ")}`, count);
  const isElsewhere = isRequest ? field?.isReadOnly : field?.isWriteOnly;
  if (field?.right && left.seenShare !== null && left.seenShare < 1 && isElsewhere !== true)
    add(
      "drift.field.missing",
      place,
      `only part of the objects have it: ${percent(left.seenShare)}`,
      count,
    );
  if (isOtherFormat(meeting))
    add("drift.field.format", place, `not ${[...right.formats].join(" or ")}`, count);
}

/** Formats that inference would have found, had all values had them. */
const FOUND_FORMATS = new Set(["uuid", "date", "date-time", "email", "ipv4", "ipv6"]);

function isOtherFormat({ left, right }: Pick<Meeting, "left" | "right">): boolean {
  if (!left.types.has("string") || right.formats.size === 0) return false;
  return [...right.formats].every(
    (format) => FOUND_FORMATS.has(format) && !left.formats.has(format),
  );
}

function loneDrift(side: "left" | "right", field: LoneField, isRequest: boolean, add: Add): void {
  const { place, holder } = field;
  if (side === "left") {
    if (isFreeForm(holder)) return;
    add("drift.field.undocumented", place, "it is there and not described", field.view.seenCount);
    return;
  }
  const isElsewhere = isRequest ? field.isReadOnly : field.isWriteOnly;
  const isMap = typeof holder.left.additional === "object";
  if (field.isRequired && !isElsewhere && !isMap && holder.left.types.has("object"))
    add(
      "drift.field.missing",
      place,
      "it is described as required and was never there",
      holder.left.seenCount ?? holder.parentCount,
    );
}

/** Whether the description lets an object have any fields, and names none. */
function isFreeForm({ right }: Meeting): boolean {
  return right.fields.size === 0 && right.additional !== "closed";
}

function schemaFor(
  body: DescribedBody,
  mediaType: string,
): DescribedBody["contents"] extends ReadonlyMap<string, infer Schema> ? Schema | null : never {
  const [type] = mediaType.split("/");
  return (
    body.contents.get(mediaType) ??
    body.contents.get(`${type}/*`) ??
    body.contents.get("*/*") ??
    null
  );
}

function securityDrift({ endpoint, described }: Pair): Finding[] {
  if (!hasSucceeded(endpoint)) return [];
  const { security, evidence } = endpoint.operation;
  const isAsked =
    described.security.length > 0 && described.security.every((names) => names.length > 0);
  const isWithout = security.length === 0 || security.some((names) => names.length === 0);
  if (isAsked && isWithout)
    return [
      about(
        endpoint,
        "drift.security.missing",
        "security",
        "calls without credentials succeeded",
        evidence,
      ),
    ];
  if (described.security.length === 0 && security.length > 0) {
    const names = [...new Set(security.flat())].join(", ");
    return [
      about(endpoint, "drift.security.undocumented", "security", `calls bear ${names}`, evidence),
    ];
  }
  return [];
}

/** Requests are learned from calls that succeeded alone. */
function hasSucceeded({ operation }: Endpoint): boolean {
  return operation.responses.some(({ status }) => status < 400);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
