import { Button, Select, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { useLocation } from "wouter";
import type { ApiDetail, ApiPatch } from "../../../../src/server/contract.ts";
import { get, send } from "../../api/client.ts";
import { useApisNamed, useIsEditor, useWrite } from "../../api/queries.ts";
import { asWords, count, counted, time } from "../../parts/format.ts";
import layout from "../../parts/layout.module.css";
import { tellFailure, tellUndoable } from "../../parts/notify.ts";
import { Facts, Panel } from "../../parts/panel.tsx";
import { placeOf } from "../../parts/place.ts";
import { Tags } from "../../parts/tag.tsx";
import styles from "./api.module.css";

/** Names, owners and sources; what a person may change of the API itself. */
export const About = ({ api }: { api: ApiDetail }) => {
  const isEditor = useIsEditor();
  return (
    <div className={layout["stack"]}>
      <div className={styles["pair"]}>
        <Panel title="What is known">
          <AllFacts api={api} />
        </Panel>
        {isEditor && <Form key={`${api.name} ${api.owner} ${api.note}`} api={api} />}
      </div>
      <Sources api={api} isEditor={isEditor} />
      {isEditor && <Merge api={api} />}
    </div>
  );
};

const AllFacts = ({ api }: { api: ApiDetail }) => {
  const limits = Object.entries(api.limits);
  return (
    <Facts
      rows={[
        ["Servers", api.servers.join(", ")],
        ...(api.services.length > 0
          ? [["Services", api.services.join(", ")] satisfies [string, string]]
          : []),
        ["Workloads", api.workloads.join(", ") || "not known"],
        ["Namespace", placeOf(api) ?? "not known"],
        [
          "Called from",
          api.origin === "both"
            ? "private and public addresses"
            : `${api.origin === "internal" ? "private" : "public"} addresses`,
        ],
        [
          "Credentials",
          api.auth.length === 0 ? "none seen" : <Tags key="auth" words={api.auth} limit={5} />,
        ],
        [
          "Sensitive data",
          api.sensitive.length === 0 ? (
            "none seen"
          ) : (
            <Tags key="sensitive" words={api.sensitive} limit={8} />
          ),
        ],
        ["First call", time(api.firstMs)],
        ["Last call", time(api.lastMs)],
        [
          "Limits reached",
          limits.length === 0
            ? "none"
            : limits.map(([name, times]) => `${asWords(name)} (${count(times)})`).join(", "),
        ],
      ]}
    />
  );
};

const Form = ({ api }: { api: ApiDetail }) => {
  const [name, setName] = useState(api.name);
  const [owner, setOwner] = useState(api.owner ?? "");
  const [labels, setLabels] = useState(api.labels);
  const [note, setNote] = useState(api.note);
  const write = useWrite(
    (patch: ApiPatch) => send("PATCH", `apis/${api.id}`, patch),
    "apis",
    "overview",
    "audit",
  );
  const before: ApiPatch = { name: api.name, owner: api.owner, labels: api.labels, note: api.note };
  const save = (): void =>
    write.mutate(
      { name: name.trim(), owner: owner.trim() === "" ? null : owner.trim(), labels, note },
      {
        onSuccess: () => tellUndoable("Saved.", () => write.mutateAsync(before)),
        onError: tellFailure,
      },
    );
  return (
    <Panel title="What you say">
      <div className={layout["stack"]}>
        <TextInput
          label="Name"
          value={name}
          error={name.trim() === "" ? "A name is needed" : null}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          label="Owner"
          placeholder="Person or team"
          value={owner}
          onChange={(event) => setOwner(event.currentTarget.value)}
        />
        <TagsInput label="Labels" value={labels} onChange={setLabels} maxTags={32} />
        <Textarea
          label="Note"
          autosize
          minRows={2}
          maxRows={10}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        <Button
          onClick={save}
          loading={write.isPending}
          disabled={name.trim() === ""}
          w="fit-content"
        >
          Save
        </Button>
      </div>
    </Panel>
  );
};

const Sources = ({ api, isEditor }: { api: ApiDetail; isEditor: boolean }) => {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [, go] = useLocation();
  const write = useWrite(
    (sources: string[]) => send<{ id?: string }>("POST", `apis/${api.id}/split`, { sources }),
    "apis",
    "overview",
    "audit",
  );
  const split = (): void =>
    write.mutate([...chosen], {
      onSuccess: () => {
        tellUndoable("They are an API of their own now.", undoLast);
        go("/apis");
      },
      onError: tellFailure,
    });
  const isSplittable = isEditor && api.sources.length > 1;
  return (
    <Panel title="Sources: what this API is made of" isFlush>
      {api.sources.map((source) => (
        <div key={source.id} className={styles["row"]}>
          {isSplittable && (
            <input
              type="checkbox"
              aria-label={`Choose ${source.host}:${source.port}`}
              checked={chosen.has(source.id)}
              onChange={() => {
                const after = new Set(chosen);
                if (!after.delete(source.id)) after.add(source.id);
                setChosen(after);
              }}
            />
          )}
          <span className={styles["grow"]}>
            {source.scheme}://{source.host}:{source.port}
            <span className={styles["sub"]}>{source.workload}</span>
          </span>
          <span className={layout["soft"]}>{counted(source.calls, "call")}</span>
        </div>
      ))}
      {isSplittable && (
        <div className={styles["row"]}>
          <Button
            variant="default"
            disabled={chosen.size === 0 || chosen.size === api.sources.length}
            loading={write.isPending}
            onClick={split}
          >
            Make the chosen an API of their own
          </Button>
        </div>
      )}
    </Panel>
  );
};

const Merge = ({ api }: { api: ApiDetail }) => {
  const [q, setQ] = useState("");
  const [other, setOther] = useState<string | null>(null);
  const [, go] = useLocation();
  const found = useApisNamed(q).data?.items.filter(({ id }) => id !== api.id) ?? [];
  const write = useWrite(
    (into: string) => send("POST", "apis/merge", { into, apis: [api.id] }),
    "apis",
    "overview",
    "audit",
  );
  const merge = (into: string): void =>
    write.mutate(into, {
      onSuccess: () => {
        tellUndoable("Merged.", undoLast);
        go(`/apis/${into}`);
      },
      onError: tellFailure,
    });
  return (
    <Panel title="The same as another API?">
      <div className={layout["bar"]}>
        <Select
          aria-label="API that this one is part of"
          placeholder="Search an API"
          searchable
          searchValue={q}
          onSearchChange={setQ}
          data={found.map((one) => ({ value: one.id, label: one.title }))}
          value={other}
          onChange={setOther}
          filter={({ options }) => options}
          w="22rem"
          maw="100%"
        />
        <Button
          variant="default"
          disabled={other === null}
          loading={write.isPending}
          onClick={() => other !== null && merge(other)}
        >
          Merge into it
        </Button>
      </div>
    </Panel>
  );
};

/** Takes back the newest entry of the audit log: what this person has just done. */
const undoLast = async (): Promise<unknown> => {
  const { items } = await get<{ items: { id: string }[] }>("audit", { limit: 1 });
  return items[0] === undefined ? undefined : send("POST", `audit/${items[0].id}/undo`);
};
