import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** A launcher and the terminal may both pass on the same key press. */
const SAME_PRESS_MS = 300;

/**
 * Ctrl-C, and its relatives. The first asks for an end through `signal`; one more ends the process. While
 * `release`d (long calculations, which no handler could interrupt) the first ends the process at once.
 */
export class Interruption {
  readonly #controller = new AbortController();
  readonly #handle = (name: NodeJS.Signals): void => this.#interrupt(name);
  #status = 0;
  #firstMs = 0;

  constructor() {
    this.hold();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Exit status that says which signal it was, 0 where none came. */
  get status(): number {
    return this.#status;
  }

  hold(): void {
    for (const name of SIGNALS) process.on(name, this.#handle);
  }

  release(): void {
    for (const name of SIGNALS) process.off(name, this.#handle);
  }

  #interrupt(name: NodeJS.Signals): void {
    const nowMs = performance.now();
    if (this.#status !== 0) {
      if (nowMs - this.#firstMs > SAME_PRESS_MS) process.exit(this.#status);
      return;
    }
    this.#firstMs = nowMs;
    this.#status = 128 + constants.signals[name];
    this.#controller.abort();
  }
}
