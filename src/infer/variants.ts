/**
 * Structures whose objects are of several kinds, told apart by the word in one field: an event that has other fields
 * where its `type` is another. Only presence tells them apart, since values were counted for all kinds together.
 */

import type { ObjectShape } from "../telemetry/shape.ts";
import { compareText } from "./group.ts";
import { obtain } from "./obtain.ts";
import * as thresholds from "./thresholds.ts";

export interface Variants {
  /** The field that tells. */
  readonly property: string;
  /** Sorted by word. */
  readonly kinds: readonly VariantKind[];
}

export interface VariantKind {
  readonly word: string;
  readonly count: number;
  /** By field: how many of the objects had it; fields that none had are missing. */
  readonly present: ReadonlyMap<string, number>;
}

/** The kinds of the objects of one structure, or null where they are one. */
export function findVariants(objects: readonly ObjectShape[]): Variants | null {
  const whole = objects.reduce((sum, object) => sum + object.whole, 0);
  const names = new Set(objects.flatMap((object) => [...(object.tags?.keys() ?? [])]));
  for (const property of [...names].sort(compareText)) {
    const kinds = kindsBy(property, objects, whole);
    if (kinds !== null && areApart(kinds, property)) return { property, kinds };
  }
  return null;
}

/** Null unless each object bore the field with one of few words, none of which was kept back. */
function kindsBy(
  property: string,
  objects: readonly ObjectShape[],
  whole: number,
): VariantKind[] | null {
  const sums = new Map<string, { count: number; present: Map<string, number> }>();
  let tagged = 0;
  for (const object of objects) {
    const words = object.tags?.get(property);
    if (words === null) return null;
    for (const [word, { count, present }] of words ?? []) {
      const sum = obtain(sums, word, () => ({ count: 0, present: new Map<string, number>() }));
      sum.count += count;
      tagged += count;
      for (const [field, times] of present)
        sum.present.set(field, times + (sum.present.get(field) ?? 0));
    }
    const text = object.fields.get(property)?.shape.text ?? null;
    if (text !== null && (text.words === null || text.others > 0)) return null;
  }
  if (tagged < whole || sums.size < 2 || sums.size > thresholds.variantsMax) return null;
  const kinds = [...sums].map(([word, sum]) => ({ word, ...sum }));
  if (kinds.some(({ count }) => count < thresholds.variantObjectsMin)) return null;
  return kinds.sort((a, b) => compareText(a.word, b.word));
}

/** Whether each kind has a field that is always there in it and never in another, and few are in common. */
function areApart(kinds: readonly VariantKind[], property: string): boolean {
  const fields = new Set(kinds.flatMap(({ present }) => [...present.keys()]));
  fields.delete(property);
  let shown = 0;
  for (const kind of kinds) {
    let hasOwn = false;
    for (const field of fields) {
      const times = kind.present.get(field) ?? 0;
      if (times > 0) shown += 1;
      const isElsewhere = kinds.every((other) => other.present.has(field));
      if (times === kind.count && !isElsewhere) hasOwn = true;
    }
    if (!hasOwn) return false;
  }
  return shown <= thresholds.variantFieldsShareMax * kinds.length * fields.size;
}
