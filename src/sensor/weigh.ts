/**
 * How much memory a summary takes, estimated: enough to bound what waits. The constants are bytes in V8, measured on
 * summaries of real captures.
 */
import type { ValueSample } from "../telemetry/sample.ts";
import type { ObjectShape, Shape, TextShape } from "../telemetry/shape.ts";
import type {
  ApiSummary,
  BodySummary,
  OperationSummary,
  ParameterSummary,
  PathNode,
  RequestSummary,
  ResponseSummary,
} from "../telemetry/summary.ts";

const ENTRY = 48;
const MAP = 200;
const SAMPLE = 88;
const HASH = 8;
const SHAPE = 152;
const TEXT = 240;
const WORDS = 130;
const PARAMETER = 48;
const BODY = 96;
const OPERATION = 420;
const NODE = 64;
const TRACE = 64;

/** Bytes of everything in the summary. */
export function weighSummary(summary: ApiSummary): number {
  let weight = 2 * MAP + ENTRY * (summary.serverAddresses.size + summary.limits.size);
  forEachNode(summary.root, (node) => {
    weight += weighNode(node);
    for (const operation of node.operations.values()) weight += weighOperation(operation);
  });
  return weight;
}

/** Calls that the summary knows of, those that the status filter refused among them. */
export function callsOf(summary: ApiSummary): number {
  let calls = 0;
  forEachNode(summary.root, (node) => {
    for (const operation of node.operations.values()) calls += operation.calls + operation.refused;
  });
  return calls;
}

export function countNodes(summary: ApiSummary): number {
  let nodes = 0;
  forEachNode(summary.root, () => {
    nodes += 1;
  });
  return nodes;
}

/** Every node of a trie, each before those below it. */
export function forEachNode(root: PathNode, visit: (node: PathNode) => void): void {
  visit(root);
  for (const child of root.children.values()) forEachNode(child, visit);
}

/** A node without its operations. */
export function weighNode(node: PathNode): number {
  let weight = NODE + 2 * MAP + ENTRY;
  for (const slot of node.slots) weight += weighText(slot.text) + weighSample(slot.sample);
  return weight;
}

export function weighOperation(operation: OperationSummary): number {
  let weight = OPERATION + 3 * MAP + ENTRY;
  weight += (ENTRY + 48) * operation.buckets.buckets.size;
  weight += 8 * operation.latency.buckets.length + ENTRY * operation.callers.size;
  for (const traces of operation.traces?.values() ?? []) weight += MAP + TRACE * traces.length;
  weight += weighMessages(operation.request) + 3 * MAP;
  weight += weighParameters(operation.request.query) + weighParameters(operation.request.cookies);
  weight += ENTRY * operation.request.credentials.size;
  for (const response of operation.responses.values()) weight += weighMessages(response) + ENTRY;
  return weight;
}

function weighMessages(messages: RequestSummary | ResponseSummary): number {
  let weight = 2 * MAP + weighParameters(messages.headers);
  for (const body of messages.bodies.values()) weight += weighBody(body);
  return weight;
}

function weighParameters(parameters: ReadonlyMap<string, ParameterSummary>): number {
  let weight = 0;
  for (const parameter of parameters.values()) {
    weight += PARAMETER + ENTRY + weighText(parameter.text) + weighSample(parameter.sample);
  }
  return weight;
}

const weighBody = (body: BodySummary): number =>
  BODY + MAP + ENTRY + 8 * body.kinds.length + (body.shape === null ? 0 : weighShape(body.shape));

function weighShape(shape: Shape): number {
  let weight = SHAPE + weighSample(shape.integerSample);
  if (shape.text !== null) weight += weighText(shape.text);
  if (shape.items !== null) weight += weighShape(shape.items);
  if (shape.fields !== null) weight += weighObject(shape.fields);
  return weight;
}

function weighObject(object: ObjectShape): number {
  let weight = MAP + 72;
  for (const field of object.fields.values()) weight += ENTRY + 40 + weighShape(field.shape);
  if (object.rest !== null) weight += weighShape(object.rest);
  for (const variants of object.tags?.values() ?? []) {
    weight += MAP + ENTRY;
    for (const variant of variants?.values() ?? []) {
      weight += MAP + ENTRY * (1 + variant.present.size);
    }
  }
  return weight;
}

function weighText(text: TextShape): number {
  if (text.count === 0) return 0;
  const words = text.words?.words.length ?? 0;
  const listed = words === 0 ? 0 : WORDS + 48 * words;
  return TEXT + 8 * (text.classes.length + text.lengths.length) + listed + weighSample(text.sample);
}

const weighSample = (sample: ValueSample | null): number =>
  sample === null ? 0 : SAMPLE + HASH * sample.hashes.length;
