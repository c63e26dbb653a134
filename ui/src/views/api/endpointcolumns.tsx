import { useMemo } from "react";
import { Link } from "wouter";
import type { EndpointRow } from "../../../../src/server/contract.ts";
import { count, counted, duration, durations, exactCount, percent } from "../../parts/format.ts";
import { Icon } from "../../parts/icons.tsx";
import layout from "../../parts/layout.module.css";
import { Sparkline, Trend } from "../../parts/sparkline.tsx";
import type { Column } from "../../parts/table.tsx";
import { ComparedTag, Method, Tag, Tags } from "../../parts/tag.tsx";
import { When } from "../../parts/when.tsx";
import styles from "./api.module.css";
import { errorShares, type Series, type SeriesById } from "./series.ts";
import type { Folder, TreeRow } from "./tree.ts";

const ofEndpoint =
  (cell: (endpoint: EndpointRow) => React.ReactNode) =>
  (row: TreeRow): React.ReactNode =>
    row.kind === "endpoint" ? cell(row.endpoint) : null;

interface TreeState {
  readonly series: SeriesById;
  readonly closed: ReadonlySet<string>;
  readonly toggle: (id: string) => void;
  readonly hasImported: boolean;
}

/** Columns of the tree of endpoints; the first is the tree itself. */
export const columnsOf = ({
  series,
  closed,
  toggle,
  hasImported,
}: TreeState): readonly Column<TreeRow>[] => {
  const seriesOf = (row: TreeRow): Series | null =>
    row.kind === "folder" ? row.series : (series.get(row.id) ?? null);
  return [
    {
      key: "path",
      title: "Endpoint",
      width: "minmax(12rem, 1fr)",
      cell: (row) =>
        row.kind === "folder" ? (
          <FolderName folder={row} isClosed={closed.has(row.id)} toggle={toggle} />
        ) : (
          <EndpointName row={row.endpoint} depth={row.depth} />
        ),
    },
    {
      key: "marks",
      title: "Marks",
      width: hasImported ? "11rem" : "9rem",
      from: 860,
      cell: ofEndpoint((endpoint) => <Marks endpoint={endpoint} />),
    },
    {
      key: "calls",
      title: "Calls",
      width: "var(--measure)",
      isNumber: true,
      cell: (row) => <Calls row={row} series={seriesOf(row)} />,
    },
    {
      key: "errors",
      title: "Errors",
      width: "var(--measure)",
      from: 520,
      isNumber: true,
      cell: (row) => <Errors row={row} series={seriesOf(row)} />,
    },
    {
      key: "latency",
      title: "Latency",
      width: "calc(var(--measure) + 2.6rem)",
      from: 620,
      isNumber: true,
      cell: ofEndpoint((endpoint) => (
        <Latency endpoint={endpoint} series={series.get(endpoint.id) ?? null} />
      )),
    },
    {
      key: "auth",
      title: "Auth",
      width: "8rem",
      from: 1_240,
      cell: ofEndpoint(({ auth }) =>
        auth.length === 0 ? <Tag hue="warn">none seen</Tag> : <Tags words={auth} limit={1} />,
      ),
    },
    {
      key: "last",
      title: "Last call",
      width: "8rem",
      from: 1_060,
      cell: ofEndpoint(({ lastMs, calls }) => (calls === 0 ? "never" : <When ms={lastMs} />)),
    },
  ];
};

/** A number, and beside it how it went. */
const Measure = ({
  title,
  isSoft,
  isBad = false,
  words,
  children,
}: {
  title: string;
  isSoft: boolean;
  isBad?: boolean;
  words: string;
  children: React.ReactNode;
}) => (
  <span className={styles["measure"]} data-soft={isSoft || undefined} data-bad={isBad || undefined}>
    <span className={styles["curve"]}>{children}</span>
    <span title={title}>{words}</span>
  </span>
);

interface MeasureProps {
  readonly row: TreeRow;
  readonly series: Series | null;
}

const Calls = ({ row, series }: MeasureProps) => {
  const { calls } = row.kind === "folder" ? row : row.endpoint;
  return (
    <Measure title={exactCount(calls)} isSoft={row.kind === "folder"} words={count(calls)}>
      {series !== null && (
        <Sparkline
          values={series.calls}
          label={`Calls an hour: at most ${exactCount(Math.max(...series.calls))}, ${exactCount(series.calls.at(-1) ?? 0)} in the last`}
        />
      )}
    </Measure>
  );
};

const Errors = ({ row, series }: MeasureProps) => {
  const { errorShare } = row.kind === "folder" ? row : row.endpoint;
  const shares = useMemo(() => (series === null ? [] : errorShares(series)), [series]);
  const highest = Math.max(0, ...shares);
  return (
    <Measure
      title="Answered with 4xx or 5xx"
      isSoft={row.kind === "folder"}
      isBad={errorShare > 0.05}
      words={percent(errorShare)}
    >
      {highest > 0 && (
        <Sparkline
          values={shares}
          isBad
          scale={0.2}
          label={`Errors an hour: at most ${percent(highest)}, ${percent(shares.at(-1) ?? 0)} in the last`}
        />
      )}
    </Measure>
  );
};

const FolderName = ({
  folder,
  isClosed,
  toggle,
}: {
  folder: Folder;
  isClosed: boolean;
  toggle: (id: string) => void;
}) => (
  <button
    type="button"
    tabIndex={-1}
    className={styles["folder"]}
    style={{ paddingInlineStart: `calc(${folder.depth} * var(--indent))` }}
    onClick={() => toggle(folder.id)}
  >
    <Icon name={isClosed ? "right" : "down"} size={13} />
    <code>{folder.label}</code>
    <span className={layout["soft"]}>{isClosed && counted(folder.endpoints, "endpoint")}</span>
  </button>
);

const EndpointName = ({ row, depth }: { row: EndpointRow; depth: number }) => (
  <Link
    href={`/apis/${row.api}/endpoints/${row.id}`}
    tabIndex={-1}
    className={styles["endpoint"]}
    style={{ paddingInlineStart: `calc(${depth} * var(--indent) + 0.2rem)` }}
    title={`${row.method} ${row.path}`}
  >
    <Method method={row.method} />
    <span>{row.summary === "" ? row.path : row.summary}</span>
  </Link>
);

const Marks = ({ endpoint }: { endpoint: EndpointRow }) => (
  <span className={styles["marks"]}>
    {endpoint.compared !== null && endpoint.compared !== "documented" && (
      <ComparedTag kind={endpoint.compared} />
    )}
    {endpoint.findings > 0 && (
      <Tag hue="bad" title={counted(endpoint.findings, "open finding")}>
        {counted(endpoint.findings, "finding")}
      </Tag>
    )}
    {endpoint.sensitive.length > 0 && (
      <Tag hue="violet" title={`Sensitive data: ${endpoint.sensitive.join(", ")}`}>
        {endpoint.sensitive[0]}
      </Tag>
    )}
    {endpoint.deprecated && <Tag hue="warn">deprecated</Tag>}
  </span>
);

const Latency = ({ endpoint, series }: { endpoint: EndpointRow; series: Series | null }) => {
  const { p50Ms, p95Ms } = endpoint;
  const known = series?.p95Ms.filter((value) => value !== null) ?? [];
  return (
    <Measure
      title={`Half within ${duration(p50Ms)}, 95 % within ${duration(p95Ms)}`}
      isSoft={false}
      words={durations(p50Ms, p95Ms)}
    >
      {series !== null && known.length > 0 && (
        <Trend
          values={series.p95Ms}
          label={`Latency by the hour, 95 % within: at most ${duration(Math.max(...known))}, ${duration(known.at(-1) ?? null)} at last`}
        />
      )}
    </Measure>
  );
};
