import { memo } from "react";
import styles from "./sparkline.module.css";

const width = 96;
const height = 22;

/** How a count went over time, as bars that share the height of the highest. */
export const Sparkline = memo(({ values, label }: { values: readonly number[]; label: string }) => {
  const highest = Math.max(1, ...values);
  const step = width / Math.max(1, values.length);
  const path = values
    .map((value, index) => {
      const length = value === 0 ? 0 : Math.max(1.5, (value / highest) * (height - 2));
      return length === 0
        ? ""
        : `M${(index * step + step / 2).toFixed(1)} ${height}v${(-length).toFixed(1)}`;
    })
    .join("");
  return (
    <svg
      className={styles["sparkline"]}
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={label}
    >
      <path className={styles["base"]} d={`M0 ${height - 0.5}h${width}`} />
      <path className={styles["bars"]} d={path} strokeWidth={Math.max(1, step - 1)} />
    </svg>
  );
});

/** Where half and where nearly all answers were given, on a scale that `mostMs` ends. */
export const LatencyBar = ({
  p50Ms,
  p95Ms,
  mostMs,
  label,
}: {
  p50Ms: number | null;
  p95Ms: number | null;
  mostMs: number;
  label: string;
}) => {
  if (p50Ms === null || p95Ms === null) return null;
  const at = (ms: number): number => (Math.log1p(ms) / Math.log1p(Math.max(1, mostMs))) * 48;
  return (
    <svg width={50} height={10} viewBox="0 0 50 10" role="img" aria-label={label}>
      <path className={styles["base"]} d="M0 5h50" />
      <path className={styles["range"]} d={`M${at(p50Ms) + 1} 5H${at(p95Ms) + 1}`} />
      <circle className={styles["middle"]} cx={at(p50Ms) + 1} cy={5} r={2.5} />
    </svg>
  );
};
