import { useMemo } from "react";
import { Link, useLocation } from "wouter";
import type { EndpointDetail, Finding } from "../../../../src/server/contract.ts";
import { ApiError, get } from "../../api/client.ts";
import { useEndpoint, usePages } from "../../api/queries.ts";
import { Callers } from "../../parts/callers.tsx";
import { counted, duration, exactCount, percent, time } from "../../parts/format.ts";
import { Facts, Figure, Panel } from "../../parts/panel.tsx";
import { Answer, Empty } from "../../parts/states.tsx";
import { ComparedTag, Method, SeverityTag, Tag, Tags } from "../../parts/tag.tsx";
import { TrafficCharts } from "../../parts/trafficcharts.tsx";
import { View } from "../../parts/view.tsx";
import { When } from "../../parts/when.tsx";
import styles from "./endpoint.module.css";
import { Bodies, Parameters } from "./operation.tsx";
import { Path } from "./path.tsx";
import { jsonOf } from "./schema.ts";

export const Endpoint = ({ api, id }: { api: string; id: string }) => {
  const query = useEndpoint(api, id);
  if (query.error instanceof ApiError && query.error.status === 404) return <Gone api={api} />;
  return <Answer query={query}>{(endpoint) => <Content endpoint={endpoint} />}</Answer>;
};

const Gone = ({ api }: { api: string }) => (
  <Empty
    title="This endpoint is no longer there"
    action={<Link href={`/apis/${api}/endpoints`}>See the endpoints of this API</Link>}
  >
    <p>A correction or new traffic has changed its path, or it is ignored.</p>
  </Empty>
);

const Content = ({ endpoint }: { endpoint: EndpointDetail }) => {
  const [, go] = useLocation();
  /** A correction may have given the endpoint another path, and so another address. */
  const onSaved = async (): Promise<void> => {
    const list = await get<{ items: EndpointDetail[] }>(`apis/${endpoint.api}/endpoints`, {
      limit: 5000,
    });
    if (list.items.some(({ id }) => id === endpoint.id)) return;
    const shape = shapeOf(endpoint.path);
    const same = list.items.find(
      ({ method, path }) => method === endpoint.method && shapeOf(path) === shape,
    );
    go(`/apis/${endpoint.api}/endpoints${same === undefined ? "" : `/${same.id}`}`);
  };
  return (
    <View
      title={`${endpoint.method.toUpperCase()} ${endpoint.path}`}
      heading={
        <span className={styles["heading"]}>
          <Method method={endpoint.method} />
          <Path endpoint={endpoint} onSaved={() => void onSaved()} />
        </span>
      }
      lead={<Lead endpoint={endpoint} />}
    >
      <Figures endpoint={endpoint} />
      <div className={styles["columns"]}>
        <div className={styles["stack"]}>
          <Parameters endpoint={endpoint} />
          <Bodies endpoint={endpoint} />
          <TrafficCharts
            path={`apis/${endpoint.api}/endpoints/${endpoint.id}`}
            firstMs={endpoint.firstMs}
            lastMs={endpoint.lastMs}
          />
        </div>
        <div className={styles["stack"]}>
          <Findings endpoint={endpoint} />
          <Evidence endpoint={endpoint} />
          <Panel title="Callers" isFlush>
            <Callers callers={endpoint.callers} />
          </Panel>
        </div>
      </div>
    </View>
  );
};

const shapeOf = (path: string): string => path.replaceAll(/\{[^{}]*\}/g, "{}");

const Lead = ({ endpoint }: { endpoint: EndpointDetail }) => (
  <span className={styles["lead"]}>
    <Link href={`/apis/${endpoint.api}/endpoints`}>{endpoint.apiName}</Link>
    <span>{endpoint.summary}</span>
    {endpoint.compared !== null && endpoint.compared !== "documented" && (
      <ComparedTag kind={endpoint.compared} />
    )}
    {endpoint.deprecated && <Tag hue="warn">deprecated</Tag>}
    <Tags words={endpoint.sensitive} limit={5} />
  </span>
);

const Figures = ({ endpoint }: { endpoint: EndpointDetail }) => {
  const classes = endpoint.statusClasses
    .map((calls, index) => [`${index + 1}xx`, calls] as const)
    .filter(([, calls]) => calls > 0);
  return (
    <div className={styles["figures"]}>
      <Figure
        label="Calls"
        value={exactCount(endpoint.calls)}
        note={classes.map(([name, calls]) => `${name}: ${exactCount(calls)}`).join(", ")}
      />
      <Figure label="Errors" value={percent(endpoint.errorShare)} note="4xx and 5xx of all" />
      <Figure
        label="Latency, half within"
        value={duration(endpoint.p50Ms)}
        note={`95 % ${duration(endpoint.p95Ms)}, 99 % ${duration(endpoint.p99Ms)}`}
      />
      <Figure
        label="Credentials"
        value={endpoint.auth.length === 0 ? "none seen" : endpoint.auth.join(", ")}
        note={securityWords(endpoint)}
      />
    </div>
  );
};

const securityWords = ({ operation }: EndpointDetail): string => {
  const { security } = operation;
  if (!Array.isArray(security) || security.length === 0) return "none in the document";
  const choices = security.map((each) => Object.keys(jsonOf(each)).join(" and ") || "nothing");
  return `document: ${choices.join(" or ")}`;
};

const Evidence = ({ endpoint }: { endpoint: EndpointDetail }) => (
  <Panel title="Evidence">
    <Facts
      rows={[
        ["First call", time(endpoint.firstMs)],
        ["Last call", <When key="last" ms={endpoint.lastMs} />],
        ["Operation", <code key="id">{endpoint.operationId}</code>],
        ...endpoint.decisions.map(({ segment, reason }) => [segment, reason] as const),
      ]}
    />
  </Panel>
);

const Findings = ({ endpoint }: { endpoint: EndpointDetail }) => {
  const query = usePages<Finding>("findings", { api: endpoint.api, state: "open", limit: 1000 });
  const own = useMemo(
    () =>
      query.data?.pages
        .flatMap(({ items }) => items)
        .filter((finding) => finding.endpoint === endpoint.id) ?? [],
    [query.data, endpoint.id],
  );
  if (own.length === 0) return null;
  return (
    <Panel title={counted(own.length, "open finding")} isFlush>
      {own.map((finding) => (
        <Link key={finding.id} href={`/findings?open=${finding.id}`} className={styles["finding"]}>
          <SeverityTag severity={finding.severity} />
          <span>{finding.title}</span>
        </Link>
      ))}
    </Panel>
  );
};
