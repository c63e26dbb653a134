import { telemetryLimits } from "../base/limits.ts";
import type { Book } from "./book.ts";
import { forgetFields } from "./freeze.ts";
import { ParameterWriter } from "./parameters.ts";
import type { Tables } from "./tables.ts";
import { emptyTally, type Tally, withCount } from "./tally.ts";

/**
 * Messages of one kind whose heads bear names that came together before, by the number of their pattern (`HeaderNames`): one
 * count a message instead of one a field. `settle` brings them to the fields.
 */
export class HeadPatterns {
  #counts: Tally = emptyTally;

  /**
   * Counts `times` more messages, where the pattern is known here; else the caller counts the message field by field. -1 is no pattern.
   */
  add(pattern: number, times: number): boolean {
    const counts = this.#counts;
    for (let at = 0; at < counts.length; at += 2) {
      if (counts[at] !== pattern) continue;
      counts[at + 1]! += times;
      return true;
    }
    if (pattern >= 0 && counts.length < 2 * telemetryLimits.operationHeadPatternsMax) {
      this.#counts = withCount(counts, pattern, 0);
    }
    return false;
  }

  settle(book: Book, root: number, tables: Tables): void {
    const counts = this.#counts;
    if (counts.length === 0) return;
    const writer = new ParameterWriter(forgetFields(tables));
    for (let at = 0; at < counts.length; at += 2) {
      if (counts[at + 1] === 0) continue;
      writer.times = counts[at + 1]!;
      writer.begin(book, root, tables.nextMessage());
      for (const nameId of tables.headers.pattern(counts[at]!).nameIds) writer.count(nameId);
      counts[at + 1] = 0;
    }
  }
}
