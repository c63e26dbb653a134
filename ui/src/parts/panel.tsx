import type { ReactNode } from "react";
import styles from "./panel.module.css";

/** A titled surface. */
export const Panel = ({
  title,
  aside,
  isFlush = false,
  children,
}: {
  title?: string;
  aside?: ReactNode;
  /** The content reaches the edges: for lists and tables. */
  isFlush?: boolean;
  children: ReactNode;
}) => (
  <section className={styles["panel"]}>
    {title !== undefined && (
      <header className={styles["head"]}>
        <h2 className={styles["title"]}>{title}</h2>
        {aside !== undefined && <div className={styles["aside"]}>{aside}</div>}
      </header>
    )}
    <div className={isFlush ? styles["flush"] : styles["body"]}>{children}</div>
  </section>
);

/** A number with what it counts. */
export const Figure = ({
  label,
  value,
  title,
  note,
  children,
}: {
  label: string;
  value: ReactNode;
  title?: string;
  note?: ReactNode;
  children?: ReactNode;
}) => (
  <div className={styles["figure"]}>
    <span className={styles["label"]}>{label}</span>
    <span className={styles["value"]} title={title}>
      {value}
    </span>
    {note !== undefined && <span className={styles["note"]}>{note}</span>}
    {children}
  </div>
);

/** Names and what they are, in two columns that become one where it is narrow. */
export const Facts = ({ rows }: { rows: readonly (readonly [string, ReactNode])[] }) => (
  <dl className={styles["facts"]}>
    {rows.map(([name, value]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);
