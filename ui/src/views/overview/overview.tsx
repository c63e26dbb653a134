import { Button } from "@mantine/core";
import { Link } from "wouter";
import type { Overview as OverviewData } from "../../../../src/server/contract.ts";
import { useOverview } from "../../api/queries.ts";
import { nameOf } from "../../parts/apiname.ts";
import { count, counted, exactCount, percent } from "../../parts/format.ts";
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
    <Week overview={overview} />
    <div className={styles["columns"]}>
      <NewApis overview={overview} />
      <Findings overview={overview} />
    </div>
    <Panel
      title={lastVisitMs === null ? "Latest changes" : "Changes since your last visit"}
      aside={<Link href="/changes">All changes</Link>}
      isFlush
    >
      {overview.changes.length === 0 ? (
        <p className={styles["none"]}>Nothing has changed.</p>
      ) : (
        overview.changes.slice(0, 8).map((change) => <ChangeLine key={change.id} change={change} />)
      )}
    </Panel>
  </>
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
          note={`${findings.high} high, ${findings.medium} medium, ${findings.low + findings.info} below`}
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

/** Calls an hour of the last seven days; the part that failed is drawn over it. */
const Week = ({ overview: { recent } }: { overview: OverviewData }) => {
  const highest = Math.max(1, ...recent.map(({ calls }) => calls));
  const step = 1000 / Math.max(1, recent.length);
  const bars = (of: (hour: { calls: number; errors: number }) => number): string =>
    recent
      .map((hour, index) => {
        const length = (of(hour) / highest) * 96;
        return length === 0
          ? ""
          : `M${(index * step).toFixed(1)} 100h${(step * 0.72).toFixed(1)}v${(-Math.max(0.8, length)).toFixed(1)}h${(-step * 0.72).toFixed(1)}z`;
      })
      .join("");
  const days = recent.filter((_, index) => index % 24 === 0);
  return (
    <Panel title="Calls an hour, last seven days" aside={<Legend highest={highest} />}>
      <svg
        className={styles["week"]}
        viewBox="0 0 1000 100"
        preserveAspectRatio="none"
        role="img"
        aria-label={`Calls an hour over the last seven days, at most ${exactCount(highest)}`}
      >
        <path d={bars(({ calls }) => calls)} className={styles["calls"]} />
        <path d={bars(({ errors }) => errors)} className={styles["errors"]} />
      </svg>
      <div className={styles["days"]} aria-hidden="true">
        {days.map(({ startMs }) => (
          <span key={startMs}>
            {new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric" }).format(
              startMs,
            )}
          </span>
        ))}
      </div>
    </Panel>
  );
};

const Legend = ({ highest }: { highest: number }) => (
  <span className={styles["legend"]}>
    <span data-kind="calls">calls, at most {count(highest)}</span>
    <span data-kind="errors">errors</span>
  </span>
);

const NewApis = ({ overview: { newApis } }: { overview: OverviewData }) => (
  <Panel title="New APIs" aside={<Link href="/apis?status=new">All new APIs</Link>} isFlush>
    {newApis.length === 0 ? (
      <p className={styles["none"]}>No new API.</p>
    ) : (
      newApis.slice(0, 6).map((api) => (
        <Link key={api.id} href={`/apis/${api.id}`} className={styles["line"]}>
          <span className={styles["main"]}>
            <strong>{nameOf(api)}</strong>
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
      <p className={styles["none"]}>No open finding.</p>
    ) : (
      topFindings.slice(0, 6).map((finding) => (
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
