/** Documents: the current one of an API, those of its past versions, and how two of them differ. */
import { inventoryLimits } from "../base/limits.ts";
import { readDetail, requireApi } from "./apidetail.ts";
import type { Context } from "./context.ts";
import type { Documents } from "./inventory.ts";
import { lessonOf, readLesson } from "./lessons.ts";
import { hashOf } from "./names.ts";
import { pageOf, readCursor } from "./paging.ts";
import { InventoryProblem } from "./problem.ts";
import type { DocumentOptions, DocumentText, Page, Version, VersionDiff } from "./rows.ts";
import type { VersionTable } from "./schema.ts";
import type { Reader } from "./store.ts";

const LIMIT = 100;

export function createDocuments(context: Context): Documents {
  const texts = new TextCache();
  return {
    text: (api, options) => text(context, texts, api, options),
    versions: (api, query) => versions(context, api, query ?? {}),
    diff: (api, from, to) => diff(context, api, from, to),
  };
}

/** Texts by what they were made of, so that none is ever stale. The one that was asked for last comes last. */
class TextCache {
  readonly #texts = new Map<string, string>();
  #characters = 0;

  get(key: string): string | undefined {
    const known = this.#texts.get(key);
    if (known === undefined) return undefined;
    this.#texts.delete(key);
    this.#texts.set(key, known);
    return known;
  }

  add(key: string, text: string): void {
    this.#texts.set(key, text);
    this.#characters += text.length;
    for (const [oldest, { length }] of this.#texts) {
      if (this.#characters <= inventoryLimits.documentCharactersMax) return;
      this.#texts.delete(oldest);
      this.#characters -= length;
    }
  }
}

async function text(
  context: Context,
  texts: TextCache,
  api: string,
  options: DocumentOptions,
): Promise<DocumentText> {
  const { store, learner } = context;
  const row = await store.read((db) => requireApi(db, api));
  if (row.version === 0) {
    throw new InventoryProblem(
      "not-found",
      "this API has no document yet: none of its calls made an endpoint",
    );
  }
  const version = options.version ?? row.version;
  const { openapi, format } = options;
  const withEvidence = options.evidence && version === row.version;
  // The Service's name is no part of a version either: Services are renamed without a word of the API.
  const title = row.name ?? ((readDetail(row).services ?? []).length > 0 ? row.title : null);
  // What people and deltas change is in the key: calls, times, hints, and the name.
  const key = withEvidence
    ? `${api} ${version} ${row.calls} ${row.last_ms} ${row.hints} ${title} ${openapi} ${format} ${row.has_imported}`
    : `${api} ${version} ${title} ${openapi} ${format}`;
  const known = texts.get(key);
  if (known !== undefined) return { text: known, version, etag: hashOf(key) };
  const made = withEvidence
    ? await withEvidenceText(context, api, { openapi, format, title })
    : await learner.ask("text", {
        documents: (await store.read((db) => requireVersion(db, api, version))).data,
        openapi,
        format,
        title,
      });
  texts.add(key, made);
  return { text: made, version, etag: hashOf(key) };
}

async function withEvidenceText(
  { store, learner, hashKey, now, preferences }: Context,
  api: string,
  form: { openapi: "3.0" | "3.1"; format: "yaml" | "json"; title: string | null },
): Promise<string> {
  const { unusedAfterDays } = await preferences.get();
  const nowMs = now();
  const lesson = await store.read((db) => readLesson(db, api, { hashKey, nowMs, unusedAfterDays }));
  return learner.ask("document", { ...lessonOf(lesson), ...form });
}

async function requireVersion(db: Reader, api: string, version: number): Promise<VersionTable> {
  const row = await db
    .selectFrom("versions")
    .selectAll()
    .where("api", "=", api)
    .where("version", "=", version)
    .executeTakeFirst();
  if (row === undefined)
    throw new InventoryProblem("not-found", `there is no version ${version} of this API`);
  return row;
}

async function versions(
  { store }: Context,
  api: string,
  { cursor, limit = LIMIT }: { cursor?: string; limit?: number },
): Promise<Page<Version>> {
  return store.read(async (db) => {
    const { version: total } = await requireApi(db, api);
    let query = db
      .selectFrom("versions")
      .select(["version", "created_ms", "endpoints", "hash", "changes", "breaking"])
      .where("api", "=", api)
      .orderBy("version", "desc")
      .limit(limit + 1);
    if (cursor !== undefined) query = query.where("version", "<", Number(readCursor(cursor)[0]));
    const rows = await query.execute();
    return pageOf(
      rows,
      limit,
      ({ version }) => [version, ""],
      ({ created_ms, ...row }): Version => ({ ...row, createdMs: created_ms }),
      total,
    );
  });
}

async function diff(
  { store, learner }: Context,
  api: string,
  from: number,
  to: number,
): Promise<VersionDiff> {
  const [before, after] = await store.read(async (db) => {
    await requireApi(db, api);
    return [await requireVersion(db, api, from), await requireVersion(db, api, to)] as const;
  });
  const found = await learner.ask("diff", { from: before.data, to: after.data });
  return { from, to, ...found };
}
