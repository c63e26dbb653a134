/** Rows in statements of few sizes, so that they stay prepared. */
import { inventoryLimits } from "../base/limits.ts";

/** The largest first: `rowsMax`, then what is left in powers of four. */
export function* inChunks<Row>(rows: readonly Row[]): Generator<Row[]> {
  let size: number = inventoryLimits.rowsMax;
  let at = 0;
  while (at < rows.length) {
    while (size > rows.length - at) size = Math.max(1, size >> 2);
    yield rows.slice(at, at + size);
    at += size;
  }
}
