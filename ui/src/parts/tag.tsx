import type { ReactNode } from "react";
import type { ApiStatus, Severity } from "../../../src/server/contract.ts";
import styles from "./tag.module.css";

export type Hue = "plain" | "accent" | "good" | "warn" | "bad" | "violet";

/** A word that classifies. Its colours are legible on both themes, unlike those of a plain badge. */
export const Tag = ({
  hue = "plain",
  title,
  children,
}: {
  hue?: Hue;
  title?: string;
  children: ReactNode;
}) => (
  <span className={styles["tag"]} data-hue={hue} title={title}>
    {children}
  </span>
);

const statusHues: Record<ApiStatus, Hue> = {
  new: "accent",
  active: "good",
  changed: "violet",
  unused: "warn",
  ignored: "plain",
};
export const StatusTag = ({ status }: { status: ApiStatus }) => (
  <Tag hue={statusHues[status]}>{status}</Tag>
);

export const severityHues: Record<Severity, Hue> = {
  high: "bad",
  medium: "warn",
  low: "accent",
  info: "plain",
};
export const SeverityTag = ({ severity }: { severity: Severity }) => (
  <Tag hue={severityHues[severity]}>{severity}</Tag>
);

/** How an endpoint stands to the imported description, and what that means. */
const compared = {
  shadow: { hue: "bad", title: "In the traffic, not in the imported description" },
  orphan: { hue: "plain", title: "In the imported description, never heard" },
  zombie: { hue: "warn", title: "Deprecated in the imported description, still called" },
  drift: { hue: "violet", title: "Heard otherwise than the imported description says" },
} as const;
export const ComparedTag = ({ kind }: { kind: keyof typeof compared }) => (
  <Tag hue={compared[kind].hue} title={compared[kind].title}>
    {kind}
  </Tag>
);

const methodHues: Record<string, Hue> = {
  GET: "accent",
  HEAD: "accent",
  POST: "good",
  PUT: "warn",
  PATCH: "violet",
  DELETE: "bad",
};
export const Method = ({ method }: { method: string }) => (
  <span className={styles["method"]} data-hue={methodHues[method.toUpperCase()] ?? "plain"}>
    {method.toUpperCase()}
  </span>
);

export const Tags = ({ words, limit = 2 }: { words: readonly string[]; limit?: number }) => (
  <span className={styles["tags"]} title={words.join(", ")}>
    {words.slice(0, limit).map((word) => (
      <Tag key={word}>{word}</Tag>
    ))}
    {words.length > limit && <Tag>+{words.length - limit}</Tag>}
  </span>
);
