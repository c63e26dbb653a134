/**
 * What a call looks like when its path is forgotten: which fields, query names, statuses and media types it
 * shows, each as "seen k times". Two words that stand for values of one parameter have operations that look
 * alike; two resources rarely do.
 */

import type { Shape } from "../telemetry/shape.ts";
import type { OperationSummary, PathNode } from "../telemetry/summary.ts";
import { compareText } from "./group.ts";
import { obtain } from "./obtain.ts";
import { signatureDepthMax, signatureFieldsMax } from "./thresholds.ts";

/** How often each trait was seen. A trait that is absent was seen 0 times of `seen` of its parent. */
export type Signature = ReadonlyMap<number, number>;

/** Traits of all operations of an API, numbered, with how special each is. */
export class Traits {
  readonly #ids = new Map<string, number>();
  /** By trait: the trait that must be there for this one to be possible; 0 is the call itself. */
  readonly #parents: number[] = [];
  readonly #signatures = new Map<OperationSummary, Signature>();
  /** By trait: last segments of the paths that showed it, and the segments before those. */
  readonly #contexts: { last: Set<string>; before: Set<string> }[] = [];

  readonly #isField: boolean[] = [];
  readonly #isKind: boolean[] = [];
  readonly #seen: number[] = [];
  /** Worked out when first asked for, so after all was learned. */
  readonly #backgrounds: number[] = [];
  #absences = 0;
  #absenceChances = 0;

  constructor() {
    this.#id("call", 0);
  }

  /**
   * Learns the signatures of all operations below a node. `last` and `before` are the last two words of its
   * path; a class and the empty segment behind a slash are none.
   */
  learn(node: PathNode, last: string, before: string): void {
    this.#backgrounds.length = 0;
    for (const operation of node.operations.values()) {
      const signature = this.#sign(operation);
      this.#signatures.set(operation, signature);
      this.#learnAbsence(signature);
      for (const [trait, seen] of signature) {
        this.#seen[trait]! += seen;
        const context = this.#contexts[trait]!;
        context.last.add(last);
        context.before.add(before);
      }
    }
    for (const [key, child] of node.children)
      if (key === "" || key.includes("{")) this.learn(child, last, before);
      else this.learn(child, key, last);
  }

  /**
   * How probable it is, within one operation of this API, that a message lacks a field that another message
   * has: near 0 where all fields are required, near a half where everything is optional.
   */
  get absence(): number {
    return (this.#absences + 0.3) / (this.#absenceChances + 3);
  }

  /**
   * Observations that stand for what is known before any: few where fields are always there or never, many
   * where presence says little. Chosen so that after one message with a field the next has it as often as it
   * does in this API.
   */
  get doubt(): number {
    const absence = Math.min(0.45, this.absence);
    return absence / (0.5 - absence);
  }

  #learnAbsence(signature: Signature): void {
    for (const [trait, seen] of signature) {
      const of = signature.get(this.#parents[trait]!) ?? 0;
      if (!this.#isField[trait] || of < 2 || seen > of) continue;
      this.#absences += Math.round((1024 * (of - seen)) / (of - 1)) / 1024;
      this.#absenceChances += 1;
    }
  }

  of(operation: OperationSummary): Signature {
    return this.#signatures.get(operation) ?? new Map();
  }

  /** Whether the trait is what kind of value stands at a place. */
  isKind(trait: number): boolean {
    return this.#isKind[trait]!;
  }

  parent(trait: number): number {
    return this.#parents[trait]!;
  }

  /**
   * How probable it is that a message of an unrelated operation has a trait, given that it has what the trait is
   * part of: no more than the share of kinds that ever have it, and no more than the share of messages.
   */
  background(trait: number): number {
    const known = this.#backgrounds[trait];
    if (known !== undefined) return known;
    const value = this.#weighBackground(trait);
    this.#backgrounds[trait] = value;
    return value;
  }

  #weighBackground(trait: number): number {
    const parent = this.#parents[trait]!;
    const kinds = (this.#kinds(trait) + 0.5) / (this.#kinds(parent) + 1);
    const messages = (this.#seen[trait]! + 0.5) / (this.#seen[parent]! + 1);
    return Math.min(kinds, messages, 0.98);
  }

  /**
   * In how many kinds of operation a trait was seen. Which operations are of one kind is not known yet, but
   * ids differ in the last segment, and handles in one before it, so the smaller count of the two stands for it.
   */
  #kinds(trait: number): number {
    const { last, before } = this.#contexts[trait]!;
    return Math.min(last.size, before.size);
  }

  #sign(operation: OperationSummary): Signature {
    const signature = new Map<number, number>();
    const add = (name: string, seen: number, parent: number): number => {
      const trait = this.#id(name, parent);
      if (seen > 0) signature.set(trait, seen + (signature.get(trait) ?? 0));
      return trait;
    };
    add("call", operation.calls, 0);
    const { request } = operation;
    for (const [name, parameter] of request.query) add(`query ${name}`, parameter.calls, 0);
    for (const [type, body] of request.bodies) {
      add(`sent ${type}`, body.count, 0);
      if (body.shape !== null)
        signShape(body.shape, add("request", body.scanned, 0), "request", 0, add);
    }
    for (const [status, response] of operation.responses) {
      if (status >= 400) continue;
      add(`status ${status}`, response.calls, 0);
      for (const [type, body] of response.bodies) {
        add(`received ${type}`, body.count, 0);
        if (body.shape !== null && status < 300)
          signShape(body.shape, add("response", body.scanned, 0), "response", 0, add);
      }
    }
    return signature;
  }

  #id(name: string, parent: number): number {
    return obtain(this.#ids, name, () => {
      this.#parents.push(parent);
      this.#isKind.push(/ (array|object|string|number|boolean)$/.test(name));
      this.#isField.push(
        name.startsWith("query ") || /^(request|response)[^ ]*\.[^ ]*$/.test(name),
      );
      this.#contexts.push({ last: new Set(), before: new Set() });
      this.#seen.push(0);
      return this.#parents.length - 1;
    });
  }
}

type Add = (name: string, seen: number, parent: number) => number;

function signShape(shape: Shape, trait: number, place: string, depth: number, add: Add): void {
  if (shape.arrays > 0) add(`${place} array`, shape.arrays, trait);
  if (shape.booleans > 0) add(`${place} boolean`, shape.booleans, trait);
  if (shape.strings > 0) add(`${place} string`, shape.strings, trait);
  const numbers = shape.integers + shape.numbers;
  if (numbers > 0) add(`${place} number`, numbers, trait);
  const objects = shape.objects > 0 ? add(`${place} object`, shape.objects, trait) : -1;
  if (depth >= signatureDepthMax) return;
  if (shape.items !== null && !isEmpty(shape.items)) {
    const values = countValues(shape.items);
    signShape(shape.items, add(`${place}[]`, values, trait), `${place}[]`, depth + 1, add);
  }
  if (shape.fields === null || objects < 0) return;
  for (const [name, field] of firstFields(shape.fields.fields)) {
    const inner = add(`${place}.${name}`, field.present, objects);
    signShape(field.shape, inner, `${place}.${name}`, depth + 1, add);
  }
}

function firstFields<Value>(fields: ReadonlyMap<string, Value>): Iterable<[string, Value]> {
  if (fields.size <= signatureFieldsMax) return fields;
  return [...fields].sort(([a], [b]) => compareText(a, b)).slice(0, signatureFieldsMax);
}

function countValues(shape: Shape): number {
  return (
    shape.nulls +
    shape.booleans +
    shape.integers +
    shape.numbers +
    shape.strings +
    shape.arrays +
    shape.objects
  );
}

function isEmpty(shape: Shape): boolean {
  return countValues(shape) === 0;
}
