/** The status as metrics, in the text format of Prometheus (version 0.0.4). Names are stable. */
import type { NamedCount, SensorStatus } from "./status.ts";

export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly samples: readonly Sample[];
}

export function metricsText(status: SensorStatus): string {
  const metrics = [
    ...captureMetrics(status),
    ...trafficMetrics(status),
    ...envoyMetrics(status),
    ...budgetMetrics(status),
    ...queueMetrics(status),
    ...serverMetrics(status),
  ];
  return metrics
    .filter(({ samples }) => samples.length > 0)
    .map(textOf)
    .join("");
}

function captureMetrics({ capture, startedMs, version }: SensorStatus): Metric[] {
  const byInterface = (value: (entry: (typeof capture.interfaces)[number]) => number): Sample[] =>
    capture.interfaces.map((entry) => [{ interface: entry.name }, value(entry)]);
  return [
    gauge("nta_sensor_info", "The version that runs.", [[{ version }, 1]]),
    gauge("nta_sensor_start_time_seconds", "When the sensor started.", one(startedMs / 1000)),
    gauge(
      "nta_sensor_listening",
      "Whether packets are listened to.",
      one(capture.state === "listening"),
    ),
    counter(
      "nta_sensor_packets_total",
      "Packets by interface.",
      byInterface(({ packets }) => packets),
    ),
    counter(
      "nta_sensor_bytes_total",
      "Bytes by interface.",
      byInterface(({ bytes }) => bytes),
    ),
    counter(
      "nta_sensor_packet_kinds_total",
      "Packets by what they are.",
      by("kind", capture.packetKinds),
    ),
    counter(
      "nta_sensor_dropped_packets_total",
      "Packets lost or left out, by cause.",
      by("cause", capture.drops),
    ),
    gauge("nta_sensor_ring_fill", "How full the fullest ring is, 0 to 1.", one(capture.ringFill)),
  ];
}

function trafficMetrics({ flows, exchanges }: SensorStatus): Metric[] {
  return [
    gauge("nta_sensor_open_flows", "Connections that are followed now.", one(flows.open)),
    counter("nta_sensor_flows_total", "Connections by what they carry.", by("kind", flows.kinds)),
    counter("nta_sensor_exchanges_total", "Exchanges seen.", one(exchanges.seen)),
    counter(
      "nta_sensor_selected_exchanges_total",
      "Exchanges that were learned from.",
      one(exchanges.selected),
    ),
    counter(
      "nta_sensor_refused_exchanges_total",
      "Exchanges that teach nothing, by reason.",
      by("reason", exchanges.refused),
    ),
  ];
}

function envoyMetrics({ envoy }: SensorStatus): Metric[] {
  if (envoy === undefined) return [];
  return [
    gauge("nta_sensor_envoy_connections", "Connections from Envoy.", one(envoy.connections)),
    gauge("nta_sensor_envoy_streams", "Exchanges that are under way.", one(envoy.streams)),
    counter(
      "nta_sensor_envoy_streams_total",
      "Streams of Envoy by what became of them.",
      by("outcome", envoy.streamsBy),
    ),
  ];
}

function budgetMetrics({ budget }: SensorStatus): Metric[] {
  if (budget === null) return [];
  const { plan } = budget;
  return [
    gauge(
      "nta_sensor_cpu_share",
      "Share of a core that was used over the last second.",
      one(budget.cpuShare),
    ),
    gauge("nta_sensor_cpu_share_max", "Share of a core that may be used.", one(budget.cpuMax)),
    gauge("nta_sensor_memory_bytes", "Resident memory.", one(budget.memoryBytes)),
    gauge(
      "nta_sensor_memory_max_bytes",
      "Resident memory that may be used.",
      one(budget.memoryBytesMax),
    ),
    gauge(
      "nta_sensor_shedding_level",
      "0 nothing, 1 fewer bodies, 2 no bodies, 3 fewer connections.",
      one(plan.level),
    ),
    gauge("nta_sensor_kept_share", "Share of connections that is read.", one(plan.keepShare)),
    counter(
      "nta_sensor_plan_changes_total",
      "Times that the shedding changed.",
      one(budget.planChanges),
    ),
  ];
}

function queueMetrics({ queue }: SensorStatus): Metric[] {
  if (queue === null) return [];
  const { losses } = queue;
  return [
    gauge(
      "nta_sensor_waiting_apis",
      "APIs with knowledge that was never sent.",
      one(queue.waitingApis),
    ),
    gauge("nta_sensor_waiting_calls", "Calls in it.", one(queue.waitingCalls)),
    gauge("nta_sensor_waiting_bytes", "Memory of it, estimated.", one(queue.waitingBytes)),
    gauge(
      "nta_sensor_frozen_deltas",
      "Deltas that are not acknowledged yet.",
      one(queue.frozenDeltas),
    ),
    gauge("nta_sensor_frozen_bytes", "Bytes of them, uncompressed.", one(queue.frozenBytes)),
    gauge(
      "nta_sensor_state_durable",
      "Whether the state file can be written.",
      queue.isDurable === null ? [] : one(queue.isDurable),
    ),
    counter("nta_sensor_lost_calls_total", "Calls whose knowledge was given up, by cause.", [
      [{ cause: "too_much_waited" }, losses.callsDropped],
      [{ cause: "refused_by_server" }, losses.callsRefused],
    ]),
  ];
}

function serverMetrics({ server }: SensorStatus): Metric[] {
  if (server === null) return [];
  const { lastAcceptedMs, isConnected } = server;
  return [
    gauge(
      "nta_sensor_server_up",
      "Whether the server answered the last attempt well.",
      isConnected === null ? [] : one(isConnected),
    ),
    gauge("nta_sensor_server_failures", "Attempts in a row that failed.", one(server.failures)),
    gauge(
      "nta_sensor_last_accepted_time_seconds",
      "When the server last took something.",
      lastAcceptedMs === null ? [] : one(lastAcceptedMs / 1000),
    ),
    counter("nta_sensor_deltas_total", "Deltas that the server acknowledged.", [
      [{ outcome: "accepted" }, server.deltasAccepted],
      [{ outcome: "duplicate" }, server.deltasDuplicate],
    ]),
  ];
}

const gauge = (name: string, help: string, samples: readonly Sample[]): Metric => ({
  ...{ name, type: "gauge", help, samples },
});
const counter = (name: string, help: string, samples: readonly Sample[]): Metric => ({
  ...{ name, type: "counter", help, samples },
});
const one = (value: number | boolean): Sample[] => [[{}, Number(value)]];
const by = (label: string, counts: readonly NamedCount[]): Sample[] =>
  counts.map(({ name, count }) => [{ [label]: name }, count]);

function textOf({ name, type, help, samples }: Metric): string {
  const lines = samples.map(([labels, value]) => `${name}${labelsText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

const escapeLabel = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
