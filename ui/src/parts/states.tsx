/** What stands where data will, cannot or does not yet stand. */
import { Button, Loader } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ApiError } from "../api/client.ts";
import { Icon, type IconName } from "./icons.tsx";
import styles from "./states.module.css";

export const Empty = ({
  icon = "search",
  title,
  children,
  action,
}: {
  icon?: IconName;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) => (
  <div className={styles["state"]}>
    <span className={styles["icon"]}>
      <Icon name={icon} size={26} />
    </span>
    <p className={styles["title"]}>{title}</p>
    {children !== undefined && <div className={styles["text"]}>{children}</div>}
    {action}
  </div>
);

const titleOf = (error: Error): string => {
  if (!(error instanceof ApiError)) return "This could not be shown";
  if (error.status === 0) return "No connection to the server";
  if (error.status === 403) return "Not allowed";
  if (error.status === 404) return "Not here";
  return error.problem?.title ?? "The server could not answer";
};

export const Failure = ({ error, onRetry }: { error: Error; onRetry: () => void }) => (
  <div className={styles["state"]} role="alert">
    <span className={styles["icon"]} data-bad>
      <Icon name="alert" size={26} />
    </span>
    <p className={styles["title"]}>{titleOf(error)}</p>
    <div className={styles["text"]}>{error.message}</div>
    <Button variant="default" onClick={onRetry}>
      Try again
    </Button>
  </div>
);

export const Loading = () => (
  <div className={styles["state"]} role="status" aria-label="Loading">
    <Loader size="sm" />
  </div>
);

/** The three states of a question, and its answer. */
export const Answer = <T,>({
  query,
  children,
}: {
  query: UseQueryResult<T, Error>;
  children: (value: T) => ReactNode;
}) => {
  if (query.data !== undefined) return children(query.data);
  if (query.error !== null)
    return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  return <Loading />;
};
