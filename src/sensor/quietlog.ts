import { sensorLimits } from "../base/limits.ts";

/** Where lines for the operator go; the program decides on the form. */
export interface Log {
  info(line: string): void;
  warn(line: string): void;
}

/** One line a minute about the same thing. */
const QUIET_MS = 60_000;

interface Subject {
  readonly sinceMs: number;
  lastMs: number;
  /** Since the last line. */
  unsaid: number;
}

/**
 * Trouble that lasts is said once a minute with how often it was met, and once when it is over. A subject is a short
 * constant word of ours, never a text from outside.
 */
export class QuietLog {
  readonly #log: Log;
  readonly #nowMs: () => number;
  readonly #subjects = new Map<string, Subject>();

  constructor(log: Log, nowMs: () => number) {
    this.#log = log;
    this.#nowMs = nowMs;
  }

  trouble(subject: string, line: string): void {
    const nowMs = this.#nowMs();
    const known = this.#subjects.get(subject);
    if (known === undefined) {
      if (this.#subjects.size >= sensorLimits.quietSubjectsMax) return;
      this.#subjects.set(subject, { sinceMs: nowMs, lastMs: nowMs, unsaid: 0 });
      this.#log.warn(line);
      return;
    }
    known.unsaid += 1;
    if (nowMs - known.lastMs < QUIET_MS) return;
    const since = new Date(known.sinceMs).toISOString();
    this.#log.warn(`${line} (${known.unsaid} more times; since ${since})`);
    known.lastMs = nowMs;
    known.unsaid = 0;
  }

  /** Says `line` if there was trouble with the subject. */
  over(subject: string, line: string): void {
    if (this.#subjects.delete(subject)) this.#log.info(line);
  }
}
