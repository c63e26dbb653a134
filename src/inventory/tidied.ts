/** An overfull source is cut down in one transaction, so that no delta comes between what is read and what is written. */
import type { Learner } from "./learner.ts";
import { nodeName } from "./names.ts";
import { inChunks } from "./statements.ts";
import type { Store } from "./store.ts";

export async function tidySource(
  { store, learner, onTidied }: { store: Store; learner: Learner; onTidied: () => void },
  id: string,
): Promise<void> {
  await store.write(async (tx) => {
    const query = tx.selectFrom("sources").selectAll().where("id", "=", id);
    const source = await (store.engine === "postgres"
      ? query.forUpdate()
      : query
    ).executeTakeFirst();
    if (source === undefined) return;
    const { workload, host, port, scheme } = source;
    const stored = await tx
      .selectFrom("nodes")
      .select(["path", "data"])
      .where("source", "=", id)
      .execute();
    const lesson = { id, key: { workload, host, port, scheme }, pieces: stored };
    const { pieces, limits } = await learner.ask("tidy", lesson);
    await tx.deleteFrom("nodes").where("source", "=", id).execute();
    const rows = pieces.map(({ path, data }) => ({ source: id, node: nodeName(path), path, data }));
    for (const chunk of inChunks(rows)) await tx.insertInto("nodes").values(chunk).execute();
    const counts = new Map(Object.entries(JSON.parse(source.limits) as Record<string, number>));
    for (const [name, count] of Object.entries(limits))
      counts.set(name, (counts.get(name) ?? 0) + count);
    await tx
      .updateTable("sources")
      .set({ node_count: rows.length, limits: JSON.stringify(Object.fromEntries(counts)) })
      .where("id", "=", id)
      .execute();
    // Before the next merge, which waits for this transaction.
    onTidied();
  });
}
