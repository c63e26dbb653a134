/**
 * A mistake of the operator: a wrong flag, a missing file, an unwritable folder. `main.ts` alone catches
 * it, prints `message` as one line and exits with status 2. The line says what is wrong, what is allowed
 * and what to do.
 */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** States what must hold; a failure is a bug of ours, never of the traffic. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`internal error: ${message}`);
}

/** Ends a `switch` over a union: a kind that was added later fails the type check here. */
export function assertNever(value: never): never {
  throw new Error(`internal error: unexpected ${JSON.stringify(value)}`);
}
