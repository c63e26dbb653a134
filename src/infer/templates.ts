/**
 * Which segments are parameters. Classes are, by what they look like; words are when more than one kind of
 * evidence says so. Works on the tree in place, from the root down.
 */

import { compareText } from "./group.ts";
import type { Decision } from "./model.ts";
import { isClassKey, joinNodes, type TreeNode } from "./tree.ts";

/** `report-{int}.pdf` is `report-{}.pdf`: classes of one frame are values of one parameter. */
export function frameOf(key: string): string {
  return key.replace(/\{[^}]*\}/g, "{}");
}

export function resolveTemplates(root: TreeNode): Decision[] {
  const decisions: Decision[] = [];
  resolve(root, "", decisions);
  return decisions;
}

function resolve(node: TreeNode, parent: string, decisions: Decision[]): void {
  joinFrames(node);
  for (const [key, child] of [...node.children].sort(([a], [b]) => compareText(a, b)))
    resolve(child, `${parent}/${key}`, decisions);
}

function joinFrames(node: TreeNode): void {
  const frames = new Map<string, TreeNode[]>();
  for (const [key, child] of node.children)
    if (isClassKey(key)) frames.set(frameOf(key), [...(frames.get(frameOf(key)) ?? []), child]);
  for (const [frame, children] of frames) {
    for (const child of children) node.children.delete(child.key);
    node.children.set(frame, joinNodes(frame, children));
  }
}
