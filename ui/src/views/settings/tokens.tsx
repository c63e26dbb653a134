import { Button, CopyButton, Modal, Select, TextInput } from "@mantine/core";
import { type SyntheticEvent, useState } from "react";
import type { TokenMade, TokenRequest, TokenRow } from "../../../../src/server/contract.ts";
import { send } from "../../api/client.ts";
import { useIsEditor, useList, useWrite } from "../../api/queries.ts";
import { Entry } from "../../parts/entry.tsx";
import layout from "../../parts/layout.module.css";
import { tell, tellFailure } from "../../parts/notify.ts";
import { Panel } from "../../parts/panel.tsx";
import { Answer } from "../../parts/states.tsx";
import { Tag } from "../../parts/tag.tsx";
import { When } from "../../parts/when.tsx";
import styles from "./settings.module.css";

const roles = [
  { value: "viewer", label: "Viewer: sees everything" },
  { value: "editor", label: "Editor: also changes" },
  { value: "sensor", label: "Sensor: sends what it hears" },
];

export const Tokens = () => {
  const isEditor = useIsEditor();
  if (!isEditor) return <Panel>Tokens are seen and made by editors.</Panel>;
  return <AllTokens />;
};

const AllTokens = () => {
  const [made, setMade] = useState<TokenMade | null>(null);
  return (
    <>
      <Panel title="New token">
        <Make onMade={setMade} />
      </Panel>
      <Panel title="Tokens" isFlush>
        <Answer query={useList<TokenRow>("tokens")}>
          {(tokens) =>
            tokens.length === 0 ? (
              <p className={layout["none"]}>
                No token yet. People sign in with one, sensors and programs send one.
              </p>
            ) : (
              tokens.map((token) => <Line key={token.id} token={token} />)
            )
          }
        </Answer>
      </Panel>
      {made !== null && <Made made={made} onClose={() => setMade(null)} />}
    </>
  );
};

const Make = ({ onMade }: { onMade: (made: TokenMade) => void }) => {
  const [name, setName] = useState("");
  const [role, setRole] = useState<TokenRequest["role"]>("viewer");
  const write = useWrite(
    (request: TokenRequest) => send<TokenMade>("POST", "tokens", request),
    "tokens",
    "audit",
  );
  const onSubmit = (event: SyntheticEvent): void => {
    event.preventDefault();
    write.mutate(
      { name: name.trim(), role },
      {
        onSuccess: (made) => {
          setName("");
          onMade(made);
        },
        onError: tellFailure,
      },
    );
  };
  return (
    <form className={styles["form"]} onSubmit={onSubmit}>
      <TextInput
        label="Name"
        placeholder="Who or what will use it"
        value={name}
        maxLength={100}
        onChange={(event) => setName(event.currentTarget.value)}
        flex="1 1 14rem"
      />
      <Select
        label="Role"
        data={roles}
        value={role}
        onChange={(value) => value !== null && setRole(value as TokenRequest["role"])}
        allowDeselect={false}
        flex="1 1 14rem"
      />
      <Button type="submit" disabled={name.trim() === ""} loading={write.isPending}>
        Make a token
      </Button>
    </form>
  );
};

const Made = ({ made, onClose }: { made: TokenMade; onClose: () => void }) => (
  <Modal
    opened
    onClose={onClose}
    title={`Token of ${made.name}`}
    size="lg"
    closeOnClickOutside={false}
  >
    <p className={styles["lead"]}>Copy it now: it is not shown again.</p>
    <code className={styles["secret"]}>{made.token}</code>
    <div className={styles["buttons"]}>
      <CopyButton value={made.token}>
        {({ copied, copy }) => (
          <Button variant="default" onClick={copy}>
            {copied ? "Copied" : "Copy"}
          </Button>
        )}
      </CopyButton>
      <Button onClick={onClose}>I have it</Button>
    </div>
  </Modal>
);

const Line = ({ token }: { token: TokenRow }) => {
  const [isSure, setSure] = useState(false);
  const write = useWrite(() => send("DELETE", `tokens/${token.id}`), "tokens", "audit");
  const revoke = (): void =>
    write.mutate(undefined, {
      onSuccess: () => tell(`The token of ${token.name} no longer opens anything.`),
      onError: tellFailure,
    });
  return (
    <Entry
      title={<strong>{token.name}</strong>}
      sub={
        <>
          made <When ms={token.createdMs} />,{" "}
          {token.usedMs === null ? (
            "never used"
          ) : (
            <>
              used <When ms={token.usedMs} />
            </>
          )}
        </>
      }
      aside={
        <>
          <Tag>{token.role}</Tag>
          <Button
            size="xs"
            variant={isSure ? "filled" : "default"}
            {...(isSure && { color: "red.8" })}
            loading={write.isPending}
            onClick={() => (isSure ? revoke() : setSure(true))}
            onBlur={() => setSure(false)}
          >
            {isSure ? "Really revoke" : "Revoke"}
          </Button>
        </>
      }
    />
  );
};
