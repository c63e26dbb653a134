/** Summaries whose keyed hashes compare with nobody's: what was made under another key is as if it had not been kept. */
import { emptySample } from "./sample.ts";
import type { Shape, TextShape } from "./shape.ts";
import type {
  ApiSummary,
  BodySummary,
  OperationSummary,
  ParameterSummary,
  PathNode,
  SlotSummary,
} from "./summary.ts";

/** Takes all keyed hashes out of a summary. What is left merges with others as if these had never been there. */
export function dropHashes({ root }: ApiSummary): void {
  dropOfNode(root);
}

function dropOfNode(node: PathNode): void {
  delete node.hash;
  const slots: SlotSummary[] = node.slots.map(({ text }) => ({ text, sample: emptySample() }));
  node.slots.splice(0, slots.length, ...slots);
  for (const { text } of slots) dropOfText(text);
  for (const operation of node.operations.values()) dropOfOperation(operation);
  for (const child of node.children.values()) dropOfNode(child);
}

function dropOfOperation(operation: OperationSummary): void {
  operation.traces = null;
  const { query, headers, cookies, bodies } = operation.request;
  for (const parameters of [query, headers, cookies]) dropOfParameters(parameters);
  dropOfBodies(bodies);
  for (const response of operation.responses.values()) {
    dropOfParameters(response.headers);
    dropOfBodies(response.bodies);
  }
}

function dropOfParameters(parameters: ReadonlyMap<string, ParameterSummary>): void {
  for (const parameter of parameters.values()) {
    parameter.sample = null;
    dropOfText(parameter.text);
  }
}

function dropOfBodies(bodies: ReadonlyMap<string, BodySummary>): void {
  for (const { shape } of bodies.values()) dropOfShape(shape);
}

function dropOfShape(shape: Shape | null): void {
  if (shape === null) return;
  shape.integerSample = null;
  if (shape.text !== null) dropOfText(shape.text);
  dropOfShape(shape.items);
  if (shape.fields === null) return;
  for (const field of shape.fields.fields.values()) dropOfShape(field.shape);
  dropOfShape(shape.fields.rest);
}

/** One that is shared has none, and is never written to. */
function dropOfText(text: TextShape): void {
  if (text.sample !== null) text.sample = null;
}
