import { Tabs } from "@mantine/core";
import { useEffect, useRef } from "react";
import { useLocation } from "wouter";
import styles from "./tabbar.module.css";

/** Parts of a view, each with an address of its own; where it is narrow they scroll sideways. */
export const TabBar = ({
  label,
  here,
  tabs,
  hrefOf,
}: {
  label: string;
  here: string;
  tabs: readonly (readonly [name: string, title: string, ...rest: unknown[]])[];
  hrefOf: (name: string) => string;
}) => {
  const [, go] = useLocation();
  const bar = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the tab that was opened must be in sight
  useEffect(() => {
    bar.current
      ?.querySelector("[aria-selected=true]")
      ?.scrollIntoView({ inline: "nearest", block: "nearest" });
  }, [here]);
  return (
    <Tabs
      ref={bar}
      value={here}
      onChange={(name) => name !== null && go(hrefOf(name))}
      className={styles["bar"]}
    >
      <Tabs.List aria-label={label}>
        {tabs.map(([name, title]) => (
          <Tabs.Tab key={name} value={name} aria-controls={undefined}>
            {title}
          </Tabs.Tab>
        ))}
      </Tabs.List>
    </Tabs>
  );
};
