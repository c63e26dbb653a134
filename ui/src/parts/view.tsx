import { type ReactNode, useEffect } from "react";
import styles from "./view.module.css";

/** The frame of a view: its heading, what can be done with the whole of it, and its content. */
export const View = ({
  title,
  lead,
  heading,
  actions,
  isFilling = false,
  children,
}: {
  title: string;
  lead?: ReactNode;
  /** Where the heading is more than the title. */
  heading?: ReactNode;
  actions?: ReactNode;
  /** The content takes the rest of the height and scrolls by itself. */
  isFilling?: boolean;
  children: ReactNode;
}) => {
  useEffect(() => {
    document.title = `${title} · nta`;
  }, [title]);
  return (
    <div className={styles["view"]} data-filling={isFilling || undefined}>
      <header className={styles["head"]}>
        <div className={styles["words"]}>
          <h1 className={styles["title"]}>{heading ?? title}</h1>
          {lead !== undefined && <div className={styles["lead"]}>{lead}</div>}
        </div>
        {actions !== undefined && <div className={styles["actions"]}>{actions}</div>}
      </header>
      {children}
    </div>
  );
};
