/**
 * How well one word fits among its siblings, by all that stands below them. An operation of the word is
 * supported by what siblings have at the same place; as handles come in a row (`/repos/{owner}/{repo}`)
 * and ids stand last, "the same place" may leave the first or the last segment open.
 */

import { frameOf } from "./frame.ts";
import { TraitSums } from "./likeness.ts";
import { obtain } from "./obtain.ts";
import type { Signature, Traits } from "./signature.ts";
import * as thresholds from "./thresholds.ts";
import { isClassKey, type TreeNode } from "./tree.ts";

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
  /** Sums of the signatures of the operations, by place. */
  readonly byPlace: ReadonlyMap<string, ReadonlyMap<number, number>>;
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
    for (const [method, summaries] of below.operations)
      operations.push({
        signature: sumSignatures(summaries.map((summary) => traits.of(summary))),
        places: placesOf(method, suffix, looksLikeValue),
      });
    for (const [key, child] of below.children)
      walk(child, [...suffix, isClassKey(key) ? frameOf(key) : key]);
  };
  walk(node, []);
  const byPlace = new Map<string, Signature[]>();
  for (const { signature, places } of operations)
    for (const { key } of places) obtain(byPlace, key, () => []).push(signature);
  return {
    word,
    operations,
    byPlace: new Map([...byPlace].map(([key, list]) => [key, sumSignatures(list)])),
  };
}

/** One signature stands for itself, so that what is looked at once costs nothing. */
function sumSignatures(signatures: readonly Signature[]): Signature {
  if (signatures.length === 1) return signatures[0]!;
  const sum = new Map<number, number>();
  for (const signature of signatures)
    for (const [trait, seen] of signature) sum.set(trait, seen + (sum.get(trait) ?? 0));
  return sum;
}

export interface Support {
  /** Mean weight, over the operations of the profile. */
  readonly mean: number;
  /** Operations that agree with the others on literal words and on what they show. */
  readonly paths: number;
}

/** What a set of profiles has at each place, summed. */
export class Pool {
  readonly #members = new Set<Profile>();
  readonly #places = new Map<string, TraitSums>();
  readonly #traits: Traits;

  constructor(profiles: Iterable<Profile>, traits: Traits) {
    this.#traits = traits;
    for (const profile of profiles) this.add(profile);
  }

  add(profile: Profile): void {
    this.#members.add(profile);
    for (const [key, signature] of profile.byPlace)
      obtain(this.#places, key, () => new TraitSums(this.#traits)).add(signature, 1);
  }

  remove(profile: Profile): void {
    if (!this.#members.delete(profile)) return;
    for (const [key, signature] of profile.byPlace) this.#places.get(key)!.add(signature, -1);
  }

  /** How a profile is supported by the others in the pool. */
  support(profile: Profile): Support {
    const isMember = this.#members.has(profile);
    let sum = 0;
    let paths = 0;
    for (const { signature, places } of profile.operations) {
      let best = Number.NEGATIVE_INFINITY;
      for (const { key, weight, words } of places) {
        const all = this.#places.get(key);
        const mine = (isMember ? profile.byPlace.get(key) : undefined) ?? NOTHING;
        if (all === undefined || all.get(0) - (mine.get(0) ?? 0) <= 0) continue;
        const support = weight + all.likeness(signature, mine);
        if (support > 0 && words > 0) paths += 1;
        best = Math.max(best, support);
      }
      sum += best === Number.NEGATIVE_INFINITY ? thresholds.unsupportedWeight : best;
    }
    return { mean: profile.operations.length === 0 ? 0 : sum / profile.operations.length, paths };
  }
}

const NOTHING: Signature = new Map();

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
