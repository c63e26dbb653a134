import { Tabs } from "@mantine/core";
import type { EndpointDetail } from "../../../../src/server/contract.ts";
import { counted } from "../../parts/format.ts";
import { Panel } from "../../parts/panel.tsx";
import { Tag } from "../../parts/tag.tsx";
import styles from "./endpoint.module.css";
import {
  evidenceOf,
  isJson,
  type Json,
  jsonOf,
  limitsOf,
  resolve,
  typeOf,
  wordsOf,
} from "./schema.ts";
import { Presence, SchemaTree } from "./schematree.tsx";

const places = [
  ["path", "Path parameters"],
  ["query", "Query parameters"],
  ["header", "Headers"],
  ["cookie", "Cookies"],
] as const;

export const Parameters = ({ endpoint }: { endpoint: EndpointDetail }) => {
  const { parameters } = endpoint.operation;
  const all = Array.isArray(parameters) ? parameters.filter(isJson) : [];
  if (all.length === 0) return null;
  return (
    <Panel title="Parameters" isFlush>
      {places.map(([place, title]) => {
        const here = all.filter((parameter) => parameter["in"] === place);
        if (here.length === 0) return null;
        return (
          <section key={place}>
            <h3 className={styles["sub"]}>{title}</h3>
            {here.map((parameter) => (
              <Parameter
                key={String(parameter["name"])}
                parameter={parameter}
                components={endpoint.components}
              />
            ))}
          </section>
        );
      })}
    </Panel>
  );
};

const Parameter = ({ parameter, components }: { parameter: Json; components: Json }) => {
  const schema = resolve(jsonOf(parameter["schema"]), components);
  const words = wordsOf(schema);
  const isRequired = parameter["required"] === true && parameter["in"] !== "path";
  return (
    <div className={styles["parameter"]}>
      <span className={styles["name"]}>
        <code>{String(parameter["name"])}</code>
        {isRequired && <span className={styles["required"]}>required</span>}
      </span>
      <span className={styles["type"]}>
        {[typeOf(schema, components), ...limitsOf(schema)].join(" · ")}
        {words.length > 0 && (
          <span className={styles["words"]}>
            {words.slice(0, 12).map((word) => (
              <Tag key={word}>{word}</Tag>
            ))}
          </span>
        )}
      </span>
      <Presence value={parameter} />
    </div>
  );
};

/** What is sent and what is answered, each content type as a tree. */
export const Bodies = ({ endpoint }: { endpoint: EndpointDetail }) => {
  const { operation, components } = endpoint;
  const request = operation["requestBody"];
  const responses = Object.entries(jsonOf(operation["responses"]));
  return (
    <>
      {isJson(request) && (
        <Panel
          title="Request body"
          aside={request["required"] === true ? "always sent" : "sometimes sent"}
          isFlush
        >
          <Content content={jsonOf(request["content"])} components={components} />
        </Panel>
      )}
      {responses.length > 0 && (
        <Panel title="Responses" isFlush>
          <Tabs defaultValue={responses[0]![0]}>
            <Tabs.List aria-label="Status codes">
              {responses.map(([status]) => (
                <Tabs.Tab key={status} value={status}>
                  <StatusCode status={status} />
                </Tabs.Tab>
              ))}
            </Tabs.List>
            {responses.map(([status, response]) => (
              <Tabs.Panel key={status} value={status}>
                <Response response={jsonOf(response)} components={components} />
              </Tabs.Panel>
            ))}
          </Tabs>
        </Panel>
      )}
    </>
  );
};

const StatusCode = ({ status }: { status: string }) => (
  <span className={styles["status"]} data-class={status.charAt(0)}>
    {status}
  </span>
);

const Response = ({ response, components }: { response: Json; components: Json }) => {
  const { count } = evidenceOf(response);
  const headers = Object.entries(jsonOf(response["headers"]));
  return (
    <>
      <p className={styles["note"]}>
        {String(response["description"] ?? "")}
        {count !== null && `, ${counted(count, "time")}`}
      </p>
      {headers.length > 0 && (
        <>
          <h3 className={styles["sub"]}>Headers</h3>
          {headers.map(([name, header]) => (
            <Parameter
              key={name}
              parameter={{ ...jsonOf(header), name, in: "header" }}
              components={components}
            />
          ))}
        </>
      )}
      <Content content={jsonOf(response["content"])} components={components} />
    </>
  );
};

const Content = ({ content, components }: { content: Json; components: Json }) => {
  const types = Object.entries(content);
  if (types.length === 0) return <p className={styles["note"]}>No body.</p>;
  return types.map(([type, media]) => (
    <section key={type}>
      <h3 className={styles["sub"]}>{type}</h3>
      <SchemaTree schema={jsonOf(jsonOf(media)["schema"])} components={components} />
    </section>
  ));
};
