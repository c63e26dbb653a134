import { Link } from "wouter";
import type { AuditRow } from "../../../../src/server/contract.ts";
import { send } from "../../api/client.ts";
import { useIsEditor, usePages, useWrite } from "../../api/queries.ts";
import { Act, Entry } from "../../parts/entry.tsx";
import layout from "../../parts/layout.module.css";
import { Pages } from "../../parts/pages.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Tag } from "../../parts/tag.tsx";
import { When } from "../../parts/when.tsx";

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
    <Entry
      title={<span>{row.message}</span>}
      sub={
        <>
          {row.who}, <When ms={row.atMs} />
          {row.api !== null && (
            <>
              {" · "}
              <Link href={`/apis/${row.api}`}>API</Link>
            </>
          )}
        </>
      }
      aside={
        <>
          {row.undoneMs !== null && <Tag>undone</Tag>}
          {isEditor && row.undoable && row.undoneMs === null && (
            <Act write={write} done="Undone.">
              Undo
            </Act>
          )}
        </>
      }
    />
  );
};
