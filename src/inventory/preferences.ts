/** What people may set while the server runs, as one JSON text. */
import type { Preferences } from "./administration.ts";
import { DEFAULT_WEIGHTS } from "./judging.ts";
import type { Store } from "./store.ts";

const USUAL: Preferences = {
  unusedAfterDays: 30,
  newForDays: 7,
  trafficRetentionDays: 30,
  changeRetentionDays: 365,
  forwardMinEndpoints: 1,
  weights: DEFAULT_WEIGHTS,
};

/** How long what was read is believed, since another server may set it. */
const BELIEVED_MS = 5_000;

export class PreferenceCache {
  readonly #store: Store;
  readonly #initial: Preferences;
  #value: Preferences | null = null;
  #readMs = 0;

  constructor(store: Store, initial: Partial<Preferences>) {
    this.#store = store;
    this.#initial = { ...USUAL, ...initial };
  }

  async get(): Promise<Preferences> {
    const nowMs = performance.now();
    if (this.#value !== null && nowMs - this.#readMs < BELIEVED_MS) return this.#value;
    const row = await this.#store.read((db) =>
      db.selectFrom("meta").select("value").where("name", "=", "preferences").executeTakeFirst(),
    );
    const stored = row === undefined ? {} : (JSON.parse(row.value) as Partial<Preferences>);
    const weights = { ...this.#initial.weights, ...stored.weights };
    this.#value = { ...this.#initial, ...stored, weights };
    this.#readMs = nowMs;
    return this.#value;
  }

  async put(preferences: Preferences): Promise<void> {
    const value = JSON.stringify(preferences);
    await this.#store.write((tx) =>
      tx
        .insertInto("meta")
        .values({ name: "preferences", value })
        .onConflict((on) => on.column("name").doUpdateSet({ value }))
        .execute(),
    );
    this.#value = null;
  }
}
