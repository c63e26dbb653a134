/** The path, each segment of which can be corrected where it stands. */
import { Button, Menu, Modal, TextInput } from "@mantine/core";
import { type SyntheticEvent, useState } from "react";
import type { EndpointDetail, Hints } from "../../../../src/server/contract.ts";
import { useHints, useMe } from "../../api/queries.ts";
import { HintsPreview } from "../../parts/hintspreview.tsx";
import { Icon } from "../../parts/icons.tsx";
import {
  ignored,
  nameProblem,
  parameterOf,
  pinned,
  pinnedAs,
  renamed,
  segmentsOf,
  vetoed,
} from "./corrections.ts";
import styles from "./endpoint.module.css";

interface Naming {
  readonly index: number;
  readonly kind: "rename" | "pin";
}

export const Path = ({
  endpoint,
  onSaved,
}: {
  endpoint: EndpointDetail;
  onSaved: (hints: Hints) => void;
}) => {
  const [naming, setNaming] = useState<Naming | null>(null);
  const [wanted, setWanted] = useState<Hints | null>(null);
  const hints = useHints(endpoint.api).data;
  const me = useMe().data;
  const isEditor = me?.role === "editor" && hints !== undefined;
  const segments = segmentsOf(endpoint.path);
  const { path } = endpoint;
  return (
    <>
      <span className={styles["path"]}>
        {segments.map((segment, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a segment is known by its place
          <span key={index} className={styles["segment"]}>
            <span className={styles["slash"]}>/</span>
            {isEditor ? (
              <Segment
                segment={segment}
                onName={(kind) => setNaming({ index, kind })}
                onVeto={() => setWanted(vetoed(hints, path, index))}
              />
            ) : (
              <span data-parameter={parameterOf(segment) !== null || undefined}>{segment}</span>
            )}
          </span>
        ))}
      </span>
      {(me === undefined || me.role === "editor") && (
        <Whole
          path={path}
          isReady={isEditor}
          onWant={(change) => hints !== undefined && setWanted(change(hints))}
        />
      )}
      {naming !== null && hints !== undefined && (
        <Name
          naming={naming}
          segment={segments[naming.index] ?? ""}
          onClose={() => setNaming(null)}
          onName={(name) => {
            setNaming(null);
            const correct = naming.kind === "rename" ? renamed : pinnedAs;
            setWanted(correct(hints, path, naming.index, name));
          }}
        />
      )}
      {wanted !== null && hints !== undefined && (
        <HintsPreview
          api={endpoint.api}
          before={hints}
          after={wanted}
          onClose={() => setWanted(null)}
          onSaved={() => onSaved(wanted)}
        />
      )}
    </>
  );
};

const Segment = ({
  segment,
  onName,
  onVeto,
}: {
  segment: string;
  onName: (kind: Naming["kind"]) => void;
  onVeto: () => void;
}) => {
  const parameter = parameterOf(segment);
  return (
    <Menu position="bottom-start" shadow="md">
      <Menu.Target>
        <button
          type="button"
          data-parameter={parameter !== null || undefined}
          title={parameter === null ? "Correct this word" : "Correct this parameter"}
        >
          {segment}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {parameter === null ? (
          <Menu.Item onClick={() => onName("pin")}>This is a parameter…</Menu.Item>
        ) : (
          <>
            <Menu.Item onClick={() => onName("rename")}>Rename…</Menu.Item>
            <Menu.Item onClick={onVeto}>This is no parameter</Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
};

const Whole = ({
  path,
  isReady,
  onWant,
}: {
  path: string;
  /** Until it is known who asks and what is corrected already, it keeps its place. */
  isReady: boolean;
  onWant: (change: (hints: Hints) => Hints) => void;
}) => (
  <Menu position="bottom-start" shadow="md">
    <Menu.Target>
      <Button
        variant="default"
        size="compact-sm"
        disabled={!isReady}
        leftSection={<Icon name="edit" size={14} />}
        fw={500}
      >
        Correct
      </Button>
    </Menu.Target>
    <Menu.Dropdown>
      <Menu.Item onClick={() => onWant((hints) => pinned(hints, path))}>
        Pin this path as it is
      </Menu.Item>
      <Menu.Item onClick={() => onWant((hints) => ignored(hints, path))}>
        Ignore this path
      </Menu.Item>
      <Menu.Item onClick={() => onWant((hints) => ignored(hints, `${path}/**`))}>
        Ignore all below it
      </Menu.Item>
    </Menu.Dropdown>
  </Menu>
);

const Name = ({
  naming,
  segment,
  onClose,
  onName,
}: {
  naming: Naming;
  segment: string;
  onClose: () => void;
  onName: (name: string) => void;
}) => {
  const [name, setName] = useState(parameterOf(segment) ?? "");
  const onSubmit = (event: SyntheticEvent): void => {
    event.preventDefault();
    onName(name);
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={naming.kind === "rename" ? `Rename ${segment}` : `“${segment}” is a parameter`}
    >
      <form onSubmit={onSubmit}>
        <TextInput
          data-autofocus
          label="Name of the parameter"
          value={name}
          error={name === "" ? null : nameProblem(name)}
          onChange={(event) => setName(event.currentTarget.value)}
          mb="md"
        />
        <Button type="submit" disabled={nameProblem(name) !== null}>
          Show what that changes
        </Button>
      </form>
    </Modal>
  );
};
