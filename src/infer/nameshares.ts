import { obtain } from "./obtain.ts";
import * as thresholds from "./thresholds.ts";

/** Of all places that have a field of a name, how many show something of it. */
export class NameShares {
  readonly #counts = new Map<string, { all: number; shown: number }>();

  add(name: string, isShown: boolean): void {
    const count = obtain(this.#counts, name, () => ({ all: 0, shown: 0 }));
    count.all += 1;
    if (isShown) count.shown += 1;
  }

  /** Part of the places, where there are others than the one that asks. */
  share(name: string): number {
    const count = this.#counts.get(name);
    if (count === undefined || count.all < 2) return thresholds.absenceUsual;
    return count.shown / (count.all - 1);
  }

  /** Whether so many places show it that it may be so in any. */
  isUsual(name: string): boolean {
    const { all, shown } = this.#counts.get(name) ?? { all: 0, shown: 0 };
    return shown > 0 && shown >= thresholds.usualShareMin * all;
  }
}
