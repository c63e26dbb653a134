/** Lines over time, drawn by uPlot, which is loaded when the first chart is shown. */

import { useMantineColorScheme } from "@mantine/core";
import { useColorScheme, useElementSize } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import type uPlot from "uplot";
import styles from "./chart.module.css";

export interface Series {
  readonly label: string;
  /** A variable of `theme.css`. */
  readonly color: string;
  readonly isBar?: boolean;
  readonly values: readonly (number | null)[];
}

interface ChartProps {
  readonly label: string;
  readonly startsMs: readonly number[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
}

const height = 220;
/** So few values may stand apart from each other, and a line between none is no line. */
const pointsBelow = 24;

export const Chart = (props: ChartProps) => {
  const host = useRef<HTMLDivElement>(null);
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
    void draw(element, props, width).then((drawn) => {
      if (isGone) drawn.destroy();
      else plot = drawn;
    });
    return () => {
      isGone = true;
      plot?.destroy();
    };
  }, [props.startsMs, props.series, width, scheme]);
  return (
    <figure className={styles["chart"]} aria-label={props.label}>
      <div ref={ref} className={styles["frame"]} style={{ height: height + 34 }}>
        <div ref={host} />
      </div>
    </figure>
  );
};

const dayWords = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const timeWords = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const wholeWords = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Midnight is the day that begins. */
const momentWords = (seconds: number): string => {
  const at = new Date(seconds * 1000);
  return (at.getHours() + at.getMinutes() === 0 ? dayWords : timeWords).format(at);
};

const draw = async (
  element: HTMLElement,
  { startsMs, series, format }: ChartProps,
  width: number,
): Promise<uPlot> => {
  const [{ default: Plot }] = await Promise.all([
    import("uplot"),
    import("uplot/dist/uPlot.min.css"),
  ]);
  const style = getComputedStyle(document.documentElement);
  const probe = document.createElement("span");
  element.append(probe);
  const colorOf = (name: string): string => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const axis = {
    stroke: colorOf("--ink-soft"),
    grid: { stroke: colorOf("--line"), width: 1 },
    ticks: { show: false },
    font: `11px ${style.fontFamily || "sans-serif"}`,
  };
  const first = (startsMs[0] ?? 0) / 1000;
  const step = startsMs.length > 1 ? startsMs[1]! / 1000 - first : 3_600;
  const options: uPlot.Options = {
    width,
    height,
    cursor: { points: { size: 6 }, drag: { x: false, y: false } },
    legend: { live: true },
    axes: [
      { ...axis, values: (_, ticks) => ticks.map(momentWords) },
      { ...axis, size: 64, values: (_, ticks) => ticks.map(format) },
    ],
    scales: {
      // Bars begin at their time: the last one needs room as wide as it is.
      x: { range: [first, (startsMs.at(-1) ?? 0) / 1000 + step] },
      y: { range: (_, low, high) => [Math.min(0, low), Math.max(high * 1.05, 1)] },
    },
    series: [
      { value: (_, at) => (at === null ? "–" : wholeWords.format(at * 1000)) },
      ...series.map((each) => {
        const color = colorOf(each.color);
        return {
          label: each.label,
          stroke: color,
          width: each.isBar ? 0 : 1.6,
          ...(each.isBar && {
            fill: color.replace("rgb(", "rgba(").replace(")", ", 0.55)"),
            paths: Plot.paths.bars!({ size: [0.7, 40], align: 1 }),
          }),
          points: {
            show:
              each.isBar !== true &&
              each.values.filter((value) => value !== null).length < pointsBelow,
            size: 5,
          },
          value: (_: uPlot, value: number | null) => (value === null ? "–" : format(value)),
        };
      }),
    ],
  };
  probe.remove();
  const data = [startsMs.map((ms) => ms / 1000), ...series.map(({ values }) => values)];
  return new Plot(options, data as uPlot.AlignedData, element);
};
