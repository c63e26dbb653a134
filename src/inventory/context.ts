/** What the parts of an open inventory share. */

import type { Inference } from "./inference.ts";
import type { Ingest } from "./ingest.ts";
import type { InventoryEvent } from "./inventory.ts";
import type { Learner } from "./learner.ts";
import type { PreferenceCache } from "./preferences.ts";
import type { ClusterNames } from "./services.ts";
import type { Store } from "./store.ts";

export interface Context {
  readonly store: Store;
  readonly now: () => number;
  readonly hashKey: Uint8Array;
  readonly learner: Learner;
  readonly ingest: Ingest;
  readonly inference: Inference;
  readonly preferences: PreferenceCache;
  /** Where the server runs in one. */
  readonly cluster: ClusterNames | null;
  emit(event: InventoryEvent): void;
}
