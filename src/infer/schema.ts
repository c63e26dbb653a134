/**
 * Shapes to schema. Sound by construction: whatever is concluded holds for every value that the shapes
 * counted, so a format or a list of words is emitted only where no value speaks against it.
 */

import type { ObjectShape, Shape, TextShape } from "../telemetry/shape.ts";
import { evidenceOf } from "./evidence.ts";
import { compareText } from "./group.ts";
import { isMap } from "./maps.ts";
import type { Field, ObjectSchema, Schema } from "./model.ts";
import type { NameShares } from "./nameshares.ts";
import { obtain } from "./obtain.ts";
import type { Presence } from "./presence.ts";
import type { Structure } from "./structures.ts";
import { sumTexts } from "./sum.ts";
import { partSchema, textSchema } from "./text.ts";
import * as thresholds from "./thresholds.ts";
import type { VariantKind, Variants } from "./variants.ts";

/** What is known of an API's structures while its schemas are made. */
export interface SchemaContext {
  /** The structure that a shape's objects have, where it occurs more than once. */
  readonly structureOf: ReadonlyMap<Shape, Structure>;
  /** Structures whose fields have the same names and kinds, whatever is required in each. */
  readonly familyOf: ReadonlyMap<Shape, Structure>;
  /** By name of a field: of the places that have it, the part where it is sometimes absent. */
  readonly absentNames: NameShares;
  /** How probable it is that a further object lacks what all so far had. */
  readonly presence: Presence;
  /** Names of fields that are null in many structures. */
  readonly nullNames: NameShares;
  /** Names of fields that hold numbers with a fraction in many structures. */
  readonly fractionNames: NameShares;
  /** Names under `components/schemas`. */
  readonly componentNames: ReadonlyMap<Structure, string>;
  /** Of structures with names: the kinds of their objects, where one field tells those apart. */
  readonly variantsOf: ReadonlyMap<Structure, Variants>;
  /** Whether values are text that may stand for numbers, and what is repeated is a list (`kinds.ts`). */
  readonly isTextual: boolean;
  /** Whether enumerations are listed: not where other values than those seen are expected. */
  readonly hasWords: boolean;
}

const anything: Schema = { kind: "any", nullable: false };

/**
 * The schema of all values of all shapes; `name` is that of the field they stand in, or empty. `kin` are shapes, these
 * among them, that have the same words if theirs are an enumeration.
 */
export function schemaOf(
  shapes: readonly Shape[],
  name: string,
  context: SchemaContext,
  kin = shapes,
): Schema {
  const sum = countKinds(shapes);
  const nullable = sum.nulls > 0;
  const options: Schema[] = [];
  if (sum.booleans > 0) options.push({ kind: "boolean", nullable: false });
  if (sum.numbers > 0) options.push({ kind: "number", nullable: false });
  else if (sum.integers > 0)
    options.push({ kind: "integer", nullable: false, format: integerFormat(sum) });
  if (sum.strings > 0) {
    const describe = context.isTextual ? partSchema : textSchema;
    const text = describe(sumText(shapes), sumText(kin), name);
    options.push(context.hasWords || text.kind !== "string" ? text : { ...text, words: null });
  }
  if (sum.arrays > 0) {
    const items = itemsOf(shapes);
    const kinItems = itemsOf(kin);
    options.push({
      kind: "array",
      nullable: false,
      items: schemaOf(items, name, context, kinItems),
    });
  }
  if (sum.objects > 0) options.push(objectsSchema(shapes, name, context));
  if (options.length === 0) return { ...anything, nullable };
  if (options.length === 1) return { ...options[0]!, nullable };
  return { kind: "union", nullable, options, discriminator: null };
}

function itemsOf(shapes: readonly Shape[]): Shape[] {
  return shapes.flatMap((shape) => (shape.items === null ? [] : [shape.items]));
}

/** A reference where all objects are of one component, else the objects themselves. */
function objectsSchema(shapes: readonly Shape[], name: string, context: SchemaContext): Schema {
  const withObjects = shapes.filter((shape) => shape.objects > 0);
  const structures = new Set(withObjects.map((shape) => context.structureOf.get(shape)));
  const [structure] = structures;
  const component = structure && context.componentNames.get(structure);
  if (structures.size === 1 && component !== undefined)
    return { kind: "ref", nullable: false, name: component };
  return objectSchema(withObjects, name, context);
}

/** The objects of some shapes, described in place. */
export function objectSchema(
  shapes: readonly Shape[],
  name: string,
  context: SchemaContext,
): ObjectSchema {
  const objects = shapes.flatMap((shape) => (shape.fields === null ? [] : [shape.fields]));
  const whole = objects.reduce((total, object) => total + object.whole, 0);
  const fields = gatherFields(objects);
  const rest = objects.flatMap((object) => (object.rest === null ? [] : [object.rest]));
  const everything = isMap(name, fields, whole);
  const family = context.familyOf.get(shapes[0]!) ?? null;
  const required = requiredNames(fields, whole, family, context);
  const structure: Field[] = [];
  const data: Shape[] = [...rest];
  for (const [key, field] of [...fields].sort(([a], [b]) => compareText(a, b)))
    if (everything || key.includes("{")) data.push(...field.shapes);
    else structure.push(fieldOf(key, field, whole, family, required.has(key), context));
  const isUnknown = fields.size === 0 && data.length === 0;
  return {
    kind: "object",
    nullable: false,
    fields: structure,
    additional: data.length > 0 ? mapSchema(data, context) : isUnknown ? anything : null,
  };
}

/** What stands under names that are data; where scalars of several kinds do, it is whatever its owner put there. */
function mapSchema(shapes: readonly Shape[], context: SchemaContext): Schema {
  const schema = schemaOf(shapes, "", context);
  if (schema.kind !== "union") return schema;
  const isMixed = schema.options.every(({ kind }) => kind !== "array" && !isObject(kind));
  return isMixed ? anything : schema;
}

function isObject(kind: Schema["kind"]): boolean {
  return kind === "object" || kind === "ref";
}

/** One kind of the objects of some shapes: the fields that it has, and the word that tells it from the others. */
export function variantSchema(
  shapes: readonly Shape[],
  { property }: Variants,
  { word, count, present }: VariantKind,
  context: SchemaContext,
): ObjectSchema {
  const objects = shapes.flatMap((shape) => (shape.fields === null ? [] : [shape.fields]));
  const family = context.familyOf.get(shapes[0]!) ?? null;
  const fields: Field[] = [];
  const data: Shape[] = objects.flatMap((object) => (object.rest === null ? [] : [object.rest]));
  const own = new Map(
    [...gatherFields(objects)].map(([key, field]) => [
      key,
      { ...field, present: present.get(key) ?? 0 },
    ]),
  );
  const required = requiredNames(own, count, family, context);
  for (const [key, field] of [...own].sort(([a], [b]) => compareText(a, b))) {
    if (key.includes("{")) data.push(...field.shapes);
    else if (key === property) {
      const schema: Schema = { kind: "string", nullable: false, format: null, words: [word] };
      const evidence = evidenceOf(count, count);
      fields.push({
        name: decodeName(key),
        required: true,
        schema,
        isNullAssumed: false,
        isFractionAssumed: false,
        evidence,
      });
    } else if (field.present > 0)
      fields.push(fieldOf(key, field, count, family, required.has(key), context));
  }
  const additional = data.length > 0 ? mapSchema(data, context) : null;
  return { kind: "object", nullable: false, fields, additional };
}

/** A field of objects of several shapes. */
export interface FieldSum {
  present: number;
  repeated: number;
  readonly shapes: Shape[];
}

export function gatherFields(objects: readonly ObjectShape[]): Map<string, FieldSum> {
  const fields = new Map<string, FieldSum>();
  for (const object of objects)
    for (const [name, field] of object.fields) {
      const sum = obtain(fields, name, () => ({ present: 0, repeated: 0, shapes: [] }));
      sum.present += field.present;
      sum.repeated += field.repeated ?? 0;
      sum.shapes.push(field.shape);
    }
  return fields;
}

function fieldOf(
  key: string,
  field: FieldSum,
  whole: number,
  family: Structure | null,
  required: boolean,
  context: SchemaContext,
): Field {
  const name = decodeName(key);
  const kin = family === null ? [] : family.shapes(key);
  const all = [...new Set([...field.shapes, ...kin])];
  const seen = schemaOf(field.shapes, name, context, all);
  const isFractionAssumed =
    seen.kind === "integer" && (all.some(hasFractions) || context.fractionNames.isUsual(key));
  const schema: Schema = isFractionAssumed ? { kind: "number", nullable: seen.nullable } : seen;
  const isElsewhere = family !== null && family.nulls(key) > 0;
  const isNullable = !context.isTextual && !schema.nullable;
  const isNullAssumed = isNullable && (isElsewhere || context.nullNames.isUsual(key));
  const isList = context.isTextual && field.repeated > 0;
  return {
    name,
    required,
    schema: isList
      ? { kind: "array", nullable: false, items: schema }
      : isNullAssumed
        ? { ...schema, nullable: true }
        : schema,
    isNullAssumed,
    isFractionAssumed,
    evidence: evidenceOf(field.present, whole),
  };
}

export function hasFractions(shape: Shape): boolean {
  return shape.numbers > 0;
}

/**
 * Of the fields that all objects had those that are claimed to be required. One wrong claim refuses an object as well as
 * five, so the fields most to be doubted are given up as long as that makes all that is left probable enough.
 */
function requiredNames(
  fields: ReadonlyMap<string, FieldSum>,
  whole: number,
  family: Structure | null,
  context: SchemaContext,
): ReadonlySet<string> {
  if (whole < thresholds.requiredObjectsMin) return new Set();
  const claims = [...fields]
    .filter(([name, { present }]) => present === whole && !name.includes("{"))
    .map(([name]) => {
      const doubt = elsewhere(name, whole, whole, family) + context.absentNames.share(name);
      return { name, absence: context.presence.absence(whole, doubt) };
    })
    .filter(({ absence }) => absence <= thresholds.requiredAbsenceMax)
    .sort((a, b) => b.absence - a.absence || compareText(a.name, b.name));
  let refuted = claims.reduce((sum, { absence }) => sum + absence * whole, 0);
  let best = { given: 0, worth: Number.NEGATIVE_INFINITY };
  for (let given = 0; given <= claims.length; given += 1) {
    const worth = Math.exp(-refuted) - thresholds.claimWorth * given;
    if (worth > best.worth) best = { given, worth };
    refuted -= (claims[given]?.absence ?? 0) * whole;
  }
  return new Set(claims.slice(best.given).map(({ name }) => name));
}

/** The part of the objects of the family, at other places, that lacked the field. */
export function elsewhere(
  name: string,
  present: number,
  whole: number,
  family: Structure | null,
): number {
  const others = family === null ? 0 : family.whole - whole;
  if (family === null || others <= 0) return thresholds.absenceUsual;
  return Math.max(0, others - (family.present(name) - present)) / others;
}

/** Names from traffic have their braces percent-encoded (`telemetry/segment.ts`). */
export function decodeName(name: string): string {
  return name.replaceAll("%7B", "{").replaceAll("%7D", "}");
}

interface KindCounts {
  nulls: number;
  booleans: number;
  integers: number;
  numbers: number;
  integers64: number;
  integersHuge: number;
  strings: number;
  arrays: number;
  objects: number;
}

function countKinds(shapes: readonly Shape[]): KindCounts {
  const sum: KindCounts = {
    nulls: 0,
    booleans: 0,
    integers: 0,
    numbers: 0,
    integers64: 0,
    integersHuge: 0,
    strings: 0,
    arrays: 0,
    objects: 0,
  };
  for (const shape of shapes) {
    sum.nulls += shape.nulls;
    sum.booleans += shape.booleans;
    sum.integers += shape.integers;
    sum.numbers += shape.numbers;
    sum.integers64 += shape.integers64;
    sum.integersHuge += shape.integersHuge;
    sum.strings += shape.strings;
    sum.arrays += shape.arrays;
    sum.objects += shape.objects;
  }
  return sum;
}

function integerFormat(sum: KindCounts): "int32" | "int64" | null {
  if (sum.integersHuge > 0) return null;
  return sum.integers64 > 0 ? "int64" : "int32";
}

function sumText(shapes: readonly Shape[]): TextShape {
  return sumTexts(shapes.flatMap((shape) => (shape.text === null ? [] : [shape.text])));
}
