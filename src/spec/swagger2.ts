/** What OpenAPI 2.0 writes in another way than its successors: bodies among the parameters, types beside names. */

import type { DescribedBody } from "./description.ts";
import type { Json, JsonObject } from "./document.ts";
import { isObject } from "./schemaview.ts";

const FORM = "application/x-www-form-urlencoded";
const MULTIPART = "multipart/form-data";

/** The body of an operation, from its parameters, which are resolved. */
export function body2(
  parameters: readonly Json[],
  consumes: readonly Json[],
): DescribedBody | null {
  const all = parameters.filter(isObject);
  const whole = all.filter((parameter) => parameter["in"] === "body").at(-1);
  if (whole !== undefined)
    return {
      isRequired: whole["required"] === true,
      contents: contentsOf(consumes, whole["schema"] ?? {}),
    };
  const parts = all.filter((parameter) => parameter["in"] === "formData");
  if (parts.length === 0) return null;
  const hasFile = parts.some((part) => part["type"] === "file");
  const types = consumes.filter((type) => type === FORM || type === MULTIPART);
  const required = parts.filter((part) => part["required"] === true);
  const schema: JsonObject = {
    type: "object",
    required: required.map((part) => part["name"] ?? ""),
    properties: Object.fromEntries(parts.map((part) => [String(part["name"]), parameter2(part)])),
  };
  return {
    isRequired: required.length > 0,
    contents: contentsOf(types.length > 0 ? types : [hasFile ? MULTIPART : FORM], schema),
  };
}

export function response2(response: Json, produces: readonly Json[]): DescribedBody | null {
  if (!isObject(response) || response["schema"] === undefined) return null;
  return { isRequired: false, contents: contentsOf(produces, response["schema"]) };
}

/** What a parameter says of its values, as a schema. */
export function parameter2(parameter: JsonObject): JsonObject {
  const { name: _name, in: _in, required: _required, description: _text, ...schema } = parameter;
  return schema;
}

function contentsOf(types: readonly Json[], schema: Json): Map<string, Json> {
  const names = types.filter((type): type is string => typeof type === "string");
  return new Map(
    (names.length > 0 ? names : ["application/json"]).map((name) => [
      name.split(";")[0]!.trim().toLowerCase(),
      schema,
    ]),
  );
}
