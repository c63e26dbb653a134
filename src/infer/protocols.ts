/**
 * The operations of one path by method. Several that a body tells apart (`METHOD kind:rest`: GraphQL, JSON-RPC,
 * SOAP) are one operation in OpenAPI, which names them.
 */

import type { OperationSummary } from "../telemetry/summary.ts";
import { evidenceOf } from "./evidence.ts";
import { compareText } from "./group.ts";
import type { Protocol } from "./model.ts";
import { obtain } from "./obtain.ts";
import { addOperation, emptyOperation, type OperationSum } from "./sum.ts";

const KINDS: ReadonlyMap<string, Protocol["kind"]> = new Map([
  ["graphql", "graphql"],
  ["jsonrpc", "json-rpc"],
  ["soap", "soap"],
]);

export interface MethodSum {
  readonly method: string;
  readonly sum: OperationSum;
  readonly protocol: Protocol | null;
}

export function sumByMethod(
  operations: ReadonlyMap<string, readonly OperationSummary[]>,
): MethodSum[] {
  const methods = new Map<string, { sum: OperationSum; calls: Map<string, OperationSum> }>();
  for (const [key, summaries] of operations) {
    const [method, selector] = splitKey(key);
    const all = obtain(methods, method, () => ({ sum: emptyOperation(), calls: new Map() }));
    const own = obtain(all.calls, selector, emptyOperation);
    for (const summary of summaries) {
      addOperation(all.sum, summary);
      if (selector !== "") addOperation(own, summary);
    }
  }
  return [...methods].map(([method, { sum, calls }]) => ({
    method,
    sum,
    protocol: protocolOf(sum, calls),
  }));
}

function splitKey(key: string): [method: string, selector: string] {
  const space = key.indexOf(" ");
  return space < 0 ? [key, ""] : [key.slice(0, space), key.slice(space + 1)];
}

function protocolOf(sum: OperationSum, calls: ReadonlyMap<string, OperationSum>): Protocol | null {
  const selectors = [...calls.keys()].filter((selector) => selector !== "").sort(compareText);
  const kind = KINDS.get(selectors[0]?.split(":")[0] ?? "");
  if (kind === undefined) return null;
  return {
    kind,
    operations: selectors.map((selector) => {
      const own = calls.get(selector)!;
      const evidence = evidenceOf(own.calls, sum.calls, own.firstMs, own.lastMs);
      return { selector: selector.slice(selector.indexOf(":") + 1), evidence };
    }),
  };
}
