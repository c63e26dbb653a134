/** Every number that inference compares with, in one place, each with its reason. */

/** More words than this are no enumeration (issue 3, "Privacy"). */
export const enumWordsMax = 20;

/** A word list is an enumeration when each word was seen this often on average: fewer, and it may yet grow. */
export const enumCallsPerWordMin = 2.5;

/** Below this many strings nothing is known about completeness. */
export const enumCountMin = 6;

/**
 * An object must have been seen whole this often before a field that was always there is required. Two
 * is what one further exchange can already refute; the confidence beside it says how little that is.
 */
export const requiredObjectsMin = 2;

/** Fields nested deeper than this tell no more about what an operation is. */
export const signatureDepthMax = 5;

/** Fields of one object that are compared: more are a map, or known well enough by these. */
export const signatureFieldsMax = 80;

/** However alike two operations are, they are one witness: e^5 to 1. */
export const likenessMax = 5;

/** An operation that no sibling has at the same place. With few calls it may just not have been seen. */
export const unsupportedWeight = -1;

/** What it is worth that siblings agree on a literal segment, on a slot, and on one that was left open. */
export const sharedWordWeight = 0.7;
export const sharedSlotWeight = 0.2;
export const openSegmentWeight = -0.3;
export const sharedWordsMax = 1.4;

/** Members are dropped and support is counted again at most so often; it settles in two or three. */
export const selectRoundsMax = 6;

export const coherenceTraitsMin = 1.5;
export const coherenceShare = 0.7;
export const coherenceWeight = 6;

/** Support of one word, however good, is one witness; against it speaks more, the more calls it had. */
export const supportMax = 2;
export const memberWeightMin = 0;
/** A word that is not like the others joins them still while nothing else is known against it. */
export const joinerWeightMin = -2.5;

export const literalPrior = -5;
/** That siblings look alike is one fact: an API may describe many resources by one structure. */
export const supportSumMax = 6;
export const lookSumMax = 6;
export const newWordShare = 0.15;
export const standingWeight = 1.5;
export const siblingsUsual = 6;
export const mixedWeight = 3;

export const carriedWeight = 2;
export const notCarriedWeight = -0.2;

/** A value of another kind than most others have at its place: few operations answer now this, now that. */
export const otherKindWeight = -2.5;

export const slotMemberMin = 0;
export const joinerLookMin = 0.25;
export const carriedSumMax = 6;
export const looksLikeValueMin = 0.5;

export const foreignWeight = 0.5;
export const foreignSumMax = 2;
export const dissentBase = 1;
export const dissentPerCall = 0.4;
export const besideSlotPrior = -3;
export const leftOutWeight = -6;
export const memberShareUsual = 0.75;
export const growthMin = -1.5;
export const sharedPathsWeight = 1;
