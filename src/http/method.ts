import { MethodKind } from "./framing.ts";
import type { PooledHead } from "./pooledhead.ts";

const COMMON = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE"];

/** By first byte and length of the method, which tell the common ones apart; verified before use. */
const BY_FORM: readonly (string | undefined)[] = COMMON.reduce<(string | undefined)[]>(
  (table, method) => {
    table[formOf(method.charCodeAt(0), method.length)] = method;
    return table;
  },
  [],
);

function formOf(first: number, length: number): number {
  return ((first & 31) << 5) | length;
}

/** The method of a request's head; common ones make no new string. */
export function methodText(head: PooledHead): string {
  const { bytes } = head;
  const { methodEnd } = head.line;
  const common = BY_FORM[formOf(bytes[0]!, methodEnd)];
  if (common !== undefined) {
    let at = 0;
    while (at < methodEnd && bytes[at] === common.charCodeAt(at)) at++;
    if (at === methodEnd) return common;
  }
  return head.text(0, methodEnd);
}

export function methodKindOf(method: string): MethodKind {
  if (method === "HEAD") return MethodKind.Head;
  return method === "CONNECT" ? MethodKind.Connect : MethodKind.Other;
}
