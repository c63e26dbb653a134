/**
 * Counts by reason, in occurrences and in bytes. The reasons are a fixed table (`as const` object of
 * names), so a counter costs two typed-array increments and its names are stable for logs and metrics.
 */
export class Counters<Name extends string> {
  readonly names: readonly Name[];
  readonly #counts: Float64Array;
  readonly #bytes: Float64Array;

  constructor(names: readonly Name[]) {
    this.names = names;
    this.#counts = new Float64Array(names.length);
    this.#bytes = new Float64Array(names.length);
  }

  /** Adds one occurrence of `bytes` bytes of the reason with index `index` in `names`. */
  add(index: number, bytes = 0): void {
    this.#counts[index]! += 1;
    this.#bytes[index]! += bytes;
  }

  /** Adds `times` occurrences that were counted elsewhere. */
  addMany(index: number, times: number): void {
    this.#counts[index]! += times;
  }

  count(index: number): number {
    return this.#counts[index] ?? 0;
  }

  /** Every reason that occurred, most frequent first. */
  entries(): { readonly name: Name; readonly count: number; readonly bytes: number }[] {
    return this.names
      .map((name, index) => ({
        name,
        count: this.#counts[index] ?? 0,
        bytes: this.#bytes[index] ?? 0,
      }))
      .filter((entry) => entry.count > 0)
      .sort((a, b) => b.count - a.count);
  }
}
