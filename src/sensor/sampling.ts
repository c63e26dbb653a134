/**
 * A fair sample of flows. A flow is kept by a hash of its two ends alone, so both directions, all workers and all times
 * agree, nothing is kept by half, and a smaller share keeps a subset of what a larger one keeps: a flow that goes when
 * the share falls is one of those that come back when it rises.
 */

/** `flowHash`: 32 bits, the same for both directions, under a random salt. `keepShare`: above 0, at most 1. */
export function keepsFlow(flowHash: number, keepShare: number): boolean {
  return flowHash >>> 0 < keepShare * 0x1_0000_0000;
}

/** Exchanges that were heard, and how many they stand for. */
export interface Heard {
  readonly heard: number;
  readonly standsFor: number;
}

/** Share of the exchanges that was heard; 1 where nothing was shed. */
export const keptShareOf = ({ heard, standsFor }: Heard): number =>
  heard === 0 ? 1 : heard / standsFor;

/** What the exchanges that were heard stand for: each counts as one over the share at which its flow was kept. */
export class SampleMeter {
  #heard = 0;
  #standsFor = 0;

  heard(keepShare: number): void {
    this.#heard += 1;
    this.#standsFor += 1 / keepShare;
  }

  /** Counts since the last call. */
  take(): Heard {
    const counts = { heard: this.#heard, standsFor: this.#standsFor };
    this.#heard = 0;
    this.#standsFor = 0;
    return counts;
  }
}
