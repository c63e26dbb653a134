import { sensorLimits } from "../base/limits.ts";
import type { Correction } from "../telemetry/corrections.ts";

/** The hints of an answer; what is not as it should be is left out, and what is too much. */
export function parseCorrections(value: unknown): readonly Correction[] {
  if (!Array.isArray(value)) return [];
  let left: number = sensorLimits.correctionCharactersMax;
  const texts = (list: unknown): readonly string[] => {
    if (!Array.isArray(list)) return [];
    return list.filter((text): text is string => {
      if (typeof text !== "string" || text.length > left) return false;
      left -= text.length + 1;
      return true;
    });
  };
  return value.slice(0, sensorLimits.correctedApisMax).flatMap((item: unknown): Correction[] => {
    if (typeof item !== "object" || item === null) return [];
    const { hosts, ports, pins, ignores, ownHeaders } = item as Record<string, unknown>;
    const correction = {
      hosts: texts(hosts).slice(0, SERVERS_MAX),
      ports: Array.isArray(ports) ? ports.filter(isPort).slice(0, SERVERS_MAX) : [],
      pins: texts(pins),
      ignores: texts(ignores),
      ownHeaders: texts(ownHeaders).map((name) => name.toLowerCase()),
    };
    const isEmpty =
      correction.pins.length + correction.ignores.length + correction.ownHeaders.length === 0;
    return isEmpty ? [] : [correction];
  });
}

/** Hosts of one API, and ports: each host with each port is looked up. */
const SERVERS_MAX = 64;

const isPort = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value > 0 && value < 65_536;
