import { Button } from "@mantine/core";
import { lazy, Suspense } from "react";
import { Link } from "wouter";
import type { ApiDetail, ApiPatch } from "../../../../src/server/contract.ts";
import { send } from "../../api/client.ts";
import { useApi, useIsEditor, useWrite } from "../../api/queries.ts";
import { counted, percent } from "../../parts/format.ts";
import { tellFailure, tellUndoable } from "../../parts/notify.ts";
import { placeOf } from "../../parts/place.ts";
import { Answer, Loading } from "../../parts/states.tsx";
import { TabBar } from "../../parts/tabbar.tsx";
import { StatusTag, Tag } from "../../parts/tag.tsx";
import { View } from "../../parts/view.tsx";
import { When } from "../../parts/when.tsx";
import styles from "./api.module.css";
import { Endpoints } from "./endpoints.tsx";

const About = lazy(async () => ({ default: (await import("./about.tsx")).About }));
const Comparison = lazy(async () => ({ default: (await import("./comparison.tsx")).Comparison }));
const Document = lazy(async () => ({ default: (await import("./document.tsx")).Document }));
const Hints = lazy(async () => ({ default: (await import("./hints.tsx")).Hints }));
const TrafficTab = lazy(async () => ({ default: (await import("./traffic.tsx")).TrafficTab }));
const Versions = lazy(async () => ({ default: (await import("./versions.tsx")).Versions }));

const tabs = [
  ["endpoints", "Endpoints", Endpoints],
  ["document", "Document", Document],
  ["traffic", "Traffic", TrafficTab],
  ["versions", "Versions", Versions],
  ["comparison", "Comparison", Comparison],
  ["hints", "Hints", Hints],
  ["about", "About", About],
] as const;

export const Api = ({ id, tab }: { id: string; tab: string }) => (
  <Answer query={useApi(id)}>{(api) => <Content api={api} tab={tab} />}</Answer>
);

const Content = ({ api, tab }: { api: ApiDetail; tab: string }) => {
  const [here, , Tab] = tabs.find(([name]) => name === tab) ?? tabs[0];
  return (
    <View
      title={api.title}
      isFilling={here === "endpoints"}
      heading={
        <span className={styles["heading"]}>
          {api.title}
          <StatusTag status={api.status} />
          {api.confirmed && <Tag hue="good">confirmed</Tag>}
        </span>
      }
      lead={<Lead api={api} />}
      actions={<Actions api={api} />}
    >
      <TabBar
        label="Parts of this API"
        here={here}
        tabs={tabs}
        hrefOf={(name) => `/apis/${api.id}/${name}`}
      />
      <Suspense fallback={<Loading />}>
        <Tab api={api} />
      </Suspense>
    </View>
  );
};

const Lead = ({ api }: { api: ApiDetail }) => (
  <span className={styles["meta"]}>
    <Link href="/apis">All APIs</Link>
    <span>{counted(api.endpoints, "endpoint")}</span>
    <span>{counted(api.calls, "call")}</span>
    <span>{percent(api.errorShare)} errors</span>
    {api.namespace !== null && <span>{placeOf(api)}</span>}
    {api.owner !== null && <span>{api.owner}</span>}
    <span>
      last call <When ms={api.lastMs} />
    </span>
  </span>
);

const Actions = ({ api }: { api: ApiDetail }) => {
  const isEditor = useIsEditor();
  const write = useWrite(
    (patch: ApiPatch) => send("PATCH", `apis/${api.id}`, patch),
    `apis`,
    "overview",
    "audit",
  );
  if (!isEditor) return null;
  const isIgnored = api.status === "ignored";
  const apply = (patch: ApiPatch, back: ApiPatch, done: string): void =>
    write.mutate(patch, {
      onSuccess: () => tellUndoable(done, () => write.mutateAsync(back)),
      onError: tellFailure,
    });
  return (
    <>
      <Button
        variant="default"
        onClick={() =>
          apply(
            { ignored: !isIgnored },
            { ignored: isIgnored },
            isIgnored ? "It counts again." : "It is ignored from now on.",
          )
        }
      >
        {isIgnored ? "Stop ignoring" : "Ignore"}
      </Button>
      {!api.confirmed && (
        <Button onClick={() => apply({ confirmed: true }, { confirmed: false }, "Confirmed.")}>
          Confirm
        </Button>
      )}
    </>
  );
};
