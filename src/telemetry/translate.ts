import type { Tables } from "./tables.ts";
import { KIND_MASK, type Tape, TapeFlag, TapeKind } from "./tape.ts";

/** Rewrites the numbers of names and words of a tape that was begun under tables that were renewed meanwhile. */
export function translate(tape: Tape, from: Tables, to: Tables): void {
  const { entries } = tape;
  for (let at = 0; at < tape.count; at += 1) {
    const entry = entries[at]!;
    if (entry < 0) {
      entries[at] = ~to.names.intern(from.names.text(~entry));
      continue;
    }
    const kind = entry & KIND_MASK;
    if (kind !== TapeKind.String && kind !== TapeKind.Integer) continue;
    if ((entry & TapeFlag.HasHash) !== 0) at += 2;
    if ((entry & TapeFlag.HasWord) === 0) continue;
    at += 1;
    entries[at] = to.words.idOf(from.words.text(entries[at]!));
  }
}
