import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import type { usePages } from "../api/queries.ts";
import layout from "./layout.module.css";
import { Failure, Loading } from "./states.tsx";

/** A list that is read page by page: what is there, and a button for what is older. */
export const Pages = <Item,>({
  query,
  empty,
  more,
  children,
}: {
  query: ReturnType<typeof usePages<Item>>;
  empty: ReactNode;
  /** What the button says. */
  more: string;
  children: (items: readonly Item[]) => ReactNode;
}) => {
  const items = query.data?.pages.flatMap((page) => page.items);
  if (items === undefined)
    return query.error === null ? (
      <Loading />
    ) : (
      <Failure error={query.error} onRetry={() => void query.refetch()} />
    );
  if (items.length === 0) return empty;
  return (
    <>
      {children(items)}
      {query.hasNextPage && (
        <div className={layout["more"]}>
          <Button
            variant="default"
            loading={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            {more}
          </Button>
        </div>
      )}
    </>
  );
};
