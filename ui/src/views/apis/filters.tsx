import { Button, Popover } from "@mantine/core";
import { useFacets } from "../../api/queries.ts";
import { count } from "../../parts/format.ts";
import { Icon } from "../../parts/icons.tsx";
import styles from "./apis.module.css";

const filters = [
  ["status", "Status"],
  ["cluster", "Cluster"],
  ["namespace", "Namespace"],
  ["host", "Host"],
  ["auth", "Auth"],
  ["sensitive", "Sensitive data"],
  ["label", "Label"],
  ["owner", "Owner"],
  ["origin", "Called from"],
] as const;

export const filterNames = filters.map(([name]) => name);

/** One button each, with the values that there are; the choice lives in the address. */
export const Filters = ({
  state,
  change,
}: {
  state: Readonly<Record<string, string>>;
  change: (wanted: Record<string, string | null>) => void;
}) => {
  const facets = useFacets().data;
  const isFiltered = filterNames.some((name) => state[name] !== undefined);
  return (
    <>
      {filters.map(([name, title]) => {
        const options = facets?.[name] ?? [];
        const chosen = state[name]?.split(",") ?? [];
        if (options.length === 0 && chosen.length === 0) return null;
        return (
          <Filter
            key={name}
            title={title}
            options={options}
            chosen={chosen}
            onChange={(values) => change({ [name]: values.join(",") })}
          />
        );
      })}
      {isFiltered && (
        <Button
          variant="subtle"
          onClick={() => change(Object.fromEntries(filterNames.map((name) => [name, null])))}
        >
          Clear filters
        </Button>
      )}
    </>
  );
};

const Filter = ({
  title,
  options,
  chosen,
  onChange,
}: {
  title: string;
  options: readonly { value: string; count: number }[];
  chosen: readonly string[];
  onChange: (values: string[]) => void;
}) => {
  const gone = chosen.filter((value) => !options.some((option) => option.value === value));
  const all = [...gone.map((value) => ({ value, count: 0 })), ...options.slice(0, 200)];
  return (
    <Popover position="bottom-start" shadow="md" trapFocus>
      <Popover.Target>
        <Button
          variant={chosen.length > 0 ? "light" : "default"}
          rightSection={<Icon name="down" size={13} />}
          fw={500}
        >
          {title}
          {chosen.length === 1 && (
            <span className={styles["chosen"]}>: {chosen[0]!.slice(0, 24)}</span>
          )}
          {chosen.length > 1 && <span className={styles["chosen"]}>: {chosen.length}</span>}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p="xs">
        <div className={styles["options"]}>
          {all.map((option) => (
            <label key={option.value} className={styles["option"]}>
              <input
                type="checkbox"
                checked={chosen.includes(option.value)}
                onChange={(event) =>
                  onChange(
                    event.currentTarget.checked
                      ? [...chosen, option.value]
                      : chosen.filter((value) => value !== option.value),
                  )
                }
              />
              <span>{option.value}</span>
              <span>{count(option.count)}</span>
            </label>
          ))}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
};
