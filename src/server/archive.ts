import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import type { Inventory } from "../inventory/inventory.ts";
import type { ApiRow } from "../inventory/rows.ts";
import { fileNames } from "../spec/filename.ts";

const PAGE = 200;

/** All APIs, page after page. */
export async function* allApis({ apis }: Inventory): AsyncGenerator<ApiRow, void, void> {
  let cursor: string | undefined;
  do {
    const page = await apis.list({
      limit: PAGE,
      sort: "name",
      ...(cursor === undefined ? {} : { cursor }),
    });
    yield* page.items;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
}

/** Documents of all APIs that are not ignored, each in a file of its own: a tar in gzip, made while it is read. */
export function archiveOf(
  inventory: Inventory,
  openapi: "3.0" | "3.1",
  format: "yaml" | "json",
): AsyncIterable<Uint8Array> {
  const archive = pack();
  const zipped = archive.pipe(createGzip());
  const add = async (): Promise<void> => {
    const rows: ApiRow[] = [];
    for await (const row of allApis(inventory)) {
      if (row.status !== "ignored" && row.endpoints > 0) rows.push(row);
    }
    const names = fileNames(rows.map(placeOf), format);
    for (const [index, row] of rows.entries()) {
      const options = { openapi, format, evidence: true };
      const { text } = await inventory.documents.text(row.id, options);
      await new Promise<void>((resolve, reject) => {
        const entry = { name: names[index]!, mtime: new Date(row.lastMs) };
        archive.entry(entry, text, (error) => (error ? reject(error) : resolve()));
      });
    }
    archive.finalize();
  };
  add().catch((error: unknown) => zipped.destroy(error as Error));
  return zipped;
}

export const placeOf = (row: ApiRow): { host: string; port: number } => ({
  host: row.hosts[0] ?? row.name,
  port: row.ports[0] ?? 0,
});
