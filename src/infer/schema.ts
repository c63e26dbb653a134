/**
 * Shape to schema. Sound by construction: whatever is concluded holds for every value that the shape
 * counted, so a format or a list of words is emitted only where no value speaks against it.
 */

import { LexicalClass } from "../telemetry/lexical.ts";
import type { ObjectShape, Shape, TextShape } from "../telemetry/shape.ts";
import { evidenceOf } from "./evidence.ts";
import { compareText } from "./group.ts";
import type { Field, ObjectSchema, Schema } from "./model.ts";
import { addShape, emptyShape } from "./sum.ts";
import * as thresholds from "./thresholds.ts";

/** Says which component stands for a shape; null where it is described in place. */
export type ComponentOf = (shape: Shape) => string | null;

/** Formats that a validator can check, by the class whose every value has them. */
const FORMATS: ReadonlyMap<number, string> = new Map([
  [LexicalClass.Uuid, "uuid"],
  [LexicalClass.Date, "date"],
  [LexicalClass.DateTime, "date-time"],
  [LexicalClass.Time, "time"],
  [LexicalClass.Duration, "duration"],
  [LexicalClass.Email, "email"],
  [LexicalClass.Uri, "uri"],
  [LexicalClass.Ipv4, "ipv4"],
  [LexicalClass.Ipv6, "ipv6"],
]);

export function schemaOf(shape: Shape, componentOf: ComponentOf): Schema {
  const nullable = shape.nulls > 0;
  const options: Schema[] = [];
  if (shape.booleans > 0) options.push({ kind: "boolean", nullable: false });
  if (shape.numbers > 0) options.push({ kind: "number", nullable: false });
  else if (shape.integers > 0)
    options.push({ kind: "integer", nullable: false, format: integerFormat(shape) });
  if (shape.strings > 0) options.push(textSchema(shape.text));
  if (shape.arrays > 0)
    options.push({
      kind: "array",
      nullable: false,
      items:
        shape.items === null
          ? { kind: "any", nullable: false }
          : schemaOf(shape.items, componentOf),
    });
  if (shape.objects > 0) {
    const component = componentOf(shape);
    options.push(
      component === null
        ? objectSchema(shape.fields, componentOf)
        : { kind: "ref", nullable: false, name: component },
    );
  }
  if (options.length === 0) return { kind: "any", nullable };
  if (options.length === 1) return { ...options[0]!, nullable };
  return { kind: "union", nullable, options, discriminator: null };
}

export function objectSchema(fields: ObjectShape | null, componentOf: ComponentOf): ObjectSchema {
  if (fields === null) return { kind: "object", nullable: false, fields: [], additional: null };
  const { structure, data } = splitNames(fields);
  const additional = data.length === 0 && fields.rest === null ? null : emptyShape();
  if (additional !== null) {
    for (const shape of data) addShape(additional, shape);
    if (fields.rest !== null) addShape(additional, fields.rest);
  }
  return {
    kind: "object",
    nullable: false,
    fields: structure.map(([name, field]) => fieldOf(name, field, fields.whole, componentOf)),
    additional: additional === null ? null : schemaOf(additional, componentOf),
  };
}

/** Parts names that are structure from names that are data: those make a map. */
function splitNames(fields: ObjectShape): {
  structure: [string, { present: number; shape: Shape }][];
  data: Shape[];
} {
  const structure: [string, { present: number; shape: Shape }][] = [];
  const data: Shape[] = [];
  const names = [...fields.fields].sort(([a], [b]) => compareText(a, b));
  for (const [name, field] of names)
    if (name.includes("{")) data.push(field.shape);
    else structure.push([decodeName(name), field]);
  return { structure, data };
}

function fieldOf(
  name: string,
  field: { present: number; shape: Shape },
  whole: number,
  componentOf: ComponentOf,
): Field {
  return {
    name,
    required: whole >= thresholds.requiredObjectsMin && field.present === whole,
    schema: schemaOf(field.shape, componentOf),
    evidence: evidenceOf(field.present, whole),
  };
}

/** Names from traffic have their braces percent-encoded (`telemetry/segment.ts`). */
export function decodeName(name: string): string {
  return name.replaceAll("%7B", "{").replaceAll("%7D", "}");
}

function integerFormat(shape: Shape): "int32" | "int64" | null {
  if (shape.integersHuge > 0) return null;
  return shape.integers64 > 0 ? "int64" : "int32";
}

export function textSchema(text: TextShape | null): Schema {
  return {
    kind: "string",
    nullable: false,
    format: text === null ? null : textFormat(text),
    words: text === null ? null : enumeration(text),
  };
}

export function textFormat(text: TextShape): string | null {
  for (const [lexicalClass, format] of FORMATS)
    if ((text.classes.get(lexicalClass) ?? 0) === text.count && text.count > 0) return format;
  return null;
}

/** The words of a complete enumeration, sorted, or null. */
export function enumeration(text: TextShape): readonly string[] | null {
  const { words, others } = text.words;
  if (words === null || others > 0 || words.size === 0 || words.size > thresholds.enumWordsMax)
    return null;
  const count = [...words.values()].reduce((sum, n) => sum + n, 0);
  if (count < thresholds.enumCountMin || count < words.size * thresholds.enumCallsPerWordMin)
    return null;
  return [...words.keys()].sort(compareText);
}
