import { Button, Progress } from "@mantine/core";
import { Link } from "wouter";
import type { Upload } from "../../../../src/server/contract.ts";
import { send } from "../../api/client.ts";
import { useApi, useWrite } from "../../api/queries.ts";
import { bytes, counted, percent } from "../../parts/format.ts";
import layout from "../../parts/layout.module.css";
import { tellFailure } from "../../parts/notify.ts";
import { type Hue, Tag } from "../../parts/tag.tsx";
import { When } from "../../parts/when.tsx";
import styles from "./import.module.css";
import type { Sending } from "./sending.ts";

export const SendingLine = ({ sending, onCancel }: { sending: Sending; onCancel: () => void }) => {
  const share = sending.bytes === 0 ? 1 : sending.sentBytes / sending.bytes;
  return (
    <div className={styles["line"]}>
      <span className={styles["words"]}>
        <strong>{sending.name}</strong>
        {sending.problem === null ? (
          <>
            <span className={layout["sub"]}>
              sending, {percent(share)} of {bytes(sending.bytes)}
            </span>
            <Progress value={share * 100} aria-label={`Sending ${sending.name}`} />
          </>
        ) : (
          <span className={styles["problem"]} role="alert">
            {sending.problem}
          </span>
        )}
      </span>
      <Button size="xs" variant="default" onClick={onCancel}>
        {sending.problem === null ? "Cancel" : "Dismiss"}
      </Button>
    </div>
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
    <div className={styles["line"]}>
      <span className={styles["words"]}>
        <strong>{upload.name}</strong>
        <span className={layout["sub"]}>
          {kinds[upload.kind]}, {bytes(upload.bytes)}, <When ms={upload.startedMs} />
          {upload.kind !== "openapi" && `, ${counted(upload.exchanges, "exchange")}`}
        </span>
        {upload.state === "running" && (
          <Progress value={share * 100} aria-label={`Reading ${upload.name}`} />
        )}
        {upload.problem !== null && <span className={styles["problem"]}>{upload.problem}</span>}
        <Result upload={upload} />
      </span>
      <Tag hue={states[upload.state]}>{upload.state}</Tag>
      {upload.state === "running" && (
        <Button
          size="xs"
          variant="default"
          loading={write.isPending}
          onClick={() => write.mutate(undefined, { onError: tellFailure })}
        >
          Cancel
        </Button>
      )}
    </div>
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
