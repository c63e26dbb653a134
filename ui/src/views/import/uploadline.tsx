import { Button, Progress } from "@mantine/core";
import { Link } from "wouter";
import type { Upload } from "../../../../src/server/contract.ts";
import { send } from "../../api/client.ts";
import { useApi, useWrite } from "../../api/queries.ts";
import { Act, Entry } from "../../parts/entry.tsx";
import { bytes, counted, percent } from "../../parts/format.ts";
import layout from "../../parts/layout.module.css";
import { type Hue, Tag } from "../../parts/tag.tsx";
import { When } from "../../parts/when.tsx";
import styles from "./import.module.css";
import type { Sending } from "./sending.ts";

export const SendingLine = ({ sending, onCancel }: { sending: Sending; onCancel: () => void }) => {
  const { name, problem } = sending;
  const share = sending.bytes === 0 ? 1 : sending.sentBytes / sending.bytes;
  return (
    <Entry
      title={<strong>{name}</strong>}
      {...(problem === null && { sub: `sending, ${percent(share)} of ${bytes(sending.bytes)}` })}
      problem={problem === null ? null : <span role="alert">{problem}</span>}
      aside={
        <Button size="xs" variant="default" onClick={onCancel}>
          {problem === null ? "Cancel" : "Dismiss"}
        </Button>
      }
    >
      {problem === null && <Progress value={share * 100} aria-label={`Sending ${name}`} />}
    </Entry>
  );
};

const states: Record<Upload["state"], Hue> = {
  running: "accent",
  done: "good",
  failed: "bad",
  cancelled: "plain",
};

const kinds: Record<Upload["kind"], string> = {
  capture: "capture",
  har: "HAR",
  openapi: "OpenAPI description",
};

export const UploadLine = ({ upload }: { upload: Upload }) => {
  const write = useWrite(() => send("DELETE", `uploads/${upload.id}`), "uploads");
  const share = upload.bytes === 0 ? 0 : upload.bytesDone / upload.bytes;
  return (
    <Entry
      title={<strong>{upload.name}</strong>}
      sub={
        <>
          {kinds[upload.kind]}, {bytes(upload.bytes)}, <When ms={upload.startedMs} />
          {upload.kind !== "openapi" && `, ${counted(upload.exchanges, "exchange")}`}
        </>
      }
      problem={upload.problem}
      aside={
        <>
          <Tag hue={states[upload.state]}>{upload.state}</Tag>
          {upload.state === "running" && <Act write={write}>Cancel</Act>}
        </>
      }
    >
      {upload.state === "running" && (
        <Progress value={share * 100} aria-label={`Reading ${upload.name}`} />
      )}
      <Result upload={upload} />
    </Entry>
  );
};

const Result = ({ upload }: { upload: Upload }) => {
  if (upload.state !== "done") return null;
  if (upload.apis.length === 0)
    return (
      <span className={layout["sub"]}>
        No API was found in it. <Link href="/sensors">Sensors</Link> say what was heard and left
        out.
      </span>
    );
  return (
    <span className={styles["apis"]}>
      {upload.apis.slice(0, 6).map((id) => (
        <ApiLink key={id} id={id} />
      ))}
      {upload.apis.length > 6 && <Link href="/apis">and {upload.apis.length - 6} more</Link>}
    </span>
  );
};

const ApiLink = ({ id }: { id: string }) => {
  const api = useApi(id).data;
  return <Link href={`/apis/${id}`}>{api === undefined ? "…" : api.title}</Link>;
};
