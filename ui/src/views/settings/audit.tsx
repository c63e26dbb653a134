import { Button } from "@mantine/core";
import { Link } from "wouter";
import type { AuditRow } from "../../../../src/server/contract.ts";
import { send } from "../../api/client.ts";
import { useIsEditor, usePages, useWrite } from "../../api/queries.ts";
import layout from "../../parts/layout.module.css";
import { tell, tellFailure } from "../../parts/notify.ts";
import { Pages } from "../../parts/pages.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Tag } from "../../parts/tag.tsx";
import { When } from "../../parts/when.tsx";
import styles from "./settings.module.css";

/** What people changed, newest first; most of it can be taken back. */
export const Audit = () => (
  <Panel title="What people changed" isFlush>
    <Pages
      query={usePages<AuditRow>("audit", { limit: 100 })}
      empty={<p className={layout["none"]}>Nobody has changed anything yet.</p>}
      more="Show older entries"
    >
      {(rows) => rows.map((row) => <Line key={row.id} row={row} />)}
    </Pages>
  </Panel>
);

const Line = ({ row }: { row: AuditRow }) => {
  const isEditor = useIsEditor();
  const write = useWrite(
    () => send("POST", `audit/${row.id}/undo`),
    "audit",
    "apis",
    "findings",
    "preferences",
    "overview",
    "endpoints",
    "map",
  );
  return (
    <div className={styles["line"]}>
      <span className={styles["words"]}>
        <span>{row.message}</span>
        <span className={layout["sub"]}>
          {row.who}, <When ms={row.atMs} />
          {row.api !== null && (
            <>
              {" · "}
              <Link href={`/apis/${row.api}`}>API</Link>
            </>
          )}
        </span>
      </span>
      {row.undoneMs !== null && <Tag>undone</Tag>}
      {isEditor && row.undoable && row.undoneMs === null && (
        <Button
          size="xs"
          variant="default"
          loading={write.isPending}
          onClick={() =>
            write.mutate(undefined, { onSuccess: () => tell("Undone."), onError: tellFailure })
          }
        >
          Undo
        </Button>
      )}
    </div>
  );
};
