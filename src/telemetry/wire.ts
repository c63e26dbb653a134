/**
 * A summary as a JSON value and back. Internal types change; this changes by addition only, and `v` grows where an
 * older reader would misunderstand. What is zero or empty is left out. Maps are lists of pairs, since their keys
 * come from traffic; all of them are sorted, so that equal summaries have equal bytes.
 */
import { HASH_END } from "../base/hash.ts";
import { telemetryLimits } from "../base/limits.ts";
import type { LatencySketch } from "./latency.ts";
import {
  type ApiKey,
  type ApiSummary,
  type BodySummary,
  bodyKinds,
  nothing,
  type OperationSummary,
  type ParameterSummary,
  type PathNode,
  type RequestSummary,
  type ResponseSummary,
  type SlotSummary,
} from "./summary.ts";
import { emptyTally, sumOf, withCount } from "./tally.ts";
import { TIME_BUCKET_WIDTHS_MS, type TimeBuckets } from "./timebuckets.ts";
import { addTrace, type TraceSample } from "./traces.ts";
import {
  bitsOf,
  keysInOrder,
  listOf,
  nameMax,
  readParameters,
  readSample,
  readShape,
  readText,
  type Skeleton,
  textOf,
  writeParameters,
  writeSample,
  writeShape,
  writeText,
} from "./wireshape.ts";
import { countOf, Numbers, reject, WireProblem, WireRefusal } from "./wirevalue.ts";

export const WIRE_VERSION = 1;

/** Any JSON value; the members are described where they are written. */
type Json = number | string | null | readonly Json[] | { readonly [key: string]: Json | undefined };

export interface WireSummary {
  readonly v: number;
  readonly key: {
    readonly workload?: string;
    readonly host: string;
    readonly port: number;
    readonly scheme: string;
  };
  /** Skeletons of shapes and parameters (`wireshape.ts`), each once. */
  readonly dictionary: readonly Skeleton[];
  readonly root: Json;
  readonly addresses?: Json;
  readonly limits?: Json;
}

export function encodeSummary(summary: ApiSummary): WireSummary {
  const dictionary = new Dictionary();
  const { key } = summary;
  const root = writeNode(summary.root, dictionary);
  return {
    v: WIRE_VERSION,
    key: {
      ...(key.workload === "" ? {} : { workload: key.workload }),
      host: key.host,
      port: key.port,
      scheme: key.scheme,
    },
    dictionary: dictionary.skeletons,
    root,
    ...(summary.serverAddresses.size === 0
      ? {}
      : { addresses: writeCounts(summary.serverAddresses) }),
    ...(summary.limits.size === 0 ? {} : { limits: writeCounts(summary.limits) }),
  };
}

/** What one node says, as JSON: `[dictionary, node]`. */
export function nodeText(node: PathNode): string {
  const dictionary = new Dictionary();
  const root = writeNode(node, dictionary);
  return `[[${dictionary.texts.join()}],${JSON.stringify(root)}]`;
}

/** `value` is null where there are problems. Bounded by the limits that bind a sensor. */
export function decodeSummary(value: unknown): {
  readonly value: ApiSummary | null;
  readonly problems: readonly WireProblem[];
} {
  try {
    return { value: readSummary(value), problems: [] };
  } catch (error) {
    if (error instanceof WireRefusal) return { value: null, problems: [error.problem] };
    throw error;
  }
}

function readSummary(value: unknown): ApiSummary {
  const wire = objectOf(value);
  if (wire["v"] !== WIRE_VERSION) reject(WireProblem.Version);
  const context: ReadContext = {
    skeletons: listOf(wire["dictionary"]),
    nodesLeft: telemetryLimits.pathNodesMax * 2,
  };
  return {
    key: readKey(wire["key"]),
    root: readNode(wire["root"], context, 0),
    serverAddresses: readCounts(wire["addresses"], telemetryLimits.serverAddressesMax, addressMax),
    limits: readCounts(wire["limits"], limitNamesMax, addressMax),
  };
}

const addressMax = 64;
const limitNamesMax = 64;
const hostMax = 255;
const workloadMax = 512;

function readKey(value: unknown): ApiKey {
  const key = objectOf(value);
  const scheme = key["scheme"];
  if (scheme !== "http" && scheme !== "https") reject(WireProblem.BadKey);
  return {
    workload: key["workload"] === undefined ? "" : textOf(key["workload"], workloadMax),
    host: textOf(key["host"], hostMax),
    port: bitsOf(key["port"], 65_536),
    scheme: scheme as ApiKey["scheme"],
  };
}

/** Skeletons that were seen, by their JSON text. */
class Dictionary {
  readonly skeletons: Skeleton[] = [];
  readonly texts: string[] = [];
  readonly #indexes = new Map<string, number>();

  index(skeleton: Skeleton): number {
    const text = JSON.stringify(skeleton);
    let index = this.#indexes.get(text);
    if (index === undefined) {
      index = this.skeletons.length;
      this.skeletons.push(skeleton);
      this.texts.push(text);
      this.#indexes.set(text, index);
    }
    return index;
  }

  /** `[index, number…]` of what `write` writes. */
  add(write: (numbers: number[]) => Skeleton): number[] {
    const numbers = [0];
    numbers[0] = this.index(write(numbers));
    return numbers;
  }
}

interface ReadContext {
  readonly skeletons: readonly unknown[];
  nodesLeft: number;
}

function entryOf<Value>(
  value: unknown,
  context: ReadContext,
  read: (skeleton: unknown, numbers: Numbers) => Value,
): Value {
  const entry = listOf(value);
  const index = bitsOf(entry[0], context.skeletons.length);
  return read(context.skeletons[index], new Numbers(entry, 1));
}

/** `{c: [key, node, …], o: [key, operation, …], s: [slot, …], h: hash}` */
function writeNode(node: PathNode, dictionary: Dictionary): Json {
  return {
    c: pairsOf(node.children, (child) => writeNode(child, dictionary)),
    o: pairsOf(node.operations, (operation) => writeOperation(operation, dictionary)),
    s: node.slots.length === 0 ? undefined : node.slots.map((slot) => writeSlot(slot, dictionary)),
    h: node.hash,
  };
}

function readNode(value: unknown, context: ReadContext, depth: number): PathNode {
  const wire = objectOf(value);
  if (depth > telemetryLimits.pathSegmentsMax + 1) reject(WireProblem.TooDeep);
  context.nodesLeft -= 1;
  if (context.nodesLeft < 0) reject(WireProblem.TooMany);
  const slots = wire["s"] === undefined ? [] : listOf(wire["s"]);
  if (slots.length > telemetryLimits.segmentSlotsMax) reject(WireProblem.TooMany);
  const node: PathNode = {
    children: readPairs(wire["c"], telemetryLimits.pathChildrenMax * 2, segmentMax, (child) =>
      readNode(child, context, depth + 1),
    ),
    operations: readPairs(wire["o"], telemetryLimits.operationsMax, nameMax, (operation) =>
      readOperation(operation, context),
    ),
    slots: slots.map((slot) => readSlot(slot, context)),
  };
  if (wire["h"] === undefined) return node;
  return { ...node, hash: bitsOf(wire["h"], HASH_END) };
}

/** A segment's bytes, each perhaps percent-encoded. */
const segmentMax = telemetryLimits.segmentBytesMax * 3;

function writeSlot(slot: SlotSummary, dictionary: Dictionary): Json {
  return dictionary.add((numbers) => {
    const skeleton = writeText(slot.text, numbers);
    writeSample(slot.sample, numbers);
    return skeleton;
  });
}

function readSlot(value: unknown, context: ReadContext): SlotSummary {
  return entryOf(value, context, (skeleton, numbers) => ({
    text: readText(skeleton, numbers),
    sample: readSample(numbers, telemetryLimits.slotHashesMax),
  }));
}

/**
 * `n`: calls, refused, first, last, request bytes, response bytes, internal, external, the five status classes;
 * `t`: width and buckets (index, calls, errors); `l`: latency buckets (index, count); `k`: callers;
 * `x`: ids of requests by day: `[day, hash, caller, hash, caller, …]`;
 * `q`: request; `r`: responses by status.
 */
function writeOperation(operation: OperationSummary, dictionary: Dictionary): Json {
  const { buckets, latency } = operation;
  const taught = operation.request.calls > 0;
  return {
    n: [
      operation.calls,
      operation.refused,
      Number.isFinite(operation.firstMs) ? operation.firstMs : 0,
      Number.isFinite(operation.lastMs) ? operation.lastMs : 0,
      operation.requestBytes,
      operation.responseBytes,
      operation.internalCalls,
      operation.externalCalls,
      ...operation.statusClasses,
    ],
    t: [
      buckets.widthMs,
      ...[...buckets.buckets]
        .sort(([a], [b]) => a - b)
        .flatMap(([index, { calls, errors }]) => [index, calls, errors]),
    ],
    l: latency.buckets,
    k: operation.callers.size === 0 ? undefined : writeCounts(operation.callers),
    x: operation.traces === null ? undefined : writeTraces(operation.traces),
    q: taught ? writeRequest(operation.request, dictionary) : undefined,
    r:
      operation.responses.size === 0
        ? undefined
        : [...operation.responses]
            .sort(([a], [b]) => a - b)
            .flatMap(([status, response]) => [status, writeResponse(response, dictionary)]),
  };
}

function readOperation(value: unknown, context: ReadContext): OperationSummary {
  const wire = objectOf(value);
  const numbers = new Numbers(listOf(wire["n"]));
  const calls = numbers.count();
  const refused = numbers.count();
  const firstMs = numbers.amount();
  const lastMs = numbers.amount();
  const requestBytes = numbers.count();
  const responseBytes = numbers.count();
  const internalCalls = numbers.count();
  const externalCalls = numbers.count();
  const statusClasses = [0, 0, 0, 0, 0].map(() => numbers.count());
  const responses = new Map<number, ResponseSummary>();
  const statuses = wire["r"] === undefined ? [] : listOf(wire["r"]);
  if (statuses.length > telemetryLimits.statusesMax * 2) reject(WireProblem.TooMany);
  for (let at = 0; at + 1 < statuses.length; at += 2) {
    responses.set(bitsOf(statuses[at], 1000), readResponse(statuses[at + 1], context));
  }
  const heard = calls + refused > 0;
  return {
    calls,
    refused,
    firstMs: heard ? firstMs : Number.POSITIVE_INFINITY,
    lastMs: heard ? lastMs : Number.NEGATIVE_INFINITY,
    buckets: readBuckets(wire["t"]),
    statusClasses,
    latency: readLatency(wire["l"]),
    requestBytes,
    responseBytes,
    internalCalls,
    externalCalls,
    callers: readCounts(wire["k"], telemetryLimits.callersMax, addressMax),
    traces: readTraces(wire["x"]),
    request: readRequest(wire["q"], context),
    responses,
  };
}

const writeTraces = (sample: TraceSample): Json =>
  [...sample]
    .sort(([a], [b]) => a - b)
    .map(([day, traces]) => [day, ...traces.flatMap(({ hash, caller }) => [hash, caller])]);

function readTraces(value: unknown): TraceSample | null {
  if (value === undefined) return null;
  const days = listOf(value);
  if (days.length > telemetryLimits.traceDaysMax) reject(WireProblem.TooMany);
  const sample: TraceSample = new Map();
  for (const entry of days.map(listOf)) {
    if (entry.length > 1 + 2 * telemetryLimits.tracesMax) reject(WireProblem.TooMany);
    const day = bitsOf(entry[0], daysEnd);
    for (let at = 1; at + 1 < entry.length; at += 2) {
      const hash = bitsOf(entry[at], HASH_END);
      addTrace(sample, day, { hash, caller: textOf(entry[at + 1], addressMax) });
    }
  }
  return sample;
}

/** A day that is further off is none. */
const daysEnd = 2 ** 31;

function readBuckets(value: unknown): TimeBuckets {
  const numbers = new Numbers(listOf(value));
  const widthMs = numbers.count();
  if (!TIME_BUCKET_WIDTHS_MS.includes(widthMs)) reject(WireProblem.BadNumber);
  if (numbers.left > telemetryLimits.timeBucketsMax * 3) reject(WireProblem.TooMany);
  const buckets: TimeBuckets["buckets"] = new Map();
  while (numbers.left > 0) {
    const index = numbers.count();
    buckets.set(index, { calls: numbers.count(), errors: numbers.count() });
  }
  return { widthMs, buckets };
}

const latencyBucketsMax = 512;

function readLatency(value: unknown): LatencySketch {
  const numbers = new Numbers(listOf(value));
  if (numbers.left > latencyBucketsMax * 2) reject(WireProblem.TooMany);
  let buckets = emptyTally;
  while (numbers.left > 0) buckets = withCount(buckets, numbers.count(), numbers.count());
  return { count: sumOf(buckets), buckets };
}

/** `n`: calls, bodiless; `q`, `h`, `c`: parameters; `k`: credentials; `b`: bodies. */
function writeRequest(request: RequestSummary, dictionary: Dictionary): Json {
  return {
    n: [request.calls, request.bodiless],
    q: parametersOf(request.query, dictionary),
    h: parametersOf(request.headers, dictionary),
    c: parametersOf(request.cookies, dictionary),
    k: request.credentials.size === 0 ? undefined : writeCounts(request.credentials),
    b: bodiesOf(request.bodies, dictionary),
  };
}

function readRequest(value: unknown, context: ReadContext): RequestSummary {
  const wire = value === undefined ? { n: [0, 0] } : objectOf(value);
  const numbers = new Numbers(listOf((wire as Record<string, unknown>)["n"]));
  const members = wire as Record<string, unknown>;
  return {
    calls: numbers.count(),
    bodiless: numbers.count(),
    query: readParameterMap(members["q"], context),
    headers: readParameterMap(members["h"], context),
    cookies: readParameterMap(members["c"], context),
    credentials: readCounts(members["k"], telemetryLimits.credentialSetsMax, credentialMax),
    bodies: readBodies(members["b"], context),
  };
}

const credentialMax = 2_048;

function writeResponse(response: ResponseSummary, dictionary: Dictionary): Json {
  return {
    n: [response.calls, response.bodiless],
    h: parametersOf(response.headers, dictionary),
    b: bodiesOf(response.bodies, dictionary),
  };
}

function readResponse(value: unknown, context: ReadContext): ResponseSummary {
  const wire = objectOf(value);
  const numbers = new Numbers(listOf(wire["n"]));
  return {
    calls: numbers.count(),
    bodiless: numbers.count(),
    headers: readParameterMap(wire["h"], context),
    bodies: readBodies(wire["b"], context),
  };
}

const parametersOf = (
  parameters: ReadonlyMap<string, ParameterSummary>,
  dictionary: Dictionary,
): Json | undefined =>
  parameters.size === 0
    ? undefined
    : dictionary.add((numbers) => writeParameters(parameters, numbers));

const readParameterMap = (value: unknown, context: ReadContext): Map<string, ParameterSummary> =>
  value === undefined ? nothing : entryOf(value, context, readParameters);

/** By media type: `[[count, scanned, truncated, invalid, bytes, kind, times, …], shape?]`; a kind is its place in the list. */
function bodiesOf(
  bodies: ReadonlyMap<string, BodySummary>,
  dictionary: Dictionary,
): Json | undefined {
  return pairsOf(bodies, (body) => {
    const { count, scanned, truncated, invalid, bytes, kinds, shape } = body;
    const numbers = [count, scanned, truncated, invalid, bytes, ...kinds];
    if (shape === null) return [numbers];
    return [numbers, dictionary.add((list) => writeShape(shape, list))];
  });
}

function readBodies(value: unknown, context: ReadContext): Map<string, BodySummary> {
  if (value === undefined) return nothing;
  return readPairs(value, telemetryLimits.mediaTypesMax, nameMax, (wire) => {
    const parts = listOf(wire);
    const numbers = new Numbers(listOf(parts[0]));
    const body: BodySummary = {
      count: numbers.count(),
      scanned: numbers.count(),
      truncated: numbers.count(),
      invalid: numbers.count(),
      bytes: numbers.count(),
      kinds: emptyTally,
      shape: parts[1] === undefined ? null : entryOf(parts[1], context, readShape),
    };
    while (numbers.left > 0) {
      const kind = bitsOf(numbers.count(), bodyKinds.length);
      body.kinds = withCount(body.kinds, kind, numbers.count());
    }
    return body;
  });
}

function pairsOf<Value>(
  map: ReadonlyMap<string, Value>,
  write: (value: Value) => Json,
): Json | undefined {
  if (map.size === 0) return undefined;
  const pairs: Json[] = [];
  for (const key of keysInOrder(map)) pairs.push(key, write(map.get(key)!));
  return pairs;
}

function readPairs<Value>(
  value: unknown,
  sizeMax: number,
  keyMax: number,
  read: (value: unknown) => Value,
): Map<string, Value> {
  const map = new Map<string, Value>();
  if (value === undefined) return map;
  const pairs = listOf(value);
  if (pairs.length > sizeMax * 2) reject(WireProblem.TooMany);
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    map.set(textOf(pairs[at], keyMax), read(pairs[at + 1]));
  }
  return map;
}

function writeCounts(counts: ReadonlyMap<string, number>): Json {
  const pairs: Json[] = [];
  for (const key of keysInOrder(counts)) pairs.push(key, counts.get(key)!);
  return pairs;
}

function readCounts(value: unknown, sizeMax: number, keyMax: number): Map<string, number> {
  return readPairs(value, sizeMax, keyMax, countOf);
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    reject(WireProblem.NotAnObject);
  }
  return value as Readonly<Record<string, unknown>>;
}
