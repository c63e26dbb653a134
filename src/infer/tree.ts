/**
 * The path trie of one API while templates are worked out: the tries of all its summaries laid over each
 * other, with operations still as the list of summaries that they consist of.
 */

import { inferLimits } from "../base/limits.ts";
import { LexicalClass } from "../telemetry/lexical.ts";
import type { ValueSample } from "../telemetry/sample.ts";
import { emptyTextShape } from "../telemetry/shape.ts";
import type { OperationSummary, PathNode, SlotSummary } from "../telemetry/summary.ts";
import { frameOf } from "./frame.ts";
import { obtain } from "./obtain.ts";
import { addText } from "./sum.ts";

export interface TreeNode {
  /** Segment pattern of `telemetry/segment.ts`; `{}` where words became a parameter. */
  readonly key: string;
  /** The patterns that were joined into this node, with their calls; itself alone where none were. */
  readonly members: Map<string, number>;
  readonly children: Map<string, TreeNode>;
  readonly operations: Map<string, OperationSummary[]>;
  readonly slots: SlotSummary[];
}

export function emptyNode(key: string): TreeNode {
  return { key, members: new Map(), children: new Map(), operations: new Map(), slots: [] };
}

/** Lays a trie of a summary over the tree. */
export function overlay(into: TreeNode, from: PathNode, depth = 0): number {
  let calls = 0;
  for (const [method, operation] of from.operations) {
    const list = into.operations.get(method);
    if (list === undefined) into.operations.set(method, [operation]);
    else list.push(operation);
    calls += operation.calls + operation.refused;
  }
  addSlots(into, from.slots);
  if (depth < inferLimits.pathDepthMax)
    for (const [key, child] of from.children) {
      calls += overlay(
        obtain(into.children, key, () => emptyNode(key)),
        child,
        depth + 1,
      );
    }
  into.members.set(into.key, (into.members.get(into.key) ?? 0) + calls);
  return calls;
}

/** Joins nodes of one level into one with the given key; what stands below them is joined by key. */
export function joinNodes(key: string, nodes: readonly TreeNode[]): TreeNode {
  const joined = emptyNode(key);
  for (const node of nodes) {
    for (const [member, calls] of node.members)
      joined.members.set(member, (joined.members.get(member) ?? 0) + calls);
    for (const [method, operations] of node.operations)
      joined.operations.set(method, [...(joined.operations.get(method) ?? []), ...operations]);
    // What was only ever refused, as a word in the place of a number, is no value of the parameter.
    const taught = taughtCalls(node);
    const isAlike = node.key === key || frameOf(node.key) === key;
    if (taught > 0) addSlots(joined, isAlike ? node.slots : [wordSlot(taught)]);
  }
  const below = new Map<string, TreeNode[]>();
  for (const node of nodes)
    for (const [name, child] of node.children) below.set(name, [...(below.get(name) ?? []), child]);
  for (const [name, children] of below)
    joined.children.set(name, children.length === 1 ? children[0]! : joinNodes(name, children));
  return joined;
}

/**
 * What a segment pattern is: a word; a value from end to end; a value in a frame that is a part of the path
 * (`{int}.json`, `Contacts({int})`, `{int}:cancel`, `lat;x={int}`); or a value of which a part looks like one
 * (`user-{int}`), which is a value as a whole.
 */
export function kindOf(key: string): "word" | "value" | "framed" | "mixed" {
  if (!key.includes("{")) return "word";
  const frame = frameOf(key);
  if (frame === "{}") return "value";
  if (/\.[A-Za-z][A-Za-z0-9]{0,4}$|\{\}[:.][A-Za-z]+$|[='(;]/.test(frame)) return "framed";
  return "mixed";
}

/** The frame of the parameter that a word would be a value of: a format's name behind it is no part of the value. */
export function valueFrame(word: string): string {
  const format = /\.(json|xml|yaml|yml|csv|rss|atom|html|txt)$/.exec(word);
  return format === null ? "{}" : `{}${format[0]}`;
}

/** Whether the segment is known to be a parameter, or to hold one. */
export function isClassKey(key: string): boolean {
  const kind = kindOf(key);
  return kind === "value" || kind === "framed";
}

/** How many values stood in the slots of a node, as far as its samples tell. */
export function distinctValues(node: TreeNode): number {
  return Math.max(0, ...node.slots.map(({ sample }) => sample.hashes.length));
}

export function countCalls(node: TreeNode): number {
  let calls = 0;
  for (const count of node.members.values()) calls += count;
  return calls;
}

/** Calls of the node and below it that were not refused. */
function taughtCalls(node: TreeNode): number {
  let calls = 0;
  for (const operations of node.operations.values())
    for (const operation of operations) calls += operation.calls;
  for (const child of node.children.values()) calls += taughtCalls(child);
  return calls;
}

/** What stood in a parameter where all that is known is that it was a word. */
function wordSlot(calls: number): SlotSummary {
  const text = emptyTextShape();
  text.count = calls;
  text.classes = [LexicalClass.Word, calls];
  text.words = null;
  text.others = calls;
  return { text, sample: { threshold: 0, hashes: [], count: calls } };
}

function addSlots(into: TreeNode, slots: readonly SlotSummary[]): void {
  slots.forEach((slot, index) => {
    const known = into.slots[index];
    if (known === undefined) into.slots[index] = slot;
    else into.slots[index] = joinSlots(known, slot);
  });
}

function joinSlots(a: SlotSummary, b: SlotSummary): SlotSummary {
  const text = emptyTextShape();
  addText(text, a.text);
  addText(text, b.text);
  return { text, sample: joinSamples(a.sample, b.sample) };
}

/** The smaller threshold, and of both what lies below it. */
function joinSamples(a: ValueSample, b: ValueSample): ValueSample {
  const threshold = Math.min(a.threshold, b.threshold);
  const hashes = new Set<number>();
  for (const hash of a.hashes) if (hash <= threshold) hashes.add(hash);
  for (const hash of b.hashes) if (hash <= threshold) hashes.add(hash);
  return { threshold, hashes: [...hashes].sort((x, y) => x - y), count: a.count + b.count };
}
