import { Button, FileButton } from "@mantine/core";
import { useMemo, useRef } from "react";
import { Link } from "wouter";
import type {
  ApiDetail,
  Comparison as ComparisonData,
  ComparisonRow,
  ImportResult,
} from "../../../../src/server/contract.ts";
import { request, send } from "../../api/client.ts";
import { useComparison, useIsEditor, useWrite } from "../../api/queries.ts";
import { counted, time } from "../../parts/format.ts";
import layout from "../../parts/layout.module.css";
import { tell, tellFailure } from "../../parts/notify.ts";
import { Panel } from "../../parts/panel.tsx";
import { Answer, Empty } from "../../parts/states.tsx";
import { Method } from "../../parts/tag.tsx";
import { When } from "../../parts/when.tsx";
import styles from "./api.module.css";

/** What the traffic shows beside what an imported description says. */
export const Comparison = ({ api }: { api: ApiDetail }) => {
  const query = useComparison(api.id, api.imported !== null);
  if (api.imported === null)
    return (
      <Panel>
        <Empty icon="import" title="No description to compare with" action={<Upload api={api} />}>
          <p>
            Give the OpenAPI description that this API is meant to have. Each endpoint is then
            marked: shadow (heard, not described), orphan (described, never heard), zombie
            (deprecated, still called) or drift (heard otherwise than described).
          </p>
        </Empty>
      </Panel>
    );
  return (
    <Answer query={query}>{(comparison) => <Result api={api} comparison={comparison} />}</Answer>
  );
};

const meanings = {
  shadow: "heard in the traffic, not in the description",
  drift: "heard otherwise than the description says",
  zombie: "deprecated in the description, still called",
  orphan: "in the description, never heard",
} as const;
const kinds = Object.keys(meanings) as ComparisonRow["kind"][];

const Result = ({ api, comparison }: { api: ApiDetail; comparison: ComparisonData }) => {
  const groups = useMemo(
    () => kinds.map((kind) => [kind, comparison.rows.filter((row) => row.kind === kind)] as const),
    [comparison],
  );
  return (
    <div className={layout["stack"]}>
      <div className={layout["bar"]}>
        <span>
          Compared with <strong>{comparison.title}</strong>, {time(comparison.importedMs)},{" "}
          {counted(comparison.documented, "operation")}
        </span>
        <span className={layout["push"]} />
        <Link href={`/apis/${api.id}/endpoints?marked=shadow`}>Show in the tree</Link>
        <Upload api={api} />
        <Remove api={api} />
      </div>
      {comparison.rows.length === 0 && (
        <Panel>
          <Empty icon="check" title="Traffic and description agree" />
        </Panel>
      )}
      {groups
        .filter(([, rows]) => rows.length > 0)
        .map(([kind, rows]) => (
          <Panel key={kind} title={`${rows.length} ${kind}: ${meanings[kind]}`} isFlush>
            {rows.slice(0, 300).map((row) => (
              <Row key={`${row.code} ${row.method} ${row.path} ${row.where}`} row={row} />
            ))}
          </Panel>
        ))}
    </div>
  );
};

const Row = ({ row }: { row: ComparisonRow }) => (
  <div className={styles["row"]}>
    <span className={styles["grow"]}>
      <Method method={row.method} /> <code>{row.path}</code>
      <span className={styles["sub"]}>
        {row.message} {row.where !== "" && <code>{row.where}</code>}
      </span>
    </span>
    <span className={layout["soft"]}>
      {row.count > 0 && counted(row.count, "call")}
      {row.lastMs !== null && (
        <>
          , last <When ms={row.lastMs} />
        </>
      )}
    </span>
  </div>
);

const Upload = ({ api }: { api: ApiDetail }) => {
  const write = useWrite(
    async (file: File) => {
      const type = file.name.endsWith("json") ? "application/json" : "application/yaml";
      const response = await request(`apis/${api.id}/imported`, undefined, {
        method: "PUT",
        headers: { "content-type": type },
        body: file,
      });
      return (await response.json()) as ImportResult;
    },
    "apis",
    "audit",
  );
  // A file that is chosen a second time is no change to the browser, unless it forgot the first.
  const forget = useRef<() => void>(null);
  if (!useIsEditor()) return null;
  const give = (file: File | null): void => {
    if (file === null) return;
    forget.current?.();
    write.mutate(file, {
      onSuccess: (result) =>
        tell(`${result.title}: ${counted(result.operations, "operation")} are compared now.`),
      onError: tellFailure,
    });
  };
  return (
    <FileButton onChange={give} resetRef={forget} accept=".yaml,.yml,.json">
      {(props) => (
        <Button {...props} variant="default" loading={write.isPending}>
          {api.imported === null ? "Choose a description" : "Replace"}
        </Button>
      )}
    </FileButton>
  );
};

const Remove = ({ api }: { api: ApiDetail }) => {
  const write = useWrite(() => send("DELETE", `apis/${api.id}/imported`), "apis", "audit");
  if (!useIsEditor()) return null;
  return (
    <Button
      variant="default"
      loading={write.isPending}
      onClick={() =>
        write.mutate(undefined, {
          onSuccess: () => tell("The description was removed."),
          onError: tellFailure,
        })
      }
    >
      Remove
    </Button>
  );
};
