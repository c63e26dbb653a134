import { writeSync } from "node:fs";

/**
 * Writes much text to standard output through one buffer. Writing blocks while a reader is slow, so memory does
 * not grow; a reader that is gone (`| head`) ends the process quietly.
 */
export class StandardOutput {
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #used = 0;

  /** `text` must be ASCII. */
  ascii(text: string): void {
    if (this.#used + text.length > BUFFER_BYTES) this.flush();
    if (text.length > BUFFER_BYTES) writeAll(Buffer.from(text, "latin1"), text.length);
    else this.#used += this.#buffer.write(text, this.#used, "latin1");
  }

  text(text: string): void {
    const byteCount = Buffer.byteLength(text);
    if (this.#used + byteCount > BUFFER_BYTES) this.flush();
    if (byteCount > BUFFER_BYTES) writeAll(Buffer.from(text), byteCount);
    else this.#used += this.#buffer.write(text, this.#used);
  }

  flush(): void {
    writeAll(this.#buffer, this.#used);
    this.#used = 0;
  }
}

const BUFFER_BYTES = 1 << 18;
const RETRY_MS = 2;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

const writeAll = (bytes: Uint8Array, byteCount: number): void => {
  for (let at = 0; at < byteCount; ) {
    try {
      at += writeSync(1, bytes, at, byteCount - at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EPIPE") process.exit(0);
      // The other end of a pipe may have made it non-blocking.
      if (code !== "EAGAIN") throw error;
      Atomics.wait(sleeper, 0, 0, RETRY_MS);
    }
  }
};
