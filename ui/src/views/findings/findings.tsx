import { Button, SegmentedControl, Select } from "@mantine/core";
import { Link } from "wouter";
import type { Finding } from "../../../../src/server/contract.ts";
import { usePages } from "../../api/queries.ts";
import { Panel } from "../../parts/panel.tsx";
import { Empty, Failure, Loading } from "../../parts/states.tsx";
import { useUrlState } from "../../parts/urlstate.ts";
import { View } from "../../parts/view.tsx";
import { FindingCard } from "./findingcard.tsx";
import styles from "./findings.module.css";

export const Findings = () => {
  const [state, change] = useUrlState();
  const shown = state["state"] ?? "open";
  const query = usePages<Finding>("findings", {
    limit: 100,
    state: shown,
    severity: state["severity"],
    api: state["api"],
    rule: state["rule"],
  });
  const findings = query.data?.pages.flatMap(({ items }) => items);
  return (
    <View title="Findings" lead="What the traffic shows that deserves a look">
      <div className={styles["bar"]}>
        <SegmentedControl
          aria-label="State"
          data={[
            { value: "open", label: "Open" },
            { value: "accepted", label: "Accepted" },
            { value: "resolved", label: "Resolved" },
          ]}
          value={shown}
          onChange={(value) => change({ state: value === "open" ? null : value })}
        />
        <Select
          aria-label="Severity"
          placeholder="Every severity"
          data={[
            { value: "high", label: "High" },
            { value: "medium", label: "Medium" },
            { value: "low", label: "Low" },
            { value: "info", label: "Info" },
          ]}
          value={state["severity"] ?? null}
          onChange={(severity) => change({ severity })}
          clearable
          w="11rem"
        />
        {(state["api"] !== undefined || state["rule"] !== undefined) && (
          <Button variant="subtle" onClick={() => change({ api: null, rule: null })}>
            Show all APIs and rules
          </Button>
        )}
      </div>
      <Panel isFlush>
        {query.error !== null && findings === undefined ? (
          <Failure error={query.error} onRetry={() => void query.refetch()} />
        ) : findings === undefined ? (
          <Loading />
        ) : findings.length === 0 ? (
          <Nothing state={shown} isFiltered={state["severity"] !== undefined} />
        ) : (
          findings.map((finding) => (
            <FindingCard
              key={finding.id}
              finding={finding}
              isOpen={state["open"] === finding.id}
              onToggle={() => change({ open: state["open"] === finding.id ? null : finding.id })}
            />
          ))
        )}
        {query.hasNextPage && (
          <div className={styles["more"]}>
            <Button
              variant="default"
              loading={query.isFetchingNextPage}
              onClick={() => void query.fetchNextPage()}
            >
              Show more
            </Button>
          </div>
        )}
      </Panel>
    </View>
  );
};

const Nothing = ({ state, isFiltered }: { state: string; isFiltered: boolean }) => {
  if (isFiltered || state !== "open")
    return (
      <Empty icon="findings" title={`No ${state} finding here`}>
        <p>Another state or severity may show more.</p>
      </Empty>
    );
  return (
    <Empty icon="check" title="No open finding">
      <p>
        Findings appear when traffic shows a risk: an endpoint without credentials among guarded
        ones, sensitive data in a query, a description that does not hold.{" "}
        <Link href="/settings/preferences">Weights</Link> say how much each counts.
      </p>
    </Empty>
  );
};
