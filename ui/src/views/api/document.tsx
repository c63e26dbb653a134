import { Button, SegmentedControl } from "@mantine/core";
import { lazy, Suspense, useMemo } from "react";
import type { ApiDetail } from "../../../../src/server/contract.ts";
import { addressOf } from "../../api/client.ts";
import { useDocument } from "../../api/queries.ts";
import { Icon } from "../../parts/icons.tsx";
import layout from "../../parts/layout.module.css";
import { CodeLine, Lines } from "../../parts/lines.tsx";
import { tell, tellFailure } from "../../parts/notify.ts";
import { Panel } from "../../parts/panel.tsx";
import { Answer, Loading } from "../../parts/states.tsx";
import { useUrlState } from "../../parts/urlstate.ts";
import styles from "./api.module.css";

const SwaggerUi = lazy(async () => ({ default: (await import("./swaggerui.tsx")).SwaggerUi }));

const forms = [
  { value: "swagger", label: "Swagger UI" },
  { value: "yaml", label: "YAML" },
  { value: "json", label: "JSON" },
];

export const Document = ({ api }: { api: ApiDetail }) => {
  const [state, change] = useUrlState();
  const form = state["form"] ?? "swagger";
  const openapi = state["openapi"] === "3.1" ? "3.1" : "3.0";
  const format = form === "json" ? "json" : "yaml";
  const query = useDocument(api.id, form === "swagger" ? "json" : format, openapi);
  const name = `${api.name.replaceAll(/[^A-Za-z0-9.-]+/g, "_")}.openapi.${format}`;
  const copy = (): void => {
    if (query.data !== undefined)
      navigator.clipboard.writeText(query.data).then(() => tell("Copied."), tellFailure);
  };
  return (
    <div className={layout["stack"]}>
      <div className={layout["bar"]}>
        <SegmentedControl
          aria-label="Shown as"
          data={forms}
          value={form}
          onChange={(value) => change({ form: value === "swagger" ? null : value })}
        />
        <SegmentedControl
          aria-label="Version of OpenAPI"
          data={["3.0", "3.1"]}
          value={openapi}
          onChange={(value) => change({ openapi: value === "3.0" ? null : value })}
        />
        <span className={layout["push"]} />
        {form !== "swagger" && (
          <Button variant="default" leftSection={<Icon name="copy" size={16} />} onClick={copy}>
            Copy
          </Button>
        )}
        <Button
          component="a"
          href={addressOf(`apis/${api.id}/document`, { openapi, format })}
          download={name}
          leftSection={<Icon name="download" size={16} />}
        >
          Download {format.toUpperCase()}
        </Button>
      </div>
      <Panel isFlush>
        <Answer query={query}>
          {(text) =>
            form === "swagger" ? (
              <Suspense fallback={<Loading />}>
                <SwaggerUi text={text} />
              </Suspense>
            ) : (
              <Text text={text} label={`Document of ${api.name} as ${format.toUpperCase()}`} />
            )
          }
        </Answer>
      </Panel>
    </div>
  );
};

const Text = ({ text, label }: { text: string; label: string }) => {
  const lines = useMemo(() => text.split("\n"), [text]);
  return (
    <Lines
      label={label}
      count={lines.length}
      lineAt={(index) => (
        <>
          <span className={styles["number"]} style={{ display: "inline-block" }}>
            {index + 1}
          </span>
          <CodeLine text={lines[index] ?? ""} />
        </>
      )}
    />
  );
};
