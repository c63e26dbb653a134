import type { Evidence } from "./model.ts";

/** Normal quantile of a one-sided 95 %. */
const z = 1.645;

/** Evidence of what was there `count` times of `total`. */
export function evidenceOf(
  count: number,
  total: number,
  firstMs: number | null = null,
  lastMs: number | null = null,
): Evidence {
  const share = total === 0 ? 0 : count / total;
  return {
    count,
    firstMs: firstMs !== null && Number.isFinite(firstMs) ? firstMs : null,
    lastMs: lastMs !== null && Number.isFinite(lastMs) ? lastMs : null,
    share,
    confidence: lowerBound(Math.max(count, total - count), total),
  };
}

/** Wilson's lower bound on a proportion (E. B. Wilson, JASA 1927), one-sided at 95 %. */
export function lowerBound(agreeing: number, total: number): number {
  if (total === 0) return 0;
  const p = agreeing / total;
  const centre = p + (z * z) / (2 * total);
  const spread = z * Math.sqrt((p * (1 - p)) / total + (z * z) / (4 * total * total));
  return Math.max(0, (centre - spread) / (1 + (z * z) / total));
}
