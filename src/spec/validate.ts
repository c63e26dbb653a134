import { Validator } from "@seriousme/openapi-schema-validator";
import type { Json, JsonObject, OpenApiDocument } from "./document.ts";

/** It compiles the schema of a version when that is first asked for, which takes 100 times as long as a document. */
const validator = new Validator();

/** Problems of a document against the schema of its own version; empty where it is valid. */
export async function validate(document: OpenApiDocument): Promise<string[]> {
  const copy = withPlainNames(document) as Record<string, unknown>;
  const result = await validator.validate(copy);
  if (result.valid) return [];
  const { errors } = result;
  if (typeof errors === "string") return [errors];
  return (errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ""}`.trim());
}

/**
 * The validator takes a property that is called `$ref` or `$id` for the keyword, also where the name is data;
 * which names the properties have does not matter to validity, so those get another.
 */
function withPlainNames(value: Json, parent = ""): Json {
  if (Array.isArray(value)) return value.map((item) => withPlainNames(item));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([key, item]) => [
      parent === "properties" && key.startsWith("$") ? `dollar ${key.slice(1)}` : key,
      withPlainNames(item, parent === "properties" ? "" : key),
    ]),
  );
}
