import type { ApiDetail } from "../../../../src/server/contract.ts";
import { useCallers } from "../../api/queries.ts";
import { Callers } from "../../parts/callers.tsx";
import layout from "../../parts/layout.module.css";
import { Panel } from "../../parts/panel.tsx";
import { Answer } from "../../parts/states.tsx";
import { TrafficCharts } from "../../parts/trafficcharts.tsx";

export const TrafficTab = ({ api }: { api: ApiDetail }) => (
  <div className={layout["stack"]}>
    <TrafficCharts path={`apis/${api.id}`} firstMs={api.firstMs} lastMs={api.lastMs} hasMinutes />
    <Panel title="Callers" isFlush>
      <Answer query={useCallers(api.id)}>{(callers) => <Callers callers={callers} />}</Answer>
    </Panel>
  </div>
);
