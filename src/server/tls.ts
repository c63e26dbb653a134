import { readFileSync, statSync } from "node:fs";
import type { Server } from "node:https";
import { UsageError } from "../base/errors.ts";

const CHECK_MS = 30_000;

/** Certificate files, which are exchanged while the server runs. */
export class TlsFiles {
  readonly #paths: {
    readonly cert: string;
    readonly key: string;
    readonly clientCa: string | null;
  };
  #stamp = "";

  /** Throws a `UsageError` where a file cannot be read. */
  constructor(cert: string, key: string, clientCa: string | null) {
    this.#paths = { cert, key, clientCa };
    this.#stamp = this.#currentStamp();
  }

  options(): Record<string, unknown> {
    const { cert, key, clientCa } = this.#paths;
    return {
      cert: read("tls-cert", cert),
      key: read("tls-key", key),
      minVersion: "TLSv1.2",
      // People come without certificates, so none is demanded; `Access` looks whether one was verified.
      ...(clientCa === null
        ? {}
        : { ca: read("tls-client-ca", clientCa), requestCert: true, rejectUnauthorized: false }),
    };
  }

  /** Uses new files from the next connection on. Call the result to look no more. */
  follow(server: Server, onProblem: (line: string) => void): () => void {
    const timer = setInterval(() => {
      try {
        const stamp = this.#currentStamp();
        if (stamp === this.#stamp) return;
        server.setSecureContext(this.options());
        this.#stamp = stamp;
      } catch (error) {
        onProblem(`the new certificate is not used: ${(error as Error).message}`);
      }
    }, CHECK_MS).unref();
    return () => clearInterval(timer);
  }

  #currentStamp(): string {
    const { cert, key, clientCa } = this.#paths;
    return [cert, key, ...(clientCa === null ? [] : [clientCa])]
      .map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0)
      .join(" ");
  }
}

function read(flag: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(
      `--${flag}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}
