/** A person's corrections of a path, as hints. Each gives the hints as they would be; the server says what that does. */
import type { Hints } from "../../../../src/server/contract.ts";

/** The segments of a template, without the empty one before the first slash. */
export const segmentsOf = (path: string): string[] => path.split("/").slice(1);

export const parameterOf = (segment: string): string | null =>
  /^\{([^{}]+)\}$/.exec(segment)?.[1] ?? null;

const withSegment = (path: string, index: number, segment: string): string =>
  `/${segmentsOf(path).with(index, segment).join("/")}`;

const upTo = (path: string, index: number): string =>
  `/${segmentsOf(path)
    .slice(0, index + 1)
    .join("/")}`;

const added = (list: readonly string[] | undefined, value: string): string[] => [
  ...(list ?? []).filter((other) => other !== value),
  value,
];

/** Gives a parameter another name. */
export const renamed = (hints: Hints, path: string, index: number, to: string): Hints => {
  const from = parameterOf(segmentsOf(path)[index] ?? "");
  if (from === null) return hints;
  const others = (hints.renames ?? []).filter(
    (other) => other.path !== path || other.from !== from,
  );
  return { ...hints, renames: [...others, { path, from, to }] };
};

/** Says that a word is a parameter of this name. */
export const pinnedAs = (hints: Hints, path: string, index: number, name: string): Hints => ({
  ...hints,
  pins: added(hints.pins, withSegment(upTo(path, index), index, `{${name}}`)),
});

/** Says that the whole template holds as it is. */
export const pinned = (hints: Hints, path: string): Hints => ({
  ...hints,
  pins: added(hints.pins, path),
});

/** Says that a parameter is none: its words stay apart. */
export const vetoed = (hints: Hints, path: string, index: number): Hints => ({
  ...hints,
  vetoes: added(hints.vetoes, upTo(path, index)),
});

export const ignored = (hints: Hints, path: string): Hints => ({
  ...hints,
  ignores: added(hints.ignores, path),
});

/** Why a name for a parameter would be refused, or null where it is good. */
export const nameProblem = (name: string): string | null =>
  /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/.test(name)
    ? null
    : "Letters, digits, _ and -, beginning with a letter";
