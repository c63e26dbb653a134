import { Button, Select, Switch } from "@mantine/core";
import { Fragment } from "react";
import { Link } from "wouter";
import type { Change } from "../../../../src/server/contract.ts";
import { useApi, usePages } from "../../api/queries.ts";
import { asSentence } from "../../parts/format.ts";
import layout from "../../parts/layout.module.css";
import { Pages } from "../../parts/pages.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Empty } from "../../parts/states.tsx";
import { Tag } from "../../parts/tag.tsx";
import { useUrlState } from "../../parts/urlstate.ts";
import { View } from "../../parts/view.tsx";
import { ChangeLine, kindNames } from "./changeline.tsx";
import styles from "./changes.module.css";

const kinds = kindNames.map(([value, label]) => ({
  value,
  label: asSentence(label),
}));

export const Changes = () => {
  const [state, change] = useUrlState();
  const query = usePages<Change>("changes", {
    limit: 100,
    kind: state["kind"],
    api: state["api"],
    ...(state["breaking"] === "true" && { breaking: true }),
  });
  return (
    <View title="Changes" lead="What the traffic shows that it did not show before">
      <div className={layout["bar"]}>
        <Select
          aria-label="Kind of change"
          placeholder="Every kind"
          data={kinds}
          value={state["kind"] ?? null}
          onChange={(kind) => change({ kind })}
          clearable
          w="12rem"
        />
        <Switch
          label="Breaking only"
          checked={state["breaking"] === "true"}
          onChange={(event) => change({ breaking: event.currentTarget.checked ? "true" : null })}
        />
        {state["api"] !== undefined && (
          <OfApi id={state["api"]} onClear={() => change({ api: null })} />
        )}
      </div>
      <Panel isFlush>
        <Pages
          query={query}
          empty={<Nothing isFiltered={Object.keys(state).length > 0} />}
          more="Show older changes"
        >
          {(changes) => <Feed changes={changes} />}
        </Pages>
      </Panel>
    </View>
  );
};

const dayOf = (ms: number): string =>
  new Intl.DateTimeFormat(undefined, { dateStyle: "full" }).format(ms);

const Feed = ({ changes }: { changes: readonly Change[] }) =>
  changes.map((change, index) => {
    const before = changes[index - 1];
    const day = dayOf(change.atMs);
    return (
      <Fragment key={change.id}>
        {(before === undefined || dayOf(before.atMs) !== day) && (
          <div className={styles["day"]}>{day}</div>
        )}
        <ChangeLine change={change} />
      </Fragment>
    );
  });

const OfApi = ({ id, onClear }: { id: string; onClear: () => void }) => (
  <>
    <Tag>of {useApi(id).data?.title ?? "one API"}</Tag>
    <Button size="compact-sm" variant="subtle" onClick={onClear}>
      Show all APIs
    </Button>
  </>
);

const Nothing = ({ isFiltered }: { isFiltered: boolean }) => (
  <Empty icon="changes" title={isFiltered ? "No such change" : "Nothing has changed yet"}>
    {isFiltered ? (
      <p>Another kind, or all of them, may show more.</p>
    ) : (
      <p>
        When an API shows a new endpoint, field, status or credential, or stops showing one, it is
        listed here. <Link href="/apis">See the APIs</Link> as they are now.
      </p>
    )}
  </Empty>
);
