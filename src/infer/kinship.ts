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
}

/** Everything below one word. */
export interface Profile {
  readonly word: string;
  readonly operations: readonly Placed[];
}

export function profileOf(word: string, node: TreeNode, traits: Traits): Profile {
  const operations: Placed[] = [];
  const walk = (below: TreeNode, suffix: string[]): void => {
    for (const [method, summaries] of below.operations) {
      const signature = new Map<number, number>();
      for (const summary of summaries)
        for (const [trait, seen] of traits.of(summary))
          signature.set(trait, seen + (signature.get(trait) ?? 0));
      operations.push({ signature, places: placesOf(method, suffix) });
    }
    for (const [key, child] of below.children)
      walk(child, [...suffix, isClassKey(key) ? frameOf(key) : key]);
  };
  walk(node, []);
  return { word, operations };
}

/** What a set of profiles has at each place, summed. */
export class Pool {
  readonly #places = new Map<string, Map<number, number>>();
  readonly #traits: Traits;

  constructor(profiles: Iterable<Profile>, traits: Traits) {
    this.#traits = traits;
    for (const profile of profiles) this.#add(profile);
  }

  /** Mean support of a profile's operations by the other profiles. `isMember`: it is itself in the pool. */
  support(profile: Profile, isMember: boolean): number {
    if (profile.operations.length === 0) return 0;
    const own = isMember ? sumByPlace([profile]) : new Map<string, Map<number, number>>();
    let sum = 0;
    for (const operation of profile.operations) sum += this.#supportOf(operation, own);
    return sum / profile.operations.length;
  }

  #supportOf({ signature, places }: Placed, own: ReadonlyMap<string, Map<number, number>>): number {
    let best = Number.NEGATIVE_INFINITY;
    for (const { key, weight } of places) {
      const all = this.#places.get(key);
      if (all === undefined) continue;
      const mine = own.get(key) ?? NOTHING;
      if ((all.get(0) ?? 0) - (mine.get(0) ?? 0) <= 0) continue;
      best = Math.max(best, weight + likeness(signature, all, mine, this.#traits));
    }
    return best === Number.NEGATIVE_INFINITY ? thresholds.unsupportedWeight : best;
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

function placesOf(method: string, suffix: readonly string[]): Place[] {
  const open = (...positions: number[]): Place => {
    const frames = suffix.map((frame, index) => (positions.includes(index) ? "*" : frame));
    let weight = 0;
    for (const frame of frames)
      if (frame === "*") weight += thresholds.openSegmentWeight;
      else
        weight += frame.includes("{}") ? thresholds.sharedSlotWeight : thresholds.sharedWordWeight;
    return {
      key: `${method} ${frames.join("/")}`,
      weight: Math.min(thresholds.sharedWordsMax, weight),
    };
  };
  const last = suffix.length - 1;
  const places = [open()];
  if (last >= 0) places.push(open(last));
  if (last >= 1) places.push(open(0));
  if (last >= 2) places.push(open(0, last));
  return places;
}
