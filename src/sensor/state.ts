/** What a sensor must not forget, as it stands in its state file: one JSON text a line. */
import { randomBytes } from "node:crypto";
import { sensorLimits } from "../base/limits.ts";
import { apiKeyText } from "../telemetry/merge.ts";
import type { ApiSummary } from "../telemetry/summary.ts";
import {
  decodeHead,
  type FrozenDelta,
  nameOf,
  readSummary,
  shardOf,
  summaryText,
} from "./delta.ts";
import { callsOf, weighSummary } from "./weigh.ts";

/** Knowledge of one API that was never sent. */
export interface Waiting {
  readonly keyId: string;
  readonly shard: number;
  summary: ApiSummary;
  /** Estimated bytes of memory. */
  weight: number;
  calls: number;
  standsFor: number;
  fromMs: number;
  toMs: number;
}

export interface SensorState {
  sensor: string;
  epoch: string;
  /** By shard: the last sequence that was used in this epoch, 0 for none. */
  sequences: number[];
  hashKey: Uint8Array | null;
  readonly waiting: Map<string, Waiting>;
  frozen: FrozenDelta[];
  /** Counts that were not told yet, and the time that they are from. */
  coverage: Map<string, number>;
  coverageFromMs: number;
  coverageToMs: number;
}

const STATE_VERSION = 1;

export function newState(sensor: string | null, nowMs: number): SensorState {
  const state: SensorState = {
    sensor: sensor ?? `sensor-${randomBytes(8).toString("hex")}`,
    epoch: "",
    sequences: [],
    hashKey: null,
    waiting: new Map(),
    frozen: [],
    coverage: new Map(),
    coverageFromMs: Number.POSITIVE_INFINITY,
    coverageToMs: Number.NEGATIVE_INFINITY,
  };
  beginEpoch(state, nowMs);
  return state;
}

/** From now on no name that was used before can come again. */
export function beginEpoch(state: SensorState, nowMs: number): void {
  state.epoch = `${Math.floor(nowMs).toString(36)}-${randomBytes(8).toString("hex")}`;
  state.sequences = new Array<number>(sensorLimits.shardCount).fill(0);
}

/** Where what waits of an API is found. */
export const waitingKey = (keyId: string, summary: ApiSummary): string =>
  `${keyId}|${apiKeyText(summary.key)}`;

/** Takes everything out of `state` at once, so it may change as soon as this returns. */
export function encodeState(state: SensorState): Buffer {
  const head = {
    v: STATE_VERSION,
    sensor: state.sensor,
    epoch: state.epoch,
    sequences: state.sequences,
    hashKey: state.hashKey === null ? null : Buffer.from(state.hashKey).toString("base64"),
    frozen: state.frozen.length,
    coverage: [...state.coverage],
    coverageTimes: state.coverage.size > 0 ? [state.coverageFromMs, state.coverageToMs] : null,
  };
  const lines = [JSON.stringify(head), ...state.frozen.map((delta) => delta.text)];
  for (const { keyId, calls, standsFor, fromMs, toMs, summary } of state.waiting.values()) {
    const facts = JSON.stringify({ keyId, calls, standsFor, fromMs, toMs });
    lines.push(`${facts.slice(0, -1)},"summary":${summaryText(summary)}}`);
  }
  return Buffer.from(lines.join("\n"));
}

/**
 * Throws on what this version did not write. `lost` are APIs with waiting knowledge that cannot be read, as another
 * version wrote them: they are given up.
 */
export function decodeState(bytes: Buffer): { state: SensorState; lost: number } {
  const [first, ...lines] = bytes.toString().split("\n");
  const head = JSON.parse(first!) as {
    v: number;
    sensor: string;
    epoch: string;
    sequences: number[];
    hashKey: string | null;
    frozen: number;
    coverage: [string, number][];
    coverageTimes: [number, number] | null;
  };
  if (head.v !== STATE_VERSION) throw new Error(`it has version ${head.v}`);
  if (head.sequences.length !== sensorLimits.shardCount) throw new Error("it has other shards");
  const [coverageFromMs, coverageToMs] = head.coverageTimes ?? [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  const waiting = lines.slice(head.frozen).map(decodeWaiting);
  const readable = waiting.filter((entry) => entry !== null);
  const state: SensorState = {
    sensor: head.sensor,
    epoch: head.epoch,
    sequences: head.sequences,
    hashKey: head.hashKey === null ? null : Buffer.from(head.hashKey, "base64"),
    waiting: new Map(readable.map((entry) => [waitingKey(entry.keyId, entry.summary), entry])),
    frozen: lines.slice(0, head.frozen).map(decodeFrozen),
    coverage: new Map(head.coverage),
    coverageFromMs,
    coverageToMs,
  };
  return { state, lost: waiting.length - readable.length };
}

function decodeFrozen(text: string): FrozenDelta {
  const head = decodeHead(JSON.parse(text));
  if (typeof head === "string") throw new Error(head);
  return { ...nameOf(head), text, calls: head.calls };
}

function decodeWaiting(line: string): Waiting | null {
  const { summary: encoded, ...facts } = JSON.parse(line) as Omit<Waiting, "summary"> & {
    summary: unknown;
  };
  const summary = readSummary(encoded);
  if (typeof summary === "string") return null;
  return {
    keyId: facts.keyId,
    standsFor: facts.standsFor,
    fromMs: facts.fromMs,
    toMs: facts.toMs,
    summary,
    shard: shardOf(summary.key),
    weight: weighSummary(summary),
    calls: callsOf(summary),
  };
}
