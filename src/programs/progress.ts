import type { Reach } from "./offline/hear.ts";

const REDRAW_MS = 100;

/** One line on a terminal's standard error that says how far reading is; nothing where that is no terminal. */
export class Progress {
  readonly #enabled = process.stderr.isTTY === true;
  #drawnMs = 0;
  readonly #startMs = performance.now();

  update({ name, bytesRead, bytesTotal }: Reach): void {
    if (!this.#enabled) return;
    const nowMs = performance.now();
    if (nowMs - this.#drawnMs < REDRAW_MS) return;
    this.#drawnMs = nowMs;
    const share =
      bytesTotal === null ? "" : ` ${Math.floor((bytesRead / Math.max(1, bytesTotal)) * 100)} %,`;
    const rate = bytesRead / 1e6 / Math.max(0.001, (nowMs - this.#startMs) / 1000);
    const line = ` ${name}:${share} ${(bytesRead / 1e6).toFixed(0)} MB, ${rate.toFixed(0)} MB/s`;
    process.stderr.write(`\r\u001b[2K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
  }

  clear(): void {
    if (this.#enabled && this.#drawnMs > 0) process.stderr.write("\r\u001b[2K");
  }
}
