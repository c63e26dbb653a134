/** Text of any length by lines: only those in sight are in the page. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useRef } from "react";
import styles from "./lines.module.css";

const lineHeight = 20;

export const Lines = ({
  label,
  count,
  lineAt,
  heightMax = 640,
}: {
  label: string;
  count: number;
  lineAt: (index: number) => ReactNode;
  heightMax?: number;
}) => {
  const viewport = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => viewport.current,
    estimateSize: () => lineHeight,
    overscan: 20,
  });
  return (
    <section
      ref={viewport}
      className={styles["viewport"]}
      style={{ height: Math.min(heightMax, count * lineHeight + 16) }}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
      tabIndex={0}
    >
      <div className={styles["lines"]} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => (
          <div
            key={index}
            className={styles["line"]}
            style={{ transform: `translateY(${start}px)` }}
          >
            {lineAt(index)}
          </div>
        ))}
      </div>
    </section>
  );
};

/** A line of YAML or JSON: what names stands out from what is said. */
export const CodeLine = ({ text }: { text: string }) => {
  const at = keyEnd(text);
  if (at < 0) return <>{text === "" ? " " : text}</>;
  return (
    <>
      <span className={styles["key"]}>{text.slice(0, at)}</span>
      {text.slice(at)}
    </>
  );
};

/** Where the key of a line ends: at the first colon that a space or the end follows. */
const keyEnd = (text: string): number => {
  for (let at = text.indexOf(":"); at >= 0; at = text.indexOf(":", at + 1))
    if (at === text.length - 1 || text[at + 1] === " ") return at;
  return -1;
};
