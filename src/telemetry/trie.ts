import { telemetryLimits } from "../base/limits.ts";
import { Node, type NodeBudget } from "./book.ts";
import { PathWalk } from "./corrections.ts";
import { NameFlag } from "./fieldnames.ts";
import { isDigit } from "./forms.ts";
import { LexicalClass } from "./lexical.ts";
import { type ApiTally, freezeNode, NodeTally, OperationTally } from "./live.ts";
import { absorbNode } from "./merge.ts";
import { observeText } from "./parameters.ts";
import type { PrivacyRules } from "./privacy.ts";
import { emptySample, observeHash } from "./sample.ts";
import {
  emptyReading,
  isPureClass,
  readLiteral,
  readSegment,
  type SegmentReading,
  WORD_KEY,
} from "./segment.ts";
import { emptyTextShape } from "./shape.ts";
import type { PathNode } from "./summary.ts";
import type { Tables } from "./tables.ts";
import type { Target } from "./target.ts";
import { isKnownWord } from "./vocabulary.ts";

/** Finds and makes the nodes of paths. One instance serves a whole sensor. */
export class Trie {
  readonly #tables: Tables;
  readonly #privacy: PrivacyRules;
  readonly #reading: SegmentReading = emptyReading();
  #looksAtValues = true;
  /** Whether somebody said that the segment is a word. */
  #isPinned = false;
  /** Nodes of all APIs together. */
  nodeCount = 0;

  readonly #budget: NodeBudget;

  constructor(tables: Tables, privacy: PrivacyRules, budget: NodeBudget) {
    this.#tables = tables;
    this.#privacy = privacy;
    this.#budget = budget;
  }

  /**
   * The node at which the target's path ends, made where it is new; null where a limit forbids. Every node on the
   * way counts the call, and its slots their values, or only the first since the last delta.
   */
  reach(api: ApiTally, target: Target, refused: boolean, looksAtValues: boolean): NodeTally | null {
    this.#looksAtValues = looksAtValues;
    let node = api.root;
    count(node, refused);
    let start = target.pathStart;
    const end = target.pathEnd;
    if (start >= end) return node;
    const pins = api.corrections?.pins ?? null;
    const walk = pins === null ? null : new PathWalk(pins);
    for (let position = 0; start <= end; position += 1) {
      let stop = start;
      while (stop < end && target.bytes[stop] !== 0x2f) stop += 1;
      if (position === telemetryLimits.pathSegmentsMax) {
        api.mark("pathSegmentsMax");
        return null;
      }
      this.#isPinned = walk?.step(target.text.slice(start, stop)) ?? false;
      const next = this.#child(api, node, target, start, stop, position, refused);
      if (next === null) return null;
      count(next, refused);
      node = next;
      start = stop + 1;
    }
    return node;
  }

  #child(
    api: ApiTally,
    node: NodeTally,
    target: Target,
    start: number,
    end: number,
    position: number,
    refused: boolean,
  ): NodeTally | null {
    // A literal that is known needs no reading, unless what stands behind it could make it a version.
    if (target.ascii && (start === end || !isDigit(target.bytes[start]!))) {
      const known = node.children.get(target.text.slice(start, end));
      if (known !== undefined && known.slots.length === 0) return known;
    }
    const reading = this.#reading;
    if (this.#isPinned) readLiteral(target.bytes, start, end, reading);
    else readSegment(target.bytes, start, end, position, end === target.pathEnd, reading);
    if (!this.#isPinned && !this.#privacy.pathWords && reading.slotCount === 0) hideWord(reading);
    let child = node.children.get(reading.key);
    if (child === undefined) {
      child = this.#add(api, node, reading) ?? undefined;
      if (child === undefined) return null;
    }
    if (!refused) this.#observeSlots(api, child, reading);
    return child;
  }

  #add(api: ApiTally, node: NodeTally, reading: SegmentReading): NodeTally | null {
    if (node.children.size >= telemetryLimits.pathChildrenMax) this.#forgetChildren(api, node);
    if (
      api.nodeCount >= telemetryLimits.pathNodesMax ||
      this.nodeCount >= telemetryLimits.pathNodesTotalMax
    ) {
      this.#prune(api);
      if (
        api.nodeCount >= telemetryLimits.pathNodesMax ||
        this.nodeCount >= telemetryLimits.pathNodesTotalMax
      ) {
        api.mark("pathNodesMax");
        return null;
      }
    }
    const literal = reading.slotCount === 0 && reading.key !== "" && this.#privacy.hashes;
    const hash =
      literal && reading.byteCount <= telemetryLimits.hashedBytesMax
        ? this.#tables.hash.number(reading.bytes, 0, reading.byteCount)
        : 0;
    const slots: number[] = [];
    for (let index = 0; index < reading.slotCount; index += 1) slots.push(api.slots.node(0));
    const child = new NodeTally(hash, slots);
    node.children.set(reading.key, child);
    api.nodeCount += 1;
    this.nodeCount += 1;
    return child;
  }

  #observeSlots(api: ApiTally, node: NodeTally, reading: SegmentReading): void {
    const slots = node.slots;
    const book = api.slots;
    for (let index = 0; index < slots.length; index += 1) {
      const slot = slots[index]!;
      if (!this.#looksAtValues && book.cells[slot + Node.Text] !== 0) continue;
      const start = reading.slotStarts[index]!;
      const end = reading.slotEnds[index]!;
      this.#tables.judge.text(NameFlag.IdLike | NameFlag.Private, reading.bytes, start, end);
      observeText(book, slot, this.#tables.judge, telemetryLimits.slotHashesMax);
    }
  }

  /** Half of the children stay: those heard most, of equals the later ones. */
  #forgetChildren(api: ApiTally, node: NodeTally): void {
    const order = [...node.children].filter(([key]) => !isPureClass(key));
    const heard = order.map(([key, child], at) => ({ key, child, at }));
    heard.sort(
      (a, b) => b.child.calls - a.child.calls || b.child.refused - a.child.refused || b.at - a.at,
    );
    for (const { key, child } of heard.slice(heard.length >> 1))
      this.#forget(api, node, key, child);
    api.mark("pathChildrenMax");
  }

  /** Drops a child of which every call was refused; another becomes part of its sibling `{word}`. */
  #forget(api: ApiTally, node: NodeTally, key: string, child: NodeTally): void {
    node.children.delete(key);
    const nodes = countNodes(child);
    api.nodeCount -= nodes;
    this.nodeCount -= nodes;
    if (child.calls === 0) {
      release(api, child);
      return;
    }
    const frozen = freezeNode(api, child, this.#tables, false);
    const word = wordNode(child);
    frozen.slots.splice(0, frozen.slots.length, ...word.slots);
    delete frozen.hash;
    release(api, child);
    if (node.forgotten === null) node.forgotten = frozen;
    else absorbNode(node.forgotten, frozen);
  }

  /** Forgets, everywhere in an API, what had a small share of its calls; the share grows until enough is gone. */
  #prune(api: ApiTally): void {
    const wanted = telemetryLimits.pathNodesMax * 0.75;
    for (let share = 1024; share >= 128 && api.nodeCount > wanted; share /= 2) {
      this.#pruneNode(api, api.root, Math.max(2, api.calls / share));
    }
  }

  #pruneNode(api: ApiTally, node: NodeTally, callsMin: number): void {
    for (const [key, child] of node.children) {
      if (!isPureClass(key) && child.calls < callsMin) this.#forget(api, node, key, child);
      else this.#pruneNode(api, child, callsMin);
    }
  }

  /** The operation `key` at a node, made where it is new; where there are too many, the least heard half goes. */
  operation(api: ApiTally, node: NodeTally, key: string): OperationTally {
    const known = node.operations.get(key);
    if (known !== undefined) return known;
    if (node.operations.size >= telemetryLimits.operationsMax) {
      api.mark("operationsMax");
      const order = [...node.operations].sort(([, a], [, b]) => a.calls - b.calls);
      for (const [least, { book }] of order.slice(0, order.length >> 1)) {
        book.close();
        node.operations.delete(least);
      }
    }
    const operation = new OperationTally(this.#budget);
    node.operations.set(key, operation);
    return operation;
  }

  /** Gives back what an API holds, before it is thrown away. */
  release(api: ApiTally): void {
    release(api, api.root);
    api.slots.close();
    this.nodeCount -= api.nodeCount;
  }
}

function count(node: NodeTally, refused: boolean): void {
  if (refused) node.refused += 1;
  else node.calls += 1;
}

/** Gives back what the books of a node and all below it hold. */
function release(api: ApiTally, node: NodeTally): void {
  for (const slot of node.slots) api.slots.release(slot);
  for (const operation of node.operations.values()) operation.book.close();
  for (const child of node.children.values()) release(api, child);
}

function countNodes(node: NodeTally): number {
  let count = 1;
  for (const child of node.children.values()) count += countNodes(child);
  return count;
}

/** The slot of a forgotten word: how often it was heard, and its hash. */
function wordNode(child: NodeTally): PathNode {
  const text = emptyTextShape();
  const sample = emptySample();
  text.count = child.calls;
  text.classes = [LexicalClass.Word, child.calls];
  text.others = child.calls;
  sample.count = child.calls;
  if (child.hash !== 0) {
    observeHash(sample, child.hash, telemetryLimits.slotHashesMax);
    sample.count = child.calls;
  }
  return { children: new Map(), operations: new Map(), slots: [{ text, sample }] };
}

/** Where path words are not kept, only those of the public vocabulary stay. */
function hideWord(reading: SegmentReading): void {
  let from = 0;
  const bytes = reading.bytes;
  for (let at = 0; at <= reading.byteCount; at += 1) {
    const byte = at < reading.byteCount ? bytes[at]! : 0x2d;
    if ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a) continue;
    if (at > from && !isKnownWord(bytes, from, at)) {
      reading.key = WORD_KEY;
      reading.slotCount = 1;
      reading.slotStarts[0] = 0;
      reading.slotEnds[0] = reading.byteCount;
      reading.slotClasses[0] = LexicalClass.Word;
      return;
    }
    from = at + 1;
  }
}
