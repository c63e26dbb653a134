import { SegmentedControl } from "@mantine/core";
import { useMemo } from "react";
import type { Traffic } from "../../../src/server/contract.ts";
import { useTraffic } from "../api/queries.ts";
import { Chart } from "./chart.tsx";
import { count, duration } from "./format.ts";
import { Panel } from "./panel.tsx";
import { Answer, Empty } from "./states.tsx";
import { useUrlState } from "./urlstate.ts";

const hourMs = 3_600_000;
const ranges = [
  { value: "day", label: "Day", ms: 24 * hourMs },
  { value: "week", label: "Week", ms: 168 * hourMs },
  { value: "month", label: "Month", ms: 730 * hourMs },
] as const;

/** Calls by status class and latency over time, of an API or an endpoint, up to its last call or now. */
export const TrafficCharts = ({ path, lastMs }: { path: string; lastMs: number }) => {
  const [state, change] = useUrlState();
  const range = ranges.find(({ value }) => value === state["range"]) ?? ranges[1];
  const isLate = Date.now() - lastMs > range.ms;
  const toMs = Math.ceil(((isLate ? lastMs : Date.now()) + 1) / hourMs) * hourMs;
  return (
    <>
      <SegmentedControl
        aria-label="How far back"
        data={ranges.map(({ value, label }) => ({ value, label }))}
        value={range.value}
        onChange={(value) => change({ range: value === "week" ? null : value })}
        w="fit-content"
      />
      <Answer query={useTraffic(path, toMs - range.ms, toMs)}>
        {(traffic) =>
          traffic.buckets.every(({ calls }) => calls === 0) ? (
            <Panel>
              <Empty icon="changes" title="No calls in this time">
                <p>Figures over time begin with the next call that a sensor hears.</p>
              </Empty>
            </Panel>
          ) : (
            <Charts traffic={traffic} />
          )
        }
      </Answer>
    </>
  );
};

const widthOf = (ms: number): string =>
  ms >= 86_400_000 ? "day" : ms >= 3_600_000 ? "hour" : ms >= 60_000 ? "minute" : "second";

const Charts = ({ traffic: { buckets, widthMs } }: { traffic: Traffic }) => {
  const startsMs = useMemo(() => buckets.map(({ startMs }) => startMs), [buckets]);
  const calls = useMemo(() => {
    const of = (classIndex: number) =>
      buckets.map((bucket) => bucket.statusClasses[classIndex] ?? 0);
    return [
      { label: "calls", color: "--accent", isFilled: true, values: buckets.map((b) => b.calls) },
      { label: "4xx", color: "--warn", values: of(3) },
      { label: "5xx", color: "--bad", values: of(4) },
    ];
  }, [buckets]);
  const latency = useMemo(
    () => [
      { label: "half within", color: "--good", values: buckets.map(({ p50Ms }) => p50Ms) },
      { label: "95 % within", color: "--accent", values: buckets.map(({ p95Ms }) => p95Ms) },
      { label: "99 % within", color: "--violet", values: buckets.map(({ p99Ms }) => p99Ms) },
    ],
    [buckets],
  );
  const hasLatency = buckets.some(({ p50Ms }) => p50Ms !== null);
  const unit = widthOf(widthMs);
  return (
    <>
      <Panel title={`Calls, each ${unit}`}>
        <Chart label="Calls over time" startsMs={startsMs} series={calls} format={count} />
      </Panel>
      {hasLatency && (
        <Panel title="Latency">
          <Chart label="Latency over time" startsMs={startsMs} series={latency} format={duration} />
        </Panel>
      )}
    </>
  );
};
