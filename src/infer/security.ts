/** Credentials that were seen to security schemes, and which of them an operation needs. */

import { compareText } from "./group.ts";
import type { OauthFlow, SecurityScheme } from "./model.ts";
import * as thresholds from "./thresholds.ts";
import { camelCase, pascalCase, splitWords } from "./words.ts";

/** A credential as `telemetry/summary.ts` writes it. */
interface Credential {
  readonly kind: string;
  readonly place: string;
  readonly name: string;
}

export function parseCredentialSet(key: string): Credential[] {
  return textsOf(key).map((text) => {
    const [kind = "", place = "", ...name] = text.split(":");
    return { kind, place, name: name.join(":") };
  });
}

/** Credentials of the calls of each operation, by set (`telemetry/summary.ts`). */
export type CredentialSets = ReadonlyMap<string, number>;

/**
 * Sets without what is incidental: a browser sends its cookies wherever it goes. A credential belongs to the API
 * where all calls of some operation bore it, or a good part of all calls.
 */
export function ownCredentials(operations: readonly CredentialSets[]): CredentialSets[] {
  const witnessed = new Set<string>();
  const calls = new Map<string, number>();
  let total = 0;
  for (const sets of operations) {
    const own = new Map<string, number>();
    let of = 0;
    for (const [set, count] of sets) {
      of += count;
      for (const kind of new Set(textsOf(set).map(kindOf)))
        own.set(kind, (own.get(kind) ?? 0) + count);
    }
    total += of;
    for (const [kind, count] of own) {
      calls.set(kind, (calls.get(kind) ?? 0) + count);
      if (count === of && of >= thresholds.credentialCallsMin) witnessed.add(kind);
    }
  }
  for (const [kind, count] of calls)
    if (count >= thresholds.credentialShareMin * total) witnessed.add(kind);
  return operations.map((sets) => {
    const kept = new Map<string, number>();
    for (const [set, count] of sets) {
      const key =
        textsOf(set)
          .filter((text) => witnessed.has(kindOf(text)))
          .join(" ") || "-";
      kept.set(key, (kept.get(key) ?? 0) + count);
    }
    return kept;
  });
}

/** A token is a bearer's whether it is a JWT or not: one that is not among many that are is no less needed. */
const kindOf = (text: string): string => text.replace(/^bearer-jwt:/, "bearer:");

function textsOf(set: string): string[] {
  return set === "-" || set === "" ? [] : set.split(" ");
}

/** Schemes by name, for the credential sets of an API's operations, each with its path. */
export function securitySchemes(
  operations: readonly (readonly [path: string, sets: CredentialSets])[],
): Map<string, SecurityScheme> {
  const schemes = new Map<string, SecurityScheme>();
  const bearers = new Set<string>();
  const sets = new Set(operations.flatMap(([, each]) => [...each.keys()]));
  const oauth = oauthScheme(operations);
  if (oauth !== null) schemes.set("oauth2", oauth);
  for (const set of [...sets].sort(compareText))
    for (const credential of parseCredentialSet(set)) {
      if (credential.kind === "oauth2") continue;
      if (credential.kind.startsWith("bearer")) bearers.add(credential.kind);
      schemes.set(schemeName(credential), schemeOf(credential));
    }
  // Some tokens are JWTs, some are not: then the format is not known.
  if (bearers.size > 1)
    schemes.set("bearerAuth", { kind: "http", scheme: "bearer", bearerFormat: null });
  return new Map([...schemes].sort(([a], [b]) => compareText(a, b)));
}

/** The first path that gave tokens for what OpenAPI describes by its token endpoint alone. */
function oauthScheme(
  operations: readonly (readonly [path: string, sets: CredentialSets])[],
): SecurityScheme | null {
  for (const [path, sets] of operations) {
    const grants = new Set(
      [...sets.keys()].flatMap(parseCredentialSet).map(({ kind, name }) => `${kind} ${name}`),
    );
    const flows = FLOWS.filter(([grant]) => grants.has(`oauth2 ${grant}`)).map(([, flow]) => flow);
    if (flows.length > 0 && !path.includes("{")) return { kind: "oauth2", tokenPath: path, flows };
  }
  return null;
}

const FLOWS: readonly (readonly [grant: string, flow: OauthFlow])[] = [
  ["client_credentials", "clientCredentials"],
  ["password", "password"],
];

/** Alternatives that calls of one operation used; the empty set where some bore none. */
export function securityOf(credentials: CredentialSets): string[][] {
  const alternatives = new Map<string, string[]>();
  for (const set of credentials.keys()) {
    // Who asks for a token has none yet.
    const shown = parseCredentialSet(set).filter(({ kind }) => kind !== "oauth2");
    const names = [...new Set(shown.map(schemeName))].sort(compareText);
    alternatives.set(names.join(" "), names);
  }
  if (alternatives.size === 1 && alternatives.has("")) return [];
  return [...alternatives]
    .sort(([a], [b]) => Number(a === "") - Number(b === "") || compareText(a, b))
    .map(([, names]) => names);
}

/** Names by place (`query:api_key`), which are then no parameters. */
export function credentialNames(operations: readonly CredentialSets[]): Set<string> {
  const names = new Set<string>();
  for (const sets of operations)
    for (const set of sets.keys())
      for (const { place, name } of parseCredentialSet(set)) names.add(`${place}:${name}`);
  return names;
}

function schemeName({ kind, place, name }: Credential): string {
  if (kind.startsWith("bearer")) return "bearerAuth";
  if (kind === "basic") return "basicAuth";
  if (kind === "digest") return "digestAuth";
  if (kind === "other") return `${camelCase(splitWords(name))}Auth`;
  if (kind === "session") return `${place}${pascalCase(splitWords(name))}`;
  return `apiKey${place === "header" ? "" : pascalCase([place])}${pascalCase(splitWords(name))}`;
}

function schemeOf({ kind, place, name }: Credential): SecurityScheme {
  if (kind === "bearer-jwt") return { kind: "http", scheme: "bearer", bearerFormat: "JWT" };
  if (kind === "bearer") return { kind: "http", scheme: "bearer", bearerFormat: null };
  if (kind === "basic" || kind === "digest")
    return { kind: "http", scheme: kind, bearerFormat: null };
  if (kind === "other") return { kind: "http", scheme: name, bearerFormat: null };
  const where = place === "query" || place === "cookie" ? place : "header";
  return { kind: "apiKey", place: where, name: name.replaceAll("%20", " ") };
}
