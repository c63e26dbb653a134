/** Which deltas were merged: each sensor, epoch and shard counts for itself. */
import type { Transaction } from "kysely";
import { inventoryLimits } from "../base/limits.ts";
import type { DeltaName } from "../sensor/delta.ts";
import { storable } from "./names.ts";
import type { Database } from "./schema.ts";
import { inChunks, isOneOf, upsert } from "./statements.ts";
import type { Engine } from "./store.ts";

interface State {
  readonly sensor: string;
  last: number;
  /** Lower ones that have not come. They may have been given up, or may have been overtaken. */
  readonly missing: Set<number>;
  isChanged: boolean;
}

export class Sequences {
  readonly #states = new Map<string, State>();

  /** Reads what is known of these names, locked until the transaction ends. */
  async load(tx: Transaction<Database>, names: Iterable<DeltaName>, engine: Engine): Promise<void> {
    for (const name of names) {
      const sensor = storable(name.sensor);
      this.#states.set(idOf(name), { sensor, last: 0, missing: new Set(), isChanged: false });
    }
    const ids = [...this.#states.keys()].sort();
    if (engine === "postgres") for (const chunk of inChunks(ids)) await this.#reserve(tx, chunk);
    const query = tx
      .selectFrom("sequences")
      .select(["id", "last", "missing"])
      .where(isOneOf(engine, "id", ids))
      .orderBy("id");
    const rows = await (engine === "postgres" ? query.forUpdate() : query).execute();
    for (const row of rows) {
      const state = this.#states.get(row.id)!;
      state.last = row.last;
      for (const sequence of JSON.parse(row.missing) as number[]) state.missing.add(sequence);
    }
  }

  /** A row that is not there cannot be locked. */
  async #reserve(tx: Transaction<Database>, ids: readonly string[]): Promise<void> {
    await tx
      .insertInto("sequences")
      .values(
        ids.map((id) => ({
          id,
          sensor: this.#states.get(id)!.sensor,
          last: 0,
          missing: "[]",
          seen_ms: 0,
        })),
      )
      .onConflict((on) => on.column("id").doNothing())
      .execute();
  }

  /** False where this delta was merged before. */
  take(name: DeltaName): boolean {
    const state = this.#states.get(idOf(name))!;
    const { sequence } = name;
    if (sequence <= state.last) {
      const isLate = state.missing.delete(sequence);
      if (isLate) state.isChanged = true;
      return isLate;
    }
    const from = Math.max(state.last + 1, sequence - inventoryLimits.missingSequencesMax);
    for (let skipped = from; skipped < sequence; skipped += 1) state.missing.add(skipped);
    for (const oldest of state.missing) {
      if (state.missing.size <= inventoryLimits.missingSequencesMax) break;
      state.missing.delete(oldest);
    }
    state.last = sequence;
    state.isChanged = true;
    return true;
  }

  async save(tx: Transaction<Database>, engine: Engine, nowMs: number): Promise<void> {
    const rows = [...this.#states]
      .filter(([, { isChanged }]) => isChanged)
      .map(([id, { sensor, last, missing }]) => ({
        id,
        sensor,
        last,
        missing: JSON.stringify([...missing]),
        seen_ms: nowMs,
      }));
    await upsert(tx, engine, "sequences", rows, ["last", "missing", "seen_ms"]);
  }
}

const idOf = ({ sensor, epoch, shard }: DeltaName): string =>
  storable(`${sensor}\n${epoch}\n${shard}`);
