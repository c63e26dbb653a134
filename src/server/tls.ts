import { statSync } from "node:fs";
import type { Server } from "node:https";
import { createSecureContext } from "node:tls";
import { UsageError } from "../base/errors.ts";
import { readNamedFile } from "../sensor/namedfile.ts";

const CHECK_MS = 30_000;

/** Certificate files, which are exchanged while the server runs. */
export class TlsFiles {
  readonly #paths: {
    readonly cert: string;
    readonly key: string;
    readonly clientCa: string | null;
  };
  #stamp = "";

  /** Throws a `UsageError` where a file cannot be read, or is not what it should be. */
  constructor(cert: string, key: string, clientCa: string | null) {
    this.#paths = { cert, key, clientCa };
    this.#stamp = this.#currentStamp();
    this.#check();
  }

  options(): Record<string, unknown> {
    const { cert, key, clientCa } = this.#paths;
    return {
      cert: readNamedFile("--tls-cert", cert),
      key: readNamedFile("--tls-key", key),
      minVersion: "TLSv1.2",
      // People come without certificates, so none is demanded; `Access` looks whether one was verified.
      ...(clientCa === null
        ? {}
        : {
            ca: readNamedFile("--tls-client-ca", clientCa),
            requestCert: true,
            rejectUnauthorized: false,
          }),
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

  #check(): void {
    const { cert, key, clientCa } = this.#paths;
    const { ca, ...own } = this.options();
    try {
      createSecureContext(own);
    } catch (error) {
      throw new UsageError(
        `--tls-cert and --tls-key: ${cert} and ${key} are no certificate and its key in PEM (${(error as Error).message})`,
      );
    }
    // OpenSSL passes over what is no certificate.
    if (ca !== undefined && !/-----BEGIN (?:\w+ )?CERTIFICATE-----/.test(String(ca))) {
      throw new UsageError(`--tls-client-ca: ${clientCa} holds no certificate in PEM`);
    }
  }

  #currentStamp(): string {
    const { cert, key, clientCa } = this.#paths;
    return [cert, key, ...(clientCa === null ? [] : [clientCa])]
      .map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0)
      .join(" ");
  }
}
