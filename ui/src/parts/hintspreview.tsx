/** What a correction would change, shown before it is saved; saved, it can be taken back. */
import { Button, Group, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Hints, HintsPreview as Preview } from "../../../src/server/contract.ts";
import { send } from "../api/client.ts";
import { useWrite } from "../api/queries.ts";
import { count, counted } from "./format.ts";
import styles from "./hintspreview.module.css";
import { tellFailure, tellUndoable } from "./notify.ts";
import { Answer } from "./states.tsx";
import { Method } from "./tag.tsx";

type Row = Preview["before"][number];

export const HintsPreview = ({
  api,
  before,
  after,
  onClose,
  onSaved,
}: {
  api: string;
  before: Hints;
  after: Hints;
  onClose: () => void;
  onSaved?: () => void;
}) => {
  const query = useQuery({
    queryKey: ["preview", api, after],
    queryFn: () => send<Preview>("POST", `apis/${api}/hints/preview`, after),
    retry: false,
    gcTime: 0,
  });
  const write = useWrite(
    (hints: Hints) => send("PUT", `apis/${api}/hints`, hints),
    "apis",
    "endpoints",
    "changes",
    "audit",
  );
  const save = (): void =>
    write.mutate(after, {
      onSuccess: () => {
        tellUndoable("The correction is saved.", () => write.mutateAsync(before));
        onClose();
        onSaved?.();
      },
      onError: tellFailure,
    });
  return (
    <Modal opened onClose={onClose} title="What this would change" size="lg">
      <Answer query={query}>{(preview) => <Effect preview={preview} />}</Answer>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button onClick={save} loading={write.isPending} disabled={query.data === undefined}>
          Save
        </Button>
      </Group>
    </Modal>
  );
};

const Effect = ({ preview: { before, after } }: { preview: Preview }) => {
  const keyOf = ({ method, path }: Row): string => `${method} ${path}`;
  const old = new Set(before.map(keyOf));
  const fresh = new Set(after.map(keyOf));
  const gone = before.filter((row) => !fresh.has(keyOf(row)));
  const come = after.filter((row) => !old.has(keyOf(row)));
  const kept = before.length - gone.length;
  return (
    <>
      <p className={styles["lead"]}>
        {gone.length + come.length === 0
          ? "The endpoints stay as they are with what was heard so far."
          : `${counted(before.length, "endpoint")} become ${count(after.length)}; ${kept} stay as they are.`}
      </p>
      {gone.length > 0 && <List title="Before" kind="gone" rows={gone} />}
      {come.length > 0 && <List title="After" kind="come" rows={come} />}
    </>
  );
};

const List = ({
  title,
  kind,
  rows,
}: {
  title: string;
  kind: "gone" | "come";
  rows: readonly Row[];
}) => (
  <section className={styles["list"]} data-kind={kind} aria-label={title}>
    <h3>{title}</h3>
    <ul>
      {rows.slice(0, 100).map((row) => (
        <li key={`${row.method} ${row.path}`}>
          <Method method={row.method} />
          <code>{row.path}</code>
          <span>{counted(row.calls, "call")}</span>
        </li>
      ))}
      {rows.length > 100 && <li>and {count(rows.length - 100)} more</li>}
    </ul>
  </section>
);
