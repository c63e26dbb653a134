/** Where two schemas say different things, told by a walk over both at once. */

import { specLimits } from "../base/limits.ts";
import { obtain } from "../infer/obtain.ts";
import type { Json } from "./document.ts";
import {
  type FieldView,
  isObject,
  type SchemaReader,
  type SchemaView,
  type TypeName,
} from "./schemaview.ts";

export interface SchemaSide {
  readonly reader: SchemaReader;
  readonly alternatives: readonly Json[];
}

/** A place in both schemas: `left` and `right` are views of the same values. */
export interface Meeting {
  readonly left: SchemaView;
  readonly right: SchemaView;
  /** `items[].name`; empty for the value as a whole. */
  readonly place: string;
  /** Objects that could have shown what stands here, in documents of this program. */
  readonly parentCount: number | null;
  /** What stands here is a field of that name on both sides; null where it is an item, or the whole. */
  readonly field: SharedField | null;
}

export interface SharedField {
  /** Whether each side requires it. */
  readonly left: boolean;
  readonly right: boolean;
  readonly isReadOnly: boolean;
  readonly isWriteOnly: boolean;
}

export interface MeetingVisitor {
  /** Called for each place that both sides have. */
  meet(meeting: Meeting): void;
  /** Called for each field that one side has alone; `holder` are the objects in which it would stand. */
  alone(side: "left" | "right", field: LoneField): void;
}

export interface LoneField {
  readonly place: string;
  readonly isRequired: boolean;
  readonly isReadOnly: boolean;
  readonly isWriteOnly: boolean;
  readonly view: SchemaView;
  readonly holder: Meeting;
}

/** Walks both schemas from the root on, each pair of schemas once, so that recursive ones end. */
export function walkSchemas(left: SchemaSide, right: SchemaSide, visitor: MeetingVisitor): void {
  new Walk(left.reader, right.reader, visitor).at(
    left.alternatives,
    right.alternatives,
    { place: "", parentCount: null, field: null },
    0,
  );
}

class Walk {
  readonly #left: SchemaReader;
  readonly #right: SchemaReader;
  readonly #visitor: MeetingVisitor;
  /** Pairs of schemas that were met: again, at another place, they say nothing new. */
  readonly #met = new Set<string>();
  readonly #numbers = new Map<Json, number>();

  constructor(left: SchemaReader, right: SchemaReader, visitor: MeetingVisitor) {
    this.#left = left;
    this.#right = right;
    this.#visitor = visitor;
  }

  at(
    left: readonly Json[],
    right: readonly Json[],
    spot: Pick<Meeting, "place" | "parentCount" | "field">,
    depth: number,
  ): void {
    const pair = `${this.#name(left, this.#left)}-${this.#name(right, this.#right)}`;
    const isOver =
      depth > specLimits.comparedDepthMax || this.#met.size > specLimits.comparedPairsMax;
    if (isOver || this.#met.has(pair)) return;
    this.#met.add(pair);
    const meeting: Meeting = {
      left: this.#left.view(left),
      right: this.#right.view(right),
      ...spot,
    };
    this.#visitor.meet(meeting);
    this.#fields(meeting, depth);
    this.#items(meeting, depth);
  }

  /** Schemas by the numbers of what they refer to. */
  #name(alternatives: readonly Json[], reader: SchemaReader): string {
    return alternatives
      .map((schema) => {
        const target = reader.follow(schema);
        return obtain(this.#numbers, target, () => this.#numbers.size);
      })
      .join(",");
  }

  #fields(meeting: Meeting, depth: number): void {
    const { left, right, place } = meeting;
    const parentCount = left.seenCount ?? meeting.parentCount;
    for (const [name, own] of left.fields) {
      const other = right.fields.get(name);
      const where = fieldPlace(place, name);
      if (other !== undefined) {
        const field = {
          left: own.isRequired,
          right: other.isRequired,
          ...directions(other, this.#right),
        };
        this.at(
          own.alternatives,
          other.alternatives,
          { place: where, parentCount, field },
          depth + 1,
        );
      } else if (typeof right.additional === "object")
        this.at(
          own.alternatives,
          right.additional,
          { place: where, parentCount, field: null },
          depth + 1,
        );
      else this.#visitor.alone("left", loneField(own, where, meeting, this.#left));
    }
    for (const [name, field] of right.fields)
      if (!left.fields.has(name))
        this.#visitor.alone(
          "right",
          loneField(field, fieldPlace(place, name), meeting, this.#right),
        );
    if (typeof left.additional === "object" && typeof right.additional === "object")
      this.at(
        left.additional,
        right.additional,
        { place: `${place}{}`, parentCount, field: null },
        depth + 1,
      );
  }

  #items({ left, right, place, parentCount }: Meeting, depth: number): void {
    const spot = { place: `${place}[]`, parentCount: left.seenCount ?? parentCount, field: null };
    if (left.items.length > 0 && right.items.length > 0)
      this.at(left.items, right.items, spot, depth + 1);
  }
}

function loneField(
  field: FieldView,
  place: string,
  holder: Meeting,
  reader: SchemaReader,
): LoneField {
  return {
    place,
    isRequired: field.isRequired,
    ...directions(field, reader),
    view: reader.view(field.alternatives),
    holder,
  };
}

/** `readOnly` is not sent, `writeOnly` not received. */
function directions(
  { alternatives }: FieldView,
  reader: SchemaReader,
): { isReadOnly: boolean; isWriteOnly: boolean } {
  const targets = alternatives.map((each) => reader.follow(each)).filter(isObject);
  return {
    isReadOnly: targets.some((target) => target["readOnly"] === true),
    isWriteOnly: targets.some((target) => target["writeOnly"] === true),
  };
}

function fieldPlace(place: string, name: string): string {
  return place === "" ? name : `${place}.${name}`;
}

/** Types of `some` that `all` does not allow, null left out; none where `all` allows any. */
export function typesBeyond(some: SchemaView, all: SchemaView): TypeName[] {
  if (all.types.size === 0) return [];
  return [...some.types].filter(
    (type) =>
      type !== "null" && !all.types.has(type) && !(type === "integer" && all.types.has("number")),
  );
}

/** Values of the enumeration `some` that `all`, which is one too, does not list. */
export function valuesBeyond(some: SchemaView, all: SchemaView): string[] {
  if (some.values === null || all.values === null) return [];
  return [...some.values].filter((value) => value !== "null" && !all.values!.has(value));
}

export function allowsNull({ types, values }: SchemaView): boolean {
  return types.size === 0 || types.has("null") || (values?.has("null") ?? false);
}
