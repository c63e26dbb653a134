import { serverLimits } from "../base/limits.ts";

/** Failures of one address before it has to wait, and how long they are remembered. */
const FAILURES_FREE = 20;
const WINDOW_MS = 60_000;

interface Counted {
  count: number;
  sinceMs: number;
}

/** Failed sign-ins by address. Who fails too often has to wait; where too many fail, the oldest are forgotten. */
export class Failures {
  readonly #byAddress = new Map<string, Counted>();

  /** Milliseconds that the address has to wait, 0 for none. */
  waitMs(address: string, nowMs: number): number {
    const counted = this.#byAddress.get(address);
    if (counted === undefined || counted.count < FAILURES_FREE) return 0;
    return Math.max(0, counted.sinceMs + WINDOW_MS - nowMs);
  }

  add(address: string, nowMs: number): void {
    const counted = this.#byAddress.get(address);
    if (counted !== undefined && nowMs - counted.sinceMs < WINDOW_MS) {
      counted.count += 1;
      return;
    }
    this.#byAddress.delete(address);
    if (this.#byAddress.size >= serverLimits.failuresMax) {
      const [oldest] = this.#byAddress.keys();
      if (oldest !== undefined) this.#byAddress.delete(oldest);
    }
    this.#byAddress.set(address, { count: 1, sinceMs: nowMs });
  }
}
