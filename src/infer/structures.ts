/**
 * Structures that occur at several places: the same object in a list, by itself, and as a field of others. What
 * one place shows of it is evidence for all. Which places are one structure is decided by names and kinds of
 * fields: a place has hardly any field that the structure lacks, and has most that the structure always has.
 */

import type { Shape } from "../telemetry/shape.ts";
import { compareText } from "./group.ts";
import { obtain } from "./obtain.ts";
import * as thresholds from "./thresholds.ts";

/** One place where objects stand. */
export interface Place {
  /** Where it is, in words that sort the same on every run. */
  readonly id: string;
  readonly shape: Shape;
  /** A name that the place would give its objects, or empty. */
  readonly hint: string;
  /** Whether the objects are what the path is about: the body itself, or the items of a body that is a list. */
  readonly isBody: boolean;
  readonly isSent: boolean;
  /** Whether all values are text, as in forms and XML; what is text there may be a number elsewhere. */
  readonly isTextual: boolean;
  readonly names: readonly string[];
}

export class Structure {
  readonly places: Place[] = [];
  /** By name: in how many objects it was, and which kinds its values had. */
  readonly #fields = new Map<string, KnownField>();
  #whole = 0;

  /** Objects of all places that were seen whole. */
  get whole(): number {
    return this.#whole;
  }

  present(name: string): number {
    return this.#fields.get(name)?.present ?? 0;
  }

  /** What stood in the field, at all places. */
  shapes(name: string): readonly Shape[] {
    return this.#fields.get(name)?.shapes ?? [];
  }

  /** How often the field was null. */
  nulls(name: string): number {
    return this.#fields.get(name)?.nulls ?? 0;
  }

  get isTextual(): boolean {
    return this.places[0]?.isTextual ?? false;
  }

  get names(): IterableIterator<string> {
    return this.#fields.keys();
  }

  add(place: Place): void {
    this.places.push(place);
    const fields = place.shape.fields!;
    this.#whole += fields.whole;
    for (const name of place.names) {
      const field = fields.fields.get(name)!;
      const known = obtain(this.#fields, name, () => ({
        present: 0,
        kinds: 0,
        itemKinds: 0,
        nulls: 0,
        shapes: [],
        inner: new Set<string>(),
      }));
      known.present += field.present;
      known.kinds |= kindsOf(field.shape);
      if (field.shape.items !== null) known.itemKinds |= kindsOf(field.shape.items);
      known.nulls += field.shape.nulls;
      known.shapes.push(field.shape);
      for (const inner of innerNames(field.shape)) known.inner.add(inner);
    }
  }

  /**
   * How well a place fits, 0 where it does not. `presence`: whether what is required must agree as well; else
   * names and kinds of fields must.
   */
  fit(place: Place, presence: boolean): number {
    if (place.isTextual !== this.isTextual) return 0;
    const { whole, fields } = place.shape.fields!;
    let shared = 0;
    let dissent = 0;
    for (const name of place.names) {
      const known = this.#fields.get(name);
      const field = fields.get(name)!;
      dissent += presenceDissent(field.present, whole, known?.present ?? 0, this.#whole);
      if (known === undefined) continue;
      if (!areAlike(field.shape, known)) return 0;
      shared += 1;
    }
    const isSame = shared === place.names.length && shared === this.#fields.size;
    if (shared < thresholds.sharedFieldsMin && !(isSame && shared > 1)) return 0;
    for (const [name, { present }] of this.#fields)
      if (!fields.has(name)) dissent += presenceDissent(0, whole, present, this.#whole);
    const dissentMax =
      thresholds.presenceDissentMax + thresholds.presenceDissentPerField * this.#fields.size;
    if (presence && dissent > dissentMax) return 0;
    if (!presence && shared < thresholds.familyNamesShareMin * place.names.length) return 0;
    return shared / place.names.length + shared / this.#fields.size;
  }
}

interface KnownField {
  present: number;
  kinds: number;
  /** Kinds of the items, where it was a list. */
  itemKinds: number;
  nulls: number;
  readonly shapes: Shape[];
  /** Names of the fields of the objects that stand in it, or in its items. */
  readonly inner: Set<string>;
}

function areAlike(shape: Shape, known: KnownField): boolean {
  if (areApart(kindsOf(shape), known.kinds)) return false;
  if (shape.items !== null && areApart(kindsOf(shape.items), known.itemKinds)) return false;
  const inner = innerNames(shape);
  if (inner.length === 0 || known.inner.size === 0) return true;
  const shared = inner.filter((name) => known.inner.has(name)).length;
  return shared >= thresholds.innerNamesShareMin * Math.max(inner.length, known.inner.size);
}

/** Whether kinds were seen on both sides, and none on both. */
function areApart(a: number, b: number): boolean {
  return a !== 0 && b !== 0 && (a & b) === 0;
}

function innerNames(shape: Shape): string[] {
  const fields = shape.fields ?? shape.items?.fields ?? null;
  return fields === null ? [] : [...fields.fields.keys()].filter((name) => !name.includes("{"));
}

/**
 * How much less likely `a` of `m` and `b` of `n` are if both come from one probability of presence than if each
 * has its own: a logarithm (half of the G statistic).
 */
function presenceDissent(a: number, m: number, b: number, n: number): number {
  return likelihood(a, m) + likelihood(b, n) - likelihood(a + b, m + n);
}

function likelihood(count: number, of: number): number {
  const p = of === 0 ? 0 : Math.min(1, count / of);
  return p === 0 || p === 1 ? 0 : count * Math.log(p) + (of - count) * Math.log(1 - p);
}

/** Structures of all places, each with at least one place, in a stable order. */
export function findStructures(places: readonly Place[], presence: boolean): Structure[] {
  const sorted = [...places]
    .filter((place) => place.names.length >= 2)
    .sort((a, b) => b.names.length - a.names.length || compareText(a.id, b.id));
  const structures: Structure[] = [];
  const byName = new Map<string, Structure[]>();
  for (const place of sorted) {
    const structure = bestFit(place, byName, presence) ?? new Structure();
    if (structure.places.length === 0) structures.push(structure);
    const known = new Set(structure.names);
    structure.add(place);
    for (const name of place.names)
      if (!known.has(name)) obtain(byName, name, () => []).push(structure);
  }
  return structures;
}

function bestFit(
  place: Place,
  byName: ReadonlyMap<string, Structure[]>,
  presence: boolean,
): Structure | null {
  const tried = new Set<Structure>();
  let best: Structure | null = null;
  let bestFit = 0;
  // A structure that fits has nearly all of the names, so it has one of the rarest few.
  const rarest = [...place.names].sort(
    (a, b) => (byName.get(a)?.length ?? 0) - (byName.get(b)?.length ?? 0) || compareText(a, b),
  );
  for (const name of rarest.slice(0, Math.ceil(rarest.length * thresholds.rareNamesShare) + 1))
    for (const structure of byName.get(name) ?? []) {
      if (tried.has(structure)) continue;
      tried.add(structure);
      const fit = structure.fit(place, presence);
      if (fit > bestFit) {
        best = structure;
        bestFit = fit;
      }
    }
  return best;
}

/** A bit for each kind of value that was seen, null left out. */
function kindsOf(shape: Shape): number {
  return (
    (shape.booleans > 0 ? 1 : 0) |
    (shape.integers + shape.numbers > 0 ? 2 : 0) |
    (shape.strings > 0 ? 4 : 0) |
    (shape.arrays > 0 ? 8 : 0) |
    (shape.objects > 0 ? 16 : 0)
  );
}
