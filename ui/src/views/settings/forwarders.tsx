import { Button, Switch } from "@mantine/core";
import { useState } from "react";
import type { Delivery, Forwarder, ForwarderRequest } from "../../../../src/server/contract.ts";
import { send } from "../../api/client.ts";
import { useIsEditor, useList, useWrite } from "../../api/queries.ts";
import { counted } from "../../parts/format.ts";
import layout from "../../parts/layout.module.css";
import { tell, tellFailure } from "../../parts/notify.ts";
import { Panel } from "../../parts/panel.tsx";
import { Answer } from "../../parts/states.tsx";
import { Tag } from "../../parts/tag.tsx";
import { When } from "../../parts/when.tsx";
import { ForwarderForm } from "./forwarderform.tsx";
import styles from "./settings.module.css";

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
    <div className={styles["line"]}>
      {isEditor && (
        <Switch
          aria-label={`${name} is on`}
          checked={enabled}
          onChange={() =>
            change.mutate({ name, enabled: !enabled, target }, { onError: tellFailure })
          }
        />
      )}
      <span className={styles["words"]}>
        <strong>{name}</strong>
        <span className={layout["sub"]}>
          {forwarder.lastMs === null ? (
            "nothing sent yet"
          ) : (
            <>
              last sent <When ms={forwarder.lastMs} />
            </>
          )}
          {forwarder.waiting > 0 && `, ${forwarder.waiting} waiting`}
          {forwarder.dead > 0 && `, ${forwarder.dead} given up`}
        </span>
        {forwarder.lastProblem !== null && (
          <span className={styles["problem"]}>{forwarder.lastProblem}</span>
        )}
      </span>
      <Tag>{target.kind}</Tag>
      {isEditor && (
        <>
          <Button
            size="xs"
            variant="default"
            loading={test.isPending}
            onClick={() =>
              test.mutate(undefined, {
                onSuccess: () => tell(`${name} was reached.`),
                onError: tellFailure,
              })
            }
          >
            Test
          </Button>
          <Button size="xs" variant="default" onClick={onEdit}>
            Edit
          </Button>
          <Button
            size="xs"
            variant="default"
            loading={remove.isPending}
            onClick={() => remove.mutate(undefined, { onError: tellFailure })}
          >
            Remove
          </Button>
        </>
      )}
    </div>
  );
};

const Deliveries = () => {
  const query = useList<Delivery>("deliveries");
  const isEditor = useIsEditor();
  const retry = useWrite((id: string) => send("POST", `deliveries/${id}/retry`), "deliveries");
  const some = query.data?.slice(0, 50) ?? [];
  if (some.length === 0) return null;
  return (
    <Panel title="Deliveries" isFlush>
      {some.map((delivery) => (
        <div key={delivery.id} className={styles["line"]}>
          <span className={styles["words"]}>
            <span>{delivery.subject}</span>
            <span className={layout["sub"]}>
              <When ms={delivery.atMs} />, {counted(delivery.attempts, "attempt")}
            </span>
            {delivery.problem !== null && (
              <span className={styles["problem"]}>{delivery.problem}</span>
            )}
          </span>
          <Tag
            hue={
              delivery.state === "delivered" ? "good" : delivery.state === "dead" ? "bad" : "warn"
            }
          >
            {delivery.state === "dead" ? "given up" : delivery.state}
          </Tag>
          {isEditor && delivery.state !== "delivered" && (
            <Button
              size="xs"
              variant="default"
              onClick={() => retry.mutate(delivery.id, { onError: tellFailure })}
            >
              Try again
            </Button>
          )}
        </div>
      ))}
    </Panel>
  );
};
