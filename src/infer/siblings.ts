/** The words at one place, and which of them are values of one parameter. */

import type { Candidate, TemplateContext } from "./candidates.ts";
import { Pool, type Profile, type Support } from "./kinship.ts";
import { weightOf } from "./lexicon.ts";
import type { Decision, Reason } from "./model.ts";
import * as thresholds from "./thresholds.ts";

export class Siblings {
  readonly #candidates: readonly Candidate[];
  /** What stands below the values that are there for certain. */
  readonly #slot: Profile | undefined;
  readonly #context: TemplateContext;
  readonly #support = new Map<Candidate, Support>();
  #reasons: Reason[] = [];

  constructor(
    candidates: readonly Candidate[],
    slot: Profile | undefined,
    context: TemplateContext,
  ) {
    this.#candidates = candidates;
    this.#slot = slot;
    this.#context = context;
  }

  /**
   * Words that have enough in common with values that are there join those. The others must make the case
   * together. Then those join of which little is known, and nothing against.
   */
  values(): Candidate[] {
    const slotted = this.#fittingSlot();
    const taken = new Set(slotted);
    const others = this.#candidates.filter((candidate) => !taken.has(candidate));
    const alike = this.#fittingEachOther(others);
    const core = [...slotted, ...alike];
    const joiners = core.length === 0 ? [] : this.#joiners(core);
    const share = (core.length + joiners.length) / this.#candidates.length;
    this.#reasons = this.#groupReasons(alike, share);
    if (alike.length > 0 && weightOf(this.#reasons) > 0) return [...core, ...joiners];
    return slotted.length === 0 ? [] : [...slotted, ...this.#joiners(slotted)];
  }

  decision(parent: string, values: readonly Candidate[]): Decision {
    const isValue = new Set(values);
    return {
      parent,
      outcome: values.length > 0 ? "parameter" : "literal",
      subjects: this.#candidates.map((candidate) => ({
        text: candidate.word,
        outcome: isValue.has(candidate) ? "parameter" : "literal",
        reasons: [
          ...candidate.look,
          ...candidate.carried,
          ...candidate.standing,
          { text: "what stands below it, beside its siblings", weight: this.#mean(candidate) },
        ],
      })),
      reasons: this.#reasons,
    };
  }

  #fittingSlot(): Candidate[] {
    if (this.#slot === undefined) return [];
    this.#measure(this.#candidates, new Pool([this.#slot], this.#context.traits));
    return this.#candidates.filter(
      (candidate) => this.#weigh(candidate) > thresholds.slotMemberMin,
    );
  }

  /** Drops what fits worst until all that are left fit. */
  #fittingEachOther(candidates: readonly Candidate[]): Candidate[] {
    let members = [...candidates];
    const pool = new Pool(
      members.map(({ profile }) => profile),
      this.#context.traits,
    );
    for (let round = 0; round < thresholds.selectRoundsMax && members.length > 0; round++) {
      this.#measure(members, pool);
      const fitting = members.filter((member) => this.#weigh(member) > thresholds.memberWeightMin);
      if (fitting.length === members.length) break;
      const isFitting = new Set(fitting);
      for (const member of members) if (!isFitting.has(member)) pool.remove(member.profile);
      members = fitting;
    }
    return members;
  }

  #joiners(core: readonly Candidate[]): Candidate[] {
    const isCore = new Set(core);
    const left = this.#candidates.filter((candidate) => !isCore.has(candidate));
    if (left.length === 0) return [];
    const profiles = core.map(({ profile }) => profile);
    if (this.#slot !== undefined) profiles.push(this.#slot);
    this.#measure(left, new Pool(profiles, this.#context.traits));
    const usual = core.reduce((most, { calls }) => Math.max(most, calls), 3);
    return left.filter((candidate) => {
      const weight = this.#weigh(candidate);
      if (weight > thresholds.memberWeightMin) return true;
      const isLittleKnown = candidate.calls <= usual && looks(candidate) > thresholds.joinerLookMin;
      return isLittleKnown && weight > thresholds.joinerWeightMin;
    });
  }

  #measure(candidates: readonly Candidate[], pool: Pool): void {
    for (const candidate of candidates) {
      const support = pool.support(candidate.profile);
      // Many values are their own witnesses.
      const mean = candidate.values > 1 ? Math.max(support.mean, 1.5) : support.mean;
      this.#support.set(candidate, { mean, paths: support.paths });
    }
  }

  #mean(candidate: Candidate): number {
    return this.#support.get(candidate)?.mean ?? 0;
  }

  /** Against a word speaks no more than its calls can. */
  #clipped(candidate: Candidate): number {
    const low = -thresholds.dissentBase - thresholds.dissentPerCall * candidate.calls;
    return clip(this.#mean(candidate), low, thresholds.supportMax);
  }

  #weigh(candidate: Candidate): number {
    return this.#clipped(candidate) + looks(candidate);
  }

  #groupReasons(members: readonly Candidate[], share: number): Reason[] {
    if (members.length === 0) return [];
    const reasons: Reason[] = [];
    const say = (text: string, weight: number) => reasons.push({ text, weight });
    if (this.#slot === undefined)
      say("words are literal until shown otherwise", thresholds.literalPrior);
    else say("values stand here, but other ones", thresholds.besideSlotPrior);
    this.#sayWhatIsBelow(members, say);
    sayHowWordsLook(members, say);
    say(
      "words like these are left out",
      thresholds.leftOutWeight * Math.max(0, thresholds.memberShareUsual - share),
    );
    const standing = sum(members, (member) => weightOf(member.standing)) / members.length;
    say("where the words stand", thresholds.standingWeight * standing);
    const values = sum(members, (member) => member.values);
    say(`${values} words`, clip(Math.log2(values / thresholds.siblingsUsual), 0, 3));
    const calls = sum(members, (member) => member.calls);
    const once = sum(members, (member) => clip(2 * member.values - member.calls, 0, member.values));
    const growth = Math.log((once + 0.5) / (calls * thresholds.newWordShare));
    say(
      `${once} of ${calls} calls bore a word that no other bore`,
      clip(growth, thresholds.growthMin, 2),
    );
    return reasons;
  }

  #sayWhatIsBelow(members: readonly Candidate[], say: Say): void {
    const support = sum(members, (member) => this.#clipped(member));
    say("what stands below the words is alike", clip(support, -9, thresholds.supportSumMax));
    if (support <= 0) return;
    const paths = sum(members, (member) => this.#support.get(member)?.paths ?? 0) / members.length;
    say(
      `${Math.round(paths)} paths below each are shared`,
      clip(thresholds.sharedPathsWeight * Math.log2(1 + paths), 0, 4),
    );
  }
}

type Say = (text: string, weight: number) => void;

function sayHowWordsLook(members: readonly Candidate[], say: Say): void {
  const look = sum(members, (member) => weightOf(member.look));
  say("what the words look like", clip(look, -9, thresholds.lookSumMax));
  const foreign = members.filter((member) => member.isForeign).length;
  say(
    `${foreign} have words that APIs seldom use`,
    clip(thresholds.foreignWeight * foreign, 0, thresholds.foreignSumMax),
  );
  const carried = sum(members, (member) => weightOf(member.carried));
  say("responses carried the words", clip(carried, -1, thresholds.carriedSumMax));
  if (members.some((member) => member.values > 1))
    say("one word comes with many numbers", thresholds.mixedWeight);
}

function looks(candidate: Candidate): number {
  const foreign = candidate.isForeign ? thresholds.foreignWeight : 0;
  return weightOf(candidate.look) + weightOf(candidate.carried) + foreign;
}

function sum<Item>(items: readonly Item[], weight: (item: Item) => number): number {
  return items.reduce((total, item) => total + weight(item), 0);
}

function clip(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
