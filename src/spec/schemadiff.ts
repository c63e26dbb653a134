/** Changes between two schemas of one place. */

import type { ChangeCode } from "./changecodes.ts";
import {
  allowsNull,
  type LoneField,
  type Meeting,
  type SchemaSide,
  typesBeyond,
  valuesBeyond,
  walkSchemas,
} from "./differences.ts";
import type { SchemaView } from "./schemaview.ts";

/** Parameters go the way of requests, and have names of their own for what changes. */
export type Direction = "parameter" | "request" | "response";

type Add = (code: ChangeCode, place: string, detail: string) => void;

export function diffSchemas(
  before: SchemaSide,
  after: SchemaSide,
  direction: Direction,
  add: Add,
): void {
  walkSchemas(before, after, {
    meet: (meeting) => {
      diffTypes(meeting, direction, add);
      if (direction !== "parameter") diffPresence(meeting, direction, add);
      diffValues(meeting, direction, add);
      diffBounds(meeting, direction, add);
    },
    alone: (side, field) => {
      if (direction === "parameter") return;
      const isElsewhere = direction === "request" ? field.isReadOnly : field.isWriteOnly;
      if (!isElsewhere) add(loneCode(side, field, direction), field.place, "");
    },
  });
}

function loneCode(
  side: "left" | "right",
  field: LoneField,
  direction: "request" | "response",
): ChangeCode {
  if (direction === "response")
    return side === "left" ? "response.field-removed" : "response.field-added";
  if (side === "right")
    return field.isRequired ? "request.field-added-required" : "request.field-added";
  return field.holder.right.additional === "closed"
    ? "request.field-refused"
    : "request.field-removed";
}

function diffTypes({ left, right, place }: Meeting, direction: Direction, add: Add): void {
  const gone = left.types.size === 0 && right.types.size > 0 ? ["any"] : typesBeyond(left, right);
  const come = right.types.size === 0 && left.types.size > 0 ? ["any"] : typesBeyond(right, left);
  if (gone.length > 0) add(`${direction}.type-narrowed`, place, gone.join(", "));
  if (come.length > 0) add(`${direction}.type-widened`, place, come.join(", "));
}

function diffPresence(
  { left, right, place, field }: Meeting,
  direction: "request" | "response",
  add: Add,
): void {
  const isTyped = left.types.size > 0 && right.types.size > 0;
  if (isTyped && !allowsNull(left) && allowsNull(right))
    add(`${direction}.null-allowed`, place, "");
  if (isTyped && allowsNull(left) && !allowsNull(right))
    add(`${direction}.null-refused`, place, "");
  if (field === null || field.left === field.right) return;
  add(
    field.right ? `${direction}.field-now-required` : `${direction}.field-now-optional`,
    place,
    "",
  );
}

function diffValues({ left, right, place }: Meeting, direction: Direction, add: Add): void {
  if (isText(left) && isText(right)) {
    const come =
      left.values !== null && right.values === null ? ["any"] : valuesBeyond(right, left);
    const gone =
      left.values === null && right.values !== null
        ? ["any that is not listed"]
        : valuesBeyond(left, right);
    if (come.length > 0) add(`${direction}.value-added`, place, come.join(", "));
    if (gone.length > 0) add(`${direction}.value-removed`, place, gone.join(", "));
  }
  const before = [...left.formats].sort().join(" or ");
  const after = [...right.formats].sort().join(" or ");
  if (before === after || isWiderInteger(left, right, direction)) return;
  if (after === "") add(`${direction}.format-removed`, place, before);
  else add(`${direction}.format`, place, before === "" ? after : `${before} is ${after}`);
}

function isText({ types }: SchemaView): boolean {
  return types.size === 0 || types.has("string");
}

/** More bits break nobody who sends, fewer nobody who receives. */
function isWiderInteger(left: SchemaView, right: SchemaView, direction: Direction): boolean {
  const [small, large] = direction === "response" ? [right, left] : [left, right];
  return small.formats.has("int32") && large.formats.has("int64");
}

/** Bounds whose growth lets more values in; of the others, less. */
const UPPER = new Set(["maximum", "maxLength", "maxItems", "maxProperties"]);

function diffBounds({ left, right, place }: Meeting, direction: Direction, add: Add): void {
  for (const name of new Set([...left.bounds.keys(), ...right.bounds.keys()])) {
    const none = UPPER.has(name) ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    const before = left.bounds.get(name) ?? none;
    const after = right.bounds.get(name) ?? none;
    if (before === after) continue;
    const isWider = UPPER.has(name) ? after > before : after < before;
    const code = isWider ? "bound-widened" : "bound-narrowed";
    add(`${direction}.${code}`, place, `${name} from ${spell(before)} to ${spell(after)}`);
  }
  if (left.pattern === right.pattern) return;
  const code = right.pattern === null ? "bound-widened" : "bound-narrowed";
  add(
    `${direction}.${code}`,
    place,
    `pattern from ${left.pattern ?? "none"} to ${right.pattern ?? "none"}`,
  );
}

function spell(bound: number): string {
  return Number.isFinite(bound) ? String(bound) : "none";
}
