/**
 * How well one word fits among its siblings, by all that stands below them. An operation of the word is
 * supported by what siblings have at the same place; as handles come in a row (`/repos/{owner}/{repo}`)
 * and ids stand last, "the same place" may leave the first or the last segment open.
 */

import { likeness } from "./likeness.ts";
import { obtain } from "./obtain.ts";
import type { Signature, Traits } from "./signature.ts";
import * as thresholds from "./thresholds.ts";
import { frameOf, isClassKey, type TreeNode } from "./tree.ts";

/** An operation below a word, with the ways to say where it stands. */
interface Placed {
  readonly signature: Signature;
  readonly places: readonly Place[];
}

interface Place {
  readonly key: string;
  /** What agreeing on this place is worth by itself: literal segments in common. */
  readonly weight: number;
  /** How many words are among what is agreed on. */
  readonly words: number;
}

/** Everything below one word. */
export interface Profile {
  readonly word: string;
  readonly operations: readonly Placed[];
}

/** Whether a segment looks like a value by itself; then it says little about the place. */
export type LooksLikeValue = (segment: string) => boolean;

export function profileOf(
  word: string,
  node: TreeNode,
  traits: Traits,
  looksLikeValue: LooksLikeValue,
): Profile {
  const operations: Placed[] = [];
  const walk = (below: TreeNode, suffix: string[]): void => {
    for (const [method, summaries] of below.operations) {
      const signature = new Map<number, number>();
      for (const summary of summaries)
        for (const [trait, seen] of traits.of(summary))
          signature.set(trait, seen + (signature.get(trait) ?? 0));
      operations.push({ signature, places: placesOf(method, suffix, looksLikeValue) });
    }
    for (const [key, child] of below.children)
      walk(child, [...suffix, isClassKey(key) ? frameOf(key) : key]);
  };
  walk(node, []);
  return { word, operations };
}

export interface Support {
  /** Mean weight, over the operations of the profile. */
  readonly mean: number;
  /** Operations that agree with the others on literal words and on what they show. */
  readonly paths: number;
}

/** What a set of profiles has at each place, summed. */
export class Pool {
  readonly #places = new Map<string, Map<number, number>>();
  readonly #traits: Traits;

  constructor(profiles: Iterable<Profile>, traits: Traits) {
    this.#traits = traits;
    for (const profile of profiles) this.#add(profile);
  }

  /** How a profile is supported by the others. `isMember`: it is itself in the pool. */
  support(profile: Profile, isMember: boolean): Support {
    const own = isMember ? sumByPlace([profile]) : new Map<string, Map<number, number>>();
    let sum = 0;
    let paths = 0;
    for (const { signature, places } of profile.operations) {
      let best = Number.NEGATIVE_INFINITY;
      for (const { key, weight, words } of places) {
        const all = this.#places.get(key);
        const mine = own.get(key) ?? NOTHING;
        if (all === undefined || (all.get(0) ?? 0) - (mine.get(0) ?? 0) <= 0) continue;
        const support = weight + likeness(signature, all, mine, this.#traits);
        if (support > 0 && words > 0) paths += 1;
        best = Math.max(best, support);
      }
      sum += best === Number.NEGATIVE_INFINITY ? thresholds.unsupportedWeight : best;
    }
    return { mean: profile.operations.length === 0 ? 0 : sum / profile.operations.length, paths };
  }

  #add(profile: Profile): void {
    for (const [key, signature] of sumByPlace([profile])) {
      const target = obtain(this.#places, key, () => new Map<number, number>());
      for (const [trait, seen] of signature) target.set(trait, seen + (target.get(trait) ?? 0));
    }
  }
}

const NOTHING: ReadonlyMap<number, number> = new Map();

function sumByPlace(profiles: Iterable<Profile>): Map<string, Map<number, number>> {
  const sums = new Map<string, Map<number, number>>();
  for (const profile of profiles)
    for (const { signature, places } of profile.operations)
      for (const { key } of places) {
        const target = obtain(sums, key, () => new Map<number, number>());
        for (const [trait, seen] of signature) target.set(trait, seen + (target.get(trait) ?? 0));
      }
  return sums;
}

function placesOf(
  method: string,
  suffix: readonly string[],
  looksLikeValue: LooksLikeValue,
): Place[] {
  const places = new Map<string, Place>();
  const open = (isOpen: (index: number) => boolean): void => {
    let weight = 0;
    let words = 0;
    const frames = suffix.map((frame, index) => {
      if (frame === "{}") weight += thresholds.sharedSlotWeight;
      else if (isOpen(index)) weight += thresholds.openSegmentWeight;
      else if (frame !== "") {
        weight += thresholds.sharedWordWeight;
        words += 1;
      }
      return frame !== "{}" && isOpen(index) ? "*" : frame;
    });
    const key = `${method} ${frames.join("/")}`;
    places.set(key, { key, weight: Math.min(thresholds.sharedWordsMax, weight), words });
  };
  const last = suffix.length - 1;
  open(() => false);
  if (last < 0) return [...places.values()];
  open((index) => index === last);
  open((index) => looksLikeValue(suffix[index]!));
  if (last >= 1) open((index) => index === 0);
  if (last >= 2) open((index) => index === 0 || index === last);
  return [...places.values()];
}
