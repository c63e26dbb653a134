import { readFileSync, statSync } from "node:fs";
import { UsageError } from "../base/errors.ts";
import { sensorLimits } from "../base/limits.ts";

const CHECK_MS = 5000;

/** The text of a file that may be exchanged while the server runs, such as a mounted Secret. */
export class SecretFile {
  readonly #path: string;
  #text: string;
  #checkedMs = 0;
  #stamp = "";

  /** Throws a `UsageError` where the file cannot be read, or holds less than `lengthMin` characters. */
  constructor(flag: string, path: string, lengthMin = 1) {
    this.#path = path;
    try {
      this.#text = this.#read();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new UsageError(`--${flag}: ${path} cannot be read (${code ?? String(error)})`);
    }
    if (this.#text.length < lengthMin) {
      throw new UsageError(`--${flag}: ${path} holds less than ${lengthMin} characters`);
    }
  }

  /** What it holds now; the last that could be read while it cannot. */
  text(nowMs: number): string {
    if (nowMs - this.#checkedMs < CHECK_MS) return this.#text;
    this.#checkedMs = nowMs;
    try {
      const text = this.#read();
      if (text !== "") this.#text = text;
    } catch {
      // A Secret that is being exchanged is not there for a moment.
    }
    return this.#text;
  }

  #read(): string {
    const { size, mtimeMs, ino } = statSync(this.#path);
    const stamp = `${size} ${mtimeMs} ${ino}`;
    if (stamp === this.#stamp) return this.#text;
    if (size > sensorLimits.tokenBytesMax) throw new Error("it is too large");
    const text = readFileSync(this.#path, "utf8").trim();
    this.#stamp = stamp;
    return text;
  }
}
