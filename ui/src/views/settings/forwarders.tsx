import { Button, Switch } from "@mantine/core";
import { useState } from "react";
import type { Delivery, Forwarder, ForwarderRequest } from "../../../../src/server/contract.ts";
import { send } from "../../api/client.ts";
import { useIsEditor, useList, useWrite } from "../../api/queries.ts";
import { Act, Entry } from "../../parts/entry.tsx";
import { counted } from "../../parts/format.ts";
import layout from "../../parts/layout.module.css";
import { tellFailure } from "../../parts/notify.ts";
import { Panel } from "../../parts/panel.tsx";
import { Answer } from "../../parts/states.tsx";
import { type Hue, Tag } from "../../parts/tag.tsx";
import { When } from "../../parts/when.tsx";
import { ForwarderForm } from "./forwarderform.tsx";

/** Where documents go when they change. */
export const Forwarders = () => {
  const [edited, setEdited] = useState<Forwarder | "new" | null>(null);
  const isEditor = useIsEditor();
  return (
    <>
      <Panel
        title="Forwarders: where documents go when they change"
        aside={
          isEditor && (
            <Button size="xs" onClick={() => setEdited("new")}>
              Add
            </Button>
          )
        }
        isFlush
      >
        <Answer query={useList<Forwarder>("forwarders")}>
          {(forwarders) =>
            forwarders.length === 0 ? (
              <p className={layout["none"]}>
                None yet. A forwarder keeps documents in a folder, a git repository or a bucket, or
                sends them to a scanner or a webhook.
              </p>
            ) : (
              forwarders.map((forwarder) => (
                <Line
                  key={forwarder.id}
                  forwarder={forwarder}
                  isEditor={isEditor}
                  onEdit={() => setEdited(forwarder)}
                />
              ))
            )
          }
        </Answer>
      </Panel>
      <Deliveries />
      {edited !== null && (
        <ForwarderForm
          forwarder={edited === "new" ? null : edited}
          onClose={() => setEdited(null)}
        />
      )}
    </>
  );
};

const Line = ({
  forwarder,
  isEditor,
  onEdit,
}: {
  forwarder: Forwarder;
  isEditor: boolean;
  onEdit: () => void;
}) => {
  const path = `forwarders/${forwarder.id}`;
  const change = useWrite(
    (body: ForwarderRequest) => send("PUT", path, body),
    "forwarders",
    "audit",
  );
  const remove = useWrite(() => send("DELETE", path), "forwarders", "audit");
  const test = useWrite(() => send("POST", `${path}/test`), "forwarders", "deliveries");
  const { name, enabled, target } = forwarder;
  return (
    <Entry
      before={
        isEditor && (
          <Switch
            aria-label={`${name} is on`}
            checked={enabled}
            onChange={() =>
              change.mutate({ name, enabled: !enabled, target }, { onError: tellFailure })
            }
          />
        )
      }
      title={<strong>{name}</strong>}
      sub={
        <>
          {forwarder.lastMs === null ? (
            "nothing sent yet"
          ) : (
            <>
              last sent <When ms={forwarder.lastMs} />
            </>
          )}
          {forwarder.waiting > 0 && `, ${forwarder.waiting} waiting`}
          {forwarder.dead > 0 && `, ${forwarder.dead} given up`}
        </>
      }
      problem={forwarder.lastProblem}
      aside={
        <>
          <Tag>{target.kind}</Tag>
          {isEditor && (
            <>
              <Act write={test} done={`${name} was reached.`}>
                Test
              </Act>
              <Button size="xs" variant="default" onClick={onEdit}>
                Edit
              </Button>
              <Act write={remove}>Remove</Act>
            </>
          )}
        </>
      }
    />
  );
};

const Deliveries = () => {
  const some = useList<Delivery>("deliveries").data?.slice(0, 50) ?? [];
  if (some.length === 0) return null;
  return (
    <Panel title="Deliveries" isFlush>
      {some.map((delivery) => (
        <DeliveryEntry key={delivery.id} delivery={delivery} />
      ))}
    </Panel>
  );
};

const stateWords: Record<Delivery["state"], readonly [hue: Hue, words: string]> = {
  delivered: ["good", "delivered"],
  waiting: ["warn", "waiting"],
  dead: ["bad", "given up"],
};

const DeliveryEntry = ({ delivery }: { delivery: Delivery }) => {
  const retry = useWrite(() => send("POST", `deliveries/${delivery.id}/retry`), "deliveries");
  const isEditor = useIsEditor();
  const [hue, words] = stateWords[delivery.state];
  return (
    <Entry
      title={<span>{delivery.subject}</span>}
      sub={
        <>
          <When ms={delivery.atMs} />, {counted(delivery.attempts, "attempt")}
        </>
      }
      problem={delivery.problem}
      aside={
        <>
          <Tag hue={hue}>{words}</Tag>
          {isEditor && delivery.state !== "delivered" && <Act write={retry}>Try again</Act>}
        </>
      }
    />
  );
};
