/**
 * Which segments are parameters. Classes of values are, by what they look like. Words are when several kinds
 * of evidence add up: what stands below them agrees, they look like names, ever new ones come. Works on the
 * tree in place, from the root down, so that what was joined pools its evidence for what is below.
 */

import { compareText } from "./group.ts";
import { Pool, type Profile, profileOf } from "./kinship.ts";
import { lookOf, weightOf } from "./lexicon.ts";
import type { Decision, Reason } from "./model.ts";
import { obtain } from "./obtain.ts";
import type { Traits } from "./signature.ts";
import * as thresholds from "./thresholds.ts";
import { frameOf, isClassKey, joinNodes, type TreeNode } from "./tree.ts";

export function resolveTemplates(root: TreeNode, traits: Traits): Decision[] {
  const decisions: Decision[] = [];
  resolve(root, "", traits, decisions);
  return decisions;
}

function resolve(node: TreeNode, parent: string, traits: Traits, decisions: Decision[]): void {
  joinFrames(node);
  joinWords(node, parent, traits, decisions);
  for (const [key, child] of [...node.children].sort(([a], [b]) => compareText(a, b)))
    resolve(child, `${parent}/${key}`, traits, decisions);
}

function joinFrames(node: TreeNode): void {
  const frames = new Map<string, TreeNode[]>();
  for (const [key, child] of node.children)
    if (isClassKey(key)) obtain(frames, frameOf(key), () => []).push(child);
  for (const [frame, children] of frames) {
    for (const child of children) node.children.delete(child.key);
    node.children.set(frame, joinNodes(frame, children));
  }
}

/** One word that may be a value. */
interface Candidate {
  readonly profile: Profile;
  /** What its text says; independent from word to word. */
  readonly look: readonly Reason[];
  /** What its place in the tree says; the same for all siblings that are one thing. */
  readonly standing: readonly Reason[];
  readonly calls: number;
  support: number;
}

function joinWords(node: TreeNode, parent: string, traits: Traits, decisions: Decision[]): void {
  const words = [...node.children.keys()]
    .filter((key) => key !== "" && !isClassKey(key))
    .sort(compareText);
  const slot = node.children.get("{}");
  if (words.length === 0 || (words.length === 1 && slot === undefined)) return;
  const candidates = words.map((word): Candidate => {
    const child = node.children.get(word)!;
    return {
      profile: profileOf(word, child, traits),
      look: lookOf(word),
      standing: standingOf(child),
      calls: [...child.members.values()].reduce((sum, calls) => sum + calls, 0),
      support: 0,
    };
  });
  const slotProfile = slot === undefined ? null : profileOf("{}", slot, traits);
  const core = selectMembers(candidates, slotProfile, traits);
  const reasons = groupReasons(core, slotProfile !== null);
  const isParameter = core.length > 0 && weightOf(reasons) > 0;
  const joiners = isParameter ? selectJoiners(candidates, core, slotProfile, traits) : [];
  const members = [...core, ...joiners];
  decisions.push({
    parent,
    subjects: candidates.map((candidate) => ({
      text: candidate.profile.word,
      outcome: isParameter && members.includes(candidate) ? "parameter" : "literal",
      reasons: [
        ...candidate.look,
        ...candidate.standing,
        { text: "support by what stands below its siblings", weight: candidate.support },
      ],
    })),
    outcome: isParameter ? "parameter" : "literal",
    reasons,
  });
  if (!isParameter) return;
  const joined = members.map(({ profile }) => node.children.get(profile.word)!);
  for (const { profile } of members) node.children.delete(profile.word);
  node.children.set("{}", joinNodes("{}", slot === undefined ? joined : [slot, ...joined]));
}

/** What the place of a word in the tree says by itself. */
function standingOf(node: TreeNode): Reason[] {
  const reasons: Reason[] = [];
  if ([...node.children.keys()].some((key) => isClassKey(key)))
    reasons.push({ text: "ids stand right below it, as below a collection", weight: -1 });
  if (node.children.size === 0 && [...node.operations.keys()].every((method) => method === "POST"))
    reasons.push({ text: "it is only posted to, as an action is", weight: -0.7 });
  return reasons;
}

/** Drops what fits worst until all that are left fit. */
function selectMembers(
  candidates: readonly Candidate[],
  slot: Profile | null,
  traits: Traits,
): Candidate[] {
  let members = [...candidates];
  for (let round = 0; round < thresholds.selectRoundsMax && members.length > 0; round++) {
    supportBy(members, members, slot, traits);
    const fitting = members.filter((member) => memberWeight(member) > thresholds.memberWeightMin);
    if (fitting.length === members.length) break;
    members = fitting;
  }
  return members;
}

/** Those that were dropped, and may be values all the same: little is known of them, and nothing against. */
function selectJoiners(
  candidates: readonly Candidate[],
  members: readonly Candidate[],
  slot: Profile | null,
  traits: Traits,
): Candidate[] {
  const left = candidates.filter((candidate) => !members.includes(candidate));
  supportBy(left, members, slot, traits);
  const usual = Math.max(3, ...members.map(({ calls }) => calls));
  return left.filter(
    (candidate) =>
      candidate.calls <= usual &&
      weightOf(candidate.look) >= 0 &&
      memberWeight(candidate) > thresholds.joinerWeightMin,
  );
}

function supportBy(
  candidates: readonly Candidate[],
  members: readonly Candidate[],
  slot: Profile | null,
  traits: Traits,
): void {
  const profiles = members.map(({ profile }) => profile);
  const pool = new Pool(slot === null ? profiles : [slot, ...profiles], traits);
  for (const candidate of candidates)
    candidate.support = pool.support(candidate.profile, members.includes(candidate));
}

function memberWeight({ support, look, calls }: Candidate): number {
  return clip(support, -1 - calls / 2, thresholds.supportMax) + weightOf(look);
}

function groupReasons(members: readonly Candidate[], hasSlot: boolean): Reason[] {
  if (members.length === 0) return [];
  const reasons: Reason[] = [];
  const say = (text: string, weight: number) => reasons.push({ text, weight });
  if (hasSlot) say("values of other classes stand here too", thresholds.slotPrior);
  else say("words are literal until shown otherwise", thresholds.literalPrior);
  const support = sum(members, (member) => clip(member.support, -3, thresholds.supportMax));
  say("what stands below the words is alike", clip(support, -9, thresholds.supportSumMax));
  const look = sum(members, (member) => weightOf(member.look));
  say("what the words look like", clip(look, -9, thresholds.lookSumMax));
  const standing = sum(members, (member) => weightOf(member.standing)) / members.length;
  say("where the words stand", thresholds.standingWeight * standing);
  const size = Math.log2(members.length / thresholds.siblingsUsual);
  say(`${members.length} words`, clip(size, 0, 3));
  const calls = sum(members, (member) => member.calls);
  const once = members.filter((member) => member.calls === 1).length;
  const growth = Math.log((once + 0.5) / (calls * thresholds.newWordShare));
  say(`${once} of ${calls} calls bore a word that no other bore`, clip(growth, -1.5, 2));
  return reasons;
}

function sum<Item>(items: readonly Item[], weight: (item: Item) => number): number {
  return items.reduce((total, item) => total + weight(item), 0);
}

function clip(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
