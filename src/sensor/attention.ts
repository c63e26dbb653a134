/**
 * How often the bodies of an endpoint are scanned. Every exchange is counted by its heads; a scan teaches something only
 * as long as the shape is not yet known, so an endpoint whose scans bring nothing new is scanned less often:
 *
 *     quiet scans in a row     0-63   64-127   128-191   192-255   256 and more
 *     exchanges for one scan     1       2         4         8          16
 *
 * Exchanges are taken in blocks of that many, and in each block one is scanned, at a place that looks random: so traffic
 * that repeats with a period is sampled fairly, and never is fewer than one in sixteen scanned. A scan that meets
 * something new (a field, a kind, a status, the endpoint itself) makes the endpoint unknown again: all are scanned.
 * Of an endpoint in the last row, values in heads are looked at where its bodies are.
 *
 * The state is one 32-bit integer, 0 for an endpoint never seen:
 *
 *     bits 0-15   quiet scans; from `QUIET_LAST` it goes on within the last row, so that places keep changing
 *     bits 16-20  exchanges of the current block that passed
 *     bits 21-25  place in the block that is scanned
 */

import { Look } from "../telemetry/attention.ts";

const QUIET_STEP = 64;
const INTERVAL_BITS_MAX = 4;
const QUIET_LAST = QUIET_STEP * INTERVAL_BITS_MAX;
const QUIET_MASK = 0xffff;
const FIVE_BITS = 0x1f;

/** What became of one exchange: bit 31 of the result of `attend` says that its bodies are to be scanned. */
export const SCAN = 1 << 31;

/**
 * The next state, with `SCAN` set where the exchange's bodies are to be scanned. `salt` differs by endpoint and by
 * process. `intervalBitsMin` is what a shortage of CPU demands (`Plan.scanIntervalBits`): at least so many halvings.
 */
export function attend(state: number, salt: number, intervalBitsMin = 0): number {
  const quiet = state & QUIET_MASK;
  const passed = (state >>> 16) & FIVE_BITS;
  const place = (state >>> 21) & FIVE_BITS;
  const bits = Math.max(intervalBits(quiet), intervalBitsMin);
  if (bits === 0) return SCAN | quiet;
  const interval = 1 << bits;
  const scan = passed === (place & (interval - 1)) ? SCAN : 0;
  if (passed + 1 < interval) return scan | (place << 21) | ((passed + 1) << 16) | quiet;
  const next = mix(salt + Math.imul(quiet, 0x9e3779b1) + place) & FIVE_BITS;
  return scan | (next << 21) | quiet;
}

/** The state after a scan; `novel`: it met something that was not known. */
export function scanned(state: number, novel: boolean): number {
  const block = state & ~(SCAN | QUIET_MASK);
  if (novel) return block;
  const quiet = state & QUIET_MASK;
  return block | (quiet === QUIET_MASK ? QUIET_LAST : quiet + 1);
}

function intervalBits(quiet: number): number {
  return quiet >= QUIET_LAST ? INTERVAL_BITS_MAX : (quiet / QUIET_STEP) | 0;
}

/** Last step of MurmurHash3: each bit of the result depends on each bit of `value`. */
function mix(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/**
 * The states of all endpoints in fixed memory, by a 32-bit hash of the endpoint. Where two endpoints fall into one slot,
 * the later takes it over with full attention: forgetting costs scans, never knowledge.
 */
export class AttentionTable {
  readonly #tags: Int32Array;
  readonly #states: Int32Array;
  readonly #salt: number;

  /** `slots` is a power of two; `salt` is random by process. */
  constructor(slots: number, salt: number) {
    this.#tags = new Int32Array(slots);
    this.#states = new Int32Array(slots);
    this.#salt = salt;
  }

  /** How this exchange of the endpoint is to be looked at. */
  attend(endpointHash: number, intervalBitsMin: number): Look {
    const slot = this.#slot(endpointHash);
    const next = attend(this.#states[slot]!, this.#salt ^ endpointHash, intervalBitsMin);
    this.#states[slot] = next & ~SCAN;
    if ((next & SCAN) !== 0) return Look.Bodies;
    return (next & QUIET_MASK) >= QUIET_LAST ? Look.Names : Look.Heads;
  }

  /** To be told once a scan is over, or where the heads alone show something new (a status that was never seen). */
  learned(endpointHash: number, novel: boolean): void {
    const slot = this.#slot(endpointHash);
    this.#states[slot] = scanned(this.#states[slot]!, novel);
  }

  #slot(endpointHash: number): number {
    const slot = endpointHash & (this.#tags.length - 1);
    const tag = endpointHash | 0;
    if (this.#tags[slot] !== tag) {
      this.#tags[slot] = tag;
      this.#states[slot] = 0;
    }
    return slot;
  }
}
