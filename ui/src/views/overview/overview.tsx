import { Button } from "@mantine/core";
import { useMemo } from "react";
import { Link } from "wouter";
import type { Overview as OverviewData } from "../../../../src/server/contract.ts";
import { useOverview } from "../../api/queries.ts";
import { Chart } from "../../parts/chart.tsx";
import { count, counted, exactCount, percent } from "../../parts/format.ts";
import layout from "../../parts/layout.module.css";
import { Figure, Panel } from "../../parts/panel.tsx";
import { Sparkline } from "../../parts/sparkline.tsx";
import { Answer, Empty } from "../../parts/states.tsx";
import { SeverityTag, StatusTag } from "../../parts/tag.tsx";
import { View } from "../../parts/view.tsx";
import { ChangeLine } from "../changes/changeline.tsx";
import styles from "./overview.module.css";
import { lastVisitMs } from "./visit.ts";

export const Overview = () => {
  const query = useOverview(lastVisitMs);
  return (
    <View
      title="Overview"
      lead={
        lastVisitMs === null
          ? "What is spoken on your network"
          : "What is spoken on your network, and what is new since your last visit"
      }
    >
      <Answer query={query}>
        {(overview) => (overview.apis === 0 ? <Nothing /> : <Content overview={overview} />)}
      </Answer>
    </View>
  );
};

const Nothing = () => (
  <Panel>
    <Empty
      icon="sensors"
      title="No API has been heard yet"
      action={
        <div className={styles["buttons"]}>
          <Button component={Link} href="/import">
            Import a capture
          </Button>
          <Button component={Link} href="/sensors" variant="default">
            See what sensors hear
          </Button>
        </div>
      }
    >
      <p>
        Run <code>nta tap</code> where your services talk, or drop a pcap or HAR file here. APIs
        appear by themselves within seconds of their first calls.
      </p>
    </Empty>
  </Panel>
);

const Content = ({ overview }: { overview: OverviewData }) => (
  <>
    <Figures overview={overview} />
    <Recent overview={overview} />
    <div className={styles["columns"]}>
      <div className={layout["stack"]}>
        <NewApis overview={overview} />
        <Changes overview={overview} />
      </div>
      <Findings overview={overview} />
    </div>
  </>
);

const Changes = ({ overview: { changes } }: { overview: OverviewData }) => (
  <Panel
    title={lastVisitMs === null ? "Latest changes" : "Changes since your last visit"}
    aside={<Link href="/changes">All changes</Link>}
    isFlush
  >
    {changes.length === 0 ? (
      <p className={layout["none"]}>Nothing has changed.</p>
    ) : (
      changes.slice(0, 6).map((change) => <ChangeLine key={change.id} change={change} />)
    )}
  </Panel>
);

const Figures = ({ overview }: { overview: OverviewData }) => {
  const { sensors, findings, byStatus } = overview;
  const serious = findings.high + findings.medium;
  const unwell = sensors.silent + sensors.losing;
  return (
    <div className={styles["figures"]}>
      <Link href="/apis" className={styles["figure"]}>
        <Figure
          label="APIs"
          value={count(overview.apis)}
          note={`${byStatus.new ?? 0} new, ${byStatus.unused ?? 0} unused`}
        />
      </Link>
      <Link href="/apis" className={styles["figure"]}>
        <Figure
          label="Endpoints"
          value={count(overview.endpoints)}
          note={`in ${counted(overview.apis, "API")}`}
        />
      </Link>
      <Link href="/map" className={styles["figure"]}>
        <Figure
          label="Calls"
          value={count(overview.calls)}
          title={exactCount(overview.calls)}
          note={`${percent(overview.errorShare)} answered with an error`}
        />
      </Link>
      <Link href="/findings" className={styles["figure"]}>
        <Figure
          label="Serious findings"
          value={count(serious)}
          note={`${count(findings.high)} high, ${count(findings.medium)} medium; ${count(findings.low + findings.info)} minor`}
        />
      </Link>
      <Link href="/sensors" className={styles["figure"]}>
        <Figure
          label="Sensors"
          value={count(sensors.total)}
          note={
            sensors.total === 0
              ? "none has reported"
              : unwell === 0
                ? "all well"
                : `${sensors.silent} silent, ${sensors.losing} losing packets`
          }
        />
      </Link>
    </div>
  );
};

/** Calls an hour of the last seven days, or of the last day where nothing is older; by the minute where all is new. */
const Recent = ({ overview: { recent, lastHour } }: { overview: OverviewData }) => {
  const { shown, unit, span } = useMemo(() => {
    if (lastHour.some(({ calls }) => calls > 0))
      return { shown: lastHour, unit: "minute", span: "hour" };
    const isYoung = recent.slice(0, -hoursOfDay).every(({ calls }) => calls === 0);
    return isYoung
      ? { shown: recent.slice(-hoursOfDay), unit: "hour", span: "24 hours" }
      : { shown: recent, unit: "hour", span: "seven days" };
  }, [recent, lastHour]);
  const startsMs = useMemo(() => shown.map(({ startMs }) => startMs), [shown]);
  const series = useMemo(
    () => [
      { label: "errors", color: "--bar-bad", values: shown.map(({ errors }) => errors) },
      {
        label: "answered well",
        color: "--bar",
        values: shown.map(({ calls, errors }) => calls - errors),
      },
    ],
    [shown],
  );
  return (
    <Panel title={`Calls by the ${unit}, last ${span}`}>
      <Chart
        label={`Calls by the ${unit}`}
        startsMs={startsMs}
        series={series}
        format={count}
        height={150}
        isBars
      />
    </Panel>
  );
};

const hoursOfDay = 24;

const NewApis = ({ overview: { newApis } }: { overview: OverviewData }) => (
  <Panel title="New APIs" aside={<Link href="/apis?status=new">All new APIs</Link>} isFlush>
    {newApis.length === 0 ? (
      <p className={layout["none"]}>No new API.</p>
    ) : (
      newApis.slice(0, 6).map((api) => (
        <Link key={api.id} href={`/apis/${api.id}`} className={styles["line"]}>
          <span className={styles["main"]}>
            <strong>{api.title}</strong>
            <span>
              {counted(api.endpoints, "endpoint")}, {counted(api.calls, "call")}
            </span>
          </span>
          <span className={styles["spark"]}>
            <Sparkline values={api.recent} label="Calls in each of the last 24 hours" />
          </span>
          <StatusTag status={api.status} />
        </Link>
      ))
    )}
  </Panel>
);

const Findings = ({ overview: { topFindings } }: { overview: OverviewData }) => (
  <Panel
    title="Findings that weigh most"
    aside={<Link href="/findings">All findings</Link>}
    isFlush
  >
    {topFindings.length === 0 ? (
      <p className={layout["none"]}>No open finding.</p>
    ) : (
      topFindings.slice(0, 10).map((finding) => (
        <Link key={finding.id} href={`/findings?open=${finding.id}`} className={styles["line"]}>
          <span className={styles["main"]}>
            <strong>{finding.title}</strong>
            <span>
              {[`${finding.method ?? ""} ${finding.path ?? ""}`.trim(), finding.apiName]
                .filter((words) => words !== "")
                .join(" · ")}
            </span>
          </span>
          <SeverityTag severity={finding.severity} />
        </Link>
      ))
    )}
  </Panel>
);
