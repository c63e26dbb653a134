import { createHash } from "node:crypto";

/** By this, samples that were made under the same key are recognised; the key cannot be told from it. */
export const keyIdOf = (hashKey: Uint8Array): string =>
  createHash("sha256").update("nta hash key").update(hashKey).digest("hex").slice(0, 16);
