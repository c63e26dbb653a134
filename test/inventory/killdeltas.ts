import { call, copyOf, learn } from "../../src/inventory/deltas.fixture.ts";
import type { Delta } from "../../src/sensor/delta.ts";
import { freezeDelta, shardOf, summaryText } from "../../src/sensor/delta.ts";

export const SENSORS = 4;

const texts = Array.from(
  { length: SENSORS },
  (_, sensor) =>
    learn([call("GET /orders", { host: `sensor${sensor}.test` })]).map((summary) => ({
      shard: shardOf(summary.key),
      text: summaryText(summary),
    }))[0]!,
);

/** A call of the sensor's own API, the same wherever it is made. */
export function deltaOf(round: number, sensor: number, sequence: number): Delta {
  const { shard, text } = texts[sensor]!;
  const name = { sensor: `sensor${sensor}`, epoch: `round${round}`, shard, sequence };
  const facts = { keyId: "k", fromMs: 0, toMs: 1, calls: 1, standsFor: 1, coverage: new Map() };
  return copyOf(freezeDelta(name, facts, [text]).text);
}
