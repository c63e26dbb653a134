import { Button } from "@mantine/core";
import { Link } from "wouter";
import type { SensorRow } from "../../../../src/server/contract.ts";
import { send } from "../../api/client.ts";
import { useIsEditor, useList, useWrite } from "../../api/queries.ts";
import { Act } from "../../parts/entry.tsx";
import { count, exactCount, visible } from "../../parts/format.ts";
import { Figure, Panel } from "../../parts/panel.tsx";
import { Answer, Empty } from "../../parts/states.tsx";
import { type Hue, Tag } from "../../parts/tag.tsx";
import { View } from "../../parts/view.tsx";
import { When } from "../../parts/when.tsx";
import { DeadLetters } from "./deadletters.tsx";
import styles from "./sensors.module.css";
import { coverageWords, interfaces, ports } from "./status.ts";

export const Sensors = () => (
  <View title="Sensors" lead="Who listens, what they hear, and why you may see nothing">
    <Answer query={useList<SensorRow>("sensors")}>
      {(sensors) =>
        sensors.length === 0 ? (
          <Nothing />
        ) : (
          <div className={styles["list"]}>
            {sensors.map((sensor) => (
              <Sensor key={sensor.name} sensor={sensor} />
            ))}
          </div>
        )
      }
    </Answer>
    <DeadLetters />
  </View>
);

const Nothing = () => (
  <Panel>
    <Empty
      icon="sensors"
      title="No sensor has reported"
      action={
        <Button component={Link} href="/import" variant="default">
          Import a capture instead
        </Button>
      }
    >
      <p>
        Run a tap where your services talk. It needs the right to capture and a token of the role
        sensor:
      </p>
      <pre className={styles["command"]}>nta tap --server {window.location.origin}</pre>
      <p>
        Tokens are made in <Link href="/settings/tokens">Settings</Link>. <code>nta doctor</code>{" "}
        says on the spot what a tap would hear.
      </p>
    </Empty>
  </Panel>
);

const healths: Record<SensorRow["health"], { hue: Hue; words: string }> = {
  healthy: { hue: "good", words: "healthy" },
  silent: { hue: "warn", words: "silent" },
  losing: { hue: "bad", words: "losing packets" },
};

const kindWords: Record<SensorRow["kind"], string> = {
  tap: "tap",
  collect: "Envoy collector",
  import: "import",
  door: "telemetry of others",
};

const Sensor = ({ sensor }: { sensor: SensorRow }) => (
  <Panel
    title={visible(sensor.name)}
    aside={
      <>
        <Tag>{kindWords[sensor.kind]}</Tag>
        <Tag hue={healths[sensor.health].hue}>{healths[sensor.health].words}</Tag>
      </>
    }
  >
    <div className={styles["figures"]}>
      <Figure label="Calls" value={count(sensor.calls)} title={exactCount(sensor.calls)} />
      <Figure
        label="Deltas"
        value={count(sensor.deltas)}
        note={
          sensor.duplicates > 0 ? `${count(sensor.duplicates)} sent twice, counted once` : undefined
        }
      />
      <Figure label="Last heard of" value={<When ms={sensor.lastMs} />} />
      {sensor.version !== null && <Figure label="Version" value={sensor.version} />}
    </div>
    {sensor.explanation.length > 0 && (
      <div className={styles["explanation"]} data-health={sensor.health}>
        <h3>What that means</h3>
        {sensor.explanation.map((line) => (
          <p key={line}>{line}</p>
        ))}
      </div>
    )}
    <div className={styles["details"]}>
      <Counts title="Heard, lost and left out" entries={Object.entries(sensor.coverage)} />
      <Counts title="Interfaces, by packets" entries={interfaces(sensor.status)} isLiteral />
      <Counts title="Server ports, by connections" entries={ports(sensor.status)} isLiteral />
    </div>
    <Forget sensor={sensor} />
  </Panel>
);

const Counts = ({
  title,
  entries,
  isLiteral = false,
}: {
  title: string;
  entries: readonly (readonly [string, number])[];
  /** Names that are shown as they are, where others are codes that become words. */
  isLiteral?: boolean;
}) => {
  const some = entries.filter(([, value]) => value > 0).toSorted(([, a], [, b]) => b - a);
  if (some.length === 0) return null;
  return (
    <section>
      <h3>{title}</h3>
      <table className={styles["counts"]}>
        <tbody>
          {some.slice(0, 20).map(([name, value]) => (
            <tr key={name}>
              <th scope="row" title={name}>
                {isLiteral ? name : coverageWords(name)}
              </th>
              <td title={exactCount(value)}>{count(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
};

const Forget = ({ sensor }: { sensor: SensorRow }) => {
  const write = useWrite(
    () => send("DELETE", `sensors/${encodeURIComponent(sensor.name)}`),
    "sensors",
    "overview",
    "audit",
  );
  if (!useIsEditor() || sensor.health !== "silent") return null;
  return (
    <div className={styles["act"]}>
      <Act write={write} done={`${sensor.name} is no longer listed. What it taught stays.`}>
        Take off this list
      </Act>
    </div>
  );
};
