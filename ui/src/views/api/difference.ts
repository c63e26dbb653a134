/** Two texts as rows of a view side by side; long runs of what is the same are folded. */
import { diffLines } from "diff";

export interface Side {
  readonly number: number;
  readonly text: string;
}
export type DiffRow =
  | {
      readonly kind: "pair";
      readonly isSame: boolean;
      readonly left: Side | null;
      readonly right: Side | null;
    }
  | { readonly kind: "fold"; readonly lines: number };

/** Lines around a difference that are shown. */
const contextLines = 3;
/** A comparison that takes longer is left: both texts are then shown as wholly different. */
const timeoutMs = 2_000;

export const rowsOfDifference = (before: string, after: string): DiffRow[] => {
  const parts = diffLines(before, after, { timeout: timeoutMs }) ?? [
    { value: before, removed: true, added: false },
    { value: after, removed: false, added: true },
  ];
  const rows: DiffRow[] = [];
  let left = 1;
  let right = 1;
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index]!;
    const lines = linesOf(part.value);
    if (!part.added && !part.removed) {
      rows.push(...same(lines, left, right, index === 0, index === parts.length - 1));
      left += lines.length;
      right += lines.length;
      continue;
    }
    const other = part.removed && parts[index + 1]?.added ? linesOf(parts[index + 1]!.value) : [];
    if (other.length > 0) index += 1;
    const removed = part.removed ? lines : [];
    const added = part.removed ? other : lines;
    for (let row = 0; row < Math.max(removed.length, added.length); row += 1)
      rows.push({
        kind: "pair",
        isSame: false,
        left: row < removed.length ? { number: left + row, text: removed[row]! } : null,
        right: row < added.length ? { number: right + row, text: added[row]! } : null,
      });
    left += removed.length;
    right += added.length;
  }
  return rows;
};

const linesOf = (text: string): string[] => {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
};

const same = (
  lines: readonly string[],
  left: number,
  right: number,
  isFirst: boolean,
  isLast: boolean,
): DiffRow[] => {
  const pairs = lines.map(
    (text, index): DiffRow => ({
      kind: "pair",
      isSame: true,
      left: { number: left + index, text },
      right: { number: right + index, text },
    }),
  );
  const head = isFirst ? 0 : contextLines;
  const tail = isLast ? 0 : contextLines;
  const folded = pairs.length - head - tail;
  if (folded < 2) return pairs;
  return [
    ...pairs.slice(0, head),
    { kind: "fold", lines: folded },
    ...(tail === 0 ? [] : pairs.slice(-tail)),
  ];
};
