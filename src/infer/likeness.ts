/**
 * How much more likely an operation is if it is the same operation as some others, seen under another word,
 * than if it is an unrelated one: a logarithm of a ratio of probabilities, trait by trait. A trait counts
 * only where its parent was there on both sides, so a missing object is missing once, not once a field.
 */

import type { Signature, Traits } from "./signature.ts";
import * as thresholds from "./thresholds.ts";

/** Sums of the traits of many operations at one place. */
export class TraitSums {
  readonly #sums = new Map<number, number>();
  readonly #traits: Traits;
  /** What the traits below each trait weigh together; made when asked for, gone with the next change. */
  #below: Map<number, Below> | null = null;

  constructor(traits: Traits) {
    this.#traits = traits;
  }

  add(signature: Signature, sign: 1 | -1): void {
    this.#below = null;
    for (const [trait, seen] of signature) {
      const left = (this.#sums.get(trait) ?? 0) + sign * seen;
      if (left === 0) this.#sums.delete(trait);
      else this.#sums.set(trait, left);
    }
  }

  get(trait: number): number {
    return this.#sums.get(trait) ?? 0;
  }

  /** How alike an operation is to what is left of these when `out` is taken from them. */
  likeness(own: Signature, out: Signature): number {
    const weights = { sum: 0, shared: 0, all: 0 };
    this.#weighOwn(own, out, weights);
    if (this.#sums.size <= thresholds.exactTraitsMax) this.#weighAbsent(own, out, weights);
    else this.#weighAbsentTogether(own, out, weights);
    const ratio = Math.max(-thresholds.likenessMax, Math.min(thresholds.likenessMax, weights.sum));
    return ratio + coherence(weights.shared, weights.all, this.#traits);
  }

  #weighOwn(own: Signature, out: Signature, weights: Weights): void {
    const { doubt } = this.#traits;
    for (const [trait, seen] of own) {
      if (trait === 0) continue;
      const parent = this.#traits.parent(trait);
      const of = this.#rest(parent, out);
      if (of <= 0) continue;
      const background = this.#traits.background(trait);
      const share = Math.min(1, seen / (own.get(parent) ?? seen));
      const there = Math.min(this.#rest(trait, out), of);
      weights.shared += exact((there / of) * (1 - background));
      weights.all += exact(1 - background);
      const isOtherKind = this.#traits.isKind(trait) && 2 * there < of;
      const weight = isOtherKind
        ? thresholds.otherKindWeight
        : weighPresence(there, of, background, doubt);
      weights.sum += exact(share * weight);
      if (share < 1) weights.sum += exact((1 - share) * weighAbsence(there, of, background, doubt));
    }
  }

  /** What the others have and the operation, which could, has not. */
  #weighAbsent(own: Signature, out: Signature, weights: Weights): void {
    const { doubt } = this.#traits;
    for (const [trait, seen] of this.#sums) {
      const left = seen - (out.get(trait) ?? 0);
      if (trait === 0 || own.has(trait) || left <= 0) continue;
      const parent = this.#traits.parent(trait);
      const of = this.#rest(parent, out);
      if ((own.get(parent) ?? 0) === 0 || of <= 0) continue;
      const background = this.#traits.background(trait);
      const there = Math.min(left, of);
      weights.all += exact((there / of) * (1 - background));
      weights.sum += exact(weighAbsence(there, of, background, doubt));
    }
  }

  /**
   * The same for a mixture of very many traits: what lies below each trait was summed once, and what the
   * operation has of it is taken out again.
   */
  #weighAbsentTogether(own: Signature, out: Signature, weights: Weights): void {
    const below = this.#sumBelow();
    for (const [trait, seen] of own) {
      const sums = below.get(trait);
      const of = this.#rest(trait, out);
      if (sums === undefined || seen === 0 || of <= 0) continue;
      weights.all += exact(sums.special / of);
      weights.sum += sums.absent;
    }
    const { doubt } = this.#traits;
    for (const trait of own.keys()) {
      if (trait === 0) continue;
      const parent = this.#traits.parent(trait);
      const of = this.#rest(parent, out);
      const all = this.get(parent);
      const seen = Math.min(this.get(trait), all);
      if ((own.get(parent) ?? 0) === 0 || of <= 0 || seen <= 0) continue;
      const background = this.#traits.background(trait);
      weights.all -= exact((seen * (1 - background)) / of);
      weights.sum -= exact(weighAbsence(seen, all, background, doubt));
    }
  }

  #sumBelow(): Map<number, Below> {
    if (this.#below !== null) return this.#below;
    const sums = new Map<number, Below>();
    const { doubt } = this.#traits;
    for (const [trait, seen] of this.#sums) {
      if (trait === 0) continue;
      const parent = this.#traits.parent(trait);
      const of = this.get(parent);
      const there = Math.min(seen, of);
      const background = this.#traits.background(trait);
      const known = sums.get(parent) ?? { special: 0, absent: 0 };
      known.special += exact(there * (1 - background));
      known.absent += exact(weighAbsence(there, of, background, doubt));
      sums.set(parent, known);
    }
    this.#below = sums;
    return sums;
  }

  #rest(trait: number, out: Signature): number {
    return this.get(trait) - (out.get(trait) ?? 0);
  }
}

interface Weights {
  sum: number;
  /** How special the traits in common are, and all traits. */
  shared: number;
  all: number;
}

interface Below {
  special: number;
  absent: number;
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
