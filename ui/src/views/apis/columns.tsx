import { Link } from "wouter";
import type { ApiRow } from "../../../../src/server/contract.ts";
import { count, exactCount, percent } from "../../parts/format.ts";
import { placeOf } from "../../parts/place.ts";
import { Sparkline } from "../../parts/sparkline.tsx";
import type { Column } from "../../parts/table.tsx";
import { StatusTag, Tag, Tags } from "../../parts/tag.tsx";
import { When } from "../../parts/when.tsx";
import styles from "./apis.module.css";

const scoreHue = (score: number) => (score >= 7 ? "bad" : score >= 4 ? "warn" : "plain");

/** The table's columns; those that matter less give way where it is narrow. */
export const columns: readonly Column<ApiRow>[] = [
  {
    key: "name",
    title: "Name",
    width: "minmax(7rem, 1fr)",
    sort: "name",
    cell: (api) => (
      <Link href={`/apis/${api.id}`} tabIndex={-1} className={styles["name"]} title={api.title}>
        {api.title}
      </Link>
    ),
  },
  {
    key: "status",
    title: "Status",
    width: "5.5rem",
    from: 420,
    sort: "status",
    cell: (api) => <StatusTag status={api.status} />,
  },
  {
    key: "namespace",
    title: "Namespace",
    width: "8rem",
    from: 1_180,
    cell: (api) => placeOf(api) ?? <span className={styles["none"]}>–</span>,
  },
  {
    key: "endpoints",
    title: "Endpoints",
    width: "6.5rem",
    from: 820,
    sort: "endpoints",
    isNumber: true,
    cell: (api) => count(api.endpoints),
  },
  {
    key: "calls",
    title: "Calls",
    width: "5.5rem",
    sort: "calls",
    isNumber: true,
    cell: (api) => <span title={exactCount(api.calls)}>{count(api.calls)}</span>,
  },
  {
    key: "errors",
    title: "Errors",
    width: "5.5rem",
    from: 620,
    sort: "errorShare",
    isNumber: true,
    cell: (api) => (
      <span data-bad={api.errorShare > 0.05 || undefined} className={styles["share"]}>
        {percent(api.errorShare)}
      </span>
    ),
  },
  {
    key: "recent",
    title: "Last 24 hours",
    width: "8rem",
    from: 920,
    cell: (api) => <Sparkline values={api.recent} label="Calls in each of the last 24 hours" />,
  },
  {
    key: "auth",
    title: "Auth",
    width: "8rem",
    from: 1_000,
    cell: (api) =>
      api.auth.length === 0 ? <Tag hue="warn">none seen</Tag> : <Tags words={api.auth} limit={1} />,
  },
  {
    key: "sensitive",
    title: "Sensitive data",
    width: "9rem",
    from: 1_320,
    cell: (api) =>
      api.sensitive.length === 0 ? (
        <span className={styles["none"]}>–</span>
      ) : (
        <Tags words={api.sensitive} />
      ),
  },
  {
    key: "score",
    title: "Risk",
    width: "5rem",
    from: 700,
    sort: "score",
    isNumber: true,
    cell: (api) => (
      <Tag hue={scoreHue(api.score)} title="Exposure and open findings, weighed: 0 to 10">
        {api.score.toFixed(1)}
      </Tag>
    ),
  },
  {
    key: "last",
    title: "Last call",
    width: "8rem",
    from: 1_080,
    sort: "lastMs",
    cell: (api) => <When ms={api.lastMs} />,
  },
];
