/**
 * Which segments are parameters. Classes of values are, by what they look like. Words are when several kinds
 * of evidence add up: what stands below them agrees, they look like names, responses carried them, ever new
 * ones come. Works on the tree in place, from the root down, so that what was joined pools its evidence for
 * what is below.
 */

import { type Candidate, candidatesOf, profileIn, type TemplateContext } from "./candidates.ts";
import { frameOf } from "./frame.ts";
import { compareText } from "./group.ts";
import { isRelease } from "./lexicon.ts";
import type { Decision, Subject } from "./model.ts";
import { obtain } from "./obtain.ts";
import { Siblings } from "./siblings.ts";
import { joinNodes, kindOf, type TreeNode, valueFrame } from "./tree.ts";

export function resolveTemplates(root: TreeNode, context: TemplateContext): Decision[] {
  const decisions: Decision[] = [];
  resolve(root, "", context, decisions);
  return decisions;
}

function resolve(
  node: TreeNode,
  parent: string,
  context: TemplateContext,
  decisions: Decision[],
): void {
  joinFrames(node, parent, context);
  joinWords(node, parent, context, decisions);
  for (const [key, child] of [...node.children].sort(([a], [b]) => compareText(a, b)))
    resolve(child, `${parent}/${key}`, context, decisions);
}

/** Joins keys that differ in the classes of their values alone. */
function joinFrames(node: TreeNode, parent: string, { hints }: TemplateContext): void {
  const frames = new Map<string, TreeNode[]>();
  for (const [key, child] of node.children) {
    if (kindOf(key) === "word") continue;
    const frame = hints.takesAll(parent, frameOf(key)) ? "{}" : frameOf(key);
    obtain(frames, frame, () => []).push(child);
  }
  for (const [frame, children] of frames) {
    for (const child of children) node.children.delete(child.key);
    node.children.set(frame, joinNodes(frame, children));
  }
}

/** Joins words that are values, those that end in the name of a format (`6.json`) apart from the others. */
function joinWords(
  node: TreeNode,
  parent: string,
  context: TemplateContext,
  decisions: Decision[],
): void {
  const byFrame = new Map<string, Candidate[]>();
  const { hints } = context;
  for (const candidate of candidatesOf(node, context)) {
    if (hints.isLiteral(parent, candidate.word)) continue;
    const own = valueFrame(candidate.word);
    obtain(byFrame, hints.takesAll(parent, own) ? "{}" : own, () => []).push(candidate);
  }
  for (const [frame, candidates] of byFrame) {
    const slot = node.children.get(frame);
    const { values, decision } = decide(parent, frame, candidates, slot, context);
    if (decision !== null) decisions.push(decision);
    if (values.length === 0) continue;
    const joined = values.map(({ word }) => node.children.get(word)!);
    for (const { word } of values) node.children.delete(word);
    node.children.set(frame, joinNodes(frame, slot === undefined ? joined : [slot, ...joined]));
  }
}

/** A person's hint before evidence. */
function decide(
  parent: string,
  frame: string,
  candidates: readonly Candidate[],
  slot: TreeNode | undefined,
  context: TemplateContext,
): { readonly values: readonly Candidate[]; readonly decision: Decision | null } {
  if (context.hints.isVetoed(parent, frame))
    return { values: [], decision: byHint(parent, candidates, "literal", "a hint vetoes it") };
  if (context.hints.isPinned(parent, frame))
    return {
      values: candidates,
      decision: byHint(parent, candidates, "parameter", "a hint pins it"),
    };
  // Behind a parameter stands the version of that thing; versions of an API stand before all.
  const releases = parent.includes("{}") ? candidates.filter(({ word }) => isRelease(word)) : [];
  const isRest = new Set(candidates);
  for (const release of releases) isRest.delete(release);
  const [actions, others] = splitActions([...isRest], slot);
  const isLone = others.length === 1 && others[0]!.values === 1;
  if (others.length === 0 || (isLone && slot === undefined))
    return { values: releases, decision: null };
  const siblings = new Siblings(others, slot && profileIn(frame, slot, context), context);
  const values = siblings.values();
  const decision = siblings.decision(parent, values);
  return {
    values: [...releases, ...values],
    decision: { ...decision, subjects: [...decision.subjects, ...actions] },
  };
}

/**
 * Words that are called like actions support each other as values would. Where they alone are posted to, they are what
 * they are called.
 */
function splitActions(
  candidates: readonly Candidate[],
  slot: TreeNode | undefined,
): [actions: Subject[], others: readonly Candidate[]] {
  const isPosted =
    slot?.operations.has("POST") ||
    candidates.some(({ isAction, methods }) => !isAction && methods.has("POST"));
  const actions = isPosted ? [] : candidates.filter(({ isAction }) => isAction);
  const isApart = new Set(actions);
  const reason = {
    text: "is called like an action, and nothing else here is posted to",
    weight: -9,
  };
  return [
    actions.map(({ word }) => ({ text: word, outcome: "literal", reasons: [reason] })),
    isApart.size === 0 ? candidates : candidates.filter((candidate) => !isApart.has(candidate)),
  ];
}

function byHint(
  parent: string,
  candidates: readonly Candidate[],
  outcome: Decision["outcome"],
  text: string,
): Decision {
  const subjects = candidates.map(({ word }) => ({ text: word, outcome, reasons: [] }));
  const weight = outcome === "parameter" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  return { parent, outcome, subjects, reasons: [{ text, weight }] };
}
