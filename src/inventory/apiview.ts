/** An API as rules look at it: what inference concluded, beside what was heard. */
import type { Api, Endpoint } from "../infer/model.ts";
import { parseCredentialSet } from "../infer/security.ts";
import type { Finding as Difference } from "../spec/finding.ts";
import type { ApiSummary } from "../telemetry/summary.ts";
import { foldEndpoints, type Heard } from "./folding.ts";
import { type Sighting, sightingsOf } from "./sensitive.ts";

export interface EndpointView {
  readonly endpoint: Endpoint;
  readonly heard: Heard;
  readonly calls: number;
  /** Kinds of credentials that calls bore, sorted. */
  readonly auth: readonly string[];
  /** Calls that bore credentials, and those that bore none, of those that succeeded. */
  readonly authenticatedCalls: number;
  readonly openCalls: number;
  readonly sightings: readonly Sighting[];
}

export interface ApiView {
  readonly api: Api;
  readonly endpoints: readonly EndpointView[];
  readonly schemes: ReadonlySet<string>;
  /** Against the imported description; empty where there is none. */
  readonly differences: readonly Difference[];
}

export function viewOf(
  api: Api,
  summaries: readonly ApiSummary[],
  differences: readonly Difference[],
): ApiView {
  const names = api.endpoints.map(({ method, path }) => ({ method, path: path.text }));
  const heard = foldEndpoints(summaries, names);
  return {
    api,
    schemes: new Set(summaries.map(({ key }) => key.scheme)),
    differences,
    endpoints: api.endpoints.map((endpoint, index) => viewOfEndpoint(endpoint, heard[index]!)),
  };
}

function viewOfEndpoint(endpoint: Endpoint, heard: Heard): EndpointView {
  const auth = new Set<string>();
  let authenticatedCalls = 0;
  let openCalls = 0;
  const sightings = new Map<string, Sighting>();
  for (const operation of heard.operations) {
    for (const [set, calls] of operation.request.credentials) {
      const kinds = parseCredentialSet(set);
      for (const { kind } of kinds) auth.add(kind);
      if (kinds.length > 0) authenticatedCalls += calls;
      else openCalls += calls;
    }
    for (const sighting of sightingsOf(operation)) {
      const key = `${sighting.kind} ${sighting.place}`;
      sightings.set(key, { ...sighting, count: sighting.count + (sightings.get(key)?.count ?? 0) });
    }
  }
  return {
    endpoint,
    heard,
    calls: heard.statusClasses.reduce((sum, count) => sum + count, 0),
    auth: [...auth].sort(),
    authenticatedCalls,
    openCalls,
    sightings: [...sightings.values()],
  };
}
