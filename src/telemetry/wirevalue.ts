/** Reading of values from a peer that may lie: everything is checked once, here. */

/** Why a summary was refused; the texts are stable, in logs and answers. */
export const WireProblem = {
  Version: "unknown version",
  NotAnObject: "not an object",
  NotAList: "not a list",
  BadNumber: "not a count",
  BadText: "not a text, or too long",
  BadSample: "a sample that breaks its own rules",
  TooMany: "more members than the limit",
  TooDeep: "nested too deep",
  TooFewNumbers: "numbers are missing",
  UnknownSkeleton: "a skeleton that the dictionary lacks",
  BadKey: "not the key of an API",
} as const;
export type WireProblem = (typeof WireProblem)[keyof typeof WireProblem];

/** Thrown while decoding, caught by `decodeSummary` alone. */
export class WireRefusal extends Error {
  readonly problem: WireProblem;

  constructor(problem: WireProblem) {
    super(problem);
    this.problem = problem;
  }
}

export function reject(problem: WireProblem): never {
  throw new WireRefusal(problem);
}

/** Sums of what peers say may pass 2^53; counts end there, so that what was written can be read again. */
export function countOf(value: unknown): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0) {
    reject(WireProblem.BadNumber);
  }
  // Of a list with one number beyond 31 bits V8 gives all as doubles, which take 16 bytes more each where they are kept.
  const small = (value as number) | 0;
  return small === value ? small : Math.min(value as number, Number.MAX_SAFE_INTEGER);
}

/** A list of counts that is read from its beginning to its end. */
export class Numbers {
  readonly #values: readonly unknown[];
  #at: number;

  constructor(values: readonly unknown[], start = 0) {
    this.#values = values;
    this.#at = start;
  }

  /** The next one: whole, from 0. */
  count(): number {
    if (this.#at >= this.#values.length) reject(WireProblem.TooFewNumbers);
    const value = this.#values[this.#at];
    this.#at += 1;
    return countOf(value);
  }

  /** The next one, which may have a fraction. */
  amount(): number {
    if (this.#at >= this.#values.length) reject(WireProblem.TooFewNumbers);
    const value = this.#values[this.#at];
    this.#at += 1;
    if (typeof value !== "number" || !Number.isFinite(value) || value < 0) {
      reject(WireProblem.BadNumber);
    }
    return value as number;
  }

  get left(): number {
    return this.#values.length - this.#at;
  }
}
