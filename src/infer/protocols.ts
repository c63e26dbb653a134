/**
 * The operations of one path by method. Several that a body tells apart (`METHOD kind:rest`: GraphQL, JSON-RPC,
 * SOAP) are one operation in OpenAPI, which names them.
 */

import type { OperationSummary } from "../telemetry/summary.ts";
import { evidenceOf } from "./evidence.ts";
import { compareText } from "./group.ts";
import type { Protocol } from "./model.ts";
import { obtain } from "./obtain.ts";
import { type OperationContext, requestBody, responsesOf } from "./operations.ts";
import { addOperation, emptyOperation, type OperationSum } from "./sum.ts";

const KINDS: ReadonlyMap<string, Protocol["kind"]> = new Map([
  ["graphql", "graphql"],
  ["jsonrpc", "json-rpc"],
  ["soap", "soap"],
]);

export interface MethodSum {
  readonly method: string;
  readonly sum: OperationSum;
  /** The operations that bodies name, by selector, sorted; none where the path says all. */
  readonly selected: readonly { readonly selector: string; readonly sum: OperationSum }[];
}

export function sumByMethod(
  operations: ReadonlyMap<string, readonly OperationSummary[]>,
): MethodSum[] {
  const methods = new Map<string, { sum: OperationSum; calls: Map<string, OperationSum> }>();
  for (const [key, summaries] of operations) {
    const [method, selector] = splitKey(key);
    const all = obtain(methods, method, () => ({ sum: emptyOperation(), calls: new Map() }));
    for (const summary of summaries) {
      addOperation(all.sum, summary);
      if (selector !== "") addOperation(obtain(all.calls, selector, emptyOperation), summary);
    }
  }
  return [...methods].map(([method, { sum, calls }]) => ({
    method,
    sum,
    selected: [...calls]
      .map(([selector, own]) => ({ selector, sum: own }))
      .sort((a, b) => compareText(a.selector, b.selector)),
  }));
}

export function protocolOf(
  { sum, selected }: Pick<MethodSum, "sum" | "selected">,
  context: OperationContext,
): Protocol | null {
  const kind = KINDS.get(selected[0]?.selector.split(":")[0] ?? "");
  if (kind === undefined) return null;
  return {
    kind,
    operations: selected.map(({ selector, sum: own }) => ({
      selector: selector.slice(selector.indexOf(":") + 1),
      request: requestBody(own.request, context),
      responses: responsesOf(own, context),
      evidence: evidenceOf(own.calls, sum.calls, own.firstMs, own.lastMs),
    })),
  };
}

function splitKey(key: string): [method: string, selector: string] {
  const space = key.indexOf(" ");
  return space < 0 ? [key, ""] : [key.slice(0, space), key.slice(space + 1)];
}
