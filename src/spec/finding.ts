import type { Endpoint, Evidence } from "../infer/model.ts";
import type { DriftCode } from "./driftcodes.ts";

/** One thing that traffic and description do not agree on. */
export interface Finding {
  readonly code: DriftCode;
  /** Seen and not described; described and not seen; deprecated and still called; seen in another way than described. */
  readonly kind: "shadow" | "orphan" | "zombie" | "drift";
  readonly method: string;
  /** The template as it was concluded; of an orphan as it is described. */
  readonly path: string;
  /** Where in the operation: `query limit`, `response 200 application/json items[].name`; empty for the whole. */
  readonly place: string;
  readonly text: string;
  /** Calls, or objects, that showed it. */
  readonly count: number;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
}

/** A finding about an endpoint that was seen. */
export function about(
  { method, path, operation }: Endpoint,
  code: DriftCode,
  place: string,
  text: string,
  { count }: Pick<Evidence, "count">,
): Finding {
  const { firstMs, lastMs } = operation.evidence;
  const kind = code.slice(0, code.indexOf(".")) as Finding["kind"];
  return { code, kind, method, path: path.text, place, text, count, firstMs, lastMs };
}
