import { Link } from "wouter";
import type { EndpointRow } from "../../../../src/server/contract.ts";
import { count, counted, duration, exactCount, percent } from "../../parts/format.ts";
import { Icon } from "../../parts/icons.tsx";
import { LatencyBar, Sparkline } from "../../parts/sparkline.tsx";
import type { Column } from "../../parts/table.tsx";
import { ComparedTag, Method, Tag, Tags } from "../../parts/tag.tsx";
import { When } from "../../parts/when.tsx";
import styles from "./api.module.css";
import type { Folder, TreeRow } from "./tree.ts";

const ofEndpoint =
  (cell: (endpoint: EndpointRow) => React.ReactNode) =>
  (row: TreeRow): React.ReactNode =>
    row.kind === "endpoint" ? cell(row.endpoint) : null;

/** Columns of the tree of endpoints; the first is the tree itself. */
export const columnsOf = (
  endpoints: readonly EndpointRow[],
  closed: ReadonlySet<string>,
  toggle: (id: string) => void,
  hasImported: boolean,
): readonly Column<TreeRow>[] => {
  const mostMs = Math.max(1, ...endpoints.slice(0, 5_000).map(({ p95Ms }) => p95Ms ?? 0));
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
      from: 760,
      cell: ofEndpoint((endpoint) => <Marks endpoint={endpoint} />),
    },
    {
      key: "calls",
      title: "Calls",
      width: "5.5rem",
      isNumber: true,
      cell: (row) => {
        const { calls } = row.kind === "folder" ? row : row.endpoint;
        return (
          <span
            title={exactCount(calls)}
            data-soft={row.kind === "folder" || undefined}
            className={styles["count"]}
          >
            {count(calls)}
          </span>
        );
      },
    },
    {
      key: "errors",
      title: "Errors",
      width: "5rem",
      from: 520,
      isNumber: true,
      cell: (row) => {
        const { errorShare } = row.kind === "folder" ? row : row.endpoint;
        return (
          <span
            className={styles["count"]}
            data-soft={row.kind === "folder" || undefined}
            data-bad={errorShare > 0.05 || undefined}
          >
            {percent(errorShare)}
          </span>
        );
      },
    },
    {
      key: "recent",
      title: "Last 24 hours",
      width: "7.5rem",
      from: 900,
      cell: ofEndpoint(({ recent }) => (
        <Sparkline values={recent} label="Calls in each of the last 24 hours" />
      )),
    },
    {
      key: "latency",
      title: "Latency",
      width: "13rem",
      from: 1_080,
      cell: ofEndpoint((endpoint) => <Latency endpoint={endpoint} mostMs={mostMs} />),
    },
    {
      key: "auth",
      title: "Auth",
      width: "8rem",
      from: 1_200,
      cell: ofEndpoint(({ auth }) =>
        auth.length === 0 ? <Tag hue="warn">none seen</Tag> : <Tags words={auth} limit={1} />,
      ),
    },
    {
      key: "last",
      title: "Last call",
      width: "7rem",
      from: 980,
      cell: ofEndpoint(({ lastMs, calls }) => (calls === 0 ? "never" : <When ms={lastMs} />)),
    },
  ];
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
    <span className={styles["soft"]}>{isClosed && counted(folder.endpoints, "endpoint")}</span>
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

const Latency = ({ endpoint, mostMs }: { endpoint: EndpointRow; mostMs: number }) => {
  const words = `half within ${duration(endpoint.p50Ms)}, 95 % within ${duration(endpoint.p95Ms)}`;
  return (
    <span className={styles["latency"]} title={words}>
      <LatencyBar p50Ms={endpoint.p50Ms} p95Ms={endpoint.p95Ms} mostMs={mostMs} label={words} />
      <span>
        {duration(endpoint.p50Ms)} – {duration(endpoint.p95Ms)}
      </span>
    </span>
  );
};
