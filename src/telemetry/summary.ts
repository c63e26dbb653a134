/**
 * What is known of one API: a value with `empty`, `observe` and `merge`. It is what sensors send (as deltas),
 * what a store keeps, and all that inference reads. Past this room no value of a body, header or query
 * exists: only names, classes, counts, bounded sketches, and (where the rules of `privacy.ts` allow) words.
 *
 * Merge is associative and commutative, with the empty summary as identity: counts add up, sketches are
 * unions cut by a rule that looks at the union alone. That is exact while no limit is reached; what a limit
 * cost is counted in `ApiSummary.limits`.
 *
 * Maps are keyed by what came from traffic, so they are `Map`s, never objects (`__proto__`).
 */

import type { LatencySketch } from "./latency.ts";
import type { ValueSample } from "./sample.ts";
import type { Shape, TextShape } from "./shape.ts";
import type { Tally } from "./tally.ts";
import type { TimeBuckets } from "./timebuckets.ts";
import type { TraceSample } from "./traces.ts";

/** The finest key: an API is a set of summaries, joined at inference, so that hosts can be split again. */
export interface ApiKey {
  /** Workload that answers (`namespace/kind/name`), empty where it is not known. */
  readonly workload: string;
  /** Host name in lower case without port; the server's address where the request named none. */
  readonly host: string;
  /** Port on which the server listens. */
  readonly port: number;
  readonly scheme: "http" | "https";
}

export interface ApiSummary {
  readonly key: ApiKey;
  readonly root: PathNode;
  /** Server addresses (ip) that answered for this host, with calls; bounded. */
  readonly serverAddresses: Map<string, number>;
  readonly limits: LimitMarks;
}

/**
 * What is not exact in this summary, and by how much. By a limit's name in `base/limits.ts`: how often it refused
 * something. `shedCalls`: calls that were not heard but are counted, because one that was heard stands for them.
 * `sparedCalls`: calls whose bodies were left unscanned on purpose; a body's `count` against what was scanned tells the
 * share of each.
 */
export type LimitMarks = Map<string, number>;

/**
 * A node of the path trie. A child's key is a segment pattern (`segment.ts`): the literal text where the
 * segment is a word, else a template of lexical classes such as `{uuid}` or `report-{int}.pdf` in the
 * pattern's own notation. An operation stands where the path ends; `/a/` ends in a child with the empty key.
 */
export interface PathNode {
  readonly children: Map<string, PathNode>;
  /** Key: method, or `method selector` where one path carries many operations (GraphQL, JSON-RPC, SOAP). */
  readonly operations: Map<string, OperationSummary>;
  /**
   * For a node whose key has classes, one entry a class in it, left to right: which values stood there, as a
   * coordinated sample of keyed hashes. Empty for a literal.
   */
  readonly slots: SlotSummary[];
  /**
   * Of a literal: the keyed hash of its text, under the same key as all samples, so that `/users/alice` can be joined
   * with a field that bore `alice`. Absent where the node is no literal, or no hashes are kept.
   */
  hash?: number;
}

export interface SlotSummary {
  readonly text: TextShape;
  readonly sample: ValueSample;
}

export interface OperationSummary {
  /**
   * Exchanges that were selected and whose response was seen. 0 where every call was refused: such an operation
   * is no endpoint (yet). A delta may hold it, so that the outcome does not depend on which call came first.
   */
  calls: number;
  /** Calls that the status filter refused: they count here and in `statusClasses`, and taught no shape. */
  refused: number;
  firstMs: number;
  lastMs: number;
  readonly buckets: TimeBuckets;
  /** Calls by status class: index 0 is 1xx, 4 is 5xx. */
  readonly statusClasses: number[];
  /** Milliseconds from the request's end to the response's head. */
  readonly latency: LatencySketch;
  requestBytes: number;
  responseBytes: number;
  /** Calls whose client address is private (RFC 1918, RFC 4193, loopback, link local), and the others. */
  internalCalls: number;
  externalCalls: number;
  /** Client addresses with calls; bounded, the most frequent stay. */
  readonly callers: Map<string, number>;
  /** Null where no request bore an id, or hashes or callers are not kept. */
  traces: TraceSample | null;
  /** What the 2xx and 3xx calls sent. Other statuses never shape a request. */
  readonly request: RequestSummary;
  /** By exact status. */
  readonly responses: Map<number, ResponseSummary>;
}

export interface RequestSummary {
  /** Calls that shaped this request: the denominator of every presence below. */
  calls: number;
  query: Map<string, ParameterSummary>;
  /** Every header by lower-case name; which of them are the API's own, inference decides. */
  headers: Map<string, ParameterSummary>;
  cookies: Map<string, ParameterSummary>;
  /**
   * Calls by the set of credentials that they bore, sorted and joined by a space, `-` for none. One credential is
   * `kind:place:name` with kind of `bearer-jwt bearer basic digest apikey session oauth2 other`, as in
   * `bearer-jwt:header:authorization`, `apikey:query:api_key`.
   */
  readonly credentials: Map<string, number>;
  /** By normalised media type (`application/json`), `` (empty) where a body had none. */
  bodies: Map<string, BodySummary>;
  /** Calls that carried no body. */
  bodiless: number;
}

export interface ResponseSummary {
  calls: number;
  headers: Map<string, ParameterSummary>;
  bodies: Map<string, BodySummary>;
  bodiless: number;
}

/** An empty map takes 200 bytes, and most messages have no query, no cookies or no body: all of those share this one. */
export const nothing: Map<string, never> = Object.defineProperty(new Map<string, never>(), "set", {
  value: () => {
    throw new Error("internal error: what all summaries share was to be changed");
  },
});

/** A query, header, cookie or form parameter. Presence is `calls` over the calls of what holds it. */
export interface ParameterSummary {
  /** Messages that carried it at least once. */
  calls: number;
  /** Messages that carried it more than once. */
  repeated: number;
  /** One without a string is never written to: it may be shared. */
  text: TextShape;
  /** Where the name or the values look like identifiers: joined with path slots at inference. */
  sample: ValueSample | null;
}

/** How a body was read; decided by media type and a look at its first bytes. */
export type BodyKind = (typeof bodyKinds)[number];

/** The order is on the wire: append. */
export const bodyKinds = [
  "json",
  "json-lines",
  "form",
  "multipart",
  "xml",
  "text",
  "binary",
  "empty",
] as const;

export interface BodySummary {
  /** Messages with this media type, scanned or not. */
  count: number;
  /** Bodies that were scanned to their end: the denominator of the shape. */
  scanned: number;
  /** Bodies cut off by a gap or a limit: they gave what they could, and say nothing about `required`. */
  truncated: number;
  /** Bodies that were not what their media type said. */
  invalid: number;
  /** How many bodies were read as which kind, by its place in `bodyKinds`; the most frequent wins at inference. */
  kinds: Tally;
  bytes: number;
  /** Shape of the content; for forms and multipart an object of text values. Null until something was scanned. */
  shape: Shape | null;
}
