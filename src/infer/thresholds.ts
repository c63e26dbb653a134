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
