import { writeSync } from "node:fs";
import { UsageError } from "../base/errors.ts";

const RETRY_MS = 2;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes the first `byteCount` bytes to standard output. Blocks while a reader is slow, so memory does not grow; a
 * reader that is gone (`| head`) ends the process quietly.
 */
export const writeOutput = (bytes: Uint8Array, byteCount: number): void => {
  for (let at = 0; at < byteCount; ) {
    try {
      at += writeSync(1, bytes, at, byteCount - at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EPIPE") process.exit(0);
      // The other end of a pipe may have made it non-blocking.
      if (code !== "EAGAIN") throw new UsageError(`cannot write to standard output: ${code}`);
      Atomics.wait(sleeper, 0, 0, RETRY_MS);
    }
  }
};

export const printLine = (text: string): void => {
  const bytes = Buffer.from(`${text}\n`);
  writeOutput(bytes, bytes.length);
};
