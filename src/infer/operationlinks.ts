/**
 * Which operation takes what another answered: the value of a field of one response stood in the path of the other.
 * Both sides are keyed hashes, sampled by one rule. As small numbers are alike by chance, the field must also be
 * called like the parameter, or be the id of what the path is about.
 */

import type { Shape } from "../telemetry/shape.ts";
import type { OperationSummary, SlotSummary } from "../telemetry/summary.ts";
import { compareText } from "./group.ts";
import type { Link, PathTemplate } from "./model.ts";
import { obtain } from "./obtain.ts";
import * as thresholds from "./thresholds.ts";
import { isPlural, singularWords, splitWords } from "./words.ts";

/** A field of a response that may be the id of something. */
export interface SourceField {
  readonly status: number;
  /** JSON pointer from the body on, and the field's name. */
  readonly pointer: string;
  readonly name: string;
  readonly hashes: ReadonlySet<number>;
}

/** What links are made of: an endpoint as far as it is known before it is described. */
export interface LinkEnd {
  readonly method: string;
  readonly path: PathTemplate;
  readonly slots: readonly (SlotSummary | null)[];
  readonly sources: readonly SourceField[];
}

/** Fields of successful responses that carried ids; those within lists have no place that a link could name. */
export function sourceFields(operations: readonly OperationSummary[]): SourceField[] {
  const found = new Map<string, SourceField & { readonly hashes: Set<number> }>();
  const learn = (shape: Shape, status: number, pointer: string, name: string): void => {
    for (const sample of isId(name) ? [shape.text?.sample, shape.integerSample] : [])
      for (const hash of sample?.hashes ?? [])
        obtain(found, `${status} ${pointer}`, () => ({
          ...{ status, pointer, name },
          hashes: new Set<number>(),
        })).hashes.add(hash);
    if (shape.fields === null || pointer.split("/").length > thresholds.linkDepthMax) return;
    for (const [inner, field] of shape.fields.fields) {
      const step = inner.replaceAll("~", "~0").replaceAll("/", "~1");
      if (!inner.includes("{")) learn(field.shape, status, `${pointer}/${step}`, inner);
    }
  };
  for (const operation of operations)
    for (const [status, { bodies }] of operation.responses)
      if (status >= 200 && status < 300)
        for (const { shape } of bodies.values()) if (shape !== null) learn(shape, status, "", "");
  return [...found.values()].sort(
    (a, b) => a.status - b.status || compareText(a.pointer, b.pointer),
  );
}

/** Links by endpoint and status, each list sorted by what it leads to. `ids` are those of the operations. */
export function findLinks(
  ends: readonly LinkEnd[],
  ids: readonly string[],
): Map<number, readonly Link[]>[] {
  const byHash = new Map<number, { readonly end: number; readonly field: SourceField }[]>();
  for (const [end, { sources }] of ends.entries())
    for (const field of sources)
      for (const hash of field.hashes) obtain(byHash, hash, () => []).push({ end, field });
  const links = ends.map(() => new Map<number, Link[]>());
  for (const [target, end] of ends.entries()) {
    const shared = new Map<SourceField, { end: number; values: number }>();
    for (const hash of end.slots.at(-1)?.sample.hashes ?? [])
      for (const { end: source, field } of rarely(byHash.get(hash)))
        obtain(shared, field, () => ({ end: source, values: 0 })).values += 1;
    for (const [field, { end: source, values }] of shared) {
      if (source === target || values < thresholds.linkValuesMin) continue;
      const parameters = parametersOf(ends[source]!.path, field, end.path);
      if (parameters === null) continue;
      const own = obtain(links[source]!, field.status, (): Link[] => []);
      if (!own.some(({ operationId }) => operationId === ids[target]))
        own.push({ operationId: ids[target]!, parameters });
    }
  }
  for (const each of links)
    for (const [status, list] of each)
      each.set(
        status,
        list
          .sort((a, b) => compareText(a.operationId, b.operationId))
          .slice(0, thresholds.linksPerResponseMax),
      );
  return links;
}

/** A value that stands in very many fields, as 1 does, tells nothing of where it came from. */
function rarely<Source>(sources: readonly Source[] = []): readonly Source[] {
  return sources.length > thresholds.linkSourcesMax ? [] : sources;
}

/** Expressions for all parameters of the target's path, or null where the field does not say what its last one is. */
function parametersOf(
  source: PathTemplate,
  field: SourceField,
  target: PathTemplate,
): Link["parameters"] | null {
  const slots = namesIn(target);
  const last = slots.at(-1);
  if (last === undefined) return null;
  const given = new Set(namesIn(source));
  const before = target.text.slice(0, target.text.indexOf(`{${last}}`));
  if (!isCalledLike(field, last) && !isAbout(source, field, before)) return null;
  const parameters: [string, string][] = [];
  for (const name of slots.slice(0, -1)) {
    const upTo = target.text.slice(0, target.text.indexOf(`{${name}}`));
    if (!given.has(name) || !source.text.startsWith(upTo)) return null;
    parameters.push([name, `$request.path.${name}`]);
  }
  return [...parameters, [last, `$response.body#${field.pointer}`]];
}

function namesIn({ segments }: PathTemplate): string[] {
  return segments.flatMap(({ parts }) =>
    parts.flatMap((part) => (part.kind === "parameter" ? [part.name] : [])),
  );
}

/** `user_id`, or the `id` of `user`, is `userId`. */
function isCalledLike({ name, pointer }: SourceField, parameter: string): boolean {
  const words = splitWords(name);
  const holder = splitWords(pointer.split("/").at(-2) ?? "");
  const wanted = splitWords(parameter).join(" ");
  return wanted === words.join(" ") || wanted === [...singularWords(holder), ...words].join(" ");
}

const IDS = new Set("id uuid key slug name login code number sid gid ref".split(" "));

function isId(name: string): boolean {
  return IDS.has(splitWords(name).at(-1) ?? "");
}

const ENVELOPES = new Set("data result response payload item attributes".split(" "));

/** Whether the source's body, or an envelope in it, is the thing whose collection stands before the parameter. */
function isAbout(source: PathTemplate, { pointer }: SourceField, before: string): boolean {
  const [, envelope, ...rest] = pointer.split("/");
  const isInEnvelope = rest.length === 1 && ENVELOPES.has(envelope!);
  if (rest.length > 0 && !isInEnvelope) return false;
  const collection = before.replace(/\/$/, "");
  const words = splitWords(collection.split("/").at(-1) ?? "");
  const isCollection = isPlural(words.at(-1) ?? "");
  return (
    source.text === collection ||
    (isCollection &&
      source.text.startsWith(`${collection}/{`) &&
      source.segments.length === collection.split("/").length)
  );
}
