/**
 * The life of what a sensor learned, from the flush that took it to the server's acknowledgement:
 *
 *     add ──► waiting ──freeze──► frozen ──settle──► gone
 *              ▲   │ merged with what comes later
 *              └───┘ while the shard has a frozen delta, or the server is away
 *
 * Invariants, which hold at every moment, so that kill -9 at any moment loses nothing acknowledged and doubles nothing:
 * 1. What `freeze` returns is in the state file, and the same knowledge does not wait there any more.
 * 2. A shard has at most one frozen delta; it is sent byte for byte as it is until it is settled.
 * 3. No name is used twice: sequences in the file are at least those of all deltas ever sent under its epoch. Where
 *    the file cannot be written it is removed, so that no later process goes on from an older one; where neither can be
 *    done, nothing is sent.
 *
 * A delta that was settled may still be in the file: it is sent again after a restart, and the server knows its name.
 */
import { sensorLimits, telemetryLimits } from "../base/limits.ts";
import { absorbSummary } from "../telemetry/merge.ts";
import type { ApiSummary } from "../telemetry/summary.ts";
import { type FrozenDelta, freezeDelta, nameText, shardOf, summaryText } from "./delta.ts";
import { cutSummary, dropLeastHeard, type Loss } from "./portion.ts";
import type { QuietLog } from "./quietlog.ts";
import {
  beginEpoch,
  decodeState,
  encodeState,
  newState,
  type SensorState,
  type Waiting,
  waitingKey,
} from "./state.ts";
import type { StateFile } from "./statefile.ts";
import { callsOf, countNodes, weighSummary } from "./weigh.ts";

/** What one flush took. The summaries belong to the queue from then on. */
export interface Taken {
  readonly summaries: readonly ApiSummary[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Counts of the whole sensor since the flush before. */
  readonly coverage: ReadonlyMap<string, number>;
  /** Share of the exchanges that was heard: 1 where nothing was shed (`SampleMeter`). */
  readonly keptShare: number;
  /** Fingerprint of the hash key that it was learned under. */
  readonly keyId: string;
}

/** What knowledge did not reach the server, and why. */
export interface QueueLosses {
  /** Operations that were heard least, and their calls, because too much waited. */
  operationsDropped: number;
  callsDropped: number;
  /** Deltas that the server refused for good, and their calls. */
  deltasRefused: number;
  callsRefused: number;
}

export interface QueueOptions {
  /** Null keeps everything in memory only: what is not acknowledged ends with the process. */
  readonly stateFile: StateFile | null;
  readonly log: QuietLog;
  /** The sensor's name; null takes that of the state file, or makes one. */
  readonly sensor: string | null;
  readonly nowMs: () => number;
  /** Less than the limits say, for tests. */
  readonly unsentBytesMax?: number;
  readonly unsentApisMax?: number;
  readonly apiNodesMax?: number;
  readonly deltaBytesMax?: number;
  readonly frozenBytesMax?: number;
}

export interface QueueStatus {
  readonly sensor: string;
  readonly epoch: string;
  readonly waitingApis: number;
  readonly waitingCalls: number;
  /** Estimated memory of what waits. */
  readonly waitingBytes: number;
  readonly oldestMs: number | null;
  readonly frozenDeltas: number;
  readonly frozenBytes: number;
  /** Whether the state file holds what is frozen; null where there is none by choice. */
  readonly isDurable: boolean | null;
  readonly losses: Readonly<QueueLosses>;
}

/** A sensor that learned nothing still says once a minute that it is there. */
const COVERAGE_ALONE_MS = 60_000;
/** What is cut off is cut a little short, as its JSON is only estimated. */
const CUT_MARGIN = 0.8;
/** Where too much waits, this share of what may wait is kept, so that the search for what to drop is rare. */
const KEPT_SHARE = 0.875;

export class DeltaQueue {
  readonly #options: QueueOptions;
  readonly #unsentBytesMax: number;
  readonly #unsentApisMax: number;
  readonly #deltaBytesMax: number;
  readonly #frozenBytesMax: number;
  readonly #state: SensorState;
  #waitingBytes = 0;
  /** Names that this process gave and that were never sent. */
  readonly #unsent = new Set<string>();
  readonly #losses: QueueLosses = {
    operationsDropped: 0,
    callsDropped: 0,
    deltasRefused: 0,
    callsRefused: 0,
  };
  /** Whether frozen deltas may be sent: the state file has them, or there is no state file. */
  #isHeld = true;
  #isDurable: boolean;
  /** Where the next search for waiting shards begins, so that all get their turn. */
  #nextShard = 0;
  #lastFrozenMs: number;
  /** Saves do not overlap. */
  #lastSave: Promise<void> = Promise.resolve();

  private constructor(options: QueueOptions, state: SensorState) {
    this.#options = options;
    this.#unsentBytesMax = options.unsentBytesMax ?? sensorLimits.unsentBytesMax;
    this.#unsentApisMax = options.unsentApisMax ?? sensorLimits.unsentApisMax;
    this.#deltaBytesMax = options.deltaBytesMax ?? sensorLimits.deltaBytesMax;
    this.#frozenBytesMax = options.frozenBytesMax ?? sensorLimits.frozenBytesMax;
    this.#state = state;
    this.#isDurable = options.stateFile !== null;
    this.#lastFrozenMs = options.nowMs();
    for (const waiting of state.waiting.values()) this.#waitingBytes += waiting.weight;
  }

  /** Goes on from the state file, or begins a new epoch where there is none that can be used. */
  static async open(options: QueueOptions): Promise<DeltaQueue> {
    const { sensor, nowMs } = options;
    const state = (await loadState(options)) ?? newState(sensor, nowMs());
    if (sensor !== null && sensor !== state.sensor) {
      state.sensor = sensor;
      beginEpoch(state, nowMs());
    }
    return new DeltaQueue(options, state);
  }

  /** The installation's hash key as the server gave it; null as long as none is known. */
  get hashKey(): Uint8Array | null {
    return this.#state.hashKey;
  }

  /** Is saved with what is saved next. */
  setHashKey(hashKey: Uint8Array): void {
    this.#state.hashKey = Uint8Array.from(hashKey);
  }

  /** Takes the knowledge of one flush in. */
  add(taken: Taken): void {
    const state = this.#state;
    for (const summary of taken.summaries) this.#addSummary(summary, taken);
    for (const [reason, count] of taken.coverage) this.#cover(reason, count);
    state.coverageFromMs = Math.min(state.coverageFromMs, taken.fromMs);
    state.coverageToMs = Math.max(state.coverageToMs, taken.toMs);
    this.#thin();
  }

  /** Deltas that may be sent, in this order. */
  get frozen(): readonly FrozenDelta[] {
    return this.#isHeld ? this.#state.frozen : [];
  }

  /**
   * Freezes what waits, so far as there is room, and gives `frozen`. Rejects where the state file forbids to send
   * anything; then it may be tried again.
   */
  async freeze(): Promise<readonly FrozenDelta[]> {
    if (this.#freezeWaiting()) this.#isHeld = false;
    if (!this.#isHeld) {
      await this.#persist(true);
      this.#isHeld = true;
    }
    return this.#state.frozen;
  }

  /** To be told before `deltas` are sent; true where none of them was sent before. */
  sending(deltas: readonly FrozenDelta[]): boolean {
    let isFirst = true;
    for (const delta of deltas) isFirst = this.#unsent.delete(nameText(delta)) && isFirst;
    return isFirst;
  }

  /** The server has `deltas`, now or from before. */
  settle(deltas: readonly FrozenDelta[]): void {
    const settled = new Set(deltas);
    this.#state.frozen = this.#state.frozen.filter((delta) => !settled.has(delta));
  }

  /** The server will never take `delta`: it is given up, and counted. */
  refuse(delta: FrozenDelta): void {
    this.settle([delta]);
    this.#losses.deltasRefused += 1;
    this.#losses.callsRefused += delta.calls;
    this.#cover("deltas-refused", 1);
    this.#cover("calls-refused", delta.calls);
  }

  /**
   * Gives new names from now on. For when the server knew names that were never sent: then another sensor has a copy of
   * this state, or this one is a copy from the past.
   */
  beginEpoch(): void {
    beginEpoch(this.#state, this.#options.nowMs());
  }

  /** Writes everything to the state file, so that what waits survives too. Failure is logged, and told by `false`. */
  async save(): Promise<boolean> {
    try {
      await this.#persist(false);
      return true;
    } catch {
      return false;
    }
  }

  status(): QueueStatus {
    const { sensor, epoch, waiting, frozen } = this.#state;
    let waitingCalls = 0;
    let oldestMs: number | null = null;
    for (const entry of waiting.values()) {
      waitingCalls += entry.calls;
      oldestMs = Math.min(oldestMs ?? entry.fromMs, entry.fromMs);
    }
    return {
      sensor,
      epoch,
      waitingApis: waiting.size,
      waitingCalls,
      waitingBytes: this.#waitingBytes,
      oldestMs,
      frozenDeltas: frozen.length,
      frozenBytes: bytesOf(frozen),
      isDurable: this.#options.stateFile === null ? null : this.#isDurable,
      losses: { ...this.#losses },
    };
  }

  #addSummary(summary: ApiSummary, taken: Taken): void {
    const { keyId, fromMs, toMs } = taken;
    const calls = callsOf(summary);
    const standsFor = calls / taken.keptShare;
    const key = waitingKey(keyId, summary);
    const known = this.#state.waiting.get(key);
    if (known === undefined) {
      const weight = weighSummary(summary);
      const shard = shardOf(summary.key);
      this.#state.waiting.set(key, {
        ...{ keyId, shard, summary, weight, calls, standsFor, fromMs, toMs },
      });
      this.#waitingBytes += weight;
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
    const nodesMax = this.#options.apiNodesMax ?? telemetryLimits.pathNodesMax;
    if (nodes <= nodesMax) return;
    const weightMax = (entry.weight * nodesMax * KEPT_SHARE) / nodes;
    const callsBefore = entry.calls;
    this.#lose(dropLeastHeard([entry.summary], weightMax, "pathNodesMax"));
    this.#measure(entry);
    entry.standsFor *= entry.calls / callsBefore;
  }

  /** Brings weight and calls up to date with the summary. */
  #measure(entry: Waiting): void {
    const weight = weighSummary(entry.summary);
    this.#waitingBytes += weight - entry.weight;
    entry.weight = weight;
    entry.calls = callsOf(entry.summary);
  }

  #cover(reason: string, count: number): void {
    const { coverage } = this.#state;
    if (count === 0) return;
    // The last place is for all that finds none.
    const isFull = coverage.size >= sensorLimits.coverageReasonsMax - 1 && !coverage.has(reason);
    const name = isFull ? "other" : reason;
    coverage.set(name, (coverage.get(name) ?? 0) + count);
  }

  /** Where too much waits, what is heard least goes. */
  #thin(): void {
    const { waiting } = this.#state;
    if (waiting.size > this.#unsentApisMax) {
      const entries = [...waiting].sort(([, a], [, b]) => b.calls - a.calls);
      for (const [key, entry] of entries.slice(this.#unsentApisMax * KEPT_SHARE)) {
        waiting.delete(key);
        this.#waitingBytes -= entry.weight;
        this.#lose(dropLeastHeard([entry.summary], 0, "unsentApisMax"));
      }
    }
    if (this.#waitingBytes <= this.#unsentBytesMax) return;
    const summaries = [...waiting.values()].map((entry) => entry.summary);
    const weightMax = this.#unsentBytesMax * KEPT_SHARE;
    const loss = dropLeastHeard(summaries, weightMax, "unsentBytesMax");
    this.#lose(loss);
    for (const [key, entry] of waiting) {
      const callsBefore = entry.calls;
      this.#measure(entry);
      entry.standsFor *= callsBefore === 0 ? 1 : entry.calls / callsBefore;
      if (entry.calls > 0) continue;
      waiting.delete(key);
      this.#waitingBytes -= entry.weight;
    }
  }

  #lose({ operations, calls }: Loss): void {
    this.#losses.operationsDropped += operations;
    this.#losses.callsDropped += calls;
    this.#cover("unsent-operations-dropped", operations);
    this.#cover("unsent-calls-dropped", calls);
  }

  /** Freezes a delta of each shard that has something waiting and nothing frozen; true where it froze any. */
  #freezeWaiting(): boolean {
    const { frozen, coverage } = this.#state;
    const busy = new Set(frozen.map((delta) => delta.shard));
    const byShard = new Map<number, Waiting[]>();
    for (const entry of this.#state.waiting.values()) {
      if (busy.has(entry.shard)) continue;
      const entries = byShard.get(entry.shard);
      if (entries === undefined) byShard.set(entry.shard, [entry]);
      else entries.push(entry);
    }
    const before = frozen.length;
    let bytes = bytesOf(frozen);
    for (let step = 0; step < sensorLimits.shardCount; step += 1) {
      const shard = (this.#nextShard + step) % sensorLimits.shardCount;
      const entries = byShard.get(shard);
      if (entries === undefined) continue;
      if (bytes > 0 && bytes + this.#deltaBytesMax > this.#frozenBytesMax) {
        this.#nextShard = shard;
        break;
      }
      bytes += this.#freezeShard(shard, entries).text.length;
    }
    const nowMs = this.#options.nowMs();
    const isLate = nowMs - this.#lastFrozenMs >= COVERAGE_ALONE_MS;
    if (frozen.length === 0 && coverage.size > 0 && isLate) this.#freezeShard(0, []);
    if (frozen.length === before) return false;
    this.#lastFrozenMs = nowMs;
    return true;
  }

  /** Moves as much of `entries` into a delta as fits; it tells the coverage too, where that was not told yet. */
  #freezeShard(shard: number, entries: readonly Waiting[]): FrozenDelta {
    const state = this.#state;
    const keyId = entries[0]?.keyId ?? "none";
    const facts = {
      keyId,
      fromMs: state.coverageFromMs,
      toMs: state.coverageToMs,
      calls: 0,
      standsFor: 0,
      coverage: state.coverage,
    };
    if (state.coverage.size === 0) {
      facts.fromMs = Number.POSITIVE_INFINITY;
      facts.toMs = Number.NEGATIVE_INFINITY;
    }
    const texts: string[] = [];
    let room = this.#deltaBytesMax;
    for (const entry of entries) {
      if (entry.keyId !== keyId) continue;
      const portion = this.#portion(entry, room, texts.length === 0);
      if (portion === null) break;
      texts.push(portion.text);
      room -= portion.text.length;
      facts.calls += portion.calls;
      facts.standsFor += portion.standsFor;
      facts.fromMs = Math.min(facts.fromMs, entry.fromMs);
      facts.toMs = Math.max(facts.toMs, entry.toMs);
    }
    state.coverage = new Map();
    state.coverageFromMs = Number.POSITIVE_INFINITY;
    state.coverageToMs = Number.NEGATIVE_INFINITY;
    state.sequences[shard]! += 1;
    const { sensor, epoch } = state;
    const delta = freezeDelta(
      { sensor, epoch, shard, sequence: state.sequences[shard]! },
      facts,
      texts,
    );
    state.frozen.push(delta);
    this.#unsent.add(nameText(delta));
    return delta;
  }

  /** Takes from `entry` what fits into `room` bytes of JSON; `first` takes something even where nothing fits. */
  #portion(
    entry: Waiting,
    room: number,
    first: boolean,
  ): { text: string; calls: number; standsFor: number } | null {
    const text = summaryText(entry.summary);
    const { calls, standsFor } = entry;
    if (text.length <= room) {
      this.#state.waiting.delete(waitingKey(entry.keyId, entry.summary));
      this.#waitingBytes -= entry.weight;
      return { text, calls, standsFor };
    }
    if (!first) return null;
    const { part, rest } = cutSummary(
      entry.summary,
      (entry.weight * room * CUT_MARGIN) / text.length,
    );
    if (rest === null) {
      this.#state.waiting.delete(waitingKey(entry.keyId, entry.summary));
      this.#waitingBytes -= entry.weight;
    } else {
      entry.summary = rest;
      this.#measure(entry);
    }
    const partCalls = callsOf(part);
    const partStandsFor = calls === 0 ? 0 : (standsFor * partCalls) / calls;
    entry.standsFor = standsFor - partStandsFor;
    return { text: summaryText(part), calls: partCalls, standsFor: partStandsFor };
  }

  /**
   * Brings the state file up to date. Where it cannot be written and `mustHold`, it is removed, so that nothing is
   * ever sent that an old file would send again; where that fails too, this rejects.
   */
  #persist(mustHold: boolean): Promise<void> {
    const { stateFile } = this.#options;
    if (stateFile === null) return Promise.resolve();
    const save = this.#lastSave.then(() => this.#write(stateFile, mustHold));
    this.#lastSave = save.catch(() => {});
    return save;
  }

  async #write(stateFile: StateFile, mustHold: boolean): Promise<void> {
    const { log } = this.#options;
    try {
      await stateFile.save(encodeState(this.#state));
      this.#isDurable = true;
      log.over("state file", `state file ${stateFile.path} can be written again`);
    } catch (error) {
      this.#isDurable = false;
      const reason = (error as Error).message;
      log.trouble(
        "state file",
        `state file ${stateFile.path} cannot be written (${reason}): what is not acknowledged would not survive a restart`,
      );
      if (!mustHold) throw error;
      await stateFile.remove();
    }
  }
}

async function loadState(options: QueueOptions): Promise<SensorState | null> {
  const { stateFile, log } = options;
  const bytes = (await stateFile?.load()) ?? null;
  if (stateFile === null || bytes === null) return null;
  try {
    const { state, lost } = decodeState(bytes);
    if (lost > 0) {
      log.trouble(
        "state read",
        `state file ${stateFile.path}: what waited of ${lost} APIs cannot be read`,
      );
    }
    return state;
  } catch (error) {
    await stateFile.setAside((error as Error).message);
    return null;
  }
}

const bytesOf = (deltas: readonly FrozenDelta[]): number =>
  deltas.reduce((sum, delta) => sum + delta.text.length, 0);
