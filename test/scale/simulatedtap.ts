/** What taps send, learned from calls as a tap learns them. */
import assert from "node:assert/strict";
import { type FrozenDelta, freezeDelta, shardOf, summaryText } from "../../src/sensor/delta.ts";
import { keyIdOf } from "../../src/sensor/hashkey.ts";
import { play } from "../../src/telemetry/exchange.fixture.ts";
import { defaultPrivacy } from "../../src/telemetry/privacy.ts";
import { defaultSelection } from "../../src/telemetry/selection.ts";
import { Telemetry } from "../../src/telemetry/telemetry.ts";

/** APIs that simulated taps hear. */
export const SIMULATED_APIS = 12;
/** Calls in each of their deltas. */
export const CALLS_PER_DELTA = 3;

/** What one tap learned in one interval: some calls of one API. `sequences` has the last number of each shard. */
export const learned = (
  hashKey: Uint8Array,
  tap: number,
  round: number,
  sequences: Map<number, number>,
  epoch = "e1",
): FrozenDelta => {
  const telemetry = new Telemetry({
    selection: defaultSelection,
    privacy: defaultPrivacy,
    hashKey,
  });
  const api = (tap + round) % SIMULATED_APIS;
  for (let call = 0; call < CALLS_PER_DELTA; call++) {
    const id = (tap * 7919 + round * 31 + call) % 5000;
    play(telemetry, {
      target: call === 2 ? `/v1/orders?page=${round}` : `/v1/customers/${id}`,
      requestHeaders: { host: `api${api}.test`, accept: "application/json" },
      responseBody:
        call === 2
          ? `[{"customerId":${id},"total":${round}.5}]`
          : `{"id":${id},"name":"n${id}","since":"2026-01-02T03:04:05Z"${round % 3 === 0 ? ',"vip":true' : ""}}`,
      timeMs: 1_790_000_000_000 + round * 1000,
      client: `10.0.${tap >> 4}.${tap & 15}`,
    });
  }
  const summaries = telemetry.take();
  assert.equal(summaries.length, 1);
  const shard = shardOf(summaries[0]!.key);
  const sequence = (sequences.get(shard) ?? 0) + 1;
  sequences.set(shard, sequence);
  return freezeDelta(
    { sensor: `tap-${tap}`, epoch, shard, sequence },
    {
      keyId: keyIdOf(hashKey),
      fromMs: 1,
      toMs: 2,
      calls: CALLS_PER_DELTA,
      standsFor: CALLS_PER_DELTA,
      coverage: new Map(),
    },
    summaries.map(summaryText),
  );
};
