import { Button } from "@mantine/core";
import { lazy, Suspense, useCallback, useMemo, useState } from "react";
import { Link, useLocation } from "wouter";
import type { ApiRow } from "../../../../src/server/contract.ts";
import { addressOf } from "../../api/client.ts";
import { useIsEditor, usePages } from "../../api/queries.ts";
import { exactCount } from "../../parts/format.ts";
import { Icon } from "../../parts/icons.tsx";
import layout from "../../parts/layout.module.css";
import { Panel } from "../../parts/panel.tsx";
import { SearchField } from "../../parts/searchfield.tsx";
import { Empty, Failure, Loading } from "../../parts/states.tsx";
import { type Selection, Table } from "../../parts/table.tsx";
import { useUrlState } from "../../parts/urlstate.ts";
import { View } from "../../parts/view.tsx";
import { columns } from "./columns.tsx";
import { Filters, filterNames } from "./filters.tsx";

const Triage = lazy(async () => ({ default: (await import("./triage.tsx")).Triage }));

const pageSize = 500;

export const Apis = () => {
  const [state, change] = useUrlState();
  const isEditor = useIsEditor();
  const sort = state["sort"] ?? "-calls";
  const filter = useMemo(
    () => ({
      q: state["q"],
      ...Object.fromEntries(filterNames.map((name) => [name, state[name]])),
    }),
    [state],
  );
  const query = usePages<ApiRow>("apis", { limit: pageSize, sort, ...filter });
  const pages = query.data?.pages;
  const total = pages?.[0]?.total ?? null;
  const [selection, clear] = useSelection(pages);
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  return (
    <View
      title="APIs"
      lead={
        total === null
          ? "Every API that was heard"
          : `${exactCount(total)} ${isFiltered ? "match" : "heard"}`
      }
      isFilling
      actions={
        <Button
          variant="default"
          component="a"
          href={addressOf("apis.csv", { sort, ...filter })}
          download="apis.csv"
          leftSection={<Icon name="download" size={16} />}
        >
          CSV
        </Button>
      }
    >
      <div className={layout["bar"]}>
        <SearchField
          label="Search name, host, workload, owner"
          value={state["q"] ?? ""}
          onSearch={(q) => change({ q })}
        />
        <Filters state={state} change={change} />
      </div>
      {selection.ids.size > 0 && isEditor && (
        <Suspense>
          <Triage ids={selection.ids} onDone={clear} />
        </Suspense>
      )}
      {pages === undefined || total === 0 || pages[0]?.items.length === 0 ? (
        <Panel isFlush>
          {pages !== undefined ? (
            <Nothing isFiltered={isFiltered} />
          ) : query.error === null ? (
            <Loading />
          ) : (
            <Failure error={query.error} onRetry={() => void query.refetch()} />
          )}
        </Panel>
      ) : (
        <Rows
          query={query}
          sort={sort}
          onSort={(wanted) => change({ sort: wanted === "-calls" ? null : wanted })}
          {...(isEditor && { selection })}
        />
      )}
    </View>
  );
};

const Rows = ({
  query,
  sort,
  onSort,
  selection,
}: {
  query: ReturnType<typeof usePages<ApiRow>>;
  sort: string;
  onSort: (sort: string) => void;
  selection?: Selection;
}) => {
  const [, go] = useLocation();
  const rows = useMemo(() => query.data?.pages.flatMap(({ items }) => items) ?? [], [query.data]);
  const total = query.data?.pages[0]?.total ?? rows.length;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const onReach = useCallback(
    (index: number) => {
      if (index >= rows.length - 1 && hasNextPage && !isFetchingNextPage) void fetchNextPage();
    },
    [rows.length, hasNextPage, isFetchingNextPage, fetchNextPage],
  );
  return (
    <Table
      label="APIs"
      columns={columns}
      count={Math.max(rows.length, total)}
      rowAt={(index) => rows[index]}
      idOf={({ id }) => id}
      onOpen={({ id }) => go(`/apis/${id}`)}
      onReach={onReach}
      sort={sort}
      onSort={onSort}
      {...(selection !== undefined && { selection })}
    />
  );
};

const useSelection = (
  pages: readonly { items: readonly ApiRow[] }[] | undefined,
): readonly [Selection, () => void] => {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const toggle = (id: string): void => {
    const after = new Set(ids);
    if (!after.delete(id)) after.add(id);
    setIds(after);
  };
  const toggleAll = (): void =>
    setIds(
      ids.size > 0
        ? new Set()
        : new Set(pages?.flatMap(({ items }) => items.map(({ id }) => id)).slice(0, 1000)),
    );
  return [{ ids, toggle, toggleAll }, () => setIds(new Set())];
};

const Nothing = ({ isFiltered }: { isFiltered: boolean }) =>
  isFiltered ? (
    <Empty title="No API matches" action={<Link href="/apis">Show all APIs</Link>}>
      <p>Fewer words or filters will show more.</p>
    </Empty>
  ) : (
    <Empty
      icon="apis"
      title="No API has been heard yet"
      action={
        <Button component={Link} href="/import">
          Import a capture
        </Button>
      }
    >
      <p>APIs appear here as soon as a sensor hears their first calls.</p>
    </Empty>
  );
