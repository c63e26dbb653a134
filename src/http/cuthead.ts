/** Heads that a gap cuts off, as in captures of the first bytes of each packet. */
import { Buffer } from "node:buffer";
import type { PooledHead } from "./pooledhead.ts";
import { Probe, probe } from "./probe.ts";
import { Role } from "./search.ts";

const LF = 10;
const BLANK_LINE = Buffer.from("\r\n");

/**
 * Reads of `bytes[start, end)` the lines that are whole as if the head ended behind them. False where that tells
 * nothing: the start line is cut off, too, or something is odd, as what follows cannot confirm that it is a head.
 */
export function parseCutHead(
  head: PooledHead,
  bytes: Uint8Array,
  start: number,
  end: number,
  isRequest: boolean,
): boolean {
  const linesEnd = bytes.subarray(start, end).lastIndexOf(LF) + 1;
  if (linesEnd === 0) return false;
  const lines = Buffer.concat([bytes.subarray(start, start + linesEnd), BLANK_LINE]);
  if (head.parse(lines, 0, lines.length, isRequest) !== lines.length) return false;
  return head.oddities === 0 && !head.line.malformed && !(isRequest && head.line.spaced);
}

/** Role of the message that seems to begin at `start`. */
export function roleOfHead(bytes: Uint8Array, start: number, end: number): Role {
  const answer = probe(bytes, start, end);
  if (answer === Probe.Request) return Role.Request;
  return answer === Probe.Response ? Role.Response : Role.Unknown;
}
