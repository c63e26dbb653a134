import { Select } from "@mantine/core";
import { useMemo } from "react";
import { Link } from "wouter";
import type { ApiDetail, DifferenceRow, Version } from "../../../../src/server/contract.ts";
import { useDifference, useList } from "../../api/queries.ts";
import { asSentence, counted, time } from "../../parts/format.ts";
import layout from "../../parts/layout.module.css";
import { Panel } from "../../parts/panel.tsx";
import { Answer, Empty } from "../../parts/states.tsx";
import { Method, Tag } from "../../parts/tag.tsx";
import { useUrlState } from "../../parts/urlstate.ts";
import styles from "./api.module.css";
import { SideBySide } from "./sidebyside.tsx";

export const Versions = ({ api }: { api: ApiDetail }) => (
  <Answer query={useList<Version>(`apis/${api.id}/versions`)}>
    {(versions) =>
      versions.length === 0 ? (
        <Panel>
          <Empty icon="changes" title="No version yet">
            <p>A version is kept each time that the document changes.</p>
          </Empty>
        </Panel>
      ) : (
        <History api={api} versions={versions.toSorted((a, b) => b.version - a.version)} />
      )
    }
  </Answer>
);

const History = ({ api, versions }: { api: ApiDetail; versions: readonly Version[] }) => {
  const [state, change] = useUrlState();
  const newest = versions[0]!.version;
  const to = Number(state["to"] ?? newest);
  const from = Number(state["from"] ?? versions.find(({ version }) => version < to)?.version ?? to);
  const options = versions.map(({ version }) => ({
    value: String(version),
    label: `Version ${version}`,
  }));
  return (
    <div className={layout["stack"]}>
      <Panel title="Versions" isFlush>
        {versions.slice(0, 50).map((version) => (
          <VersionLine
            key={version.version}
            version={version}
            isNewest={version.version === newest}
            before={versions.find((other) => other.version < version.version)?.version}
            onCompare={(before) => change({ from: String(before), to: String(version.version) })}
          />
        ))}
      </Panel>
      {versions.length > 1 && (
        <>
          <div className={layout["bar"]}>
            <Select
              aria-label="From version"
              data={options}
              value={String(from)}
              onChange={(value) => change({ from: value })}
              allowDeselect={false}
              w="9rem"
            />
            <span>with</span>
            <Select
              aria-label="To version"
              data={options}
              value={String(to)}
              onChange={(value) => change({ to: value })}
              allowDeselect={false}
              w="9rem"
            />
          </div>
          {from === to ? (
            <p className={layout["soft"]}>Choose two different versions to compare them.</p>
          ) : (
            <Difference api={api.id} from={from} to={to} />
          )}
        </>
      )}
    </div>
  );
};

const VersionLine = ({
  version,
  isNewest,
  before,
  onCompare,
}: {
  version: Version;
  isNewest: boolean;
  before: number | undefined;
  onCompare: (before: number) => void;
}) => (
  <div className={styles["row"]}>
    <span className={styles["grow"]}>
      <strong>Version {version.version}</strong> {isNewest && <Tag hue="good">current</Tag>}
      <span className={styles["sub"]}>
        {time(version.createdMs)} · {counted(version.endpoints, "endpoint")} ·{" "}
        <code title={version.hash}>{version.hash.slice(0, 10)}</code>
      </span>
    </span>
    {version.breaking > 0 && <Tag hue="bad">{version.breaking} breaking</Tag>}
    <Tag>{before === undefined ? "first" : counted(version.changes, "change")}</Tag>
    {before !== undefined && (
      <Link
        href={`?from=${before}&to=${version.version}`}
        onClick={(event) => {
          event.preventDefault();
          onCompare(before);
        }}
      >
        Compare
      </Link>
    )}
  </div>
);

const Difference = ({ api, from, to }: { api: string; from: number; to: number }) => (
  <Answer query={useDifference(api, from, to)}>
    {({ differences, fromText, toText }) => (
      <>
        <Panel
          title={`What changed from version ${from} to ${to}`}
          aside={counted(differences.length, "difference")}
          isFlush
        >
          {differences.length === 0 ? (
            <p className={styles["note"]}>Both describe the same.</p>
          ) : (
            <Differences rows={differences} />
          )}
        </Panel>
        <Panel title="Side by side" isFlush>
          <SideBySide before={fromText} after={toText} />
        </Panel>
      </>
    )}
  </Answer>
);

const Differences = ({ rows }: { rows: readonly DifferenceRow[] }) => {
  const sorted = useMemo(
    () => rows.toSorted((a, b) => Number(b.breaking) - Number(a.breaking)).slice(0, 500),
    [rows],
  );
  return sorted.map((row) => (
    <div key={`${row.code} ${row.method} ${row.path} ${row.where}`} className={styles["row"]}>
      <span className={styles["mark"]}>
        <Tag hue={row.breaking ? "bad" : "plain"}>{row.breaking ? "breaking" : "compatible"}</Tag>
      </span>
      <span className={styles["grow"]}>
        {asSentence(row.message)}
        <span className={styles["sub"]}>
          {row.method !== null && <Method method={row.method} />} <code>{row.path}</code>{" "}
          {row.where}
        </span>
      </span>
    </div>
  ));
};
