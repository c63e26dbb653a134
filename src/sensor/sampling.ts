/**
 * A fair sample of flows. A flow is kept by a hash of its two ends alone, so both directions, all workers and all times
 * agree, nothing is kept by half, and a smaller share keeps a subset of what a larger one keeps: a flow that goes when
 * the share falls is one of those that come back when it rises.
 */

/** `flowHash`: 32 bits, the same for both directions, under a random salt. `keepShare`: above 0, at most 1. */
export function keepsFlow(flowHash: number, keepShare: number): boolean {
  return flowHash >>> 0 < keepShare * 0x1_0000_0000;
}
