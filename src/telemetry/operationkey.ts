/** What one operation on a path is called: its method, and what of its request tells it from others of that method. */
import type { Exchange } from "../http/exchange.ts";
import { BodyScan } from "./bodyscan.ts";
import { operationSelector } from "./selector.ts";

export function operationKey({ method, request }: Exchange): string {
  const { sink: scan, head } = request!;
  const selector = scan instanceof BodyScan ? operationSelector(scan.selectors, head) : "";
  return selector === "" ? methodName(method) : `${methodName(method)} ${selector}`;
}

const METHODS = new Set(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]);

/** Methods are tokens (RFC 9110, section 9.1); what no one would register is written as one name. */
function methodName(method: string): string {
  if (METHODS.has(method)) return method;
  return /^[A-Z][A-Z-]{1,19}$/.test(method) ? method : "OTHER";
}
