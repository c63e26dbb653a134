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
import { sensorLimits } from "../base/limits.ts";
import type { ApiSummary } from "../telemetry/summary.ts";
import { Backlog, type BacklogLimits, type Origin } from "./backlog.ts";
import { type FrozenDelta, freezeDelta, nameText } from "./delta.ts";
import type { Loss } from "./portion.ts";
import type { QuietLog } from "./quietlog.ts";
import {
  beginEpoch,
  decodeState,
  encodeState,
  newState,
  type SensorState,
  type Waiting,
} from "./state.ts";
import type { StateFile } from "./statefile.ts";

/** What one flush took. The summaries belong to the queue from then on. */
export interface Taken extends Origin {
  readonly summaries: readonly ApiSummary[];
  /** Counts of the whole sensor since the flush before. */
  readonly coverage: ReadonlyMap<string, number>;
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

export interface QueueOptions extends BacklogLimits {
  /** Null keeps everything in memory only: what is not acknowledged ends with the process. */
  readonly stateFile: StateFile | null;
  readonly log: QuietLog;
  /** The sensor's name; null takes that of the state file, or makes one. */
  readonly sensor: string | null;
  readonly nowMs: () => number;
  /** As `sensorLimits` says, or less. */
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

export class DeltaQueue {
  readonly #options: QueueOptions;
  readonly #deltaBytesMax: number;
  readonly #frozenBytesMax: number;
  readonly #state: SensorState;
  readonly #backlog: Backlog;
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
    this.#deltaBytesMax = options.deltaBytesMax ?? sensorLimits.deltaBytesMax;
    this.#frozenBytesMax = options.frozenBytesMax ?? sensorLimits.frozenBytesMax;
    this.#state = state;
    this.#isDurable = options.stateFile !== null;
    this.#lastFrozenMs = options.nowMs();
    this.#backlog = new Backlog(state.waiting, options, (loss) => this.#lose(loss));
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
    for (const [reason, count] of taken.coverage) this.#cover(reason, count);
    state.coverageFromMs = Math.min(state.coverageFromMs, taken.fromMs);
    state.coverageToMs = Math.max(state.coverageToMs, taken.toMs);
    this.#backlog.add(taken.summaries, taken);
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
    const { sensor, epoch, frozen } = this.#state;
    const { apis, calls, bytes, oldestMs } = this.#backlog.status();
    return {
      sensor,
      epoch,
      waitingApis: apis,
      waitingCalls: calls,
      waitingBytes: bytes,
      oldestMs,
      frozenDeltas: frozen.length,
      frozenBytes: bytesOf(frozen),
      isDurable: this.#options.stateFile === null ? null : this.#isDurable,
      losses: { ...this.#losses },
    };
  }

  #cover(reason: string, count: number): void {
    const { coverage } = this.#state;
    if (count === 0) return;
    // The last place is for all that finds none.
    const isFull = coverage.size >= sensorLimits.coverageReasonsMax - 1 && !coverage.has(reason);
    const name = isFull ? "other" : reason;
    coverage.set(name, (coverage.get(name) ?? 0) + count);
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
    const byShard = this.#backlog.byShard();
    const before = frozen.length;
    let bytes = bytesOf(frozen);
    for (let step = 0; step < sensorLimits.shardCount; step += 1) {
      const shard = (this.#nextShard + step) % sensorLimits.shardCount;
      const entries = byShard.get(shard);
      if (entries === undefined || busy.has(shard)) continue;
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
      const portion = this.#backlog.take(entry, room, texts.length === 0);
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
