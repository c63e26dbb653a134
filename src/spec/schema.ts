import type { Field, ObjectSchema, Schema } from "../infer/model.ts";
import type { Json, JsonObject, OpenApiVersion } from "./document.ts";

export interface SchemaOptions {
  readonly openapi: OpenApiVersion;
  readonly evidence: boolean;
}

/** A schema in the dialect of the version: `nullable` in 3.0, `null` among the types in 3.1. */
export function schemaJson(schema: Schema, options: SchemaOptions, field?: Field): JsonObject {
  const own = bare(schema, options);
  const extra = field === undefined || !options.evidence ? {} : fieldEvidence(field);
  if (!schema.nullable || schema.kind === "any") return attach(own, extra, options);
  return attach(withNull(schema, own, options), extra, options);
}

function bare(schema: Schema, options: SchemaOptions): JsonObject {
  switch (schema.kind) {
    case "any":
      return {};
    case "boolean":
      return { type: "boolean" };
    case "integer":
      return { type: "integer", ...(schema.format !== null && { format: schema.format }) };
    case "number":
      return { type: "number" };
    case "string":
      return {
        type: "string",
        ...(schema.format !== null && { format: schema.format }),
        ...(schema.words !== null && { enum: schema.words }),
      };
    case "array":
      return { type: "array", items: schemaJson(schema.items, options) };
    case "object":
      return objectJson(schema, options);
    case "union":
      return {
        anyOf: schema.options.map((option) => schemaJson(option, options)),
        ...(schema.discriminator !== null && {
          discriminator: {
            propertyName: schema.discriminator.property,
            mapping: Object.fromEntries(
              [...schema.discriminator.mapping].map(([word, name]) => [word, reference(name)]),
            ),
          },
        }),
      };
    case "ref":
      return { $ref: reference(schema.name) };
  }
}

function objectJson(schema: ObjectSchema, options: SchemaOptions): JsonObject {
  const required = schema.fields.filter((field) => field.required).map((field) => field.name);
  return {
    type: "object",
    ...(required.length > 0 && { required }),
    ...(schema.fields.length > 0 && { properties: properties(schema.fields, options) }),
    ...(schema.additional !== null && {
      additionalProperties: schemaJson(schema.additional, options),
    }),
  };
}

/** Names are data here, `__proto__` included, so that each becomes a property of its own. */
function properties(fields: readonly Field[], options: SchemaOptions): JsonObject {
  return Object.fromEntries(
    fields.map((field) => [field.name, schemaJson(field.schema, options, field)]),
  );
}

function withNull(schema: Schema, own: JsonObject, options: SchemaOptions): JsonObject {
  if (options.openapi === "3.0.3") {
    const enumeration = own["enum"];
    if (Array.isArray(enumeration)) return { ...own, enum: [...enumeration, null], nullable: true };
    return schema.kind === "ref" ? { allOf: [own], nullable: true } : { ...own, nullable: true };
  }
  if (schema.kind === "union")
    return { ...own, anyOf: [...(own["anyOf"] as Json[]), { type: "null" }] };
  if (schema.kind === "ref") return { anyOf: [own, { type: "null" }] };
  const enumeration = own["enum"];
  return {
    ...own,
    type: [own["type"] ?? "object", "null"],
    ...(Array.isArray(enumeration) && { enum: [...enumeration, null] }),
  };
}

/** Beside a `$ref` 3.0 ignores everything else, so what belongs beside it goes around it. */
function attach(own: JsonObject, extra: JsonObject, options: SchemaOptions): JsonObject {
  if (Object.keys(extra).length === 0) return own;
  if ("$ref" in own && options.openapi === "3.0.3") return { allOf: [own], ...extra };
  return { ...own, ...extra };
}

function fieldEvidence({ evidence, isNullAssumed, isFractionAssumed }: Field): JsonObject {
  return {
    "x-nta": {
      count: evidence.count,
      share: Math.round(evidence.share * 1000) / 1000,
      confidence: Math.round(evidence.confidence * 1000) / 1000,
      ...(isNullAssumed && { nullAssumed: true }),
      ...(isFractionAssumed && { fractionAssumed: true }),
    },
  };
}

function reference(name: string): string {
  return `#/components/schemas/${name}`;
}
