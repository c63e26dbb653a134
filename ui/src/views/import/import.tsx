import { Button, FileButton } from "@mantine/core";
import { type DragEvent, useRef, useState } from "react";
import type { Upload } from "../../../../src/server/contract.ts";
import { useIsEditor, useUploads } from "../../api/queries.ts";
import { Icon } from "../../parts/icons.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Answer } from "../../parts/states.tsx";
import { View } from "../../parts/view.tsx";
import styles from "./import.module.css";
import { type Sending, useSending } from "./sending.ts";
import { SendingLine, UploadLine } from "./uploadline.tsx";

export const Import = () => {
  const isEditor = useIsEditor();
  const { sendings, give, cancel } = useSending();
  const uploads = useUploads();
  return (
    <View
      title="Import"
      lead="Captures and HAR files teach APIs; an OpenAPI description is compared with what was heard"
    >
      {isEditor ? (
        <Drop onFiles={give} />
      ) : (
        <Panel>Importing needs the role editor. Ask whoever gave you your token.</Panel>
      )}
      <Answer query={uploads}>
        {(done) => <List sendings={sendings} uploads={done} onCancel={cancel} />}
      </Answer>
    </View>
  );
};

const Drop = ({ onFiles }: { onFiles: (files: readonly File[]) => void }) => {
  const [isOver, setOver] = useState(false);
  // A file that is chosen a second time is no change to the browser, unless it forgot the first.
  const forget = useRef<() => void>(null);
  const onChosen = (files: readonly File[]): void => {
    onFiles(files);
    forget.current?.();
  };
  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    onFiles([...event.dataTransfer.files]);
  };
  return (
    <section
      aria-label="Drop files here"
      className={styles["drop"]}
      data-over={isOver || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <Icon name="import" size={30} />
      <p className={styles["title"]}>Drop files here</p>
      <p className={styles["text"]}>
        pcap or pcapng (also gzip or zstd), HAR, OpenAPI as YAML or JSON. Nothing but shapes is kept
        of what they hold.
      </p>
      <FileButton multiple onChange={onChosen} resetRef={forget}>
        {(props) => <Button {...props}>Choose files</Button>}
      </FileButton>
    </section>
  );
};

const List = ({
  sendings,
  uploads,
  onCancel,
}: {
  sendings: readonly Sending[];
  uploads: readonly Upload[];
  onCancel: (id: number) => void;
}) => {
  if (sendings.length + uploads.length === 0) return null;
  return (
    <Panel title="Imports" isFlush>
      {sendings.map((sending) => (
        <SendingLine key={sending.id} sending={sending} onCancel={() => onCancel(sending.id)} />
      ))}
      {uploads
        .filter((upload) => !sendings.some((sending) => isSame(sending, upload)))
        .toSorted((a, b) => b.startedMs - a.startedMs)
        .map((upload) => (
          <UploadLine key={upload.id} upload={upload} />
        ))}
    </Panel>
  );
};

/** The server lists a file as soon as it begins to come. */
const isSame = (sending: Sending, upload: Upload): boolean =>
  upload.state === "running" &&
  upload.bytesDone === 0 &&
  sending.problem === null &&
  sending.name === upload.name;
