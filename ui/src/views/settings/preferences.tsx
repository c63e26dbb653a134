import { Button, NumberInput, Slider } from "@mantine/core";
import { type SyntheticEvent, useState } from "react";
import type { Preferences as PreferencesData } from "../../../../src/server/contract.ts";
import { send } from "../../api/client.ts";
import { useIsEditor, usePreferences, useWrite } from "../../api/queries.ts";
import { asWords } from "../../parts/format.ts";
import layout from "../../parts/layout.module.css";
import { tellFailure, tellUndoable } from "../../parts/notify.ts";
import { Panel } from "../../parts/panel.tsx";
import { Answer } from "../../parts/states.tsx";
import styles from "./settings.module.css";

const fields = [
  ["unusedAfterDays", "Unused after", "days without a call", 1, 365],
  ["newForDays", "New for", "days after its first call", 0, 365],
  ["trafficRetentionDays", "Keep figures over time", "days", 1, 3650],
  ["changeRetentionDays", "Keep changes", "days", 1, 3650],
  ["forwardMinEndpoints", "Forward an API from", "endpoints on", 1, 1000],
] as const;

/** What is weighed, as people say it; a name that is not known here is shown as it is. */
const weightWords: Readonly<Record<string, string>> = {
  external: "Called from public addresses",
  unauthenticated: "Called without credentials",
  sensitive: "Handles sensitive data",
  "findings-high": "Open findings, high",
  "findings-medium": "Open findings, medium",
  "findings-low": "Open findings, low",
  undocumented: "Differs from its imported description",
};

export const Preferences = () => (
  <Answer query={usePreferences()}>
    {(preferences) => <Form key={JSON.stringify(preferences)} preferences={preferences} />}
  </Answer>
);

const Form = ({ preferences }: { preferences: PreferencesData }) => {
  const [wanted, setWanted] = useState(preferences);
  const isEditor = useIsEditor();
  const write = useWrite(
    (value: PreferencesData) => send("PUT", "preferences", value),
    "preferences",
    "apis",
    "overview",
    "audit",
  );
  const onSubmit = (event: SyntheticEvent): void => {
    event.preventDefault();
    write.mutate(wanted, {
      onSuccess: () => tellUndoable("Saved.", () => write.mutateAsync(preferences)),
      onError: tellFailure,
    });
  };
  const isSame = JSON.stringify(wanted) === JSON.stringify(preferences);
  return (
    <form onSubmit={onSubmit} className={layout["stack"]}>
      <Panel title="Lifecycle and retention">
        <div className={styles["fields"]}>
          {fields.map(([name, label, unit, min, max]) => (
            <NumberInput
              key={name}
              label={label}
              description={unit}
              value={wanted[name]}
              min={min}
              max={max}
              allowDecimal={false}
              clampBehavior="strict"
              disabled={!isEditor}
              onChange={(value) => {
                if (typeof value === "number") setWanted({ ...wanted, [name]: value });
              }}
            />
          ))}
        </div>
      </Panel>
      <Panel title="Risk of an API: how much each counts, 0 to 10">
        <Weights
          weights={wanted.weights}
          isDisabled={!isEditor}
          onChange={(weights) => setWanted({ ...wanted, weights })}
        />
      </Panel>
      {isEditor && (
        <div className={styles["buttons"]}>
          <Button variant="default" disabled={isSame} onClick={() => setWanted(preferences)}>
            Reset
          </Button>
          <Button type="submit" disabled={isSame} loading={write.isPending}>
            Save
          </Button>
        </div>
      )}
    </form>
  );
};

const Weights = ({
  weights,
  isDisabled,
  onChange,
}: {
  weights: PreferencesData["weights"];
  isDisabled: boolean;
  onChange: (weights: PreferencesData["weights"]) => void;
}) => (
  <div className={styles["weights"]}>
    {Object.entries(weights).map(([name, weight]) => (
      <div key={name} className={styles["weight"]}>
        <span>{weightWords[name] ?? asWords(name)}</span>
        <Slider
          value={weight}
          min={0}
          max={10}
          step={0.5}
          label={null}
          thumbLabel={weightWords[name] ?? asWords(name)}
          disabled={isDisabled}
          onChange={(value) => onChange({ ...weights, [name]: value })}
        />
        <span className={styles["value"]}>{weight}</span>
      </div>
    ))}
  </div>
);
