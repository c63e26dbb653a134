import { useCallback, useMemo } from "react";
import { useSearchParams } from "wouter";

/** The state of a view that can be shared: it lives in the address. Empty values are left out. */
export const useUrlState = (): readonly [
  Readonly<Record<string, string>>,
  (change: Readonly<Record<string, string | null>>) => void,
] => {
  const [search, setSearch] = useSearchParams();
  const values = useMemo(() => Object.fromEntries(search), [search]);
  const change = useCallback(
    (wanted: Readonly<Record<string, string | null>>) =>
      setSearch(
        (before) => {
          const after = new URLSearchParams(before);
          for (const [name, value] of Object.entries(wanted))
            if (value === null || value === "") after.delete(name);
            else after.set(name, value);
          return after;
        },
        { replace: true },
      ),
    [setSearch],
  );
  return [values, change];
};
