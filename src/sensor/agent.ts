/** How sensors name themselves to servers: `nta-tap/0.1.0`, in `User-Agent` over HTTP and in a header of each delta over NATS. */

export type SensorProgram = "tap" | "collect";

export const AGENT_HEADER = "Nta-Agent";

export const sensorAgent = (program: SensorProgram, version: string): string =>
  `nta-${program}/${version}`;

export interface SensorAgent {
  readonly kind: SensorProgram;
  readonly version: string;
}

/** Null for what is none of them. */
export function readSensorAgent(text: string): SensorAgent | null {
  const match = /^nta-(tap|collect)\/([\w.+-]{1,32})/.exec(text);
  if (match === null) return null;
  return { kind: match[1] === "collect" ? "collect" : "tap", version: match[2]! };
}
