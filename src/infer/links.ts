/**
 * Where values of path segments come from: fields of messages that carried the same value. Both sides are
 * keyed hashes, sampled by the same rule, so what one sample holds below its threshold the other would hold too.
 */

import type { Shape } from "../telemetry/shape.ts";
import type { OperationSummary, PathNode } from "../telemetry/summary.ts";

/** The hash of a text under the key of the samples. */
export type HashOf = (text: string) => number;

/** Names of fields by the hashes of what they carried. */
export class Carriers {
  readonly #fields = new Map<number, Set<string>>();
  readonly #hashOf: HashOf | null;

  constructor(hashOf: HashOf | null) {
    this.#hashOf = hashOf;
  }

  learn(node: PathNode): void {
    if (this.#hashOf === null) return;
    for (const operation of node.operations.values()) this.#learnOperation(operation);
    for (const child of node.children.values()) this.learn(child);
  }

  /** Whether hashes are known at all; without them that a word was never carried says nothing. */
  get isInformed(): boolean {
    return this.#hashOf !== null && this.#fields.size > 0;
  }

  /** Names of the fields that carried this segment's value. */
  of(segment: string): ReadonlySet<string> {
    return (
      (this.#hashOf !== null && this.#fields.get(this.#hashOf(decodeSegment(segment)))) || NONE
    );
  }

  #learnOperation(operation: OperationSummary): void {
    for (const [status, response] of operation.responses) {
      if (status >= 300) continue;
      for (const body of response.bodies.values())
        if (body.shape !== null) this.#learnShape(body.shape, "");
    }
  }

  #learnShape(shape: Shape, name: string): void {
    for (const sample of [shape.text?.sample, shape.integerSample])
      for (const hash of sample?.hashes ?? []) {
        const fields = this.#fields.get(hash);
        if (fields === undefined) this.#fields.set(hash, new Set([name]));
        else fields.add(name);
      }
    if (shape.items !== null) this.#learnShape(shape.items, name);
    if (shape.fields !== null)
      for (const [inner, field] of shape.fields.fields) this.#learnShape(field.shape, inner);
  }
}

const NONE: ReadonlySet<string> = new Set();

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
