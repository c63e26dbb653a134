import type { Callers as CallersData } from "../../../src/server/contract.ts";
import styles from "./callers.module.css";
import { count, exactCount } from "./format.ts";

/** Who calls, most first, with bars that share the width of the first. */
export const Callers = ({ callers }: { callers: CallersData }) => {
  if (callers.length === 0) return <p className={styles["none"]}>No caller is known.</p>;
  const most = Math.max(1, ...callers.map(({ calls }) => calls));
  return (
    <ul className={styles["callers"]}>
      {callers.slice(0, 100).map(({ address, workload, calls }) => (
        <li key={`${address} ${workload}`}>
          <span className={styles["name"]}>
            {workload ?? <code>{address}</code>}
            {workload !== null && <code>{address}</code>}
          </span>
          <meter className={styles["bar"]} min={0} max={most} value={calls} aria-label="Calls" />
          <span title={exactCount(calls)}>{count(calls)}</span>
        </li>
      ))}
    </ul>
  );
};
