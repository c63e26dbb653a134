/** Every number that inference compares with, in one place, each with its reason. */

/** More words than this are no enumeration (issue 3, "Privacy"). */
export const enumWordsMax = 20;

/** A word list is an enumeration where the next value brings a new word no more probably than this. */
export const enumNewWordMax = 0.05;

/** Below this many strings nothing is known about completeness. */
export const enumCountMin = 5;

/**
 * An object must have been seen whole this often before a field that was always there is required. Two
 * is what one further exchange can already refute; the confidence beside it says how little that is.
 */
export const requiredObjectsMin = 2;

/** Fields nested deeper than this tell no more about what an operation is. */
export const signatureDepthMax = 3;

/** Fields of one object that are compared: more are a map, or known well enough by these. */
export const signatureFieldsMax = 30;

/** However alike two operations are, they are one witness: e^5 to 1. */
export const likenessMax = 4;

/** An operation that no sibling has at the same place. With few calls it may just not have been seen. */
export const unsupportedWeight = -1.3;

/** What it is worth that siblings agree on a literal segment, on a slot, and on one that was left open. */
export const sharedWordWeight = 0.7;
export const sharedSlotWeight = 0.2;
export const openSegmentWeight = -0.3;
export const sharedWordsMax = 1.4;

/** Members are dropped and support is counted again at most so often; it settles in two or three. */
export const selectRoundsMax = 6;

export const coherenceTraitsMin = 1.5;
export const coherenceShare = 0.7;
export const coherenceWeight = 4.5;

/** Support of one word, however good, is one witness; against it speaks more, the more calls it had. */
export const supportMax = 3;
export const memberWeightMin = -0.2;
/** A word that is not like the others joins them still while nothing else is known against it. */
export const joinerWeightMin = -2.5;

export const literalPrior = -4;
/** That siblings look alike is one fact: an API may describe many resources by one structure. */
export const supportSumMax = 6;
export const lookSumMax = 6;
export const newWordShare = 0.12;
export const standingWeight = 1.8;
export const siblingsUsual = 4;
export const mixedWeight = 4;

export const carriedWeight = 3;
export const notCarriedWeight = -0.2;

/** A value of another kind than most others have at its place: few operations answer now this, now that. */
export const otherKindWeight = -2.5;

export const slotMemberMin = 0;
export const joinerLookMin = 0.25;
export const carriedSumMax = 7;
export const looksLikeValueMin = 0.5;

export const foreignWeight = 0.5;
export const foreignSumMax = 2;
export const dissentBase = 0.7;
export const dissentPerCall = 0.4;
export const besideSlotPrior = -4;
export const leftOutWeight = -7.5;
export const memberShareUsual = 0.75;
export const growthMin = -1.5;
export const sharedPathsWeight = 1;
/** Services and procedures of gRPC are names by definition: no other evidence outweighs that. */
export const grpcWeight = -12;

/** Fewer fields in common say nothing, unless they are all there is. */
export const sharedFieldsMin = 3;
/** Fields of two structures that hold objects must have this part of those objects' names in common. */
export const innerNamesShareMin = 0.5;
/**
 * Presence of the fields may differ so much between places of one structure, in natural logarithms of
 * likelihood: chance makes about half a unit a field whose presence varies.
 */
export const presenceDissentMax = 1;
export const presenceDissentPerField = 0.02;
/** Structures are looked up by this part of a place's names, the rarest first. */
export const rareNamesShare = 0.25;

/** Names are data when this part of all occurrences are names that look like values. */
export const mapClassesShareMin = 0.1;
/** In so few objects every name is in most of them. */
export const mapFewObjects = 2;
/** A name that is in more of the objects than this is structure. */
export const mapNameShareMax = 0.6;
export const mapNamesMin = 4;
/** On average a name is in no more of the objects than this. */
export const mapMeanShareMax = 0.35;
/** The same for fields that are called `labels`, `metadata` and so on. */
export const calledMapNamesMin = 2;
export const calledMapNameShareMax = 0.75;

/** A credential that all of so many calls of an operation bore is the API's own; */
export const credentialCallsMin = 3;
/** so is one that this part of all calls bore. */
export const credentialShareMin = 0.3;

/** Errors of so many operations tell how the API answers errors. */
export const errorOperationsMin = 3;

export const familyNamesShareMin = 0.8;
/**
 * What is known elsewhere of a field that was always there: the part of the objects of the same family that lack it, and
 * the part of the places with that name where it is optional. Fields between two of these bounds are weighed together.
 */
export const doubtLevels = [0.001, 0.1, 0.25, 0.6] as const;
/** That doubt where nothing is known elsewhere. */
export const absenceUsual = 0.12;
/** What is usual in all APIs, or in all of one, counts like so many fields more. */
export const presencePriorFields = 10;
/** What this part of further objects will lack is not required, whatever was seen. */
export const requiredAbsenceMax = 0.2;
/**
 * What a claim is worth, against the probability that as many further objects as were seen agree with all claims of
 * the structure. Measured: less gives up more claims that hold than it saves exchanges.
 */
export const claimWorth = 0.178;

/** A name that is null (or a fraction) in this part of all structures that have it may be so in each. */
export const usualShareMin = 0.3;

/**
 * Most parameters are optional, so it takes calls to say that one is not: this doubt, and the part of the operations
 * with a parameter of that name where it is optional, must be no more than so much for each call.
 */
export const parameterDoubt = 0.3;
export const doubtPerCallMax = 0.04;

/** A pool of more traits than this is a mixture; what an operation lacks of it is weighed together. */
export const exactTraitsMax = 200;

/** More kinds than this under one name are no union that anyone would write down. */
export const variantsMax = 8;
/** A kind that was seen less often may only lack what is optional. */
export const variantObjectsMin = 6;
/** Kinds have on average no more than this part of all their fields: of those with one field each of their own, and many in common, one structure says as much. */
export const variantFieldsShareMax = 0.75;

/** So many values of a field must have stood in a path before one is said to lead to the other. */
export const linkValuesMin = 2;
/** Fields deeper than this are of something else than what was asked for. */
export const linkDepthMax = 3;
/** More links than this say no more about a response. */
export const linksPerResponseMax = 12;
/** A value in more fields than this is too common; it also bounds the work. */
export const linkSourcesMax = 300;

/** The doubt that bodies which were always there are required, where nothing is known, and how much of it a call outweighs. */
export const bodyDoubtUsual = 0.1;
export const bodyDoubtPerCallMax = 0.02;
