/**
 * How probable it is that a further object lacks a field that all objects so far had. What is common in the API decides:
 * where most fields that were seen often turned out to be optional, one that was seen a few times is so as well. The
 * shares of objects that bear a field, over all fields, are estimated as a mixture (empirical Bayes, by expectation
 * maximisation), apart for fields of which more and less is known that speaks against them.
 */
import * as thresholds from "./thresholds.ts";

/** Shares of the objects that bear a field, and how usual each is where nothing is known of an API. */
const SHARES = [1, 0.99, 0.95, 0.9, 0.8, 0.65, 0.5, 0.35, 0.2, 0.1, 0.03] as const;
const USUAL = [0.5, 0.02, 0.04, 0.08, 0.06, 0.06, 0.08, 0.05, 0.06, 0.03, 0.02] as const;

/** More objects say no more of which share it is, and the counts that differ stay few. */
const OBJECTS_MAX = 40;
const ROUNDS = 40;
const LEVELS = thresholds.doubtLevels.length + 1;

/** Fields that were in so many of so many objects. */
interface Seen {
  times: number;
  readonly present: number;
  readonly whole: number;
  readonly level: number;
}

export class Presence {
  readonly #seen = new Map<number, Seen>();
  /** By level of doubt. */
  #mixtures: readonly (readonly number[])[] = [];
  /** By objects and level: many fields are asked for, few differ. */
  readonly #absences = new Map<number, number>();

  /** A field that was in `present` of `whole` objects; `doubt`: how much speaks against it elsewhere. */
  add(present: number, whole: number, doubt: number): void {
    if (whole < thresholds.requiredObjectsMin) return;
    const most = Math.min(whole, OBJECTS_MAX);
    const scaled = Math.min(most - 1, Math.round((present / whole) * most));
    const own = present === whole ? most : scaled;
    const level = levelOf(doubt);
    const key = (level * OBJECTS_MAX + most) * (OBJECTS_MAX + 1) + own;
    const known = this.#seen.get(key);
    if (known !== undefined) known.times += 1;
    else this.#seen.set(key, { times: 1, present: own, whole: most, level });
  }

  /** Concludes from all that was added. */
  conclude(): void {
    const all = [...this.#seen].sort(([a], [b]) => a - b).map(([, seen]) => seen);
    const usual = mixtureOf(all, USUAL);
    this.#mixtures = Array.from({ length: LEVELS }, (_, level) =>
      mixtureOf(
        all.filter((seen) => seen.level === level),
        usual,
      ),
    );
  }

  /** The part of further objects that lack a field which all of `whole` had. */
  absence(whole: number, doubt: number): number {
    const level = levelOf(doubt);
    const key = whole * LEVELS + level;
    let absence = this.#absences.get(key);
    if (absence === undefined) {
      absence = absenceIn(this.#mixtures[level]!, whole);
      this.#absences.set(key, absence);
    }
    return absence;
  }
}

function absenceIn(mixture: readonly number[], whole: number): number {
  let lacking = 0;
  let all = 0;
  for (let at = 0; at < SHARES.length; at += 1) {
    const likelihood = mixture[at]! * SHARES[at]! ** whole;
    lacking += likelihood * (1 - SHARES[at]!);
    all += likelihood;
  }
  return all === 0 ? 0 : lacking / all;
}

function levelOf(doubt: number): number {
  const level = thresholds.doubtLevels.findIndex((most) => doubt <= most);
  return level < 0 ? thresholds.doubtLevels.length : level;
}

/** How usual each share is among the fields that were seen, to which `before` counts like a few more. */
function mixtureOf(seen: readonly Seen[], before: readonly number[]): readonly number[] {
  const fits = seen.map(({ times, present, whole }) => ({
    times,
    likelihoods: SHARES.map((share) => share ** present * (1 - share) ** (whole - present)),
  }));
  let mixture = before;
  for (let round = 0; round < ROUNDS && fits.length > 0; round += 1) {
    const next = before.map((part) => part * thresholds.presencePriorFields);
    for (const { times, likelihoods } of fits) {
      let all = 0;
      for (let at = 0; at < SHARES.length; at += 1) all += mixture[at]! * likelihoods[at]!;
      if (all === 0) continue;
      for (let at = 0; at < SHARES.length; at += 1)
        next[at]! += (times * mixture[at]! * likelihoods[at]!) / all;
    }
    const total = next.reduce((sum, part) => sum + part, 0);
    mixture = next.map((part) => part / total);
  }
  return mixture;
}
