import { useMemo } from "react";
import { counted } from "../../parts/format.ts";
import { Lines } from "../../parts/lines.tsx";
import styles from "./api.module.css";
import { rowsOfDifference, type Side } from "./difference.ts";

export const SideBySide = ({ before, after }: { before: string; after: string }) => {
  const rows = useMemo(() => rowsOfDifference(before, after), [before, after]);
  if (before === after) return <p className={styles["note"]}>The documents are the same.</p>;
  return (
    <Lines
      label="Both documents side by side"
      count={rows.length}
      lineAt={(index) => {
        const row = rows[index]!;
        if (row.kind === "fold")
          return <span className={styles["fold"]}>⋯ {counted(row.lines, "line")} the same</span>;
        return (
          <span className={styles["split"]}>
            <Half side={row.left} kind={row.isSame ? "same" : "removed"} />
            <Half side={row.right} kind={row.isSame ? "same" : "added"} />
          </span>
        );
      }}
    />
  );
};

const Half = ({ side, kind }: { side: Side | null; kind: string }) => (
  <span data-kind={side === null ? "absent" : kind} title={side?.text.trim()}>
    <span className={styles["number"]}>{side?.number}</span>
    {side?.text}
  </span>
);
