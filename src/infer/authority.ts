/** What an imported description says of an API's paths. It comes before hints, and before all evidence. */
export interface Authority {
  /** Templates from the root on, with names of their parameters; base paths included. */
  readonly templates: readonly string[];
  readonly operations: readonly AuthorityOperation[];
}

/** What the description calls an operation, as far as it does. */
export interface AuthorityOperation {
  /** In capitals. */
  readonly method: string;
  readonly template: string;
  readonly id: string | null;
  readonly summary: string | null;
  readonly tag: string | null;
}
