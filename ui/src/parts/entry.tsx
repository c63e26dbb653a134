/** Entries of a panel, one below the other: words, marks and what can be done with each. */
import { Button } from "@mantine/core";
import type { UseMutationResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import styles from "./entry.module.css";
import { tell, tellFailure } from "./notify.ts";

export const Entry = ({
  title,
  sub,
  problem = null,
  before,
  children,
  aside,
}: {
  title: ReactNode;
  sub?: ReactNode;
  problem?: ReactNode;
  before?: ReactNode;
  children?: ReactNode;
  /** Marks and buttons. */
  aside?: ReactNode;
}) => (
  <div className={styles["entry"]}>
    {before}
    <span className={styles["words"]}>
      {title}
      {sub !== undefined && <span className={styles["sub"]}>{sub}</span>}
      {problem !== null && <span className={styles["problem"]}>{problem}</span>}
      {children}
    </span>
    {aside}
  </div>
);

/** A button that writes, and tells how that went. */
export const Act = ({
  write,
  done,
  children,
}: {
  write: UseMutationResult<unknown, Error, unknown>;
  /** Told after it went well; where it is left out, the page shows it by itself. */
  done?: string;
  children: string;
}) => (
  <Button
    size="xs"
    variant="default"
    loading={write.isPending}
    onClick={() =>
      write.mutate(undefined, {
        onSuccess: () => {
          if (done !== undefined) tell(done);
        },
        onError: tellFailure,
      })
    }
  >
    {children}
  </Button>
);
