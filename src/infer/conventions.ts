/** Conventions that many APIs share, by what their messages have: a reader then knows where the things themselves stand. */

import type { Shape } from "../telemetry/shape.ts";
import type { Convention } from "./model.ts";
import type { OperationSum } from "./sum.ts";

const MEDIA_TYPES: ReadonlyMap<string, Convention> = new Map([
  ["application/vnd.api+json", "json-api"],
  ["application/hal+json", "hal"],
  ["application/prs.hal-forms+json", "hal"],
]);

/** The convention that all successful JSON answers of an operation follow, if any. */
export function conventionOf({ responses }: OperationSum): Convention | null {
  let found: Convention | null = null;
  for (const [status, { bodies, headers }] of responses) {
    if (status >= 300) continue;
    for (const [mediaType, { shape }] of bodies) {
      if (shape === null) continue;
      const own =
        MEDIA_TYPES.get(mediaType) ??
        (headers.has("odata-version") || headers.has("dataserviceversion") ? "odata" : null) ??
        conventionOfShape(shape);
      if (own === null || (found !== null && found !== own)) return null;
      found = own;
    }
  }
  return found;
}

function conventionOfShape(shape: Shape): Convention | null {
  if (isOData(shape)) return "odata";
  if (isResource(field(shape, "data"))) return "json-api";
  return isHal(shape) ? "hal" : null;
}

/** OData 4 names its context in every answer (OData JSON Format 4.01, section 4.5); version 2 wraps it in `d`. */
function isOData(shape: Shape): boolean {
  const names = [...(shape.fields?.fields.keys() ?? [])];
  if (names.some((name) => /^@?odata\./.test(name))) return true;
  const inner = field(shape, "d");
  const results = field(inner, "results") ?? inner;
  return field(results?.items ?? results, "__metadata") !== null;
}

/** A resource object has `type` and `id` (JSON:API 1.1, "Resource Objects"), and says what it is in `attributes`. */
function isResource(data: Shape | null): boolean {
  const resource = data?.items ?? data;
  if (!resource?.fields) return false;
  const { whole, fields } = resource.fields;
  const isAlways = (name: string): boolean => whole > 0 && fields.get(name)?.present === whole;
  const says = fields.has("attributes") || fields.has("relationships");
  return isAlways("type") && isAlways("id") && says;
}

/** Links by relation, each with `href` (draft-kelly-json-hal, section 5). */
function isHal(shape: Shape): boolean {
  const links = field(shape.items ?? shape, "_links");
  if (!links?.fields) return false;
  const all = [...links.fields.fields.values()].map(({ shape: link }) => link.items ?? link);
  return all.length > 0 && all.every((link) => field(link, "href") !== null);
}

function field(shape: Shape | null | undefined, name: string): Shape | null {
  return shape?.fields?.fields.get(name)?.shape ?? null;
}
