import { SegmentedControl } from "@mantine/core";
import { useMemo } from "react";
import { Link } from "wouter";
import type { Traffic } from "../../../src/server/contract.ts";
import { useTraffic } from "../api/queries.ts";
import styles from "./chart.module.css";
import { Chart } from "./chart.tsx";
import { count, duration, time } from "./format.ts";
import layout from "./layout.module.css";
import { Panel } from "./panel.tsx";
import { dayMs, hourMs, spanUpTo } from "./span.ts";
import { Answer, Empty, Loading } from "./states.tsx";
import { useUrlState } from "./urlstate.ts";

type Bucket = Traffic["buckets"][number];

const ranges = [
  { value: "hour", label: "Hour", ms: hourMs },
  { value: "day", label: "Day", ms: dayMs },
  { value: "week", label: "Week", ms: 7 * dayMs },
  { value: "month", label: "Month", ms: 30 * dayMs },
] as const;

/** Calls by status class and latency over time, of an API or an endpoint, up to its last call or now. */
export const TrafficCharts = ({
  path,
  firstMs,
  lastMs,
  hasMinutes = false,
}: {
  path: string;
  firstMs: number;
  lastMs: number;
  /** Of an API the last hours are known by the minute. */
  hasMinutes?: boolean;
}) => {
  const [state, change] = useUrlState();
  const offered = hasMinutes ? ranges : ranges.filter(({ value }) => value !== "hour");
  const week = offered.find(({ value }) => value === "week")!;
  const usual = offered.find(({ ms }) => Date.now() - firstMs < ms && ms < week.ms) ?? week;
  const range = offered.find(({ value }) => value === state["range"]) ?? usual;
  const { fromMs, toMs } = spanUpTo(lastMs, range.ms);
  const query = useTraffic(path, fromMs, toMs);
  return (
    <>
      <SegmentedControl
        aria-label="How far back"
        data={offered.map(({ value, label }) => ({ value, label }))}
        value={range.value}
        onChange={(value) => change({ range: value === usual.value ? null : value })}
        w="fit-content"
      />
      {query.isPending ? (
        <div className={styles["waiting"]}>
          <Loading />
        </div>
      ) : (
        <Answer query={query}>
          {(traffic) =>
            traffic.buckets.every(({ calls }) => calls === 0) ? (
              <Panel>
                <Empty icon="changes" title="No calls in this time">
                  <p>
                    The last call was on {time(lastMs)}. How long figures over time are kept is said
                    in <Link href="/settings/preferences">Settings</Link>.
                  </p>
                </Empty>
              </Panel>
            ) : (
              <Charts traffic={traffic} fromMs={fromMs} toMs={toMs} />
            )
          }
        </Answer>
      )}
    </>
  );
};

const widthOf = (ms: number): string =>
  ms >= 86_400_000 ? "day" : ms >= 3_600_000 ? "hour" : ms >= 60_000 ? "minute" : "second";

/** More buckets than pixels say nothing more. */
const bucketsMax = 2_000;

/** The span without holes: a time without a bucket is one without calls. */
const whole = ({ buckets, widthMs }: Traffic, fromMs: number, toMs: number): Bucket[] => {
  const first = buckets[0];
  if (first === undefined || widthMs <= 0 || (toMs - fromMs) / widthMs > bucketsMax) return buckets;
  const known = new Map(buckets.map((bucket) => [bucket.startMs, bucket]));
  const filled: Bucket[] = [];
  const start = first.startMs - Math.ceil((first.startMs - fromMs) / widthMs) * widthMs;
  for (let startMs = start; startMs < toMs; startMs += widthMs)
    filled.push(known.get(startMs) ?? { ...silence, startMs });
  return filled;
};

const silence = {
  calls: 0,
  statusClasses: [0, 0, 0, 0, 0],
  requestBytes: 0,
  responseBytes: 0,
  p50Ms: null,
  p95Ms: null,
  p99Ms: null,
};

const seriesOf = (buckets: readonly Bucket[]) => {
  const classes = (...wanted: readonly number[]) =>
    buckets.map(({ statusClasses }) =>
      wanted.reduce((sum, index) => sum + (statusClasses[index] ?? 0), 0),
    );
  return {
    startsMs: buckets.map(({ startMs }) => startMs),
    calls: [
      { label: "5xx", color: "--bar-bad", values: classes(4) },
      { label: "4xx", color: "--bar-warn", values: classes(3) },
      { label: "answered well", color: "--bar", values: classes(0, 1, 2) },
    ],
    latency: [
      { label: "half within", color: "--good", values: buckets.map(({ p50Ms }) => p50Ms) },
      { label: "95 % within", color: "--accent", values: buckets.map(({ p95Ms }) => p95Ms) },
      { label: "99 % within", color: "--violet", values: buckets.map(({ p99Ms }) => p99Ms) },
    ],
  };
};

const Charts = ({ traffic, fromMs, toMs }: { traffic: Traffic; fromMs: number; toMs: number }) => {
  const { buckets, widthMs } = traffic;
  const { startsMs, calls, latency } = useMemo(
    () => seriesOf(whole(traffic, fromMs, toMs)),
    [traffic, fromMs, toMs],
  );
  const hasLatency = buckets.some(({ p50Ms }) => p50Ms !== null);
  const unit = widthOf(widthMs);
  return (
    <>
      <Panel title={`Calls by the ${unit}`}>
        <Chart label="Calls over time" startsMs={startsMs} series={calls} format={count} isBars />
      </Panel>
      {hasLatency && (
        <Panel title={`Latency by the ${unit}`}>
          <Chart label="Latency over time" startsMs={startsMs} series={latency} format={duration} />
        </Panel>
      )}
      {unit === "minute" && <p className={layout["soft"]}>Latency is kept by the hour: see Day.</p>}
    </>
  );
};
