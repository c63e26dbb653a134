import { Button, TextInput } from "@mantine/core";
import { type SyntheticEvent, useEffect, useRef, useState } from "react";
import { Link } from "wouter";
import type { Finding, FindingPatch } from "../../../../src/server/contract.ts";
import { send } from "../../api/client.ts";
import { useIsEditor, useWrite } from "../../api/queries.ts";
import { Icon } from "../../parts/icons.tsx";
import { tellFailure, tellUndoable } from "../../parts/notify.ts";
import { Method, SeverityTag } from "../../parts/tag.tsx";
import { When } from "../../parts/when.tsx";
import styles from "./findings.module.css";

/** One finding; open, it shows its evidence, what to do, and how to accept it. */
export const FindingCard = ({
  finding,
  isOpen,
  onToggle,
}: {
  finding: Finding;
  isOpen: boolean;
  onToggle: () => void;
}) => {
  const head = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(isOpen);
  useEffect(() => {
    if (wasOpen.current) head.current?.scrollIntoView({ block: "center" });
  }, []);
  return (
    <article className={styles["finding"]}>
      <button
        ref={head}
        type="button"
        className={styles["head"]}
        aria-expanded={isOpen}
        onClick={onToggle}
      >
        <span className={styles["severity"]}>
          <SeverityTag severity={finding.severity} />
        </span>
        <span className={styles["words"]}>
          <span className={styles["title"]}>
            <strong>{finding.title}</strong>
            {!isOpen && <span>{finding.evidence[0]}</span>}
          </span>
          <span className={styles["where"]}>
            {finding.method !== null && <Method method={finding.method} />}
            {finding.path !== null && <code>{finding.path}</code>}
            <span>{finding.apiName}</span>
          </span>
        </span>
        <span className={styles["when"]}>
          <When ms={finding.lastMs} />
        </span>
        <Icon name={isOpen ? "up" : "down"} size={16} />
      </button>
      {isOpen && <Body finding={finding} />}
    </article>
  );
};

const Body = ({ finding }: { finding: Finding }) => (
  <div className={styles["body"]}>
    <h3>What was seen</h3>
    <ul>
      {finding.evidence.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
    <h3>What to do</h3>
    <p>{finding.advice}</p>
    {finding.reason !== null && finding.reason !== "" && (
      <>
        <h3>Why it was accepted</h3>
        <p>{finding.reason}</p>
      </>
    )}
    <p className={styles["links"]}>
      {finding.endpoint !== null && (
        <Link href={`/apis/${finding.api}/endpoints/${finding.endpoint}`}>Open the endpoint</Link>
      )}
      <Link href={`/apis/${finding.api}`}>Open the API</Link>
      <Link href={`/findings?rule=${encodeURIComponent(finding.rule)}`}>All of this rule</Link>
    </p>
    <Decision finding={finding} />
  </div>
);

const Decision = ({ finding }: { finding: Finding }) => {
  const [reason, setReason] = useState("");
  const isEditor = useIsEditor();
  const write = useWrite(
    (patch: FindingPatch) => send("PATCH", `findings/${finding.id}`, patch),
    "findings",
    "overview",
    "apis",
    "audit",
  );
  if (!isEditor || finding.state === "resolved") return null;
  const decide = (patch: FindingPatch, back: FindingPatch, done: string): void =>
    write.mutate(patch, {
      onSuccess: () => tellUndoable(done, () => write.mutateAsync(back)),
      onError: tellFailure,
    });
  if (finding.state === "accepted")
    return (
      <Button
        variant="default"
        loading={write.isPending}
        onClick={() =>
          decide(
            { state: "open" },
            { state: "accepted", ...(finding.reason !== null && { reason: finding.reason }) },
            "It is open again.",
          )
        }
      >
        Open again
      </Button>
    );
  const onSubmit = (event: SyntheticEvent): void => {
    event.preventDefault();
    decide({ state: "accepted", reason: reason.trim() }, { state: "open" }, "Accepted.");
  };
  return (
    <form className={styles["accept"]} onSubmit={onSubmit}>
      <TextInput
        aria-label="Reason to accept it"
        placeholder="Why this is fine, for those who read it later"
        value={reason}
        maxLength={1000}
        onChange={(event) => setReason(event.currentTarget.value)}
        flex={1}
        miw="12rem"
      />
      <Button type="submit" loading={write.isPending} disabled={reason.trim() === ""}>
        Accept
      </Button>
    </form>
  );
};
