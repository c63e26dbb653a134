import { Button, SegmentedControl, Select } from "@mantine/core";
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { Link } from "wouter";
import type { ServiceMap as MapData } from "../../../../src/server/contract.ts";
import { useMap } from "../../api/queries.ts";
import { count, counted, percent } from "../../parts/format.ts";
import layout from "../../parts/layout.module.css";
import { Facts, Panel } from "../../parts/panel.tsx";
import { SearchField } from "../../parts/searchfield.tsx";
import { Answer, Empty, Loading } from "../../parts/states.tsx";
import { Tag } from "../../parts/tag.tsx";
import { useUrlState } from "../../parts/urlstate.ts";
import { View } from "../../parts/view.tsx";
import { EdgeList } from "./edgelist.tsx";
import styles from "./map.module.css";
import { type Colouring, edgesOf, type MapNode, nodesShown, type Part, partOf } from "./part.ts";

const loadGraph = () => import("./graph.tsx");
const Graph = lazy(async () => ({ default: (await loadGraph()).Graph }));

export const ServiceMap = () => {
  const query = useMap();
  // What draws comes while the server is still asked what to draw.
  useEffect(() => {
    void loadGraph().catch(() => {});
  }, []);
  return (
    <View title="Map" lead="Who calls whom" isFilling>
      <Answer query={query}>
        {(map) => (map.nodes.length === 0 ? <Nothing /> : <Content map={map} />)}
      </Answer>
    </View>
  );
};

const Nothing = () => (
  <Panel>
    <Empty icon="map" title="Nobody has called anybody yet">
      <p>
        The map is drawn from the calls that sensors hear. <Link href="/import">Import</Link> a
        capture, or see <Link href="/sensors">what sensors hear</Link>.
      </p>
    </Empty>
  </Panel>
);

const Content = ({ map }: { map: MapData }) => {
  const [state, change] = useUrlState();
  const [chosen, setChosen] = useState<string | null>(null);
  const namespaces = useMemo(
    () =>
      [...new Set(map.nodes.map(({ namespace }) => namespace ?? ""))]
        .filter((x) => x !== "")
        .sort(),
    [map],
  );
  const { namespace = null, q = "" } = state;
  const isAll = state["more"] !== undefined;
  const isList = state["as"] === "list";
  const nodesMax = isList ? map.nodes.length : nodesShown[isAll ? "most" : "first"];
  const part = useMemo(
    () => partOf(map, { namespace, q, nodesMax }),
    [map, namespace, q, nodesMax],
  );
  const node = part.nodes.find(({ id }) => id === chosen) ?? null;
  return (
    <>
      <div className={layout["bar"]}>
        <SearchField label="Search names" value={q} onSearch={(words) => change({ q: words })} />
        {namespaces.length > 0 && (
          <Select
            aria-label="Namespace"
            placeholder="Every namespace"
            data={namespaces}
            value={namespace}
            onChange={(chosenOne) => change({ namespace: chosenOne })}
            clearable
            w="12rem"
          />
        )}
        <SegmentedControl
          aria-label="Coloured by"
          data={[
            { value: "errors", label: "Errors" },
            { value: "findings", label: "Findings" },
          ]}
          value={state["colour"] ?? "errors"}
          onChange={(value) => change({ colour: value === "errors" ? null : value })}
        />
        <SegmentedControl
          aria-label="Shown as"
          data={[
            { value: "graph", label: "Graph" },
            { value: "list", label: "List" },
          ]}
          value={isList ? "list" : "graph"}
          onChange={(value) => change({ as: value === "list" ? "list" : null })}
        />
        {!isList && <Legend isByFindings={state["colour"] === "findings"} />}
      </div>
      {part.hidden > 0 && (
        <p className={styles["hint"]}>
          The {count(part.nodes.length)} with most calls are drawn; {counted(part.hidden, "node")}{" "}
          more are found by name or namespace, or in the list.{" "}
          {!isAll && (
            <Button size="compact-xs" variant="default" onClick={() => change({ more: "1" })}>
              Draw more
            </Button>
          )}
        </p>
      )}
      <Drawing
        part={part}
        isList={isList}
        colouring={(state["colour"] ?? "errors") as Colouring}
        node={node}
        onChoose={setChosen}
        onNarrow={(name) => change({ q: name, namespace: null })}
      />
    </>
  );
};

const Legend = ({ isByFindings }: { isByFindings: boolean }) => (
  <span className={styles["legend"]}>
    {isByFindings ? (
      <>
        <span data-mood="good">no open finding</span>
        <span data-mood="bad">open findings</span>
      </>
    ) : (
      <>
        <span data-mood="good">up to 1 % errors</span>
        <span data-mood="warn">up to 5 %</span>
        <span data-mood="bad">more</span>
      </>
    )}
    <span>the larger, the more calls</span>
  </span>
);

const Drawing = ({
  part,
  isList,
  colouring,
  node,
  onChoose,
  onNarrow,
}: {
  part: Part;
  isList: boolean;
  colouring: Colouring;
  node: MapNode | null;
  onChoose: (id: string | null) => void;
  onNarrow: (name: string) => void;
}) => (
  <div className={styles["frame"]}>
    <div className={styles["canvas"]} data-framed={!isList || undefined}>
      {part.nodes.length === 0 ? (
        <Empty title="Nothing has that name" />
      ) : isList ? (
        <EdgeList part={part} />
      ) : (
        <Suspense fallback={<Loading />}>
          <Graph part={part} colouring={colouring} chosen={node?.id ?? null} onChoose={onChoose} />
        </Suspense>
      )}
    </div>
    {node !== null && !isList && <Details node={node} part={part} onNarrow={onNarrow} />}
  </div>
);

const kindWords: Record<MapNode["kind"], string> = {
  api: "API",
  workload: "workload",
  internal: "private addresses",
  external: "public addresses",
};

const Details = ({
  node,
  part,
  onNarrow,
}: {
  node: MapNode;
  part: Part;
  onNarrow: (name: string) => void;
}) => {
  const { callers, called } = edgesOf(part, node.id);
  const label = (id: string): string => part.nodes.find((other) => other.id === id)?.label ?? id;
  const names = (others: readonly { id: string; via: string | null }[]): string =>
    others
      .slice(0, 12)
      .map(({ id, via }) => label(id) + (via === null ? "" : ` (through ${label(via)})`))
      .join(", ") || "nobody";
  return (
    <aside className={styles["details"]} aria-label="What is chosen">
      <Panel title={node.label} aside={<Tag>{kindWords[node.kind]}</Tag>}>
        <Facts
          rows={[
            ["Calls", count(node.calls)],
            ["Errors", percent(node.errorShare)],
            ["Findings", count(node.findings)],
            ["Namespace", node.namespace ?? "not known"],
            ["Called by", names(callers)],
            ["Calls to", names(called)],
          ]}
        />
        <div className={styles["buttons"]}>
          {node.api !== null && (
            <Button component={Link} href={`/apis/${node.api}`} size="xs">
              Open this API
            </Button>
          )}
          <Button size="xs" variant="default" onClick={() => onNarrow(node.label)}>
            Only it and its neighbours
          </Button>
        </div>
      </Panel>
    </aside>
  );
};
