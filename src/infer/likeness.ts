/**
 * How much more likely an operation is if it is the same operation as some others, seen under another word,
 * than if it is an unrelated one: a logarithm of a ratio of probabilities, trait by trait. A trait counts
 * only where its parent was there on both sides, so a missing object is missing once, not once a field.
 */

import type { Signature, Traits } from "./signature.ts";
import * as thresholds from "./thresholds.ts";

/** `others` holds sums over many operations, from which `out` is taken before it is compared with `own`. */
export function likeness(
  own: Signature,
  others: ReadonlyMap<number, number>,
  out: ReadonlyMap<number, number>,
  traits: Traits,
): number {
  const rest = (trait: number): number => (others.get(trait) ?? 0) - (out.get(trait) ?? 0);
  const doubt = doubtOf(traits);
  let sum = 0;
  let shared = 0;
  let all = 0;
  for (const [trait, seen] of own) {
    if (trait === 0) continue;
    const parent = traits.parent(trait);
    const of = rest(parent);
    if (of <= 0) continue;
    const background = traits.background(trait);
    const share = Math.min(1, seen / (own.get(parent) ?? seen));
    const there = Math.min(rest(trait), of);
    shared += exact((there / of) * (1 - background));
    all += exact(1 - background);
    const isOtherKind = traits.isKind(trait) && 2 * there < of;
    const weight = isOtherKind
      ? thresholds.otherKindWeight
      : weighPresence(there, of, background, doubt);
    sum += exact(share * weight);
    if (share < 1) sum += exact((1 - share) * weighAbsence(there, of, background, doubt));
  }
  for (const [trait, seen] of others) {
    const left = seen - (out.get(trait) ?? 0);
    if (trait === 0 || own.has(trait) || left <= 0) continue;
    const parent = traits.parent(trait);
    const of = rest(parent);
    if ((own.get(parent) ?? 0) === 0 || of <= 0) continue;
    const background = traits.background(trait);
    const there = Math.min(left, of);
    all += exact((there / of) * (1 - background));
    sum += exact(weighAbsence(there, of, background, doubt));
  }
  const ratio = Math.max(-thresholds.likenessMax, Math.min(thresholds.likenessMax, sum));
  return ratio + coherence(shared, all, traits);
}

/**
 * Observations that stand for what is known before any: few where fields are always there or never, many
 * where presence says little. Chosen so that after one message with a field the next has it as often as it
 * does in this API.
 */
function doubtOf(traits: Traits): number {
  const absence = Math.min(0.45, traits.absence);
  return absence / (0.5 - absence);
}

/**
 * Operations that are one have most of their special traits in common, whatever is optional among them. A
 * mixture of many resources has all traits, each seldom.
 */
function coherence(shared: number, all: number, traits: Traits): number {
  if (all < thresholds.coherenceTraitsMin) return 0;
  const expected = (1 - traits.absence) / (1 + traits.absence);
  const excess = shared / all - thresholds.coherenceShare * expected;
  return exact(Math.max(-3, Math.min(1, thresholds.coherenceWeight * excess)));
}

/** A trait that is there. What the others never showed speaks against them, the more of them there are. */
function weighPresence(seen: number, of: number, background: number, doubt: number): number {
  if (seen <= 0) return Math.max(-2, Math.log((doubt + 0.3) / (of + doubt + 0.3)));
  const p = (seen + doubt / 2) / (of + doubt);
  return Math.max(-1, Math.min(2.2, Math.log(p / background)));
}

/** A trait that the others have and this one, which could, has not. */
function weighAbsence(seen: number, of: number, background: number, doubt: number): number {
  const p = (seen + doubt / 2) / (of + doubt);
  return Math.max(-3, Math.min(0.3, Math.log((1 - p) / Math.max(0.05, 1 - background))));
}

/** Multiples of 1/1024 add up to the same sum in any order. */
function exact(value: number): number {
  return Math.round(value * 1024) / 1024;
}
