/**
 * What is worth a person's look: one table of rules. Each reads counts and names only, says what was seen, and how to
 * answer it. Rules and their names are stable, since accepted findings are kept by them.
 */

import { operationKey } from "../spec/description.ts";
import { LexicalClass } from "../telemetry/lexical.ts";
import type { Shape } from "../telemetry/shape.ts";
import { countIn } from "../telemetry/tally.ts";
import type { ApiView, EndpointView } from "./apiview.ts";
import type { Severity } from "./rows.ts";
import { formsOf, SENSITIVITY, type SensitiveClass } from "./sensitive.ts";

export interface Found {
  /** Null where it is about the API as a whole. */
  readonly view: EndpointView | null;
  readonly severity?: Severity;
  readonly evidence: readonly string[];
}

export interface Rule {
  readonly name: string;
  readonly title: string;
  readonly severity: Severity;
  readonly advice: string;
  find(view: ApiView): Found[];
}

/** Operations that are called with credentials, before one without is remarkable. */
const GUARDED_MIN = 2;
/** Open calls for each that bore credentials: below, they are as likely slips of what was heard. */
const OPEN_SHARE_MIN = 0.05;

const WRITES: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "DELETE"]);
/** Where credentials are got, none are needed. */
const ENTRANCE =
  /(?:^|[/_-])(?:log-?in|sign-?(?:in|up)|token|oauth2?|auth(?:enticate|orize)?|register|session|password|webhooks?|callback|health)s?(?:$|\/)/i;

const countOf = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? "" : "s"}`;
const pathOf = ({ endpoint }: EndpointView): string => endpoint.path.text;
const isOpen = (view: EndpointView): boolean => view.openCalls > 0 && view.authenticatedCalls === 0;

export const RULES: readonly Rule[] = [
  {
    name: "unauthenticated-write",
    title: "Writes succeed without credentials",
    severity: "high",
    advice:
      "Ask for credentials here, or accept this finding where the operation is meant to be open.",
    find: ({ endpoints }) =>
      endpoints
        .filter(
          (view) =>
            WRITES.has(view.endpoint.method) && view.openCalls > 0 && !ENTRANCE.test(pathOf(view)),
        )
        .filter(
          (view) =>
            view.authenticatedCalls === 0 ||
            view.openCalls >= OPEN_SHARE_MIN * view.authenticatedCalls,
        )
        .map((view) => ({
          view,
          evidence: [
            `${countOf(view.openCalls, "call")} succeeded without credentials`,
            `${countOf(view.authenticatedCalls, "call")} bore some`,
          ],
        })),
  },
  {
    name: "unauthenticated-sibling",
    title: "No credentials where the rest of the API asks for them",
    severity: "medium",
    advice: "Check whether authentication was forgotten on this operation.",
    find: ({ endpoints }) => {
      const guarded = endpoints.filter(({ authenticatedCalls }) => authenticatedCalls > 0).length;
      if (guarded < GUARDED_MIN || guarded < endpoints.length / 2) return [];
      return endpoints
        .filter(
          (view) =>
            isOpen(view) && !WRITES.has(view.endpoint.method) && !ENTRANCE.test(pathOf(view)),
        )
        .map((view) => ({
          view,
          evidence: [
            `${countOf(view.openCalls, "call")} succeeded without credentials`,
            `${guarded} of ${endpoints.length} operations of this API are called with credentials`,
          ],
        }));
    },
  },
  {
    name: "credentials-in-url",
    title: "Credentials in the URL",
    severity: "high",
    advice: "Send them in a header: URLs end in logs, histories and referrers.",
    find: ({ endpoints }) =>
      endpoints.flatMap((view) => {
        const evidence = urlCredentials(view);
        return evidence.length === 0 ? [] : [{ view, evidence }];
      }),
  },
  {
    name: "clear-text-credentials",
    title: "Credentials over plain HTTP",
    severity: "low",
    advice:
      "Use TLS up to the process that answers, or make sure that this part of the network is trusted.",
    find: ({ endpoints, schemes, api }) => {
      if (!schemes.has("http")) return [];
      const bearing = endpoints.filter(({ auth }) => auth.length > 0);
      if (bearing.length === 0) return [];
      const external = bearing.reduce((sum, { heard }) => sum + heard.externalCalls, 0);
      const kinds = [...new Set(bearing.flatMap(({ auth }) => auth))].sort();
      const isBasic = kinds.includes("basic");
      return [
        {
          view: null,
          severity:
            external > 0 ? ("high" as const) : isBasic ? ("medium" as const) : ("low" as const),
          evidence: [
            `${kinds.join(", ")} on ${countOf(bearing.length, "operation")} of ${api.hosts[0]} on port ${api.port}`,
            `${countOf(external, "call")} came from public addresses`,
          ],
        },
      ];
    },
  },
  {
    name: "sensitive-data-exposed",
    title: "Responses carry sensitive data",
    severity: "low",
    advice: "Leave out what callers do not need, and mask what they need in part only.",
    find: ({ endpoints }) =>
      endpoints.flatMap((view) => {
        const givesTokens = ENTRANCE.test(pathOf(view));
        const seen = view.sightings.filter(
          ({ side, kind }) => side === "response" && !(givesTokens && kind === "secret"),
        );
        if (seen.length === 0) return [];
        const isOpenToAll = isOpen(view);
        const weight =
          Math.max(...seen.map(({ kind }) => SENSITIVITY[kind])) + (isOpenToAll ? 1 : 0);
        const evidence = seen.map(
          ({ kind, place, count }) => `${kind} in ${place} (${countOf(count, "value")})`,
        );
        if (isOpenToAll) evidence.push("it is answered without credentials");
        return [{ view, severity: severityOf(weight), evidence }];
      }),
  },
  {
    name: "sensitive-data-in-url",
    title: "Personal data in the URL",
    severity: "medium",
    advice: "Move it to a header or a body: URLs end in logs, histories and referrers.",
    find: ({ endpoints }) =>
      endpoints.flatMap((view) => {
        const seen = [
          ...view.sightings
            .filter(
              ({ place, kind }) =>
                place.startsWith("query ") && kind !== "password" && kind !== "secret",
            )
            .map(({ kind, place, count }) => `${kind} in ${place} (${countOf(count, "value")})`),
          ...pathForms(view).map(
            ([kind, count]) => `${kind} in the path (${countOf(count, "value")})`,
          ),
        ];
        return seen.length === 0 ? [] : [{ view, evidence: seen }];
      }),
  },
  {
    name: "verbose-errors",
    title: "Errors tell of the inside",
    severity: "medium",
    advice: "Answer with an error code, and keep stack traces and queries in the log.",
    find: ({ endpoints }) =>
      endpoints.flatMap((view) => {
        const evidence = errorDetails(view);
        return evidence.length === 0 ? [] : [{ view, evidence }];
      }),
  },
  {
    name: "sequential-ids",
    title: "Identifiers can be guessed",
    severity: "info",
    advice:
      "Check that each call is allowed for the object it names, or use identifiers that cannot be guessed.",
    find: ({ endpoints }) =>
      endpoints.flatMap((view) => {
        // What stands below an object is reached by the same identifier.
        if (!pathOf(view).endsWith("}")) return [];
        const integers = view.heard.slots.filter(
          ({ text: { classes, count } }) =>
            countIn(classes, LexicalClass.Integer) + countIn(classes, LexicalClass.PaddedInteger) >
            count / 2,
        );
        const count = integers.reduce((sum, { text }) => sum + text.count, 0);
        if (integers.length === 0) return [];
        const isPersonal = view.sightings.some(({ side }) => side === "response");
        const evidence = [`${countOf(count, "value")} in its path were integers`];
        if (isPersonal) evidence.push("its responses carry sensitive data");
        return [{ view, severity: isPersonal ? ("low" as const) : ("info" as const), evidence }];
      }),
  },
  {
    name: "deprecated-in-use",
    title: "Deprecated, and still called",
    severity: "low",
    advice: "Tell its callers to move on; they are listed with the endpoint.",
    find: ({ endpoints, differences }) =>
      differences
        .filter(({ code }) => code === "zombie.operation")
        .flatMap(({ method, path, count }) => {
          const view = endpoints.find(
            ({ endpoint }) => endpoint.method === method && endpoint.path.text === path,
          );
          return view === undefined
            ? []
            : [{ view, evidence: [`${countOf(count, "call")} although it is marked deprecated`] }];
        }),
  },
  {
    name: "old-version-in-use",
    title: "An older version is still called",
    severity: "info",
    advice: "Tell its callers to move to the newer version; they are listed with the endpoint.",
    find: ({ endpoints }) => {
      const newest = new Map<string, number>();
      const versioned = endpoints.flatMap((view) => {
        const match = /\/v(\d{1,3})(?=\/|$)/i.exec(pathOf(view));
        if (match === null) return [];
        const number = Number(match[1]);
        const rest = operationKey(view.endpoint.method, pathOf(view).replace(match[0], "/v"));
        newest.set(rest, Math.max(newest.get(rest) ?? 0, number));
        return [{ view, number, rest }];
      });
      return versioned
        .filter(({ number, rest }) => number < newest.get(rest)!)
        .map(({ view, number, rest }) => ({
          view,
          evidence: [
            `${countOf(view.calls, "call")} of v${number} although there is v${newest.get(rest)}`,
          ],
        }));
    },
  },
];

const severityOf = (weight: number): Severity =>
  weight >= 3 ? "high" : weight === 2 ? "medium" : "low";

function urlCredentials({ heard, sightings }: EndpointView): string[] {
  const names = new Map<string, number>();
  for (const { request } of heard.operations) {
    for (const [set, calls] of request.credentials) {
      for (const credential of set.split(" ")) {
        const [, place, name] = credential.split(":");
        if (place === "query") names.set(name!, (names.get(name!) ?? 0) + calls);
      }
    }
    for (const [name, { text, calls }] of request.query) {
      const tokens =
        countIn(text.classes, LexicalClass.Jwt) + countIn(text.classes, LexicalClass.Secret);
      if (tokens > 0 && !names.has(name)) names.set(name, calls);
    }
  }
  for (const { kind, place, count } of sightings) {
    const name = place.slice("query ".length);
    if (
      place.startsWith("query ") &&
      (kind === "password" || kind === "secret") &&
      !names.has(name)
    )
      names.set(name, count);
  }
  return [...names].map(([name, calls]) => `query parameter ${name} on ${countOf(calls, "call")}`);
}

function pathForms({ heard }: EndpointView): [SensitiveClass, number][] {
  const kinds = new Map<SensitiveClass, number>();
  for (const { text } of heard.slots) {
    for (const { kind, count } of formsOf(text)) kinds.set(kind, (kinds.get(kind) ?? 0) + count);
  }
  return [...kinds];
}

const INSIDE =
  /^(?:stack|stacktrace|trace|traceback|exception(?:class|type|message)?|innerexception|debug(?:info)?|sql(?:state|message|query)?|query|linenumber|filename)$/;

function errorDetails({ heard }: EndpointView): string[] {
  const lines = new Map<string, number>();
  for (const { responses } of heard.operations) {
    for (const [status, { bodies }] of responses) {
      if (status < 400) continue;
      for (const { shape } of bodies.values()) {
        if (shape === null) continue;
        for (const [name, count] of insideNames(shape, 3)) {
          const line = `field ${name} of status ${status}`;
          lines.set(line, (lines.get(line) ?? 0) + count);
        }
      }
    }
  }
  return [...lines].map(([line, count]) => `${line} (${countOf(count, "value")})`);
}

function insideNames(shape: Shape, depth: number): [string, number][] {
  if (depth === 0) return [];
  const found: [string, number][] = shape.items === null ? [] : insideNames(shape.items, depth - 1);
  for (const [name, field] of shape.fields?.fields ?? []) {
    const bare = name.toLowerCase().replaceAll(/[^a-z]/g, "");
    if (bare.length <= 32 && INSIDE.test(bare)) found.push([name, field.present]);
    found.push(...insideNames(field.shape, depth - 1));
  }
  return found;
}
