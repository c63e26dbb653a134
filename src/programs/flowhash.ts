import type { Segment } from "../decode/segment.ts";

/** 32 bits by which flows are sampled or shared out: the same for both directions, another for each salt. */
export const flowHash = (segment: Segment, salt: number): number => {
  let hash = salt | 0;
  hash = step(hash, segment.source0 ^ segment.target0, segment.source1 ^ segment.target1);
  hash = step(hash, segment.source2 ^ segment.target2, segment.source3 ^ segment.target3);
  hash = step(
    hash,
    (segment.source3 + segment.target3) | 0,
    segment.sourcePort ^ segment.targetPort,
  );
  return step(
    hash,
    segment.sourcePort + segment.targetPort,
    segment.sourcePort * segment.targetPort,
  );
};

/** Two rounds of MurmurHash3 (32 bits). */
const step = (hash: number, first: number, second: number): number => {
  let mixed = hash ^ Math.imul(first, 0xcc9e2d51);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
  mixed ^= Math.imul(second, 0x1b873593);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
};
