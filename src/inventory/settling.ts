/**
 * Which changes of a learned document break clients. What is heard is never forgotten, so a document differs from the one before
 * either since the API behaves in another way, or since more of how it always behaved was heard. The second is all that a young
 * API shows, so a change counts as breaking only where the operation had settled before.
 */
import { operationKey } from "../spec/description.ts";
import type { DifferenceRow } from "./rows.ts";

/** What was known of an operation, or of a whole API, when the version before was concluded. */
export interface KnownBefore {
  readonly calls: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** What did not occur in so many calls occurs, 95 times of 100, in less than 3 % of them (the rule of three). */
const SETTLED_CALLS = 100;
/** Callers that come now and then have their turn, and a burst of one caller alone settles nothing. */
const SETTLED_SPAN_MS = 3_600_000;

export const isSettled = ({ calls, firstMs, lastMs }: KnownBefore): boolean =>
  calls >= SETTLED_CALLS && lastMs - firstMs >= SETTLED_SPAN_MS;

export function judged(
  differences: readonly DifferenceRow[],
  api: KnownBefore,
  operations: ReadonlyMap<string, KnownBefore>,
): DifferenceRow[] {
  return differences.map((difference) => {
    const { breaking, code, method, path } = difference;
    if (!breaking) return difference;
    const known = method === null ? api : operations.get(operationKey(method, path ?? ""));
    // Its calls are still known: other evidence, or a person, filed them under another path.
    const isFiledElsewhere = code.startsWith("operation.removed");
    return {
      ...difference,
      breaking: !isFiledElsewhere && known !== undefined && isSettled(known),
    };
  });
}
