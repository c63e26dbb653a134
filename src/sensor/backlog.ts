/**
 * Knowledge that was never sent, by API. What comes later is merged in, so that it grows with what there is to know and not
 * with time; where it grows too much, what is heard least goes.
 */
import { sensorLimits, telemetryLimits } from "../base/limits.ts";
import { absorbSummary } from "../telemetry/merge.ts";
import type { ApiSummary } from "../telemetry/summary.ts";
import { shardOf, summaryText } from "./delta.ts";
import { cutSummary, dropLeastHeard, type Loss } from "./portion.ts";
import { type Waiting, waitingKey } from "./state.ts";
import { callsOf, countNodes, weighSummary } from "./weigh.ts";

/** Bounds as `sensorLimits` and `telemetryLimits` have them, or less. */
export interface BacklogLimits {
  readonly unsentBytesMax?: number | undefined;
  readonly unsentApisMax?: number | undefined;
  readonly apiNodesMax?: number | undefined;
}

/** Where knowledge is from, and how it was got. */
export interface Origin {
  /** Fingerprint of the hash key that it was learned under. */
  readonly keyId: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Share of the exchanges that was heard, where the summaries count only those; 1 where they are scaled up already. */
  readonly keptShare: number;
}

/** A piece of what waited, as JSON. */
export interface Portion {
  readonly text: string;
  readonly calls: number;
  readonly standsFor: number;
}

/** What is cut off is cut a little short, as its JSON is only estimated. */
const CUT_MARGIN = 0.8;
/** Where too much waits, this share of what may wait is kept, so that the search for what to drop is rare. */
const KEPT_SHARE = 0.875;

export class Backlog {
  readonly #waiting: Map<string, Waiting>;
  readonly #bytesMax: number;
  readonly #apisMax: number;
  readonly #nodesMax: number;
  readonly #onLoss: (loss: Loss) => void;
  #bytes = 0;

  /** Changes `waiting` in place. */
  constructor(waiting: Map<string, Waiting>, limits: BacklogLimits, onLoss: (loss: Loss) => void) {
    this.#waiting = waiting;
    this.#bytesMax = limits.unsentBytesMax ?? sensorLimits.unsentBytesMax;
    this.#apisMax = limits.unsentApisMax ?? sensorLimits.unsentApisMax;
    this.#nodesMax = limits.apiNodesMax ?? telemetryLimits.pathNodesMax;
    this.#onLoss = onLoss;
    for (const { weight } of waiting.values()) this.#bytes += weight;
  }

  /** Takes summaries in, which must not be used afterwards. */
  add(summaries: readonly ApiSummary[], origin: Origin): void {
    for (const summary of summaries) this.#addSummary(summary, origin);
    if (this.#waiting.size > this.#apisMax) this.#dropApis();
    if (this.#bytes > this.#bytesMax) this.#dropOperations();
  }

  /** What waits, by shard. */
  byShard(): Map<number, Waiting[]> {
    const byShard = new Map<number, Waiting[]>();
    for (const entry of this.#waiting.values()) {
      const entries = byShard.get(entry.shard);
      if (entries === undefined) byShard.set(entry.shard, [entry]);
      else entries.push(entry);
    }
    return byShard;
  }

  /**
   * Takes `entry` out if its JSON has at most `room` bytes. Else gives null, or, where it `must` give something, a part
   * of it; the rest goes on waiting.
   */
  take(entry: Waiting, room: number, must: boolean): Portion | null {
    const text = summaryText(entry.summary);
    const { calls, standsFor } = entry;
    if (text.length <= room) {
      this.#remove(entry);
      return { text, calls, standsFor };
    }
    if (!must) return null;
    const weightMax = (entry.weight * room * CUT_MARGIN) / text.length;
    const { part, rest } = cutSummary(entry.summary, weightMax);
    const partCalls = callsOf(part);
    const partStandsFor = calls === 0 ? 0 : (standsFor * partCalls) / calls;
    if (rest === null) this.#remove(entry);
    else {
      entry.summary = rest;
      entry.standsFor = standsFor - partStandsFor;
      this.#measure(entry);
    }
    return { text: summaryText(part), calls: partCalls, standsFor: partStandsFor };
  }

  status(): { apis: number; calls: number; bytes: number; oldestMs: number | null } {
    let calls = 0;
    let oldestMs: number | null = null;
    for (const entry of this.#waiting.values()) {
      calls += entry.calls;
      oldestMs = Math.min(oldestMs ?? entry.fromMs, entry.fromMs);
    }
    return { apis: this.#waiting.size, calls, bytes: this.#bytes, oldestMs };
  }

  #addSummary(summary: ApiSummary, { keyId, fromMs, toMs, keptShare }: Origin): void {
    const calls = callsOf(summary);
    const standsFor = calls / keptShare;
    const key = waitingKey(keyId, summary);
    const known = this.#waiting.get(key);
    if (known === undefined) {
      const weight = weighSummary(summary);
      const shard = shardOf(summary.key);
      this.#waiting.set(key, { keyId, shard, summary, weight, calls, standsFor, fromMs, toMs });
      this.#bytes += weight;
      return;
    }
    absorbSummary(known.summary, summary);
    known.standsFor += standsFor;
    known.fromMs = Math.min(known.fromMs, fromMs);
    known.toMs = Math.max(known.toMs, toMs);
    // A merge may have reached a limit of its own.
    this.#measure(known);
    this.#boundNodes(known);
  }

  /** A receiver reads no summary that has many more nodes than a sensor makes at a time. */
  #boundNodes(entry: Waiting): void {
    const nodes = countNodes(entry.summary);
    if (nodes <= this.#nodesMax) return;
    const weightMax = (entry.weight * this.#nodesMax * KEPT_SHARE) / nodes;
    this.#onLoss(dropLeastHeard([entry.summary], weightMax, "pathNodesMax"));
    this.#scale(entry);
  }

  #dropApis(): void {
    const entries = [...this.#waiting.values()].sort((a, b) => b.calls - a.calls);
    for (const entry of entries.slice(this.#apisMax * KEPT_SHARE)) {
      this.#remove(entry);
      this.#onLoss(dropLeastHeard([entry.summary], 0, "unsentApisMax"));
    }
  }

  #dropOperations(): void {
    const summaries = [...this.#waiting.values()].map((entry) => entry.summary);
    this.#onLoss(dropLeastHeard(summaries, this.#bytesMax * KEPT_SHARE, "unsentBytesMax"));
    for (const entry of [...this.#waiting.values()]) {
      this.#scale(entry);
      if (entry.calls === 0) this.#remove(entry);
    }
  }

  /** After calls were dropped from the summary: what is left stands for as much less. */
  #scale(entry: Waiting): void {
    const callsBefore = entry.calls;
    this.#measure(entry);
    entry.standsFor *= callsBefore === 0 ? 1 : entry.calls / callsBefore;
  }

  /** Brings weight and calls up to date with the summary. */
  #measure(entry: Waiting): void {
    const weight = weighSummary(entry.summary);
    this.#bytes += weight - entry.weight;
    entry.weight = weight;
    entry.calls = callsOf(entry.summary);
  }

  #remove(entry: Waiting): void {
    this.#waiting.delete(waitingKey(entry.keyId, entry.summary));
    this.#bytes -= entry.weight;
  }
}
