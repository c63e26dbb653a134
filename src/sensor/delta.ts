/**
 * The delta: what a sensor learned of the APIs of one shard since the delta before it, as it goes over the wire.
 *
 *     {"v":1, "sensor":…, "epoch":…, "shard":0-63, "sequence":1…, "key":…, "from":ms, "to":ms,
 *      "calls":n, "standsFor":n, "coverage":{reason: count, …}, "summaries":[…]}
 *
 * (sensor, epoch, shard, sequence) is its name: sequences grow within the other three, never twice with other content,
 * and a delta is not sent before all before it were accepted or given up, so a receiver needs to remember one number for
 * each three. A new epoch begins where the numbers that were used are not known any more.
 *
 * Fields that are added later are to be ignored by who does not know them; `v` grows where that would be wrong.
 */
import { sensorLimits } from "../base/limits.ts";
import type { ApiKey, ApiSummary } from "../telemetry/summary.ts";
import { decodeSummary, encodeSummary } from "../telemetry/wire.ts";

export const DELTA_VERSION = 1;

export interface DeltaName {
  /** The sensor's own name; stays over restarts. */
  readonly sensor: string;
  readonly epoch: string;
  readonly shard: number;
  readonly sequence: number;
}

export interface DeltaFacts {
  /** Fingerprint of the hash key that the samples were made under; samples under others do not compare. */
  readonly keyId: string;
  /** Time that the knowledge is from, half-open. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Calls in the summaries, and how many they stand for: more where flows were shed. */
  readonly calls: number;
  readonly standsFor: number;
  /**
   * What the whole sensor saw and lost since this was last told, in counts that add up: packets, drops and refusals by
   * reason. Each count is in one delta only, of whatever shard.
   */
  readonly coverage: ReadonlyMap<string, number>;
}

export interface Delta extends DeltaName, DeltaFacts {
  readonly summaries: readonly ApiSummary[];
}

/** A delta that may have been sent: from now on these bytes, and no others, stand for its name. */
export interface FrozenDelta extends DeltaName {
  /** JSON, without line breaks. */
  readonly text: string;
  readonly calls: number;
}

/**
 * Deltas that travel together. Each could travel alone, as a broker wants it, so each has its own dictionary of shapes:
 * one for the whole batch saved 24 % of its JSON, but only 1.5 % once it was compressed.
 */
export interface Batch {
  readonly deltas: readonly FrozenDelta[];
}

/** `summaries`: JSON texts as `summaryText` gives them. */
export function freezeDelta(
  name: DeltaName,
  facts: DeltaFacts,
  summaries: readonly string[],
): FrozenDelta {
  const head = JSON.stringify({
    v: DELTA_VERSION,
    sensor: name.sensor,
    epoch: name.epoch,
    shard: name.shard,
    sequence: name.sequence,
    key: facts.keyId,
    from: facts.fromMs,
    to: facts.toMs,
    calls: facts.calls,
    standsFor: facts.standsFor,
    coverage: Object.fromEntries(facts.coverage),
  });
  const text = `${head.slice(0, -1)},"summaries":[${summaries.join(",")}]}`;
  return { ...nameOf(name), text, calls: facts.calls };
}

/** The summary as JSON, each distinct shape in it once (`telemetry/wire.ts`). */
export const summaryText = (summary: ApiSummary): string => JSON.stringify(encodeSummary(summary));

/** The summary, or one word that says what is wrong with it. */
export function readSummary(value: unknown): ApiSummary | string {
  const read = decodeSummary(value);
  return read.value ?? read.problems.join(", ");
}

export const nameOf = ({ sensor, epoch, shard, sequence }: DeltaName): DeltaName => ({
  sensor,
  epoch,
  shard,
  sequence,
});

/** The name as one text, as a broker wants it to recognise duplicates. */
export const nameText = (name: DeltaName): string =>
  `${name.sensor}/${name.epoch}/${name.shard}/${name.sequence}`;

/** The body of a request: `{"v":1,"deltas":[…]}`. */
export const encodeBatch = (batch: Batch): Buffer =>
  Buffer.from(`{"v":1,"deltas":[${batch.deltas.map((delta) => delta.text).join(",")}]}`);

/** Deltas of a batch's body, or one line that says what is wrong with it. */
export function decodeBatch(value: unknown): readonly Delta[] | string {
  if (!isObject(value) || value["v"] !== DELTA_VERSION) return "a batch of version 1 is expected";
  const items = value["deltas"];
  if (!Array.isArray(items)) return "deltas: a list is expected";
  const deltas: Delta[] = [];
  for (let index = 0; index < items.length; index += 1) {
    const delta = decodeDelta(items[index]);
    if (typeof delta === "string") return `deltas[${index}]: ${delta}`;
    deltas.push(delta);
  }
  return deltas;
}

/** The delta, or one line that says what is wrong with it. */
export function decodeDelta(value: unknown): Delta | string {
  const head = decodeHead(value);
  if (typeof head === "string") return head;
  const summaries: ApiSummary[] = [];
  for (const item of head.summaries) {
    const summary = readSummary(item);
    if (typeof summary === "string") return `summaries[${summaries.length}]: ${summary}`;
    summaries.push(summary);
  }
  return { ...head, summaries };
}

/** A delta with its summaries as they are on the wire. */
export interface DeltaHead extends DeltaName, DeltaFacts {
  readonly summaries: readonly unknown[];
}

const NAME_LENGTH_MAX = 128;

/** Everything but the summaries, checked; or one line that says what is wrong with it. */
export function decodeHead(value: unknown): DeltaHead | string {
  if (!isObject(value)) return "an object is expected";
  if (value["v"] !== DELTA_VERSION) return `v: this is version ${DELTA_VERSION}`;
  const { sensor, epoch, shard, sequence, key, from, to, calls, standsFor, coverage, summaries } =
    value;
  if (!isName(sensor)) return "sensor: a name is expected";
  if (!isName(epoch)) return "epoch: a name is expected";
  if (!isCount(shard) || shard >= sensorLimits.shardCount) return "shard: 0 to 63 is expected";
  if (!isCount(sequence) || sequence < 1) return "sequence: a number from 1 is expected";
  if (!isName(key)) return "key: a name is expected";
  if (!isNumber(from) || !isNumber(to)) return "from, to: milliseconds are expected";
  if (!isCount(calls)) return "calls: a count is expected";
  if (!isNumber(standsFor)) return "standsFor: a number is expected";
  const counts = decodeCoverage(coverage);
  if (counts === null) return "coverage: counts by reason are expected";
  if (!Array.isArray(summaries)) return "summaries: a list is expected";
  return {
    sensor,
    epoch,
    shard,
    sequence,
    keyId: key,
    fromMs: from,
    toMs: to,
    calls,
    standsFor,
    coverage: counts,
    summaries,
  };
}

function decodeCoverage(value: unknown): Map<string, number> | null {
  if (!isObject(value)) return null;
  const entries = Object.entries(value);
  if (entries.length > sensorLimits.coverageReasonsMax) return null;
  const counts = new Map<string, number>();
  for (const [reason, count] of entries) {
    if (!isNumber(count)) return null;
    counts.set(reason, count);
  }
  return counts;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isName = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && value.length <= NAME_LENGTH_MAX;
const isNumber = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value);
const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

/**
 * The shard of an API, 0 to 63. It is part of the protocol, so it never changes: FNV-1a of 32 bits over the UTF-8 bytes of
 * workload, host, port in decimal and scheme, joined by line feeds, then the last step of MurmurHash3 (as FNV's low bits
 * are poor), of which the low six bits count.
 */
export function shardOf(key: ApiKey): number {
  const bytes = Buffer.from(`${key.workload}\n${key.host}\n${key.port}\n${key.scheme}`);
  let hash = 0x811c9dc5 | 0;
  for (let at = 0; at < bytes.length; at += 1) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) & (sensorLimits.shardCount - 1);
}
