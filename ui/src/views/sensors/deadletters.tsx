import type { DeadLetter } from "../../../../src/server/contract.ts";
import { send } from "../../api/client.ts";
import { useIsEditor, useList, useWrite } from "../../api/queries.ts";
import { Act, Entry } from "../../parts/entry.tsx";
import { bytes } from "../../parts/format.ts";
import layout from "../../parts/layout.module.css";
import { Panel } from "../../parts/panel.tsx";
import { When } from "../../parts/when.tsx";

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
        <p className={layout["none"]}>
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
    <Entry
      title={<strong>{letter.name ?? "of unknown origin"}</strong>}
      sub={
        <>
          <When ms={letter.atMs} />, {bytes(letter.bytes)}
        </>
      }
      problem={letter.reason}
      aside={
        isEditor && (
          <>
            <Act write={again} done="Sent again. If no server can merge it, it comes back here.">
              Send again
            </Act>
            <Act write={discard} done="Discarded. What it would have taught is lost.">
              Discard
            </Act>
          </>
        )
      }
    />
  );
};
