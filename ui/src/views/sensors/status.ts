/** What a sensor's own status page says (`sensor/status.ts`), read with care: sensors of other versions send it too. */
import type { SensorRow } from "../../../../src/server/contract.ts";

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
