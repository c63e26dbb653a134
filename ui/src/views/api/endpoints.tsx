import { Button, SegmentedControl } from "@mantine/core";
import { useMemo, useState } from "react";
import { Link, useLocation } from "wouter";
import type { ApiDetail, EndpointRow } from "../../../../src/server/contract.ts";
import { useEndpoints, useSeries } from "../../api/queries.ts";
import { counted, time } from "../../parts/format.ts";
import layout from "../../parts/layout.module.css";
import { Panel } from "../../parts/panel.tsx";
import { SearchField } from "../../parts/searchfield.tsx";
import { dayMs, spanUpTo } from "../../parts/span.ts";
import { Answer, Empty } from "../../parts/states.tsx";
import { Table } from "../../parts/table.tsx";
import { useUrlState } from "../../parts/urlstate.ts";
import styles from "./api.module.css";
import { columnsOf } from "./endpointcolumns.tsx";
import { byId } from "./series.ts";
import { makeTree, rowsOf, type TreeRow } from "./tree.ts";

/** A tree that is larger begins closed. */
const openRowsMax = 400;

export const Endpoints = ({ api }: { api: ApiDetail }) => (
  <Answer query={useEndpoints(api.id)}>
    {(endpoints) =>
      endpoints.length === 0 ? (
        <Empty icon="apis" title="No endpoint is known yet">
          <p>
            Calls were heard, but none that teaches an endpoint: failed calls, static files and
            probes teach nothing. <Link href="/sensors">Sensors</Link> count why.
          </p>
        </Empty>
      ) : (
        <EndpointTree api={api} endpoints={endpoints} />
      )
    }
  </Answer>
);

const EndpointTree = ({ api, endpoints }: { api: ApiDetail; endpoints: EndpointRow[] }) => {
  const [state, change] = useUrlState();
  const [, go] = useLocation();
  const q = state["q"]?.toLowerCase() ?? "";
  const marked = state["marked"] ?? "all";
  const found = useMemo(
    () => endpoints.filter((each) => isWanted(each, q, marked)),
    [endpoints, q, marked],
  );
  const { fromMs, toMs, isPast } = spanUpTo(api.lastMs, dayMs);
  const { data } = useSeries(api.id, fromMs, toMs);
  const series = useMemo(() => byId(data), [data]);
  const tree = useMemo(() => makeTree(found, series), [found, series]);
  const [closed, toggle, setAll] = useClosed(tree.folders, found.length);
  const rows = useMemo(() => rowsOf(tree, closed), [tree, closed]);
  const columns = useMemo(
    () => columnsOf({ series, closed, toggle, hasImported: api.imported !== null }),
    [series, closed, toggle, api.imported],
  );
  const onKey = (row: TreeRow, key: string): boolean => {
    if (row.kind !== "folder" || (key !== "ArrowLeft" && key !== "ArrowRight")) return false;
    if (closed.has(row.id) === (key === "ArrowRight")) toggle(row.id);
    return true;
  };
  return (
    <div className={styles["fill"]}>
      <div className={layout["bar"]}>
        <SearchField
          label="Search paths and methods"
          value={state["q"] ?? ""}
          onSearch={(text) => change({ q: text })}
        />
        {api.imported !== null && (
          <Marks
            value={marked}
            onChange={(value) => change({ marked: value === "all" ? null : value })}
          />
        )}
        <span className={layout["push"]} />
        <span className={`${layout["soft"]} ${styles["found"]}`}>
          {counted(found.length, "endpoint")}
          <span className={styles["curves"]}>
            {isPast
              ? `, curves of the day up to ${time(api.lastMs)}`
              : ", curves of the last 24 hours"}
          </span>
        </span>
        <Button variant="default" onClick={() => setAll(closed.size === 0)}>
          {closed.size === 0 ? "Close all" : "Open all"}
        </Button>
      </div>
      {rows.length === 0 ? (
        <Panel isFlush>
          <Empty title="No endpoint matches">
            <p>A shorter part of the path may find it.</p>
          </Empty>
        </Panel>
      ) : (
        <Table
          label={`Endpoints of ${api.name}`}
          columns={columns}
          count={rows.length}
          rowAt={(index) => rows[index]}
          idOf={({ id }) => id}
          rowHeight={38}
          onOpen={(row) =>
            row.kind === "folder" ? toggle(row.id) : go(`/apis/${api.id}/endpoints/${row.id}`)
          }
          onKey={onKey}
          treeOf={(row) => ({
            level: row.depth + 1,
            isOpen: row.kind === "folder" ? !closed.has(row.id) : undefined,
          })}
        />
      )}
    </div>
  );
};

const isWanted = (endpoint: EndpointRow, q: string, marked: string): boolean =>
  (marked === "all" || endpoint.compared === marked) &&
  (q === "" || `${endpoint.method} ${endpoint.path}`.toLowerCase().includes(q));

const Marks = ({ value, onChange }: { value: string; onChange: (value: string) => void }) => (
  <SegmentedControl
    aria-label="How it stands to the imported description"
    value={value}
    onChange={onChange}
    data={[
      { value: "all", label: "All" },
      { value: "shadow", label: "Shadow" },
      { value: "zombie", label: "Zombie" },
      { value: "drift", label: "Drift" },
      { value: "orphan", label: "Orphan" },
    ]}
  />
);

/** Which folders are closed: what the reader chose, else all of a tree that is too large to read at once. */
const useClosed = (folders: readonly string[], size: number) => {
  const [chosen, setChosen] = useState<ReadonlySet<string> | null>(null);
  const usual = useMemo(() => new Set(size > openRowsMax ? folders.slice(1) : []), [folders, size]);
  const closed = chosen ?? usual;
  const [toggle, setAll] = useMemo(
    () => [
      (id: string): void =>
        setChosen((before) => {
          const after = new Set(before ?? usual);
          if (!after.delete(id)) after.add(id);
          return after;
        }),
      (isClosed: boolean): void => setChosen(new Set(isClosed ? folders : [])),
    ],
    [folders, usual],
  );
  return [closed, toggle, setAll] as const;
};
