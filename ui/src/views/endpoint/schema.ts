/** Schemas of OpenAPI 3.1 as the page reads them: references followed, evidence taken out. */
export type Json = Readonly<Record<string, unknown>>;

export interface Evidence {
  readonly count: number | null;
  readonly share: number | null;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
}

export interface Field {
  readonly name: string;
  readonly schema: Json;
  readonly isRequired: boolean;
}

/** A chain of references that is longer goes in a circle. */
const referencesMax = 16;

export const isJson = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const jsonOf = (value: unknown): Json => (isJson(value) ? value : {});

/** What a schema says after its references; its own evidence stays. */
export const resolve = (schema: Json, components: Json): Json => {
  let found = schema;
  for (let steps = 0; steps < referencesMax; steps += 1) {
    const reference = found["$ref"];
    if (typeof reference !== "string") return found;
    const target = jsonOf(components["schemas"])[reference.split("/").at(-1) ?? ""];
    const { $ref: _, ...rest } = found;
    found = { ...jsonOf(target), ...rest };
  }
  return found;
};

export const evidenceOf = (value: unknown): Evidence => {
  const said = jsonOf(jsonOf(value)["x-nta"]);
  const numberOf = (name: string): number | null =>
    typeof said[name] === "number" ? said[name] : null;
  const timeOf = (name: string): number | null => {
    const ms = typeof said[name] === "string" ? Date.parse(said[name]) : Number.NaN;
    return Number.isNaN(ms) ? null : ms;
  };
  return {
    count: numberOf("count"),
    share: numberOf("share"),
    firstMs: timeOf("firstSeen"),
    lastMs: timeOf("lastSeen"),
  };
};

const alternatives = ["oneOf", "anyOf", "allOf"] as const;

/** What stands inside: fields, items, values of a map, alternatives. */
export const fieldsOf = (schema: Json): Field[] => {
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const fields: Field[] = Object.entries(jsonOf(schema["properties"])).map(([name, field]) => ({
    name,
    schema: jsonOf(field),
    isRequired: required.includes(name),
  }));
  const inner = (name: string, value: unknown): void => {
    if (isJson(value)) fields.push({ name, schema: value, isRequired: false });
  };
  inner("[ ]", schema["items"]);
  inner("any name", schema["additionalProperties"]);
  for (const word of alternatives) {
    const choices = schema[word];
    if (Array.isArray(choices))
      choices.forEach((choice, index) => {
        inner(`${word === "allOf" ? "and" : "or"} ${index + 1}`, choice);
      });
  }
  return fields;
};

/** "string, uuid", "array of Order", "integer or null" */
export const typeOf = (schema: Json, components: Json): string => {
  const found = resolve(schema, components);
  const name = typeof schema["$ref"] === "string" ? schema["$ref"].split("/").at(-1) : undefined;
  const type = found["type"];
  const words = Array.isArray(type) ? type.join(" or ") : typeof type === "string" ? type : "";
  if (words === "array") {
    const items = found["items"];
    return isJson(items) ? `array of ${typeOf(items, components)}` : "array";
  }
  if (words === "object" && name !== undefined) return name;
  const plain =
    words === "" ? (alternatives.some((word) => word in found) ? "one of several" : "any") : words;
  return typeof found["format"] === "string" ? `${plain}, ${found["format"]}` : plain;
};

const limitWords = [
  ["minimum", "at least"],
  ["maximum", "at most"],
  ["minLength", "length at least"],
  ["maxLength", "length at most"],
  ["minItems", "items at least"],
  ["maxItems", "items at most"],
  ["pattern", "pattern"],
  ["default", "default"],
] as const;

export const limitsOf = (schema: Json): string[] =>
  limitWords.flatMap(([name, words]) =>
    schema[name] === undefined ? [] : [`${words} ${String(schema[name])}`],
  );

export const wordsOf = (schema: Json): string[] => {
  const words = schema["enum"] ?? jsonOf(schema["items"])["enum"];
  return Array.isArray(words) ? words.map(String) : [];
};
