import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { sql } from "kysely";
import { inventoryLimits } from "../base/limits.ts";
import type { Delta } from "../sensor/delta.ts";
import type { PathNode } from "../telemetry/summary.ts";
import { call, FixtureSensor, learn, NOW_MS } from "./deltas.fixture.ts";
import { Ingest } from "./ingest.ts";
import { openInventory } from "./inventory.ts";
import { joinPieces } from "./pieces.ts";
import { InventoryProblem } from "./problem.ts";
import { openStore, type Store } from "./store.ts";
import { isOverfull, tidy } from "./tidying.ts";

const folder = mkdtempSync(join(tmpdir(), "nta-ingest-"));
after(() => rmSync(folder, { recursive: true }));
let count = 0;
const newUrl = (): string => {
  count += 1;
  return `sqlite:${join(folder, `${count}.db`)}`;
};
const ingestOf = (store: Store): Ingest =>
  new Ingest(
    store,
    "key",
    () => NOW_MS,
    () => undefined,
  );
const callsOf = async (store: Store): Promise<number> => {
  const rows = await store.db.selectFrom("sources").select("calls").execute();
  return rows.reduce((sum, { calls }) => sum + calls, 0);
};

test("a full disk refuses a delta as a whole, and takes it once there is room", async () => {
  const store = await openStore(newUrl());
  const ingest = ingestOf(store);
  const sensor = new FixtureSensor("tap");
  const pages = async (max: number) => sql.raw(`pragma max_page_count = ${max}`).execute(store.db);
  const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(store.db);
  await pages(rows[0]!.page_count + 20);
  const deltas = Array.from(
    { length: 40 },
    (_, index) =>
      sensor.hear(Array.from({ length: 10 }, (_, at) => call(`GET /area-${index}/part-${at}`)))[0]!,
  );
  const refused: Delta[] = [];
  let accepted = 0;
  for (const delta of deltas) {
    const copy = structuredClone(delta);
    try {
      accepted += (await ingest.ingest([delta], {})).accepted;
    } catch (error) {
      assert.ok(error instanceof InventoryProblem, String(error));
      assert.equal(error.kind, "disk-full");
      assert.ok((error.retryAfterMs ?? 0) > 0);
      refused.push(copy);
    }
  }
  assert.ok(accepted > 0 && refused.length > 0, `${accepted} accepted, ${refused.length} refused`);
  assert.equal(await callsOf(store), accepted * 10);
  await pages(1_000_000);
  for (const delta of refused) assert.equal((await ingest.ingest([delta], {})).accepted, 1);
  assert.equal(await callsOf(store), 400);
  const stored = await store.db.selectFrom("nodes").select(["path", "data"]).execute();
  const [{ key, root }] = learn(
    deltas.flatMap((_, index) =>
      Array.from({ length: 10 }, (_, at) => call(`GET /area-${index}/part-${at}`)),
    ),
  ) as [ReturnType<typeof learn>[number]];
  assert.equal(joinPieces(key, stored).root.children.size, root.children.size);
  await store.close();
});

test("more than can be merged soon is refused for a while", async () => {
  const store = await openStore("sqlite::memory:");
  const ingest = ingestOf(store);
  const sensor = new FixtureSensor("tap");
  const exchanges = Array.from({ length: 500 }, (_, index) =>
    call(
      `GET /${"abcdefghij"[index % 10]}${"klmnopqrst"[Math.floor(index / 10) % 10]}/${"uvwxyz"[Math.floor(index / 100)]}`,
    ),
  );
  const [first] = sensor.hear(exchanges);
  const deltas = Array.from({ length: 60 }, (_, index) => ({
    ...structuredClone(first!),
    sequence: index + 1,
  }));
  const outcomes = await Promise.allSettled(deltas.map((delta) => ingest.ingest([delta], {})));
  const refusals = outcomes.filter(
    (each): each is PromiseRejectedResult => each.status === "rejected",
  );
  assert.ok(refusals.length > 0 && refusals.length < outcomes.length, `${refusals.length} refused`);
  for (const { reason } of refusals) {
    assert.ok(
      reason instanceof InventoryProblem && reason.kind === "busy" && reason.retryAfterMs !== null,
    );
  }
  assert.equal(await callsOf(store), (outcomes.length - refusals.length) * exchanges.length);
  await store.close();
});

test("a small delta into a large API rewrites kilobytes", async () => {
  const store = await openStore("sqlite::memory:");
  const ingest = ingestOf(store);
  const sensor = new FixtureSensor("tap");
  for (let area = 0; area < 100; area += 1) {
    const exchanges = Array.from({ length: 100 }, (_, part) =>
      call(`GET /area-${area}/part-${part}`),
    );
    await ingest.ingest(sensor.hear(exchanges), {});
  }
  const before = await sizes(store);
  assert.ok(before.size >= 10_000, `${before.size} pieces`);
  await ingest.ingest(sensor.hear([call("GET /area-7/part-7")]), {});
  const after = await sizes(store);
  const changed = [...after].filter(([path, { text }]) => before.get(path)?.text !== text);
  assert.deepEqual(
    changed.map(([path]) => path),
    ["/area-7/part-7"],
  );
  assert.ok(changed[0]![1].bytes < 4_096);
  await store.close();
});

async function sizes(store: Store): Promise<Map<string, { text: string; bytes: number }>> {
  const rows = await store.db.selectFrom("nodes").select(["path", "data"]).execute();
  return new Map(
    rows.map(({ path, data }) => [
      path,
      { text: Buffer.from(data).toString("base64"), bytes: data.length },
    ]),
  );
}

test("a source that is flooded with names keeps what is heard most", () => {
  const summary = learn([
    call("GET /orders/list"),
    ...Array.from({ length: 50 }, () => call("GET /orders/list")),
  ])[0]!;
  const template = summary.root.children.get("orders")!.children.get("list")!;
  for (let area = 0; area < 60; area += 1) {
    const node = { children: new Map(), operations: new Map(), slots: [] };
    for (let part = 0; part < 500; part += 1) {
      const leaf = structuredClone(template);
      leaf.operations.get("GET")!.calls = 1;
      node.children.set(`junk-${part}`, leaf);
    }
    summary.root.children.set(`area-${area}`, node);
  }
  assert.ok(isOverfull(summary));
  const { pieces, limits } = tidy(summary);
  assert.ok(pieces.length <= inventoryLimits.nodesKept);
  assert.ok(pieces.some(({ path }) => path === "/orders/list"));
  assert.ok(limits["nodesKept"]! > 0);
  assert.ok(!isOverfull(joinPieces(summary.key, pieces)));
});

test("a newer store is refused in one line, and an unknown one too", async () => {
  const url = newUrl();
  const store = await openStore(url);
  await store.db.updateTable("meta").set({ value: "99" }).where("name", "=", "schema").execute();
  await store.close();
  await assert.rejects(openInventory({ url }), (error: Error) => {
    assert.equal(error.name, "UsageError");
    assert.match(error.message, /^[^\n]*written by a newer nta[^\n]*upgrade nta[^\n]*$/);
    return true;
  });
  for (const wrong of ["", "mysql://x", "sqlite:", "sqlite:/dev/null/x.db"]) {
    await assert.rejects(openInventory({ url: wrong }), { name: "UsageError" });
  }
});

test("a backup that is taken under load has each delta with its name", async () => {
  const inventory = await openInventory({ url: newUrl(), now: () => NOW_MS, inferAfterMs: 0 });
  const sensor = new FixtureSensor("tap");
  const deltas = Array.from({ length: 60 }, () => sensor.hear([call("GET /orders")])[0]!);
  const copies = structuredClone(deltas);
  const path = join(folder, "backup.db");
  let bytes: Promise<number> | null = null;
  for (const [index, delta] of deltas.entries()) {
    await inventory.ingest([delta]);
    if (index === 20) bytes = inventory.backup(path);
  }
  assert.ok((await bytes!) > 10_000);
  await inventory.close();
  const copy = await openInventory({ url: `sqlite:${path}`, now: () => NOW_MS, inferAfterMs: 0 });
  let duplicates = 0;
  for (const delta of copies) duplicates += (await copy.ingest([delta])).duplicates;
  await copy.settled();
  assert.ok(duplicates >= 20, `${duplicates}`);
  assert.equal((await copy.apis.list({})).items[0]!.calls, 60);
  await copy.close();
});

test("a delta that cannot be merged costs no other sensor anything", async () => {
  const store = await openStore("sqlite::memory:");
  const ingest = ingestOf(store);
  const good = Array.from({ length: 5 }, (_, index) => new FixtureSensor(`good-${index}`));
  const bad = new FixtureSensor("bad");
  const deltas = good.map((sensor) => sensor.hear([call("GET /users/1")])[0]!);
  const poison = broken(bad.hear([call("GET /users/2")])[0]!);
  const outcomes = await Promise.allSettled(
    [...deltas, poison].map((delta) => ingest.ingest([structuredClone(delta)], {})),
  );
  for (const { reason } of outcomes as PromiseRejectedResult[])
    assert.ok(reason instanceof InventoryProblem && reason.kind === "unavailable", String(reason));
  const again = await Promise.allSettled(
    [...deltas, poison].map((delta) => ingest.ingest([structuredClone(delta)], {})),
  );
  assert.deepEqual(
    again.map(({ status }) => status),
    [...deltas.map(() => "fulfilled"), "rejected"],
  );
  const { reason } = again.at(-1) as PromiseRejectedResult;
  assert.ok(reason instanceof InventoryProblem && reason.kind === "invalid", String(reason));
  assert.equal(await callsOf(store), 5);
  // Those of a broker come together, whoever sent them.
  const later = good.map((sensor) => sensor.hear([call("GET /users/3")])[0]!);
  const together = [...later.slice(0, 2), poison, ...later.slice(2)];
  assert.deepEqual(await ingest.ingest(together, {}), { accepted: 5, duplicates: 0, refused: 1 });
  assert.equal(await callsOf(store), 10);
  assert.equal(ingest.deltasUnmergeable, 2);
  await store.close();
});

/** As no sensor of ours makes it. */
function broken(delta: Delta): Delta {
  const walk = ({ operations, children }: PathNode): void => {
    for (const operation of operations.values()) Object.assign(operation, { latency: null });
    for (const child of children.values()) walk(child);
  };
  for (const { root } of delta.summaries) walk(root);
  return delta;
}
