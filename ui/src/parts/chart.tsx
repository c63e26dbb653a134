/** Figures over time, drawn by uPlot, which is loaded when the first chart is shown. Bars stand on one another. */

import { useMantineColorScheme } from "@mantine/core";
import { useColorScheme, useElementSize } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";
import type uPlot from "uplot";
import styles from "./chart.module.css";

export interface Series {
  readonly label: string;
  /** A variable of `theme.css`. */
  readonly color: string;
  readonly values: readonly (number | null)[];
}

interface ChartProps {
  readonly label: string;
  readonly startsMs: readonly number[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  readonly isBars?: boolean;
  readonly height?: number;
}

/** So few values may stand apart from each other, and a line between none is no line. */
const pointsBelow = 24;

export const Chart = (props: ChartProps) => {
  const { startsMs, series, format, height = 200 } = props;
  const host = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<number | null>(null);
  const { ref, width } = useElementSize();
  const { colorScheme } = useMantineColorScheme();
  const system = useColorScheme();
  const scheme = colorScheme === "auto" ? system : colorScheme;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours are read anew when the theme changes
  useEffect(() => {
    const element = host.current;
    if (element === null || width === 0) return;
    let plot: uPlot | undefined;
    let isGone = false;
    void draw(element, { ...props, height, width, onPoint: setAt }).then((drawn) => {
      if (isGone) drawn.destroy();
      else plot = drawn;
    });
    return () => {
      isGone = true;
      plot?.destroy();
    };
  }, [startsMs, series, width, scheme]);
  const startMs = at === null ? undefined : startsMs[at];
  return (
    <figure className={styles["chart"]} aria-label={inWords(props)}>
      <figcaption className={styles["legend"]}>
        {series.map(({ label: name, color, values }) => (
          <span key={name}>
            <i style={{ background: `var(${color})` }} />
            {name}
            {at !== null && <b>{valueWords(values[at], format)}</b>}
          </span>
        ))}
        <span className={styles["moment"]}>
          {startMs !== undefined && wholeWords.format(startMs)}
        </span>
      </figcaption>
      <div ref={ref} className={styles["frame"]} style={{ height }}>
        <div ref={host} />
      </div>
    </figure>
  );
};

/** For who does not see it: how high each goes, and when. */
const inWords = ({ label, startsMs, series, format }: ChartProps): string =>
  [
    label,
    ...series.map(({ label: name, values }) => {
      const highest = Math.max(0, ...values.map((value) => value ?? 0));
      const at = startsMs[values.indexOf(highest)];
      return highest === 0 || at === undefined
        ? `${name}: none`
        : `${name}: at most ${format(highest)}, ${wholeWords.format(at)}`;
    }),
  ].join("; ");

const valueWords = (value: number | null | undefined, format: (value: number) => string): string =>
  value === null || value === undefined ? "–" : format(value);

const dayWords = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric" });
const timeWords = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const wholeWords = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Midnight is the day that begins. */
const momentWords = (seconds: number): string => {
  const at = new Date(seconds * 1000);
  return (at.getHours() + at.getMinutes() === 0 ? dayWords : timeWords).format(at);
};

/** The last stands on those before it, and so does each of them. */
const stacked = (series: readonly Series[]): (number | null)[][] => {
  const sums: (number | null)[][] = [];
  for (const { values } of series) {
    const below = sums.at(-1);
    sums.push(values.map((value, index) => (value ?? 0) + (below?.[index] ?? 0)));
  }
  return sums;
};

const draw = async (
  element: HTMLElement,
  {
    startsMs,
    series,
    format,
    isBars = false,
    height,
    width,
    onPoint,
  }: ChartProps & { height: number; width: number; onPoint: (index: number | null) => void },
): Promise<uPlot> => {
  const [{ default: Plot }] = await Promise.all([
    import("uplot"),
    import("uplot/dist/uPlot.min.css"),
  ]);
  const first = (startsMs[0] ?? 0) / 1000;
  const step = startsMs.length > 1 ? startsMs[1]! / 1000 - first : 3_600;
  const colorOf = colorsOf(element);
  const axis = axisOf(colorOf);
  const options: uPlot.Options = {
    width,
    height,
    padding: [8, 20, 0, 0],
    cursor: { y: false, points: { size: 6, show: !isBars }, drag: { x: false, y: false } },
    legend: { show: false },
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)] },
    axes: [
      { ...axis, size: 28, grid: { show: false }, values: (_, ticks) => ticks.map(momentWords) },
      {
        ...axis,
        size: 56,
        splits: (_plot, _axis, _low, high) => splitsOf(high),
        values: (_, ticks) => ticks.map((value) => (value === 0 ? "0" : format(value))),
      },
    ],
    scales: {
      // Bars begin at their time: the last one needs room as wide as it is.
      x: { range: [first, (startsMs.at(-1) ?? 0) / 1000 + (isBars ? step : 0)] },
      y: { range: (_, _low, high) => [0, splitsOf(high).at(-1) ?? 1] },
    },
    series: [{}, ...lookOf(Plot, { series, isBars, colorOf })],
  };
  const values = isBars ? stacked(series) : series.map((each) => each.values);
  // What is drawn first lies behind: the whole, before its parts.
  if (isBars) values.reverse();
  const data = [startsMs.map((ms) => ms / 1000), ...values];
  return new Plot(options, data as uPlot.AlignedData, element);
};

type ColorOf = (name: string) => string;

const colorsOf = (element: HTMLElement): ColorOf => {
  const style = getComputedStyle(element);
  return (name) => {
    const before = element.style.color;
    element.style.color = `var(${name})`;
    const color = style.color;
    element.style.color = before;
    return color;
  };
};

const axisOf = (colorOf: ColorOf): uPlot.Axis => ({
  stroke: colorOf("--ink-soft"),
  grid: { stroke: colorOf("--line"), width: 1 },
  ticks: { show: false },
  gap: 8,
  font: `12px ${getComputedStyle(document.body).fontFamily}`,
});

const lookOf = (
  Plot: typeof uPlot,
  { series, isBars, colorOf }: { series: readonly Series[]; isBars: boolean; colorOf: ColorOf },
): uPlot.Series[] => {
  const looks = series.map(({ color, values }): uPlot.Series => {
    const isSparse = values.filter((value) => value !== null).length < pointsBelow;
    return isBars
      ? {
          width: 0,
          fill: colorOf(color),
          paths: Plot.paths.bars!({ size: [0.76, 48], align: 1 }),
          points: { show: false },
        }
      : {
          stroke: colorOf(color),
          width: 1.75,
          points: { show: isSparse, size: 5, fill: colorOf(color) },
        };
  });
  return isBars ? looks.reverse() : looks;
};

/** From nought in three or four round steps to just above the highest value. */
const splitsOf = (high: number): number[] => {
  const least = Math.max(high, 1) / 4;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = Math.max(1, [1, 2, 2.5, 5, 10].find((factor) => factor * power >= least)! * power);
  const whole = Number.isInteger(step) ? step : Math.ceil(step);
  return Array.from(
    { length: Math.ceil(Math.max(high, 1) / whole) + 1 },
    (_, index) => index * whole,
  );
};
