import { Button, Menu, Modal, TextInput } from "@mantine/core";
import { type SyntheticEvent, useState } from "react";
import type { ApiPatch, Triage as TriageRequest } from "../../../../src/server/contract.ts";
import { send } from "../../api/client.ts";
import { useWrite } from "../../api/queries.ts";
import { counted } from "../../parts/format.ts";
import { Icon } from "../../parts/icons.tsx";
import { tell, tellFailure } from "../../parts/notify.ts";
import styles from "./apis.module.css";

/** The same change to every API that is selected. */
export const Triage = ({ ids, onDone }: { ids: ReadonlySet<string>; onDone: () => void }) => {
  const [asked, setAsked] = useState<"owner" | "label" | null>(null);
  const write = useWrite(
    (patch: ApiPatch) =>
      send("POST", "apis/triage", { apis: [...ids], patch } satisfies TriageRequest),
    "apis",
    "overview",
    "audit",
  );
  const apply = (patch: ApiPatch, done: string): void =>
    write.mutate(patch, {
      onSuccess: () => {
        tell(`${counted(ids.size, "API")} ${done}. Settings → Audit can undo it.`);
        onDone();
      },
      onError: tellFailure,
    });
  return (
    <div className={styles["triage"]} role="toolbar" aria-label="Selected APIs">
      <strong>{counted(ids.size, "API")} selected</strong>
      <Button
        size="xs"
        loading={write.isPending}
        onClick={() => apply({ confirmed: true }, "confirmed")}
      >
        Confirm
      </Button>
      <Button size="xs" variant="default" onClick={() => setAsked("owner")}>
        Set owner
      </Button>
      <Button size="xs" variant="default" onClick={() => setAsked("label")}>
        Set labels
      </Button>
      <Menu position="bottom-start">
        <Menu.Target>
          <Button size="xs" variant="default" rightSection={<Icon name="down" size={12} />}>
            Ignore
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => apply({ ignored: true }, "ignored")}>
            Ignore: leave out of counts and findings
          </Menu.Item>
          <Menu.Item onClick={() => apply({ ignored: false }, "no longer ignored")}>
            Stop ignoring
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Button size="xs" variant="subtle" onClick={onDone}>
        Clear selection
      </Button>
      {asked !== null && (
        <Ask
          kind={asked}
          onClose={() => setAsked(null)}
          onGive={(text) => {
            setAsked(null);
            if (asked === "owner") apply({ owner: text === "" ? null : text }, "given an owner");
            else apply({ labels: labelsOf(text) }, "labelled");
          }}
        />
      )}
    </div>
  );
};

const labelsOf = (text: string): string[] => [
  ...new Set(
    text
      .split(",")
      .map((word) => word.trim())
      .filter((word) => word !== ""),
  ),
];

const Ask = ({
  kind,
  onClose,
  onGive,
}: {
  kind: "owner" | "label";
  onClose: () => void;
  onGive: (text: string) => void;
}) => {
  const [text, setText] = useState("");
  const onSubmit = (event: SyntheticEvent): void => {
    event.preventDefault();
    onGive(text.trim());
  };
  return (
    <Modal opened onClose={onClose} title={kind === "owner" ? "Set the owner" : "Set the labels"}>
      <form onSubmit={onSubmit}>
        <TextInput
          data-autofocus
          label={kind === "owner" ? "Person or team" : "Labels, separated by commas"}
          description={
            kind === "owner" ? "Empty: no owner" : "They replace the labels that the APIs have"
          }
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          mb="md"
        />
        <Button type="submit">Set</Button>
      </form>
    </Modal>
  );
};
