import { ActionIcon, Button, TextInput } from "@mantine/core";
import { type SyntheticEvent, useState } from "react";
import type { ApiDetail, Hints as HintsData } from "../../../../src/server/contract.ts";
import { useHints, useIsEditor } from "../../api/queries.ts";
import { HintsPreview } from "../../parts/hintspreview.tsx";
import { Icon } from "../../parts/icons.tsx";
import layout from "../../parts/layout.module.css";
import { Panel } from "../../parts/panel.tsx";
import { Answer } from "../../parts/states.tsx";
import styles from "./api.module.css";

type ListName = "pins" | "vetoes" | "ignores" | "ownHeaders";

const lists: readonly { name: ListName; title: string; help: string; example: string }[] = [
  {
    name: "pins",
    title: "Pins",
    help: "Path templates that hold: braces are parameters with these names, words are literal.",
    example: "/repos/{owner}/{repo}",
  },
  {
    name: "vetoes",
    title: "Vetoes",
    help: "Path templates that must not be concluded: the words of the last parameter stay apart.",
    example: "/users/{id}",
  },
  {
    name: "ignores",
    title: "Ignores",
    help: "Paths that are no part of the API: * is one segment, ** at the end the rest.",
    example: "/internal/**",
  },
  {
    name: "ownHeaders",
    title: "Own headers",
    help: "Headers that belong into the description.",
    example: "x-tenant",
  },
];

/** A person's corrections. Each change is shown with its effect before it is saved. */
export const Hints = ({ api }: { api: ApiDetail }) => (
  <Answer query={useHints(api.id)}>{(hints) => <Editor api={api} hints={hints} />}</Answer>
);

const Editor = ({ api, hints }: { api: ApiDetail; hints: HintsData }) => {
  const [wanted, setWanted] = useState<HintsData | null>(null);
  const isEditor = useIsEditor();
  return (
    <div className={layout["stack"]}>
      <p className={layout["soft"]} style={{ margin: 0 }}>
        Hints come before all evidence and act on everything that was learned. They are quickest
        made where they are seen: on the page of an endpoint.
      </p>
      <div className={styles["pair"]}>
        {lists.map((list) => (
          <HintList
            key={list.name}
            list={list}
            values={hints[list.name] ?? []}
            isEditor={isEditor}
            onChange={(values) => setWanted({ ...hints, [list.name]: values })}
          />
        ))}
      </div>
      <Renames hints={hints} isEditor={isEditor} onChange={setWanted} />
      {wanted !== null && (
        <HintsPreview api={api.id} before={hints} after={wanted} onClose={() => setWanted(null)} />
      )}
    </div>
  );
};

const HintList = ({
  list,
  values,
  isEditor,
  onChange,
}: {
  list: (typeof lists)[number];
  values: readonly string[];
  isEditor: boolean;
  onChange: (values: string[]) => void;
}) => {
  const [text, setText] = useState("");
  const onSubmit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const value = text.trim();
    if (value === "" || values.includes(value)) return;
    onChange([...values, value]);
    setText("");
  };
  return (
    <Panel title={list.title} isFlush>
      <p className={styles["note"]}>{list.help}</p>
      {values.map((value) => (
        <div key={value} className={styles["row"]}>
          <code>{value}</code>
          {isEditor && (
            <Remove
              name={value}
              onClick={() => onChange(values.filter((other) => other !== value))}
            />
          )}
        </div>
      ))}
      {isEditor && (
        <form className={styles["row"]} onSubmit={onSubmit}>
          <TextInput
            className={styles["grow"]}
            aria-label={`Add to ${list.title.toLowerCase()}`}
            placeholder={list.example}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Button type="submit" variant="default" disabled={text.trim() === ""}>
            Add
          </Button>
        </form>
      )}
    </Panel>
  );
};

const Renames = ({
  hints,
  isEditor,
  onChange,
}: {
  hints: HintsData;
  isEditor: boolean;
  onChange: (hints: HintsData) => void;
}) => {
  const renames = hints.renames ?? [];
  return (
    <Panel title="Renames" isFlush>
      {renames.length === 0 && (
        <p className={styles["note"]}>
          No parameter was renamed. Open an endpoint and press a parameter of its path to rename it.
        </p>
      )}
      {renames.map((rename) => (
        <div key={`${rename.path} ${rename.from}`} className={styles["row"]}>
          <code>
            {rename.path}: {rename.from} → {rename.to}
          </code>
          {isEditor && (
            <Remove
              name={`${rename.from} to ${rename.to}`}
              onClick={() =>
                onChange({ ...hints, renames: renames.filter((other) => other !== rename) })
              }
            />
          )}
        </div>
      ))}
    </Panel>
  );
};

const Remove = ({ name, onClick }: { name: string; onClick: () => void }) => (
  <ActionIcon variant="subtle" color="gray" aria-label={`Remove ${name}`} onClick={onClick}>
    <Icon name="close" size={16} />
  </ActionIcon>
);
