import { Button } from "@mantine/core";
import type { DeadLetter } from "../../../../src/server/contract.ts";
import { send } from "../../api/client.ts";
import { useIsEditor, useList, useWrite } from "../../api/queries.ts";
import { counted } from "../../parts/format.ts";
import { tell, tellFailure } from "../../parts/notify.ts";
import { Panel } from "../../parts/panel.tsx";
import { When } from "../../parts/when.tsx";
import styles from "./sensors.module.css";

const shownMax = 50;

/** Deltas that came over NATS and no server merged; nothing where there are none. */
export const DeadLetters = () => {
  const letters = useList<DeadLetter>("dead-letters").data ?? [];
  if (letters.length === 0) return null;
  return (
    <Panel title="Put aside: deltas that no server merged" isFlush>
      {letters.slice(0, shownMax).map((letter) => (
        <Letter key={letter.id} letter={letter} />
      ))}
      {letters.length > shownMax && (
        <p className={styles["letter"]}>
          {letters.length - shownMax} more; <code>nta dead</code> lists all.
        </p>
      )}
    </Panel>
  );
};

const Letter = ({ letter }: { letter: DeadLetter }) => {
  const path = `dead-letters/${letter.id}`;
  const again = useWrite(() => send("POST", `${path}/send-again`), "dead-letters", "audit");
  const discard = useWrite(() => send("DELETE", path), "dead-letters", "audit");
  const isEditor = useIsEditor();
  return (
    <div className={styles["letter"]}>
      <span>
        <strong>{letter.name ?? "of unknown origin"}</strong>
        <span className={styles["reason"]}>
          <When ms={letter.atMs} />, {counted(letter.bytes, "byte")}: {letter.reason}
        </span>
      </span>
      {isEditor && (
        <>
          <Button
            size="xs"
            variant="default"
            loading={again.isPending}
            onClick={() =>
              again.mutate(undefined, {
                onSuccess: () => tell("Sent again. If no server can merge it, it comes back here."),
                onError: tellFailure,
              })
            }
          >
            Send again
          </Button>
          <Button
            size="xs"
            variant="default"
            loading={discard.isPending}
            onClick={() => discard.mutate(undefined, { onError: tellFailure })}
          >
            Discard
          </Button>
        </>
      )}
    </div>
  );
};
