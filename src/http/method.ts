import { MethodKind } from "./framing.ts";
import type { PooledHead } from "./pooledhead.ts";

const COMMON = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE"];

/** By first byte and length of the method, which tell the common ones apart. */
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

/** The method at `bytes[start, end)` if it is a common one. */
export function commonMethod(bytes: Uint8Array, start: number, end: number): string | undefined {
  const common = BY_FORM[formOf(bytes[start]!, end - start)];
  if (common === undefined || common.length !== end - start) return undefined;
  for (let index = 0; index < common.length; index++)
    if (bytes[start + index] !== common.charCodeAt(index)) return undefined;
  return common;
}

/** The method of a request's head; common ones make no new string. */
export const methodText = (head: PooledHead): string =>
  commonMethod(head.bytes, 0, head.line.methodEnd) ?? head.text(0, head.line.methodEnd);

export function methodKindOf(method: string): MethodKind {
  if (method === "HEAD") return MethodKind.Head;
  return method === "CONNECT" ? MethodKind.Connect : MethodKind.Other;
}
