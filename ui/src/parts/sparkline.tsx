/** How a figure went over time, as small as a word. Each says in words what it draws. */
import { memo } from "react";
import styles from "./sparkline.module.css";

const width = 72;
const height = 20;

const Frame = ({ label, children }: { label: string; children: React.ReactNode }) => (
  <svg
    className={styles["sparkline"]}
    viewBox={`0 0 ${width} ${height}`}
    width={width}
    height={height}
    role="img"
    aria-label={label}
  >
    <title>{label}</title>
    <path className={styles["base"]} d={`M0 ${height - 0.5}h${width}`} />
    {children}
  </svg>
);

interface SparklineProps {
  readonly values: readonly number[];
  readonly label: string;
  readonly isBad?: boolean;
  /** The whole height, where the highest value is less. */
  readonly scale?: number;
}

/** Bars that share the height of the highest. */
export const Sparkline = memo(({ values, label, isBad = false, scale = 0 }: SparklineProps) => {
  const highest = Math.max(scale, ...values);
  const step = width / Math.max(1, values.length);
  const path = values
    .map((value, index) =>
      value === 0
        ? ""
        : `M${(index * step + step / 2).toFixed(1)} ${height}v${(-Math.max(2, (value / highest) * (height - 1))).toFixed(1)}`,
    )
    .join("");
  return (
    <Frame label={label}>
      <path
        className={styles["bars"]}
        data-bad={isBad || undefined}
        d={path}
        strokeWidth={Math.max(1, step * 0.75)}
      />
    </Frame>
  );
});

/** A line; where a value stands alone, a dot. */
export const Trend = memo(
  ({ values, label }: { values: readonly (number | null)[]; label: string }) => {
    const highest = Math.max(Number.MIN_VALUE, ...values.map((value) => value ?? 0));
    const step = width / Math.max(1, values.length);
    const at = (index: number): string => {
      const x = index * step + step / 2;
      const y = height - 2 - ((values[index] ?? 0) / highest) * (height - 4);
      return `${x.toFixed(1)} ${y.toFixed(1)}`;
    };
    const isKnown = (index: number): boolean => (values[index] ?? null) !== null;
    const path = values
      .map((value, index) =>
        value === null
          ? ""
          : isKnown(index - 1)
            ? `L${at(index)}`
            : `M${at(index)}${isKnown(index + 1) ? "" : "h0.01"}`,
      )
      .join("");
    return (
      <Frame label={label}>
        <path className={styles["line"]} d={path} />
      </Frame>
    );
  },
);
