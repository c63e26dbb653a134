/** Deltas for `bench/server.ts`: one API learned as a sensor learns it, sent under many names. */

import { freezeDelta, shardOf } from "../src/sensor/delta.ts";
import { play, type Written } from "../src/telemetry/exchange.fixture.ts";
import { defaultPrivacy } from "../src/telemetry/privacy.ts";
import { defaultSelection } from "../src/telemetry/selection.ts";
import { Telemetry } from "../src/telemetry/telemetry.ts";
import { encodeSummary, type WireSummary } from "../src/telemetry/wire.ts";

/** Calls of so many endpoints that inference keeps apart: collections with items below, each with a body of its own. */
export function exchangesOf(endpoints: number): Written[] {
  const nowMs = Date.now();
  return Array.from({ length: endpoints * 3 }, (_, index): Written => {
    const endpoint = index % endpoints;
    const word = WORDS[Math.floor(endpoint / 4) % WORDS.length]!;
    const version = 1 + Math.floor(endpoint / 4 / WORDS.length);
    const method = ["GET", "POST", "GET", "DELETE"][endpoint % 4]!;
    const target =
      endpoint % 4 < 2 ? `/v${version}/${word}` : `/v${version}/${word}/${100 + index}`;
    const body = bodyOf(word, index);
    return {
      method,
      target: endpoint % 4 === 0 ? `${target}?page=${index % 5}&sort=name` : target,
      status: method === "POST" ? 201 : method === "DELETE" ? 204 : 200,
      requestHeaders: {
        host: "template.test",
        accept: "application/json",
        authorization: "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        ...(method === "POST" ? { "content-type": "application/json" } : {}),
      },
      ...(method === "POST" ? { requestBody: JSON.stringify(body) } : {}),
      ...(method === "DELETE"
        ? {}
        : { responseBody: JSON.stringify(endpoint % 4 === 0 ? [body] : body) }),
      timeMs: nowMs - (index % 60) * 1000,
      client: `10.0.${index % 4}.${index % 50}`,
    };
  });
}

const WORDS = (
  "users orders products invoices payments carts reviews categories shipments addresses coupons messages reports " +
  "events tickets projects teams devices locations accounts transfers cards files folders comments"
).split(" ");

/** Objects of one kind are alike, and unlike those of any other. */
function bodyOf(word: string, index: number): Record<string, unknown> {
  const own = Object.fromEntries(
    ["Name", "Total", "Owner", "State", "Note"].map((part, at) => [
      `${word}${part}`,
      at % 2 === 0 ? "Ada Lovelace" : index * at,
    ]),
  );
  return {
    id: index,
    ...own,
    email: "ada@example.test",
    [`${word}Lines`]: [{ sku: "a", count: 2, price: 1.5 }],
    createdAt: "2026-01-02T03:04:05Z",
  };
}

export function learnApi(exchanges: readonly Written[]): WireSummary {
  const telemetry = new Telemetry({
    selection: defaultSelection,
    privacy: defaultPrivacy,
    hashKey: Buffer.from("0123456789abcdef"),
  });
  for (const exchange of exchanges) play(telemetry, exchange);
  return encodeSummary(telemetry.take()[0]!);
}

export function deltaText({
  template,
  host,
  sensor,
  sequence,
  keyId,
}: {
  template: WireSummary;
  host: string;
  sensor: string;
  sequence: number;
  keyId: string;
}): string {
  const key = { ...template.key, host };
  const shard = shardOf({ workload: "", host, port: key.port, scheme: "http" });
  // Numbered by themselves, so that any order is right.
  const name = { sensor: `${sensor}-${shard}`, epoch: "bench", shard, sequence };
  const facts = {
    keyId,
    fromMs: 0,
    toMs: 1,
    calls: 1,
    standsFor: 1,
    coverage: new Map([["packets", 100]]),
  };
  return freezeDelta(name, facts, [JSON.stringify({ ...template, key })]).text;
}
