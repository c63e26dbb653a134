/** Tags, operation ids and summaries: what a person and a code generator read of an endpoint. */

import type { AuthorityOperation } from "./authority.ts";
import type { PathTemplate } from "./model.ts";
import { camelCase, isPlural, isVersionOfApi, singularWords, splitWords, unique } from "./words.ts";

export interface Description {
  readonly id: string;
  readonly summary: string;
  readonly tag: string;
}

type Place = { readonly method: string; readonly path: PathTemplate };

/** Descriptions for all endpoints of an API, in the order given, with unique ids; `given` is what a person wrote. */
export function describeEndpoints(
  endpoints: readonly Place[],
  given: (endpoint: Place) => AuthorityOperation | null,
): Description[] {
  const written = endpoints.map(given);
  const ids = new Set(written.flatMap((each) => each?.id ?? []));
  const taken = new Set<string>();
  const free = (id: string, isWritten: boolean): string => {
    const own = unique(id, (name) => taken.has(name) || (!isWritten && ids.has(name)));
    taken.add(own);
    return own;
  };
  return endpoints.map(({ method, path }, index) => {
    const { verb, words } = phrase(method, path);
    const own = written[index] ?? null;
    const id = own?.id ?? null;
    return {
      id: free(id ?? camelCase([verb, ...words.flat()]), id !== null),
      summary: own?.summary ?? sentence(verb, words),
      tag: own?.tag ?? tagOf(path),
    };
  });
}

const VERBS: ReadonlyMap<string, string> = new Map([
  ["GET", "get"],
  ["POST", "create"],
  ["PUT", "replace"],
  ["PATCH", "update"],
  ["DELETE", "delete"],
]);

/** The verb, and the words of each literal segment that is a thing: singular where an id follows. */
function phrase(method: string, path: PathTemplate): { verb: string; words: string[][] } {
  const things: { words: string[]; hasId: boolean }[] = [];
  for (const { parts } of path.segments) {
    const literal = parts.map((part) => (part.kind === "literal" ? part.text : "")).join(" ");
    const words = splitWords(literal.replace(/\.(json|xml)$/, ""));
    const hasParameter = parts.some((part) => part.kind === "parameter");
    if (
      words.length > 0 &&
      !isPrefix(literal) &&
      !(hasParameter && parts.length > 1 && things.length > 0)
    )
      things.push({ words, hasId: false });
    const last = things.at(-1);
    if (hasParameter && last !== undefined) last.hasId = true;
  }
  const last = things.at(-1);
  const before = things.slice(0, -1).map(({ words }) => singularWords(words));
  if (last === undefined)
    return { verb: VERBS.get(method) ?? method.toLowerCase(), words: [["root"]] };
  const endsInParameter =
    lastSegment(path)?.parts.some((part) => part.kind === "parameter") ?? false;
  const isCollection = !endsInParameter && isPlural(last.words.at(-1) ?? "");
  let verb = VERBS.get(method) ?? method.toLowerCase();
  if (method === "GET" && isCollection) verb = "list";
  if (method === "POST" && (endsInParameter || !isCollection))
    verb = endsInParameter ? "post" : "run";
  const isMany = verb === "list" || (isCollection && method !== "POST");
  return { verb, words: [...before, isMany ? last.words : singularWords(last.words)] };
}

/** The empty segment behind a slash at the end is none. */
function lastSegment({ segments }: PathTemplate): PathTemplate["segments"][number] | undefined {
  return segments.findLast(({ parts }) =>
    parts.some((part) => part.kind === "parameter" || part.text !== ""),
  );
}

function isPrefix(literal: string): boolean {
  return literal === "api" || literal === "rest" || isVersionOfApi(literal);
}

function sentence(verb: string, words: readonly string[][]): string {
  const thing = words.map((each) => each.join(" ")).join(" ");
  const text = `${verb} ${thing}`;
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function tagOf(path: PathTemplate): string {
  for (const { parts } of path.segments) {
    const first = parts[0];
    if (first?.kind !== "literal" || parts.length > 1) continue;
    if (!isPrefix(first.text) && splitWords(first.text).length > 0) return first.text;
  }
  return "default";
}
