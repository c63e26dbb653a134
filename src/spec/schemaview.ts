/**
 * What a schema says of values, one level at a time, whatever way it is written: references followed, `allOf` joined,
 * `oneOf` and `anyOf` laid over each other. A view is of alternatives, so that it can be asked of each field again;
 * as nothing below it is looked at, recursive schemas cost nothing.
 */

import { specLimits } from "../base/limits.ts";
import type { Json, JsonObject } from "./document.ts";
import type { ProblemList } from "./problems.ts";

export type TypeName = "null" | "boolean" | "integer" | "number" | "string" | "array" | "object";

export interface SchemaView {
  /** Empty where any type is allowed. */
  readonly types: ReadonlySet<TypeName>;
  /** Formats of the alternatives; empty where one of them has none. */
  readonly formats: ReadonlySet<string>;
  /** JSON texts of all values where the schema is an enumeration, else null. */
  readonly values: ReadonlySet<string> | null;
  readonly fields: ReadonlyMap<string, FieldView>;
  /** Schemas of items; empty where they may be anything. */
  readonly items: readonly Json[];
  /** Names beyond the fields: allowed without more said, refused, or with these schemas. */
  readonly additional: "open" | "closed" | readonly Json[];
  /** `minimum`, `maxLength` and the like, where the only alternative has them. */
  readonly bounds: ReadonlyMap<string, number>;
  readonly pattern: string | null;
  /** How many objects showed it, in documents of this program. */
  readonly seenCount: number | null;
  /** Part of the objects that could have shown it and did. */
  readonly seenShare: number | null;
  /** Whether null is allowed although none was seen, in documents of this program. */
  readonly isNullAssumed: boolean;
}

export interface FieldView {
  readonly isRequired: boolean;
  /** Empty where the field is only said to be required. */
  readonly alternatives: readonly Json[];
}

const BOUNDS = [
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "minProperties",
  "maxProperties",
];

export class SchemaReader {
  readonly #document: Json;
  readonly #problems: ProblemList;
  /** By schema: the ways to fit it. While they are worked out, anything fits, which ends circles. */
  readonly #ways = new WeakMap<JsonObject, readonly SchemaView[]>();

  constructor(document: Json, problems: ProblemList) {
    this.#document = document;
    this.#problems = problems;
  }

  /** The view of values that fit any of the schemas. */
  view(alternatives: readonly Json[]): SchemaView {
    return unite(alternatives.flatMap((schema) => this.#look(schema, 0)));
  }

  /** What a reference leads to; the value itself where it is none, null where it leads nowhere. */
  follow(value: Json): Json {
    let target = value;
    for (let step = 0; step < specLimits.referenceStepsMax; step++) {
      const reference = isObject(target) ? target["$ref"] : undefined;
      if (typeof reference !== "string") return target;
      const found = this.#find(reference);
      if (found === undefined) return null;
      target = found;
    }
    return null;
  }

  #find(reference: string): Json | undefined {
    if (!reference.startsWith("#")) {
      this.#problems.add("reference-outside", reference);
      return undefined;
    }
    let target: Json | undefined = this.#document;
    for (const part of reference.slice(1).split("/").slice(1)) {
      const name = decodePointer(part);
      if (Array.isArray(target)) target = target[Number(name)];
      else target = isObject(target) && Object.hasOwn(target, name) ? target[name] : undefined;
    }
    if (target === undefined) this.#problems.add("reference-dangling", reference);
    return target;
  }

  /** One view for each way in which a value may fit. */
  #look(schema: Json, depth: number): readonly SchemaView[] {
    const own = this.follow(schema);
    if (!isObject(own) || depth > specLimits.schemaNestingMax) return [anything];
    const known = this.#ways.get(own);
    if (known !== undefined) return known;
    this.#ways.set(own, [anything]);
    const ways = this.#lookInto(own, depth);
    this.#ways.set(own, ways);
    return ways;
  }

  #lookInto(own: JsonObject, depth: number): readonly SchemaView[] {
    let ways: SchemaView[] = [plain(own)];
    for (const part of listOf(own["allOf"]))
      ways = pairs(ways, this.#look(part, depth + 1), intersect);
    for (const key of ["oneOf", "anyOf"]) {
      const options = listOf(own[key]).flatMap((option) => this.#look(option, depth + 1));
      if (options.length > 0) ways = pairs(ways, options, intersect);
    }
    const isNullable = own["nullable"] === true || own["x-nullable"] === true;
    return isNullable ? ways.map(withNull) : ways;
  }
}

const NO_TYPES: ReadonlySet<TypeName> = new Set();
const NOTHING: ReadonlySet<string> = new Set();

const anything: SchemaView = {
  types: NO_TYPES,
  formats: NOTHING,
  values: null,
  fields: new Map(),
  items: [],
  additional: "open",
  bounds: new Map(),
  pattern: null,
  seenCount: null,
  seenShare: null,
  isNullAssumed: false,
};

/** What stands in the schema itself. */
function plain(schema: JsonObject): SchemaView {
  const required = new Set(
    listOf(schema["required"]).filter((name): name is string => typeof name === "string"),
  );
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const fields = new Map<string, FieldView>();
  for (const name of required) fields.set(name, { isRequired: true, alternatives: [] });
  for (const [name, field] of Object.entries(properties))
    fields.set(name, { isRequired: required.has(name), alternatives: [field] });
  const values = "const" in schema ? [schema["const"]!] : listOf(schema["enum"]);
  const { additionalProperties: additional, format, items, pattern } = schema;
  return {
    types: typesOf(schema),
    formats: new Set(typeof format === "string" ? [format] : []),
    values: values.length > 0 ? new Set(values.map((value) => JSON.stringify(value))) : null,
    fields,
    items: items === undefined || items === true ? [] : [items],
    additional: additional === false ? "closed" : isObject(additional) ? [additional] : "open",
    bounds: new Map(
      BOUNDS.flatMap((name) => (typeof schema[name] === "number" ? [[name, schema[name]]] : [])),
    ),
    pattern: typeof pattern === "string" ? pattern : null,
    seenCount: seenCountOf(schema),
    seenShare: evidenceNumber(schema, "share"),
    isNullAssumed: isAssumed(schema, "nullAssumed"),
  };
}

function isAssumed(schema: JsonObject, what: "nullAssumed" | "fractionAssumed"): boolean {
  return isObject(schema["x-nta"]) && schema["x-nta"][what] === true;
}

/** What was only assumed is no type that was seen. */
function typesOf(schema: JsonObject): Set<TypeName> {
  const written = typeof schema["type"] === "string" ? [schema["type"]] : listOf(schema["type"]);
  const types = new Set(written.filter(isTypeName));
  if (written.includes("file")) types.add("string");
  if (types.has("number") && isAssumed(schema, "fractionAssumed")) {
    types.delete("number");
    types.add("integer");
  }
  if (types.size === 0 && isObject(schema["properties"])) types.add("object");
  if (types.size === 0 && schema["items"] !== undefined) types.add("array");
  return types;
}

function isTypeName(name: Json): name is TypeName {
  return (
    name === "null" ||
    name === "boolean" ||
    name === "integer" ||
    name === "number" ||
    name === "string" ||
    name === "array" ||
    name === "object"
  );
}

/** Values that fit both. */
function intersect(a: SchemaView, b: SchemaView): SchemaView {
  const fields = new Map(a.fields);
  for (const [name, field] of b.fields) {
    const known = fields.get(name);
    fields.set(name, {
      isRequired: field.isRequired || (known?.isRequired ?? false),
      alternatives: known?.alternatives.length ? known.alternatives : field.alternatives,
    });
  }
  return {
    types: common(a.types, b.types),
    formats: a.formats.size > 0 ? a.formats : b.formats,
    values: a.values ?? b.values,
    fields,
    items: a.items.length > 0 ? a.items : b.items,
    additional: a.additional === "open" ? b.additional : a.additional,
    bounds: new Map([...b.bounds, ...a.bounds]),
    pattern: a.pattern ?? b.pattern,
    seenCount: a.seenCount ?? b.seenCount,
    seenShare: a.seenShare ?? b.seenShare,
    isNullAssumed: a.isNullAssumed || b.isNullAssumed,
  };
}

function common(a: ReadonlySet<TypeName>, b: ReadonlySet<TypeName>): ReadonlySet<TypeName> {
  if (a.size === 0) return b;
  if (b.size === 0) return a;
  const both = [...a].filter((type) => b.has(type) || (type === "integer" && b.has("number")));
  return both.length > 0 ? new Set(both) : a;
}

/** Values that fit any. */
function unite(ways: readonly SchemaView[]): SchemaView {
  const [first = anything] = ways;
  if (ways.length <= 1) return first;
  const kinds = ways.filter((way) => !isNullAlone(way));
  const objects = ways.filter((way) => way.types.has("object") || way.types.size === 0);
  return {
    types: ways.some((way) => way.types.size === 0) ? NO_TYPES : joined(ways, (way) => way.types),
    formats: kinds.some((way) => way.formats.size === 0)
      ? NOTHING
      : joined(kinds, (way) => way.formats),
    values: kinds.some((way) => way.values === null)
      ? null
      : joined(kinds, (way) => way.values ?? []),
    fields: uniteFields(objects),
    items: ways.flatMap((way) => way.items),
    additional: uniteAdditional(objects),
    bounds: new Map(),
    pattern: null,
    seenCount: null,
    seenShare: null,
    isNullAssumed: ways.some((way) => way.isNullAssumed),
  };
}

function isNullAlone({ types }: SchemaView): boolean {
  return types.size === 1 && types.has("null");
}

function uniteFields(objects: readonly SchemaView[]): Map<string, FieldView> {
  const fields = new Map<string, FieldView>();
  for (const { fields: own } of objects)
    for (const [name, { alternatives }] of own) {
      const known = fields.get(name)?.alternatives ?? [];
      const isRequired = objects.every((each) => each.fields.get(name)?.isRequired === true);
      fields.set(name, { isRequired, alternatives: [...known, ...alternatives] });
    }
  return fields;
}

function uniteAdditional(objects: readonly SchemaView[]): SchemaView["additional"] {
  if (objects.some(({ additional }) => additional === "open")) return "open";
  const schemas = objects.flatMap(({ additional }) =>
    Array.isArray(additional) ? additional : [],
  );
  return schemas.length > 0 ? schemas : "closed";
}

function withNull(view: SchemaView): SchemaView {
  if (view.types.size === 0) return view;
  return { ...view, types: new Set([...view.types, "null" as const]) };
}

function joined<Item>(
  ways: readonly SchemaView[],
  of: (way: SchemaView) => Iterable<Item>,
): Set<Item> {
  return new Set(ways.flatMap((way) => [...of(way)]));
}

/** Every way of one with every way of the other, as far as anyone writes schemas. */
function pairs(
  left: readonly SchemaView[],
  right: readonly SchemaView[],
  join: (a: SchemaView, b: SchemaView) => SchemaView,
): SchemaView[] {
  return left
    .flatMap((a) => right.map((b) => join(a, b)))
    .slice(0, specLimits.schemaAlternativesMax);
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

/** The count that a document of this program bears. */
export function seenCountOf(part: JsonObject): number | null {
  return evidenceNumber(part, "count");
}

function evidenceNumber(part: JsonObject, name: "count" | "share"): number | null {
  const evidence = part["x-nta"];
  const found = isObject(evidence) ? evidence[name] : undefined;
  return typeof found === "number" ? found : null;
}

/** RFC 6901, in a fragment of a URI (section 6). */
function decodePointer(part: string): string {
  let text = part;
  try {
    text = decodeURIComponent(part);
  } catch {
    // Percent signs that encode nothing stand for themselves.
  }
  return text.replaceAll("~1", "/").replaceAll("~0", "~");
}
