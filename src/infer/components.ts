/** Which structures of an API become components, and what they are called. */

import type { Shape } from "../telemetry/shape.ts";
import type { BodySummary } from "../telemetry/summary.ts";
import { compareText } from "./group.ts";
import { isTextual } from "./kinds.ts";
import { isMap } from "./maps.ts";
import type { PathTemplate, Schema } from "./model.ts";
import { NameShares } from "./nameshares.ts";
import { obtain } from "./obtain.ts";
import { Presence } from "./presence.ts";
import {
  decodeName,
  elsewhere,
  gatherFields,
  hasFractions,
  objectSchema,
  type SchemaContext,
  variantSchema,
} from "./schema.ts";
import { findStructures, type Place, type Structure } from "./structures.ts";
import type { OperationSum } from "./sum.ts";
import { findVariants, type Variants } from "./variants.ts";
import { isVersionOfApi, pascalCase, singularWords, splitWords, unique } from "./words.ts";

/** A method at a path, with all of its exchanges summed. */
export interface SummedEndpoint {
  readonly method: string;
  readonly path: PathTemplate;
  readonly sum: OperationSum;
}

export function findComponents(endpoints: readonly SummedEndpoint[]): SchemaContext {
  const places: Place[] = [];
  const hints = new Map<string, string>();
  for (const endpoint of endpoints) collectPlaces(endpoint, places, hints);
  const structures = findStructures(places, true);
  const structureOf = byShape(structures);
  const families = findStructures(places, false);
  const familyOf = byShape(families);
  const absent = absentNames(places);
  const variantsOf = new Map<Structure, Variants>();
  for (const structure of structures) {
    const variants = findVariants(structure.places.map(({ shape }) => shape.fields!));
    if (variants !== null) variantsOf.set(structure, variants);
  }
  const named = structures.filter(
    (structure) => structure.places.length > 1 || variantsOf.has(structure),
  );
  return {
    structureOf,
    familyOf,
    presence: presenceOf(structures, familyOf, absent),
    nullNames: namesOf(families, (family, name) => family.nulls(name) > 0),
    fractionNames: namesOf(families, (family, name) => family.shapes(name).some(hasFractions)),
    absentNames: absent,
    componentNames: nameStructures(named),
    variantsOf,
    isTextual: false,
    hasWords: true,
  };
}

function namesOf(
  families: readonly Structure[],
  isShown: (family: Structure, name: string) => boolean,
): NameShares {
  const shares = new NameShares();
  for (const family of families)
    for (const name of family.names) shares.add(name, isShown(family, name));
  return shares;
}

function absentNames(places: readonly Place[]): NameShares {
  const shares = new NameShares();
  for (const { names, shape } of places) {
    const { fields, whole } = shape.fields!;
    for (const name of names) shares.add(name, fields.get(name)!.present < whole);
  }
  return shares;
}

function presenceOf(
  structures: readonly Structure[],
  familyOf: ReadonlyMap<Shape, Structure>,
  absent: NameShares,
): Presence {
  const presence = new Presence();
  for (const structure of structures) {
    const family = familyOf.get(structure.places[0]!.shape) ?? null;
    for (const name of structure.names) {
      const present = structure.present(name);
      const doubt = elsewhere(name, present, structure.whole, family) + absent.share(name);
      presence.add(present, structure.whole, doubt);
    }
  }
  presence.conclude();
  return presence;
}

function byShape(structures: readonly Structure[]): Map<Shape, Structure> {
  const map = new Map<Shape, Structure>();
  for (const structure of structures)
    for (const { shape } of structure.places) map.set(shape, structure);
  return map;
}

/** Schemas by component name, sorted. Kinds of one structure are components of their own. */
export function componentSchemas(context: SchemaContext): Map<string, Schema> {
  const schemas = new Map<string, Schema>();
  const taken = new Set([...context.componentNames.values()].map((name) => name.toLowerCase()));
  for (const [structure, name] of context.componentNames) {
    const shapes = structure.places.map((place) => place.shape);
    const variants = context.variantsOf.get(structure);
    const own = { ...context, isTextual: structure.isTextual };
    if (variants === undefined) {
      schemas.set(name, objectSchema(shapes, "", own));
      continue;
    }
    const mapping = new Map<string, string>();
    for (const kind of variants.kinds) {
      const kindName = unique(`${name}${pascalCase(splitWords(kind.word))}`, (each) =>
        taken.has(each.toLowerCase()),
      );
      taken.add(kindName.toLowerCase());
      mapping.set(kind.word, kindName);
      schemas.set(kindName, variantSchema(shapes, variants, kind, own));
    }
    schemas.set(name, {
      kind: "union",
      nullable: false,
      options: [...mapping.values()].map((each) => ({ kind: "ref", nullable: false, name: each })),
      discriminator: { property: decodeName(variants.property), mapping },
    });
  }
  return new Map([...schemas].sort(([a], [b]) => compareText(a, b)));
}

/** What a field's name would call the objects in it, by that name; every API has few names at many places. */
type HintsByName = Map<string, string>;

function collectPlaces(
  { method, path, sum }: SummedEndpoint,
  places: Place[],
  hints: HintsByName,
): void {
  const thing = thingOf(path);
  const collect = (bodies: ReadonlyMap<string, BodySummary>, what: string, name: string): void => {
    const isSent = what === "request";
    for (const [type, body] of bodies) {
      const id = `${path.text} ${method} ${what} ${type}`;
      const spot = { id, hint: name, isBody: true, isSent, isTextual: isTextual([body]) };
      if (body.shape !== null) walk(body.shape, "", spot, places, hints);
    }
  };
  collect(sum.request.bodies, "request", thing);
  for (const [status, { bodies }] of sum.responses)
    collect(bodies, String(status), status >= 400 ? "Error" : thing);
}

/** What a path is about: its last word, in the singular. */
function thingOf(path: PathTemplate): string {
  for (const { parts } of [...path.segments].reverse()) {
    const text = parts.map((part) => (part.kind === "literal" ? part.text : "")).join(" ");
    const words = splitWords(text.replace(/\.(json|xml)$/, ""));
    if (words.length > 0 && !isVersionOfApi(text)) return pascalCase(singularWords(words));
  }
  return "";
}

type Spot = Pick<Place, "id" | "hint" | "isBody" | "isSent" | "isTextual">;

/** `name` is that of the field in which the shape stands, or empty. */
function walk(shape: Shape, name: string, spot: Spot, places: Place[], hints: HintsByName): void {
  if (shape.items !== null) walk(shape.items, name, { ...spot, id: `${spot.id}[]` }, places, hints);
  if (shape.fields === null) return;
  const fields = gatherFields([shape.fields]);
  if (!isMap(decodeName(name), fields, shape.fields.whole)) {
    const names = [...fields.keys()].filter((name) => !name.includes("{")).sort(compareText);
    places.push({ ...spot, shape, names });
  }
  const inside = (field: string, hint: string): Spot => ({
    ...spot,
    id: `${spot.id}.${field}`,
    hint,
    isBody: false,
  });
  for (const [inner, field] of shape.fields.fields) {
    if (field.shape.items === null && field.shape.fields === null) continue;
    const hint = obtain(hints, inner, () =>
      pascalCase(singularWords(splitWords(inner.includes("{") ? "" : inner))),
    );
    walk(field.shape, inner, inside(inner, hint === "" ? spot.hint : hint), places, hints);
  }
  const { rest } = shape.fields;
  if (rest !== null) walk(rest, "", inside("*", spot.hint), places, hints);
}

function nameStructures(structures: readonly Structure[]): Map<Structure, string> {
  const wishes = structures.map((structure) => ({ structure, name: nameFor(structure.places) }));
  const first = (structure: Structure): string =>
    structure.places.map((place) => place.id).sort(compareText)[0]!;
  wishes.sort(
    (a, b) =>
      compareText(a.name, b.name) ||
      b.structure.places.length - a.structure.places.length ||
      compareText(first(a.structure), first(b.structure)),
  );
  const taken = new Set<string>();
  const names = new Map<Structure, string>();
  for (const { structure, name } of wishes) {
    const own = unique(name, (candidate) => taken.has(candidate.toLowerCase()));
    taken.add(own.toLowerCase());
    names.set(structure, own);
  }
  return names;
}

/** What is only ever sent is the input for what is received under the same name. */
function nameFor(places: readonly Place[]): string {
  const name = mostWished(places);
  return places.every(({ isSent }) => isSent) ? `${name}Input` : name;
}

/** Where the structure is what a path is about, those paths name it; else the fields that hold it. */
function mostWished(places: readonly Place[]): string {
  const bodies = places.filter(({ isBody, hint }) => isBody && hint !== "");
  const votes = new Map<string, number>();
  for (const { hint } of bodies.length > 0 ? bodies : places)
    if (hint !== "") votes.set(hint, (votes.get(hint) ?? 0) + 1);
  const [best] = [...votes].sort(([a, m], [b, n]) => n - m || compareText(a, b));
  return best === undefined ? "Object" : best[0].slice(0, 60);
}
