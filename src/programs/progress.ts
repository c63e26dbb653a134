import type { ByteSource } from "../capture/source.ts";

const REDRAW_MS = 100;

/** One line on a terminal's standard error that says how far reading is; nothing where that is no terminal. */
export class Progress {
  readonly #enabled = process.stderr.isTTY === true;
  #drawnMs = 0;
  readonly #startMs = performance.now();

  update(source: ByteSource): void {
    if (!this.#enabled) return;
    const nowMs = performance.now();
    if (nowMs - this.#drawnMs < REDRAW_MS) return;
    this.#drawnMs = nowMs;
    const bytes = source.bytesRead();
    const share =
      source.bytesTotal === null
        ? ""
        : ` ${Math.floor((bytes / Math.max(1, source.bytesTotal)) * 100)} %,`;
    const rate = bytes / 1e6 / Math.max(0.001, (nowMs - this.#startMs) / 1000);
    const line = ` ${source.name}:${share} ${(bytes / 1e6).toFixed(0)} MB, ${rate.toFixed(0)} MB/s`;
    process.stderr.write(`\r\u001b[2K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
  }

  clear(): void {
    if (this.#enabled && this.#drawnMs > 0) process.stderr.write("\r\u001b[2K");
  }
}
