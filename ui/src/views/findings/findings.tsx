import { Button, SegmentedControl } from "@mantine/core";
import { Link } from "wouter";
import type { Finding } from "../../../../src/server/contract.ts";
import { useOverview, usePages } from "../../api/queries.ts";
import { asSentence, count } from "../../parts/format.ts";
import layout from "../../parts/layout.module.css";
import { Pages } from "../../parts/pages.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Empty } from "../../parts/states.tsx";
import { useUrlState } from "../../parts/urlstate.ts";
import { View } from "../../parts/view.tsx";
import { lastVisitMs } from "../overview/visit.ts";
import { FindingCard } from "./findingcard.tsx";

const severities = ["high", "medium", "low", "info"] as const;

export const Findings = () => {
  const [state, change] = useUrlState();
  const shown = state["state"] ?? "open";
  const open = useOverview(lastVisitMs).data?.findings;
  const isWhole = shown === "open" && state["api"] === undefined && state["rule"] === undefined;
  const labelOf = (severity: (typeof severities)[number]): string =>
    asSentence(severity) + (isWhole && open !== undefined ? ` ${count(open[severity])}` : "");
  const query = usePages<Finding>("findings", {
    limit: 100,
    state: shown,
    severity: state["severity"],
    api: state["api"],
    rule: state["rule"],
  });
  return (
    <View title="Findings" lead="What the traffic shows that deserves a look">
      <div className={layout["bar"]}>
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
        <SegmentedControl
          aria-label="Severity"
          data={[
            { value: "", label: "All" },
            ...severities.map((value) => ({ value, label: labelOf(value) })),
          ]}
          value={state["severity"] ?? ""}
          onChange={(severity) => change({ severity })}
        />
        {(state["api"] !== undefined || state["rule"] !== undefined) && (
          <Button variant="subtle" onClick={() => change({ api: null, rule: null })}>
            Show all APIs and rules
          </Button>
        )}
      </div>
      <Panel isFlush>
        <Pages
          query={query}
          empty={<Nothing state={shown} isFiltered={state["severity"] !== undefined} />}
          more="Show more"
        >
          {(findings) =>
            findings.map((finding) => (
              <FindingCard
                key={finding.id}
                finding={finding}
                isOpen={state["open"] === finding.id}
                onToggle={() => change({ open: state["open"] === finding.id ? null : finding.id })}
              />
            ))
          }
        </Pages>
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
