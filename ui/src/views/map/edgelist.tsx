import { useMemo } from "react";
import { Link } from "wouter";
import { count, percent } from "../../parts/format.ts";
import { type Column, Table } from "../../parts/table.tsx";
import type { MapNode, Part } from "./part.ts";

interface Row {
  readonly id: string;
  readonly from: MapNode | undefined;
  readonly to: MapNode | undefined;
  readonly via: string | null;
  readonly calls: number;
  readonly errorShare: number;
}

const nameOf = (node: MapNode | undefined) =>
  node === undefined ? (
    "–"
  ) : node.api === null ? (
    node.label
  ) : (
    <Link href={`/apis/${node.api}`} tabIndex={-1}>
      {node.label}
    </Link>
  );

const columns: readonly Column<Row>[] = [
  { key: "from", title: "Caller", width: "minmax(7rem, 1fr)", cell: ({ from }) => nameOf(from) },
  {
    key: "to",
    title: "Called",
    width: "minmax(7rem, 1fr)",
    cell: ({ to, via }) => (
      <>
        {nameOf(to)}
        {via !== null && ` through ${via}`}
      </>
    ),
  },
  {
    key: "calls",
    title: "Calls",
    width: "5.5rem",
    isNumber: true,
    cell: ({ calls }) => count(calls),
  },
  {
    key: "errors",
    title: "Errors",
    width: "5.5rem",
    from: 480,
    isNumber: true,
    cell: ({ errorShare }) => percent(errorShare),
  },
];

/** The map in words: for those who do not see it, and for who wants numbers. */
export const EdgeList = ({ part }: { part: Part }) => {
  const rows = useMemo(() => {
    const byId = new Map(part.nodes.map((node) => [node.id, node]));
    return part.edges
      .map(({ from, to, via, calls, errorShare }) => ({
        id: `${from} ${to} ${via ?? ""}`,
        via: via === null ? null : (byId.get(via)?.label ?? via),
        from: byId.get(from),
        to: byId.get(to),
        calls,
        errorShare,
      }))
      .toSorted((a, b) => b.calls - a.calls);
  }, [part]);
  return (
    <Table
      label="Who calls whom"
      columns={columns}
      count={rows.length}
      rowAt={(index) => rows[index]}
      idOf={({ id }) => id}
    />
  );
};
