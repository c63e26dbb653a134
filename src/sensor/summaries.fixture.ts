/** Summaries for tests, learned from exchanges as a tap learns them, and what to count in them. */

import { play, type Written } from "../telemetry/exchange.fixture.ts";
import { defaultPrivacy } from "../telemetry/privacy.ts";
import { defaultSelection } from "../telemetry/selection.ts";
import type { ApiSummary, PathNode } from "../telemetry/summary.ts";
import { Telemetry } from "../telemetry/telemetry.ts";

const hashKey = Buffer.from("0123456789abcdef");

export const newTelemetry = (): Telemetry =>
  new Telemetry({ selection: defaultSelection, privacy: defaultPrivacy, hashKey });

export const learn = (exchanges: readonly Written[]): ApiSummary[] => {
  const telemetry = newTelemetry();
  for (const exchange of exchanges) play(telemetry, exchange);
  return telemetry.take();
};

/** A call of `GET /<path>` of the API `host`. */
export const call = (host: string, path: string, timeMs = 1_700_000_000_000): Written => ({
  target: `/${path}`,
  requestHeaders: { host, accept: "application/json", authorization: "Bearer abc.def" },
  responseBody: '{"id":17,"name":"Ada","tags":["a","b"],"at":"2026-01-02T03:04:05Z","ok":true}',
  timeMs,
});

const [template] = learn([call("x.test", "a")]);

/** A summary of one call of an endpoint that is like no other; `id` ends in digits. */
export const oneCall = (id: string): ApiSummary => {
  const { root, key, ...more } = structuredClone(template!);
  const node = root.children.get("a")!;
  root.children.clear();
  root.children.set(id, node);
  const api = Number(/\d+$/.exec(id)![0]) % 40;
  return { ...more, root, key: { ...key, host: `api${api}.test` } };
};

/** Under which `callsByEndpoint` counts it. */
export const endpointOf = (id: string): string => `${oneCall(id).key.host} /${id}`;

/** Calls by `host /path`. */
export const callsByEndpoint = (
  summaries: Iterable<ApiSummary>,
  into = new Map<string, number>(),
): Map<string, number> => {
  for (const { key, root } of summaries) addCalls(root, key.host, into);
  return into;
};

const addCalls = (node: PathNode, path: string, into: Map<string, number>): void => {
  for (const operation of node.operations.values()) {
    into.set(path, (into.get(path) ?? 0) + operation.calls + operation.refused);
  }
  for (const [segment, child] of node.children) addCalls(child, `${path} /${segment}`, into);
};
