/** The status in words: why nothing is seen, what is lost, what to do about it. The most important comes first. */
import type { NamedCount, SensorStatus } from "./status.ts";

/** Sooner, what was not seen yet says nothing. */
const PATIENCE_MS = 10_000;
/** Above this share, a loss is worth a line. */
const LOSS_SHARE = 0.01;
/** From this share on, exchanges of which a half is missing are the rule. */
const HALVES_SHARE = 0.9;
const HALVES_MIN = 5;
const LISTED_MAX = 4;

type Check = (status: SensorStatus) => string | null;

/** Always at least one line. */
export function explain(status: SensorStatus): string[] {
  const checks = status.envoy === undefined ? hearingChecks : envoyChecks;
  const hearing = checks.map((check) => check(status)).find((line) => line !== null);
  const others = otherChecks.map((check) => check(status)).filter((line) => line !== null);
  const lines = hearing === undefined ? others : [hearing, ...others];
  return lines.length > 0 ? lines : [allWell(status)];
}

/** Why there is nothing; only the first that fits, since it explains those after it. */
const hearingChecks: readonly Check[] = [
  ({ capture }) =>
    capture.state === "refused"
      ? "Not permitted to listen: it needs the capability CAP_NET_RAW. Either run setcap cap_net_raw+ep on a root-owned copy of the Node binary that only the tap uses, or add NET_RAW to the container's securityContext.capabilities."
      : null,
  ({ capture }) =>
    capture.state === "failed" ? `Not listening: ${capture.problems.join("; ")}.` : null,
  ({ capture }) => {
    const { namedInterfaces, interfaces } = capture;
    const there = interfaces.map(({ name }) => name);
    if (namedInterfaces.length === 0 || namedInterfaces.some((name) => there.includes(name))) {
      return null;
    }
    return `None of the interfaces that --interfaces names is there: ${namedInterfaces.join(", ")}. Without that setting all are heard, and those that appear later too.`;
  },
  (status) =>
    isYoung(status) ? `Listening for ${secondsOf(status)} s; nothing was seen yet.` : null,
  noPackets,
  ({ capture }) => {
    if (countOf(capture.packetKinds, "tcp") > 0) return null;
    return `Of ${capture.packets} packets none is TCP: ${listed(capture.packetKinds)}. HTTP over UDP (QUIC) is not read.`;
  },
  ({ capture, flows }) =>
    sumOf(spoken(flows.kinds)) > 0 || readableOf(flows) > 0
      ? null
      : `${countOf(capture.packetKinds, "tcp")} TCP segments were seen, but no connection that carried data.`,
  noHttp,
  ({ flows, exchanges }) =>
    exchanges.seen > 0
      ? null
      : `${readableOf(flows)} connections speak HTTP, but no request or response has come to its end yet.`,
  oneDirection,
  noneSelected,
];

/** Of a collector. */
const envoyChecks: readonly Check[] = [
  ({ envoy, exchanges }) =>
    exchanges.seen > 0 || (envoy?.connections ?? 0) > 0
      ? null
      : "No Envoy has connected yet: is its filter applied, and may it reach this port (NetworkPolicy, DNS)?",
  ({ envoy, exchanges }) =>
    exchanges.seen > 0
      ? null
      : `${envoy?.connections} connections from Envoy, but no exchange yet${countOf(envoy?.streamsBy ?? [], "unknown-service") > 0 ? ": it asks for another gRPC service" : ""}.`,
  noneSelected,
];

function noPackets(status: SensorStatus): string | null {
  const { capture } = status;
  if (capture.packets > 0) return null;
  const passed = capture.interfaces.reduce((sum, entry) => sum + (entry.passed ?? 0), 0);
  const heard = capture.interfaces.map(({ name }) => name).join(", ");
  if (passed > 0 && (capture.ports !== "" || capture.filter !== "")) {
    const limits = [
      ...(capture.ports === "" ? [] : [`--ports ${capture.ports}`]),
      ...(capture.filter === "" ? [] : [`--filter "${capture.filter}"`]),
    ];
    return `${passed} packets passed on ${heard}, but none got through ${limits.join(" and ")}: the filter is too tight, or the services listen elsewhere. --ports are those on which the server listens, behind any port forwarding.`;
  }
  if (passed > 0) return `${passed} packets passed on ${heard}, but none of them is TCP.`;
  if (capture.interfaces.length === 0) return "There is no interface to listen on.";
  if (capture.interfaces.every(({ isUp }) => !isUp)) {
    return `All interfaces that are heard are down: ${heard}.`;
  }
  const advice =
    capture.namedInterfaces.length > 0
      ? "Without --interfaces all are heard."
      : "Is this the host, or the network namespace, in which the services run?";
  return `No packet passed on ${heard} in ${secondsOf(status)} s. ${advice}`;
}

/** Connections whose exchanges are read. */
const readableOf = ({ kinds }: SensorStatus["flows"]): number =>
  countOf(kinds, "http") + countOf(kinds, "http2");

function noHttp({ flows }: SensorStatus): string | null {
  if (readableOf(flows) > 0) return null;
  const kinds = spoken(flows.kinds);
  const all = sumOf(kinds);
  const tls = countOf(kinds, "tls");
  const joined = countOf(kinds, "http2Joined");
  if (tls === all) {
    const names = flows.tlsNames.length === 0 ? "" : `, to ${listedNames(flows.tlsNames)}`;
    return `All ${all} connections are TLS${names}. The tap reads plain HTTP: listen where TLS ends (behind the proxy, in the pod's network namespace), or collect from Envoy.`;
  }
  if (joined === all) {
    return `All ${all} connections are HTTP/2 without TLS that began before the tap did, and are read only from their first byte on: new ones will be, so restart a client, or wait.`;
  }
  return `No connection speaks plain HTTP. Of ${all}: ${listed(kinds)}.`;
}

function oneDirection({ exchanges }: SensorStatus): string | null {
  const noRequest = countOf(exchanges.refused, "no-request");
  const noResponse = countOf(exchanges.refused, "no-response");
  if (exchanges.seen < HALVES_MIN || noRequest + noResponse < exchanges.seen * HALVES_SHARE) {
    return null;
  }
  const missing = noRequest > noResponse ? "request" : "response";
  return `Only one direction is seen: ${Math.max(noRequest, noResponse)} of ${exchanges.seen} exchanges lack their ${missing}. The other way is hidden by an asymmetric route, by a mirror port that copies one direction, or by a filter on source or destination.`;
}

/** How to finish "Of n exchanges none was selected: …". */
const reasonWords: ReadonlyMap<string, string> = new Map([
  ["no-request", "of most the request was not seen"],
  ["no-response", "of most the response was not seen"],
  ["bad-framing", "most contradict themselves in their framing"],
  ["cut-head", "of most a head was captured in part"],
  ["ignored", "most are on paths that hints ignore"],
  ["bad-target", "most have a target that is none"],
  ["port", "most are on ports that --ports leaves out"],
  ["excluded-header", "most bear a header that --exclude-traffic-with-headers names"],
  ["status", "most have a status that --http-status-codes leaves out"],
]);

function noneSelected({ exchanges }: SensorStatus): string | null {
  if (exchanges.selected > 0) return null;
  const most = exchanges.refused[0];
  if (most === undefined) return null;
  const noise = most.name.replace(/^noise-/, "");
  const words =
    reasonWords.get(most.name) ??
    (noise === most.name
      ? most.name
      : `most are ${noise.replaceAll("-", " ")}, which make no API; --noise keep lets them in`);
  return `Of ${exchanges.seen} exchanges none was selected: ${words} (${listed(exchanges.refused)}).`;
}

/** What else is not as it should be. */
const otherChecks: readonly Check[] = [
  ({ capture }) =>
    capture.state === "listening" && capture.problems.length > 0
      ? capture.problems.map((each) => (each.endsWith(".") ? each : `${each}.`)).join(" ")
      : null,
  ({ capture }) => {
    const lost = capture.drops.filter(({ name }) => name === "ring" || name === "device");
    const count = sumOf(lost);
    if (count <= capture.packets * LOSS_SHARE) return null;
    const share = percent(count / (capture.packets + count));
    return `${share} of packets were lost (${listed(lost)}): counts are too low by about as much. Allow more CPU (--cpu-max), or a larger ring.`;
  },
  shedding,
  ({ budget }) =>
    budget?.isExhausted === true
      ? "Even so it is too much for this budget: raise --cpu-max, or narrow --interfaces and --ports."
      : null,
  unsent,
  ({ queue }) => {
    if (queue === null) return null;
    const { callsDropped, callsRefused } = queue.losses;
    if (callsDropped + callsRefused === 0) return null;
    return `What was learned from ${callsDropped + callsRefused} calls was given up: ${callsDropped} as too much waited, ${callsRefused} as the server refused it.`;
  },
  ({ queue }) =>
    queue?.isDurable === false
      ? "The state file cannot be written: what the server has not acknowledged would not survive a restart."
      : null,
];

function shedding({ budget }: SensorStatus): string | null {
  if (budget === null || budget.plan.level === 0) return null;
  const { level, scanIntervalBits, keepShare } = budget.plan;
  const cause =
    budget.memoryBytes > budget.memoryBytesMax * LOW_ON_MEMORY ? "--memory-max" : "--cpu-max";
  const what =
    level === 1
      ? `only one body in ${2 ** scanIntervalBits} is scanned`
      : level === 2
        ? "no bodies are scanned"
        : `no bodies are scanned, and only one connection in ${1 / keepShare} is read (its counts are scaled up)`;
  return `To stay within ${cause}, ${what}.`;
}
const LOW_ON_MEMORY = 0.85;

function unsent({ server, queue }: SensorStatus): string | null {
  if (server === null || server.isConnected !== false) return null;
  const waiting = queue === null ? 0 : queue.waitingApis;
  const last =
    server.lastAcceptedMs === null
      ? ", and never did"
      : `. It last did at ${new Date(server.lastAcceptedMs).toISOString()}`;
  return `The server ${server.target} takes nothing: ${server.lastFailure}${last}; what was learned of ${waiting} APIs waits here.`;
}

function allWell({ exchanges, capture }: SensorStatus): string {
  return `All is well: ${exchanges.selected} of ${exchanges.seen} exchanges were selected, from ${capture.packets} packets.`;
}

const isYoung = (status: SensorStatus): boolean =>
  status.nowMs - status.startedMs < PATIENCE_MS && status.exchanges.seen === 0;
const secondsOf = ({ nowMs, startedMs }: SensorStatus): number =>
  Math.round((nowMs - startedMs) / 1000);

/** Connections that said enough to be told apart. */
const spoken = (kinds: readonly NamedCount[]): readonly NamedCount[] =>
  kinds.filter(({ name, count }) => name !== "none" && count > 0);
const sumOf = (counts: readonly NamedCount[]): number =>
  counts.reduce((sum, { count }) => sum + count, 0);
const countOf = (counts: readonly NamedCount[], name: string): number =>
  counts.find((entry) => entry.name === name)?.count ?? 0;
const listed = (counts: readonly NamedCount[]): string =>
  list(counts.map(({ name, count }) => `${name} ${count}`));
const listedNames = (counts: readonly NamedCount[]): string => list(counts.map(({ name }) => name));
const list = (texts: readonly string[]): string =>
  texts.slice(0, LISTED_MAX).join(", ") + (texts.length > LISTED_MAX ? ", …" : "");
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
