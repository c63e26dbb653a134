import { Link } from "wouter";
import type { Change } from "../../../../src/server/contract.ts";
import { asSentence } from "../../parts/format.ts";
import { Method, Tag } from "../../parts/tag.tsx";
import { When } from "../../parts/when.tsx";
import styles from "./changes.module.css";

const names: Record<Change["kind"], string> = {
  "api-new": "new API",
  "endpoint-new": "new endpoint",
  "endpoint-gone": "endpoint gone",
  "field-new": "new field",
  "status-new": "new status",
  "auth-changed": "credentials",
  breaking: "breaking",
  other: "changed",
};

/** Changes by kind, in the words of the page. */
export const kindNames: readonly (readonly [Change["kind"], string])[] = Object.entries(
  names,
) as never;

export const ChangeLine = ({ change }: { change: Change }) => (
  <Link href={`/apis/${change.api}/versions`} className={styles["line"]}>
    <span className={styles["kind"]}>
      <Tag hue={change.breaking ? "bad" : change.kind.endsWith("new") ? "good" : "plain"}>
        {change.breaking
          ? `${names[change.kind]}${change.kind === "breaking" ? "" : ", breaking"}`
          : names[change.kind]}
      </Tag>
    </span>
    <span className={styles["what"]}>
      <span className={styles["message"]}>{asSentence(change.message)}</span>
      <span className={styles["where"]}>
        {change.method !== null && <Method method={change.method} />}
        {change.path !== null && <code>{change.path}</code>}
        <span>{change.apiName}</span>
      </span>
    </span>
    <span className={styles["when"]}>
      <When ms={change.atMs} />
    </span>
  </Link>
);
