/**
 * A table of any length: only rows in sight are in the page. It is a `grid` that keeps the focus and names its active row,
 * because a row that scrolls out of the page would lose it.
 */
import { useElementSize, useMergedRef } from "@mantine/hooks";
import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type KeyboardEvent,
  memo,
  type ReactNode,
  type RefObject,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
} from "react";
import { Icon } from "./icons.tsx";
import styles from "./table.module.css";

export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  /** A track of a CSS grid. */
  readonly width: string;
  /** Shown from this width of the table on, in pixels. */
  readonly from?: number;
  readonly sort?: string;
  readonly isNumber?: boolean;
  readonly cell: (row: Row) => ReactNode;
}

export interface Selection {
  readonly ids: ReadonlySet<string>;
  readonly toggle: (id: string) => void;
  readonly toggleAll: () => void;
}

interface TableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  /** How many rows there are; `rowAt` gives undefined for one that is not loaded yet. */
  readonly count: number;
  readonly rowAt: (index: number) => Row | undefined;
  readonly idOf: (row: Row) => string;
  readonly onOpen?: (row: Row) => void;
  /** The last row that is in sight or near. */
  readonly onReach?: (index: number) => void;
  /** `calls` or `-calls`. */
  readonly sort?: string;
  readonly onSort?: (sort: string) => void;
  readonly selection?: Selection;
  readonly rowHeight?: number;
  readonly onKey?: (row: Row, key: string) => boolean;
  /** What assistive technology hears of a row as part of a tree. */
  readonly treeOf?: (row: Row) => { level: number; isOpen: boolean | undefined };
}

/** With its lines. */
const headHeight = 42;
/** On a low screen the view scrolls before the table has less than this. */
const leastHeight = 224;

/** As high as its rows where there is room, within a column whose height is given. */
export const Table = <Row,>(props: TableProps<Row>) => {
  const { columns, count, rowAt, rowHeight = 44, onReach } = props;
  const viewport = useRef<HTMLDivElement>(null);
  const { ref: measured, width } = useElementSize();
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => viewport.current,
    estimateSize: () => rowHeight,
    overscan: 8,
  });
  const { id, active, setActive, onKeyDown } = useActiveRow(props, virtual.scrollToIndex);
  const rows = virtual.getVirtualItems();
  const last = rows.at(-1)?.index ?? 0;
  useEffect(() => onReach?.(last), [last, onReach]);
  const shown = useMemo(
    () => columns.filter(({ from = 0 }) => width === 0 || width >= from),
    [columns, width],
  );
  const latest = useRef(props);
  latest.current = props;
  const tracks = [
    ...(props.selection === undefined ? [] : ["2.5rem"]),
    ...shown.map((column) => column.width),
  ].join(" ");
  const fit = count * rowHeight + headHeight;
  return (
    <div
      ref={useMergedRef(viewport, measured)}
      className={styles["viewport"]}
      style={{ flex: `0 1 ${fit}px`, minHeight: Math.min(fit, leastHeight) }}
      role={props.treeOf === undefined ? "grid" : "treegrid"}
      aria-label={props.label}
      aria-rowcount={count + 1}
      aria-activedescendant={active === null ? undefined : `${id}-${active}`}
      aria-multiselectable={props.selection !== undefined || undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <Head {...props} columns={shown} tracks={tracks} />
      <div className={styles["rows"]} style={{ height: virtual.getTotalSize() }} role="rowgroup">
        {rows.map(({ index, start }) => (
          <RowView
            key={index}
            table={latest as RefObject<TableProps<unknown>>}
            columns={shown as readonly Column<unknown>[]}
            tracks={tracks}
            row={rowAt(index)}
            id={`${id}-${index}`}
            index={index}
            start={start}
            height={rowHeight}
            isActive={active === index}
            isSelected={isSelected(props, rowAt(index))}
            onActive={setActive}
          />
        ))}
      </div>
    </div>
  );
};

/** Arrow keys, Page and End move; Enter opens; Space selects. */
const useActiveRow = <Row,>(
  { count, rowAt, idOf, onOpen, selection, onKey }: TableProps<Row>,
  scrollTo: (index: number) => void,
) => {
  const id = useId();
  const [active, setActive] = useState<number | null>(null);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey)
      return;
    const from = active ?? -1;
    const targets: Record<string, number> = {
      ArrowDown: from + 1,
      ArrowUp: from - 1,
      PageDown: from + 10,
      PageUp: from - 10,
      Home: 0,
      End: count - 1,
    };
    const target = targets[event.key];
    const row = active === null ? undefined : rowAt(active);
    if (target !== undefined && count > 0) {
      const next = Math.max(0, Math.min(count - 1, target));
      setActive(next);
      scrollTo(next);
    } else if (row === undefined) return;
    else if (event.key === "Enter") onOpen?.(row);
    else if (event.key === " " && selection !== undefined) selection.toggle(idOf(row));
    else if (onKey?.(row, event.key) !== true) return;
    event.preventDefault();
  };
  return { id, active, setActive, onKeyDown };
};

const Head = <Row,>({
  columns,
  tracks,
  sort,
  onSort,
  selection,
  count,
}: TableProps<Row> & { tracks: string }) => (
  <div className={styles["head"]} role="rowgroup">
    <div
      className={styles["row"]}
      style={{ gridTemplateColumns: tracks }}
      role="row"
      aria-rowindex={1}
    >
      {selection !== undefined && (
        <span className={styles["check"]} role="columnheader" aria-label="Selection">
          <input
            type="checkbox"
            aria-label="Select all that are loaded"
            checked={count > 0 && selection.ids.size > 0}
            onChange={selection.toggleAll}
          />
        </span>
      )}
      {columns.map((column) => {
        const isSorted = column.sort !== undefined && sort?.replace("-", "") === column.sort;
        const isDown = isSorted && sort?.startsWith("-") === true;
        return (
          <span
            key={column.key}
            className={styles["cell"]}
            data-number={column.isNumber || undefined}
            role="columnheader"
            aria-sort={isSorted ? (isDown ? "descending" : "ascending") : undefined}
          >
            {column.sort === undefined || onSort === undefined ? (
              column.title
            ) : (
              <button
                type="button"
                className={styles["sort"]}
                data-sorted={isSorted || undefined}
                onClick={() => onSort(isDown ? column.sort! : `-${column.sort}`)}
              >
                {column.title}
                <Icon name={isSorted && !isDown ? "up" : "down"} size={12} />
              </button>
            )}
          </span>
        );
      })}
    </div>
  </div>
);

const isSelected = <Row,>({ selection, idOf }: TableProps<Row>, row: Row | undefined): boolean =>
  row !== undefined && selection?.ids.has(idOf(row)) === true;

interface RowProps {
  /** What the table was given last; a row is drawn anew only for what it shows. */
  readonly table: RefObject<TableProps<unknown>>;
  readonly columns: readonly Column<unknown>[];
  readonly tracks: string;
  readonly row: unknown;
  readonly id: string;
  readonly index: number;
  readonly start: number;
  readonly height: number;
  readonly isActive: boolean;
  readonly isSelected: boolean;
  readonly onActive: (index: number) => void;
}

const RowView = memo((props: RowProps) => {
  const { table, columns, tracks, row, index, start, height, isActive, onActive } = props;
  const { selection, idOf, onOpen, treeOf } = table.current;
  const tree = row === undefined ? undefined : treeOf?.(row);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid takes the keys for its active row
    <div
      id={props.id}
      className={styles["row"]}
      style={{ gridTemplateColumns: tracks, height, transform: `translateY(${start}px)` }}
      role="row"
      tabIndex={-1}
      aria-rowindex={index + 2}
      aria-selected={selection === undefined ? undefined : props.isSelected}
      aria-level={tree?.level}
      aria-expanded={tree?.isOpen}
      data-active={isActive || undefined}
      data-selected={props.isSelected || undefined}
      data-opens={onOpen !== undefined || undefined}
      onClick={(event) => {
        onActive(index);
        if (row === undefined || isOwnControl(event.target)) return;
        event.currentTarget.parentElement?.parentElement?.focus({ preventScroll: true });
        if (!event.ctrlKey && !event.metaKey) table.current.onOpen?.(row);
      }}
    >
      {selection !== undefined && (
        <span className={styles["check"]} role="gridcell">
          {row !== undefined && (
            <input
              type="checkbox"
              tabIndex={-1}
              aria-label="Select this row"
              checked={props.isSelected}
              onChange={() => table.current.selection?.toggle(idOf(row))}
            />
          )}
        </span>
      )}
      {columns.map((column) => (
        <span
          key={column.key}
          className={styles["cell"]}
          data-number={column.isNumber || undefined}
          role="gridcell"
        >
          {row === undefined ? <span className={styles["ghost"]} /> : column.cell(row)}
        </span>
      ))}
    </div>
  );
});

const isOwnControl = (target: EventTarget): boolean =>
  target instanceof Element && target.closest("a, button, input") !== null;
