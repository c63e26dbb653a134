import { Button, Modal, PasswordInput, Select, Textarea, TextInput } from "@mantine/core";
import { type SyntheticEvent, useState } from "react";
import type {
  Forwarder,
  ForwarderRequest,
  ForwarderTarget,
} from "../../../../src/server/contract.ts";
import { send } from "../../api/client.ts";
import { useWrite } from "../../api/queries.ts";
import layout from "../../parts/layout.module.css";
import { tell } from "../../parts/notify.ts";
import styles from "./settings.module.css";

type Kind = ForwarderTarget["kind"];

/** What each kind begins with. Secrets are written and never read back: left empty, they stay. */
const beginnings: Record<Kind, ForwarderTarget> = {
  directory: { kind: "directory", path: "" },
  git: { kind: "git", url: "", branch: "main", folder: "" },
  s3: { kind: "s3", endpoint: "", region: "", bucket: "", prefix: "", accessKeyId: "" },
  http: { kind: "http", method: "PUT", url: "", headers: {}, body: "{document}" },
  webhook: { kind: "webhook", url: "", kinds: [] },
};

const kinds: { value: Kind; label: string }[] = [
  { value: "directory", label: "Folder on the server" },
  { value: "git", label: "Git repository" },
  { value: "s3", label: "Bucket (S3)" },
  { value: "http", label: "HTTP: a request of your own form" },
  { value: "webhook", label: "Webhook: signed changes" },
];

const labels: Readonly<Record<string, string>> = {
  path: "Path",
  url: "URL",
  branch: "Branch",
  folder: "Folder",
  endpoint: "Endpoint",
  region: "Region",
  bucket: "Bucket",
  prefix: "Prefix",
  accessKeyId: "Access key id",
  secretAccessKey: "Secret access key",
  secret: "Secret that signs",
  method: "Method",
  body: "Body",
  headers: "Headers, one a line: Name: value",
  kinds: "Kinds of changes, separated by commas; empty for all",
};

/** Fields of each kind in the order in which they are asked for; secrets are not in what the server gives. */
const fieldsOf = (kind: Kind): string[] => [
  ...Object.keys(beginnings[kind]).filter((name) => name !== "kind"),
  ...(kind === "s3" ? ["secretAccessKey"] : []),
  ...(kind === "webhook" ? ["secret"] : []),
];

const optional = new Set([
  "folder",
  "prefix",
  "headers",
  "kinds",
  "secret",
  "secretAccessKey",
  "body",
]);

const textOf = (value: unknown): string => {
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value === "object" && value !== null)
    return Object.entries(value)
      .map(([name, text]) => `${name}: ${text}`)
      .join("\n");
  return value === undefined ? "" : String(value);
};

const readText = (name: string, text: string): unknown => {
  if (name === "kinds")
    return text
      .split(",")
      .map((word) => word.trim())
      .filter((word) => word !== "");
  if (name !== "headers") return text.trim();
  const pairs = text.split("\n").flatMap((line) => {
    const colon = line.indexOf(":");
    return colon < 1 ? [] : [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()]];
  });
  return Object.fromEntries(pairs);
};

const targetOf = (kind: Kind, texts: Readonly<Record<string, string>>): ForwarderTarget => {
  const entries = fieldsOf(kind)
    .filter((name) => !name.startsWith("secret") || (texts[name] ?? "") !== "")
    .map((name) => [name, readText(name, texts[name] ?? "")]);
  return { kind, ...Object.fromEntries(entries) } as ForwarderTarget;
};

const textsOf = (target: ForwarderTarget): Record<string, string> =>
  Object.fromEntries(Object.entries(target).map(([name, value]) => [name, textOf(value)]));

export const ForwarderForm = ({
  forwarder,
  onClose,
}: {
  forwarder: Forwarder | null;
  onClose: () => void;
}) => {
  const [name, setName] = useState(forwarder?.name ?? "");
  const [kind, setKind] = useState<Kind>(forwarder?.target.kind ?? "directory");
  const [texts, setTexts] = useState(textsOf(forwarder?.target ?? beginnings.directory));
  const write = useWrite(
    (request: ForwarderRequest) =>
      forwarder === null
        ? send("POST", "forwarders", request)
        : send("PUT", `forwarders/${forwarder.id}`, request),
    "forwarders",
    "audit",
  );
  const isWhole =
    name.trim() !== "" &&
    fieldsOf(kind).every((field) => optional.has(field) || (texts[field] ?? "").trim() !== "");
  const onSubmit = (event: SyntheticEvent): void => {
    event.preventDefault();
    const enabled = forwarder?.enabled ?? true;
    write.mutate(
      { name: name.trim(), enabled, target: targetOf(kind, texts) },
      {
        onSuccess: () => {
          tell("Saved. Test says whether it is reached.");
          onClose();
        },
      },
    );
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={forwarder === null ? "New forwarder" : forwarder.name}
      size="lg"
    >
      <form onSubmit={onSubmit} className={layout["stack"]}>
        <TextInput
          data-autofocus
          label="Name"
          value={name}
          maxLength={100}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Select
          label="Where to"
          data={kinds}
          value={kind}
          disabled={forwarder !== null}
          allowDeselect={false}
          onChange={(value) => {
            if (value === null) return;
            setKind(value as Kind);
            setTexts(textsOf(beginnings[value as Kind]));
          }}
        />
        {fieldsOf(kind).map((field) => (
          <Field
            key={field}
            name={field}
            value={texts[field] ?? ""}
            onChange={(text) => setTexts({ ...texts, [field]: text })}
          />
        ))}
        {write.error !== null && (
          <p className={styles["problem"]} role="alert">
            {write.error.message}
          </p>
        )}
        <div className={styles["buttons"]}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" disabled={!isWhole} loading={write.isPending}>
            Save
          </Button>
        </div>
      </form>
    </Modal>
  );
};

const Field = ({
  name,
  value,
  onChange,
}: {
  name: string;
  value: string;
  onChange: (text: string) => void;
}) => {
  const label = labels[name] ?? name;
  if (name.startsWith("secret"))
    return (
      <PasswordInput
        label={label}
        description="Written, never shown again; empty keeps the one that is set"
        value={value}
        autoComplete="off"
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  if (name === "method")
    return (
      <Select
        label={label}
        data={["PUT", "POST"]}
        value={value}
        allowDeselect={false}
        onChange={(chosen) => chosen !== null && onChange(chosen)}
      />
    );
  const Input = name === "headers" || name === "body" ? Textarea : TextInput;
  return (
    <Input
      label={label}
      value={value}
      {...(name === "body" && {
        description: "{api}, {name}, {version} and {document} are filled in, in the URL too",
      })}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
};
