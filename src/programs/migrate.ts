import { existsSync } from "node:fs";
import type { Settings } from "../base/config.ts";
import { UsageError } from "../base/errors.ts";
import { copyStore } from "../inventory/copying.ts";
import { openInventory } from "../inventory/inventory.ts";
import { hashOf } from "../inventory/names.ts";
import { makeStoreFile, storePath, takeStore } from "./server/storefile.ts";
import { printLine } from "./standardoutput.ts";

/**
 * Copies a store into an empty one of either engine, and compares what both say. The server that used the first must have
 * ended; sensors keep what they learn until the next one answers, so nothing is lost between the two.
 */
export const migrate = async (settings: Settings): Promise<number> => {
  const { store: from, to } = settings;
  if (to === "") {
    throw new UsageError("--to: name the new store, such as postgres://nta@db.example/nta");
  }
  if (from === to) throw new UsageError("--to: it is the same store; name another one");
  const path = storePath(from);
  if (path !== null && !existsSync(path)) {
    throw new UsageError(`--store: there is no file ${path}; name the store that is to be copied`);
  }
  const locks = [takeStore(from), takeStore(to)];
  try {
    makeStoreFile(to);
    const counts = await copyStore(from, to);
    const rows = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const [before, after] = [await digestsOf(from), await digestsOf(to)];
    const differing = [...before].filter(([api, digest]) => after.get(api) !== digest);
    if (before.size !== after.size || differing.length > 0) {
      throw new UsageError(
        `--to: ${differing.length} of ${before.size} documents differ in the copy; keep using ${path ?? "the first store"} and report this`,
      );
    }
    printLine(
      `copied ${rows} rows; the documents of all ${before.size} APIs are the same in both. Start nta serve with --store ${withoutPassword(to)}`,
    );
    return 0;
  } finally {
    for (const lock of locks) lock?.release();
  }
};

/** A digest of each API's document, by the API's id. */
const digestsOf = async (url: string): Promise<Map<string, string>> => {
  const inventory = await openInventory({ url });
  try {
    const digests = new Map<string, string>();
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof inventory.apis.list>> = await inventory.apis.list({
        limit: 500,
        ...(cursor === null ? {} : { cursor }),
      });
      for (const { id } of page.items) {
        const options = { openapi: "3.0", format: "json", evidence: false } as const;
        const { text } = await inventory.documents.text(id, options);
        digests.set(id, hashOf(text));
      }
      cursor = page.next;
    } while (cursor !== null);
    return digests;
  } finally {
    await inventory.close();
  }
};

const withoutPassword = (url: string): string => url.replace(/^(\w+:\/\/[^:@/]*):[^@/]*@/, "$1:…@");
