import type { InterfaceStatus, NamedCount, SensorStatus } from "../../sensor/status.ts";

const LISTED_MAX = 8;

/** The facts of a status as lines for people; what they mean, `sensor/explain.ts` says. */
export const statusReport = (status: SensorStatus): string[] => {
  const { capture, flows, exchanges, ports, server, queue } = status;
  return [
    row("interfaces", capture.interfaces.map(interfaceText)),
    row("packets", counts(capture.packetKinds)),
    row("lost or left out", counts(capture.drops)),
    row("connections", [...(flows.open > 0 ? [`${flows.open} open`] : []), ...counts(flows.kinds)]),
    row("TLS to", counts(flows.tlsNames)),
    row("exchanges", [
      `${exchanges.seen} seen, ${exchanges.selected} used`,
      ...counts(exchanges.refused),
    ]),
    row(
      "ports",
      ports.map(({ port, kind, flows: count }) => `${port} ${kind} ${count}`),
    ),
    row("server", server === null ? [] : [serverText(server)]),
    row("waiting", queue === null || queue.waitingApis === 0 ? [] : [`${queue.waitingApis} APIs`]),
  ].flat();
};

const row = (name: string, items: readonly string[]): string[] => {
  if (items.length === 0) return [];
  const more = items.length > LISTED_MAX ? `, and ${items.length - LISTED_MAX} more` : "";
  const text = items.slice(0, LISTED_MAX).join(", ") + more;
  return [`  ${name.padEnd(17)} ${printable(text)}`];
};

const interfaceText = ({ name, isUp, packets, passed }: InterfaceStatus): string => {
  if (!isUp) return `${name} down`;
  return passed === null ? `${name} ${packets}` : `${name} ${packets} heard of ${passed}`;
};

const serverText = ({
  target,
  isConnected,
  lastFailure,
}: SensorStatus["server"] & object): string => {
  if (isConnected === null) return `${target}, not asked yet`;
  return isConnected ? `${target}, takes deltas` : `${target}, takes nothing: ${lastFailure}`;
};

const counts = (entries: readonly NamedCount[]): string[] =>
  entries.map(({ name, count }) => `${name} ${count}`);

/** Text from outside for a terminal: no control characters, so no escape sequences. */
const printable = (text: string): string => text.replaceAll(/\p{C}/gu, "?");
