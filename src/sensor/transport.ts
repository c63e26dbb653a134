import type { Correction } from "../telemetry/corrections.ts";
import type { Batch } from "./delta.ts";

/** What a server may tell a sensor when it answers. Whatever it left out is null. */
export interface ServerAnswer {
  /** The installation's key for hashes of identifiers. */
  readonly hashKey: Uint8Array | null;
  /** Addresses whose traffic other sensors already report. */
  readonly coveredAddresses: readonly string[] | null;
  /** Corrections that a sensor obeys from now on, all of them; nobody gave any where this is empty. */
  readonly hints: readonly Correction[];
}

/** What became of a batch as a whole. */
export type Outcome =
  /** The server has all of it, durably. */
  | { readonly kind: "accepted"; readonly answer: ServerAnswer | null }
  /** The same, and it had all of it before. */
  | { readonly kind: "duplicate"; readonly answer: ServerAnswer | null }
  /** The server is there but takes nothing now; `afterMs` is what it asked for, or null. */
  | { readonly kind: "retry"; readonly afterMs: number | null; readonly reason: string }
  /** It will never take this batch as it is; another cut of the same deltas it may. */
  | { readonly kind: "too large"; readonly reason: string }
  /** It will never take (some delta of) this batch. */
  | { readonly kind: "refused"; readonly reason: string }
  /** No answer: the batch may have arrived, or not. */
  | { readonly kind: "unreachable"; readonly reason: string };

/**
 * The way of deltas to a server. A batch that was published without being accepted may be published again, in the same or
 * another company: whoever receives it knows deltas by their names.
 */
export interface Transport {
  /** Where it goes, for people; without credentials. */
  readonly target: string;
  /** Never rejects. An empty batch only asks for the answer. When `signal` is aborted it is unreachable at once. */
  publish(batch: Batch, signal: AbortSignal): Promise<Outcome>;
  /** Tells the server the sensor's status (`statusJson`), for people to look at; it may be lost. Never rejects. */
  report?(sensor: string, status: string): Promise<void>;
  close(): void;
}
