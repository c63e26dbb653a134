/** Credentials that were seen to security schemes, and which of them an operation needs. */

import { compareText } from "./group.ts";
import type { SecurityScheme } from "./model.ts";
import { pascalCase, splitWords } from "./words.ts";

/** A credential as `telemetry/summary.ts` writes it. */
interface Credential {
  readonly kind: string;
  readonly place: string;
  readonly name: string;
}

export function parseCredentialSet(key: string): Credential[] {
  if (key === "-" || key === "") return [];
  return key.split(" ").map((text) => {
    const [kind = "", place = "", ...name] = text.split(":");
    return { kind, place, name: name.join(":") };
  });
}

/** Schemes by name, for all credential sets of an API. */
export function securitySchemes(sets: Iterable<string>): Map<string, SecurityScheme> {
  const schemes = new Map<string, SecurityScheme>();
  const bearers = new Set<string>();
  for (const set of [...sets].sort(compareText))
    for (const credential of parseCredentialSet(set)) {
      if (credential.kind.startsWith("bearer")) bearers.add(credential.kind);
      schemes.set(schemeName(credential), schemeOf(credential));
    }
  // Some tokens are JWTs, some are not: then the format is not known.
  if (bearers.size > 1)
    schemes.set("bearerAuth", { kind: "http", scheme: "bearer", bearerFormat: null });
  return new Map([...schemes].sort(([a], [b]) => compareText(a, b)));
}

/** Alternatives that calls of one operation used; the empty set where some bore none. */
export function securityOf(credentials: ReadonlyMap<string, number>): string[][] {
  const alternatives = new Map<string, string[]>();
  for (const set of credentials.keys()) {
    const names = [...new Set(parseCredentialSet(set).map(schemeName))].sort(compareText);
    alternatives.set(names.join(" "), names);
  }
  if (alternatives.size === 1 && alternatives.has("")) return [];
  return [...alternatives]
    .sort(([a], [b]) => Number(a === "") - Number(b === "") || compareText(a, b))
    .map(([, names]) => names);
}

/** Names by place (`query:api_key`), which are then no parameters. */
export function credentialNames(credentials: ReadonlyMap<string, number>): Set<string> {
  const names = new Set<string>();
  for (const set of credentials.keys())
    for (const { place, name } of parseCredentialSet(set)) names.add(`${place}:${name}`);
  return names;
}

function schemeName({ kind, place, name }: Credential): string {
  if (kind.startsWith("bearer")) return "bearerAuth";
  if (kind === "basic") return "basicAuth";
  if (kind === "digest") return "digestAuth";
  if (kind === "oauth2") return "oauth2";
  if (kind === "session") return `${place}${pascalCase(splitWords(name))}`;
  return `apiKey${place === "header" ? "" : pascalCase([place])}${pascalCase(splitWords(name))}`;
}

function schemeOf({ kind, place, name }: Credential): SecurityScheme {
  if (kind === "bearer-jwt") return { kind: "http", scheme: "bearer", bearerFormat: "JWT" };
  if (kind === "bearer" || kind === "oauth2")
    return { kind: "http", scheme: "bearer", bearerFormat: null };
  if (kind === "basic" || kind === "digest")
    return { kind: "http", scheme: kind, bearerFormat: null };
  const where = place === "query" || place === "cookie" ? place : "header";
  return { kind: "apiKey", place: where, name };
}
