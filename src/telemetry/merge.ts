/**
 * Merging of summaries: commutative and associative, with the empty summary as identity, while no limit is
 * reached. Where one is, what is heard most stays (of equals, what sorts first), and the loss is marked.
 */
import { telemetryLimits } from "../base/limits.ts";
import { mergeLatency } from "./latency.ts";
import { absorbSample, absorbShape, absorbText, addCounts } from "./mergeshape.ts";
import { mergeSample } from "./sample.ts";
import { isPureClass, WORD_KEY } from "./segment.ts";
import type {
  ApiKey,
  ApiSummary,
  BodySummary,
  LimitMarks,
  OperationSummary,
  ParameterSummary,
  PathNode,
  RequestSummary,
  ResponseSummary,
  SlotSummary,
} from "./summary.ts";
import { sumOfTallies } from "./tally.ts";
import { mergeTimeBuckets } from "./timebuckets.ts";
import { mergeTraces } from "./traces.ts";

export const emptySummary = (key: ApiKey): ApiSummary => ({
  key,
  root: { children: new Map(), operations: new Map(), slots: [] },
  serverAddresses: new Map(),
  limits: new Map(),
});

/** The text by which summaries of one API are found. */
export const apiKeyText = (key: ApiKey): string =>
  `${key.workload}|${key.scheme}|${key.host}|${key.port}`;

/** The merge of two summaries of one API; neither is changed. */
export function mergeSummaries(a: ApiSummary, b: ApiSummary): ApiSummary {
  const merged = structuredClone(a);
  absorbSummary(merged, structuredClone(b));
  return merged;
}

/** Adds `from` to `into`, which may keep parts of it: `from` must not be used afterwards. */
export function absorbSummary(into: ApiSummary, from: ApiSummary): void {
  addCounts(into.limits, from.limits);
  addCounts(into.serverAddresses, from.serverAddresses);
  keepMost(
    into.serverAddresses,
    telemetryLimits.serverAddressesMax,
    into.limits,
    "serverAddressesMax",
  );
  absorbNode(into.root, from.root, into.limits);
}

export function absorbNode(into: PathNode, from: PathNode, limits?: LimitMarks): void {
  for (let index = 0; index < from.slots.length; index += 1) {
    const slot = into.slots[index];
    if (slot === undefined) into.slots.push(from.slots[index]!);
    else absorbSlot(slot, from.slots[index]!);
  }
  for (const [key, operation] of from.operations) {
    const known = into.operations.get(key);
    if (known === undefined) into.operations.set(key, operation);
    else absorbOperation(known, operation, limits);
  }
  for (const [key, child] of from.children) {
    const known = into.children.get(key);
    if (known === undefined) into.children.set(key, child);
    else absorbNode(known, child, limits);
  }
  if (into.operations.size > telemetryLimits.operationsMax) {
    keepMostBy(into.operations, telemetryLimits.operationsMax, callsOf);
    mark(limits, "operationsMax");
  }
  if (into.children.size > telemetryLimits.pathChildrenMax) foldChildren(into, limits);
}

const callsOf = (operation: OperationSummary): number => operation.calls + operation.refused / 1e6;

/** All calls of a node and what is below it, refused ones as millionths. */
function heardOf(node: PathNode): number {
  let heard = 0;
  for (const operation of node.operations.values()) heard += callsOf(operation);
  for (const child of node.children.values()) heard += heardOf(child);
  return heard;
}

/** The least heard literals become part of their sibling `{word}`, so that their calls are not lost. */
function foldChildren(node: PathNode, limits?: LimitMarks): void {
  const order = [...node.children]
    .filter(([key]) => !isPureClass(key))
    .map(([key, child]) => ({ key, child, heard: heardOf(child) }))
    .sort((a, b) => b.heard - a.heard || (a.key < b.key ? -1 : 1));
  const room = telemetryLimits.pathChildrenMax - (node.children.size - order.length) - 1;
  for (const { key, child, heard } of order.slice(Math.max(0, room))) {
    node.children.delete(key);
    mark(limits, "pathChildrenMax");
    if (heard < 1) continue;
    child.slots.splice(0);
    delete child.hash;
    const word = node.children.get(WORD_KEY);
    if (word === undefined) node.children.set(WORD_KEY, child);
    else absorbNode(word, child, limits);
  }
}

function absorbSlot(into: SlotSummary, from: SlotSummary): void {
  absorbText(into.text, from.text);
  mergeSample(into.sample, from.sample, telemetryLimits.slotHashesMax);
}

function absorbOperation(
  into: OperationSummary,
  from: OperationSummary,
  limits?: LimitMarks,
): void {
  into.calls += from.calls;
  into.refused += from.refused;
  into.firstMs = Math.min(into.firstMs, from.firstMs);
  into.lastMs = Math.max(into.lastMs, from.lastMs);
  mergeTimeBuckets(into.buckets, from.buckets);
  for (let index = 0; index < into.statusClasses.length; index += 1) {
    into.statusClasses[index]! += from.statusClasses[index] ?? 0;
  }
  mergeLatency(into.latency, from.latency);
  into.requestBytes += from.requestBytes;
  into.responseBytes += from.responseBytes;
  into.internalCalls += from.internalCalls;
  into.externalCalls += from.externalCalls;
  addCounts(into.callers, from.callers);
  keepMost(into.callers, telemetryLimits.callersMax, limits, "callersMax");
  into.traces = mergeTraces(into.traces, from.traces);
  absorbRequest(into.request, from.request, limits);
  for (const [status, response] of from.responses) {
    const known = into.responses.get(status);
    if (known === undefined) into.responses.set(status, response);
    else absorbResponse(known, response, limits);
  }
}

function absorbRequest(into: RequestSummary, from: RequestSummary, limits?: LimitMarks): void {
  into.calls += from.calls;
  into.bodiless += from.bodiless;
  into.query = sumOfParameters(into.query, from.query, limits);
  into.headers = sumOfParameters(into.headers, from.headers, limits);
  into.cookies = sumOfParameters(into.cookies, from.cookies, limits);
  addCounts(into.credentials, from.credentials);
  keepMost(into.credentials, telemetryLimits.credentialSetsMax, limits, "credentialSetsMax");
  into.bodies = sumOfBodies(into.bodies, from.bodies, limits);
}

function absorbResponse(into: ResponseSummary, from: ResponseSummary, limits?: LimitMarks): void {
  into.calls += from.calls;
  into.bodiless += from.bodiless;
  into.headers = sumOfParameters(into.headers, from.headers, limits);
  into.bodies = sumOfBodies(into.bodies, from.bodies, limits);
}

/** `into` with `from`, or `from` itself where there was nothing. */
function sumOfParameters(
  into: Map<string, ParameterSummary>,
  from: Map<string, ParameterSummary>,
  limits?: LimitMarks,
): Map<string, ParameterSummary> {
  if (into.size === 0) return from;
  for (const [name, parameter] of from) {
    const known = into.get(name);
    if (known === undefined) {
      into.set(name, parameter);
      continue;
    }
    known.calls += parameter.calls;
    known.repeated += parameter.repeated;
    if (known.text.count === 0) known.text = parameter.text;
    else absorbText(known.text, parameter.text);
    known.sample = absorbSample(known.sample, parameter.sample, telemetryLimits.fieldHashesMax);
  }
  if (into.size > telemetryLimits.parametersMax) {
    keepMostBy(into, telemetryLimits.parametersMax, (parameter) => parameter.calls);
    mark(limits, "parametersMax");
  }
  return into;
}

function sumOfBodies(
  into: Map<string, BodySummary>,
  from: Map<string, BodySummary>,
  limits?: LimitMarks,
): Map<string, BodySummary> {
  if (into.size === 0) return from;
  for (const [mediaType, body] of from) {
    const known = into.get(mediaType);
    if (known === undefined) {
      into.set(mediaType, body);
      continue;
    }
    known.count += body.count;
    known.scanned += body.scanned;
    known.truncated += body.truncated;
    known.invalid += body.invalid;
    known.bytes += body.bytes;
    known.kinds = sumOfTallies(known.kinds, body.kinds);
    if (known.shape === null) known.shape = body.shape;
    else if (body.shape !== null) absorbShape(known.shape, body.shape);
  }
  if (into.size > telemetryLimits.mediaTypesMax) {
    keepMostBy(into, telemetryLimits.mediaTypesMax, (body) => body.count);
    mark(limits, "mediaTypesMax");
  }
  return into;
}

function mark(limits: LimitMarks | undefined, limit: string): void {
  limits?.set(limit, (limits.get(limit) ?? 0) + 1);
}

function keepMost(
  counts: Map<string, number>,
  max: number,
  limits: LimitMarks | undefined,
  limit: string,
): void {
  if (counts.size <= max) return;
  keepMostBy(counts, max, (count) => count);
  mark(limits, limit);
}

/** Keeps the `max` entries that are heard most, of equals those whose keys sort first. */
function keepMostBy<Value>(
  map: Map<string, Value>,
  max: number,
  heard: (value: Value) => number,
): void {
  const order = [...map].sort(
    ([keyA, a], [keyB, b]) => heard(b) - heard(a) || (keyA < keyB ? -1 : keyA > keyB ? 1 : 0),
  );
  for (const [key] of order.slice(max)) map.delete(key);
}
