/** Why the inventory did not do what it was asked to. */
export type InventoryProblemKind =
  /** Nothing has this id. */
  | "not-found"
  /** The request cannot be as it is; the message says what is allowed. */
  | "invalid"
  /** It would contradict what is there, such as undoing what was changed since. */
  | "conflict"
  /** Too much waits; ask again after `retryAfterMs`. */
  | "busy"
  /** The store has no room; nothing of the request was kept. Ask again after `retryAfterMs`. */
  | "disk-full"
  /** The store does not answer. Ask again after `retryAfterMs`. */
  | "unavailable";

export class InventoryProblem extends Error {
  override readonly name = "InventoryProblem";
  readonly kind: InventoryProblemKind;
  readonly retryAfterMs: number | null;

  constructor(kind: InventoryProblemKind, message: string, retryAfterMs: number | null = null) {
    super(message);
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
  }
}

export const notFound = (what: string, id: string): InventoryProblem =>
  new InventoryProblem("not-found", `no ${what} has the id ${JSON.stringify(id.slice(0, 80))}`);
