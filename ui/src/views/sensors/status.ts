/** What a sensor's own status page says (`sensor/status.ts`), read with care: sensors of other versions send it too. */
import type { SensorRow } from "../../../../src/server/contract.ts";
import { asWords } from "../../parts/format.ts";

type Status = SensorRow["status"];
type Entry = readonly [string, number];

const listOf = (value: unknown): readonly Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === "object" && each !== null) : [];

export const interfaces = (status: Status): Entry[] => {
  const capture = status?.["capture"] as Record<string, unknown> | undefined;
  return listOf(capture?.["interfaces"]).map(({ name, packets }) => [
    String(name),
    Number(packets),
  ]);
};

export const ports = (status: Status): Entry[] =>
  listOf(status?.["ports"]).map(({ port, kind, flows }) => [`${port} ${kind}`, Number(flows)]);

/** What coverage counts, as people say it: `exchanges-status` were left out for their status. */
export const coverageWords = (reason: string): string => {
  if (reason === "exchanges-selected") return "Exchanges learned from";
  const [, what, why] = /^(exchanges|flows|bodies|packets)-(.+)$/.exec(reason) ?? [];
  if (what === undefined || why === undefined) return asWords(reason);
  const words = asWords(why).toLowerCase();
  return what === "exchanges"
    ? `Exchanges left out: ${words}`
    : what === "flows"
      ? `Connections: ${words}`
      : `${asWords(what)}: ${words}`;
};
