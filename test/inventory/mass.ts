/** A store of many rows, made by its engine itself: 5,000 APIs, 500,000 endpoints, and what belongs to them. */
import { sql } from "kysely";
import { NO_RECENT } from "../../src/inventory/apirow.ts";
import { call, learn } from "../../src/inventory/deltas.fixture.ts";
import { cutInPieces, packPiece } from "../../src/inventory/pieces.ts";
import { openStore } from "../../src/inventory/store.ts";

const APIS = 5_000;
const ENDPOINTS = 500_000;
const CHANGES = 200_000;
const FINDINGS = 100_000;

const DATA = JSON.stringify({
  ...{ operationId: "getThing", summary: "", statusClasses: [0, 9, 0, 1, 0] },
  ...{ p50Ms: 1, p95Ms: 2, p99Ms: 3, auth: [], sensitive: [], deprecated: false, compared: null },
  recent: NO_RECENT,
});
const FIGURES = JSON.stringify(["*", [0, 9, 0, 1, 0, 1000, 2000, 3, 10]]);

/** Fills an empty store; rows of earlier hours end at `nowMs`. */
export async function fillStore(url: string, nowMs: number): Promise<void> {
  const store = await openStore(url);
  const isPostgres = store.engine === "postgres";
  const pieces: Uint8Array[] = [];
  for (const { root } of learn([call("GET /things/17")]))
    cutInPieces(root, (_path, piece) => pieces.push(packPiece(piece).data));
  const blob = `${isPostgres ? "'\\x" : "x'"}${Buffer.from(pieces.at(-1)!).toString("hex")}'${isPostgres ? "::bytea" : ""}`;
  const id = (prefix: string, number: string): string =>
    isPostgres
      ? `'${prefix}' || lpad((${number})::text, 9, '0')`
      : `'${prefix}' || printf('%09d', ${number})`;
  /** Ids that grow with time begin with it, in base 36. */
  const startMs = nowMs - 300 * 86_400_000;
  const grown = Math.floor(startMs).toString(36).padStart(9, "0");
  const api = id("a", `i % ${APIS}`);
  const tables: readonly [table: string, rows: number, columns: string][] = [
    [
      "apis",
      APIS,
      `${id("a", "i - 1")}, null, null, '|', '', 0, 0, null, '{}', ${nowMs} - i, 'api ' || i, 'active', 'ns' || (i % 40),
       '|ns/w' || i || '|', '|h' || i || '.test|', '|80|', 'internal', 100, i * 7, i, 0.1, ${nowMs} - i, ${nowMs} - i, '|', '|',
       i % 10, 1, 1, 1, 1, 1, null, '${NO_RECENT}', 0, 'api ' || i, '{}', null, null`,
    ],
    [
      "sources",
      APIS,
      `${id("s", "i - 1")}, 'ns/w' || i, 'h' || i || '.test', 80, 'http', ${id("a", "i - 1")}, ${id("a", "i - 1")}, i,
       ${nowMs} - i, ${nowMs} - i, 100, '{"10.0.0.1":1}', '{}', '[0]'`,
    ],
    ["nodes", ENDPOINTS, `${id("s", `i % ${APIS}`)}, '/things/' || i, '/things/' || i, ${blob}`],
    [
      "endpoints",
      ENDPOINTS,
      `${id("e", "i")}, ${api}, 'GET', '/things/' || i, 'get /things/' || i, i % 1000, (i % 100) / 100.0, i % 500,
       ${nowMs} - i, ${nowMs} - i % 9999`,
    ],
    [
      "endpoint_facts",
      ENDPOINTS,
      `${id("e", "i")}, ${api}, '${DATA}', '{"nodes":[],"callers":[]}'`,
    ],
    [
      "traffic",
      ENDPOINTS,
      `${id("s", `i % ${APIS}`)}, case when i % 2 = 0 then '*' else '/things/' || i end,
       ${Math.floor(nowMs / 3_600_000)} * 3600000.0 - (i / ${APIS}) * 3600000.0, 3600000, 10, 1, '${FIGURES}'`,
    ],
    [
      "changes",
      CHANGES,
      `${id(grown.slice(0, 4), "i")}, ${startMs} + i, ${api}, 'other', 'x', i % 2, 'GET', '/x', 'response', 'something', 1`,
    ],
    [
      "findings",
      FINDINGS,
      `${id("f", "i")}, 'rule' || (i % 9), 'title', 'low', i % 4, ${api}, 'GET', '/things/' || i, ${id("e", "i")}, '[]', '',
       case when i % 50 = 0 then 'accepted' else 'open' end, null, 1, 2`,
    ],
    [
      "versions",
      APIS * 10,
      `${id("a", `i % ${APIS}`)}, i / ${APIS} + 1, 1, 100, 'h', 1, 0, ${blob}`,
    ],
    [
      "deliveries",
      CHANGES,
      `${id(grown.slice(0, 4), "i")}, 'w' || (i % 3), ${api}, 's', '{"kind":"document","api":"x"}',
       case when i % 40 = 0 then 'waiting' when i % 41 = 0 then 'dead' else 'delivered' end, 1, 1, ${nowMs} + i, null`,
    ],
    [
      "audit",
      CHANGES,
      `${id(grown.slice(0, 4), "i")}, 1, 'ada', 'api.patch', 'm', case when i % 2 = 0 then ${api} end, null, null`,
    ],
    [
      "sequences",
      CHANGES,
      `'tap-' || (i % 1000) || '/e/' || i, 'tap-' || (i % 1000), i, '[]', ${nowMs} - i`,
    ],
    [
      "sessions",
      10_000,
      `${id("z", "i")}, 'ada', 'editor', 'token', 't' || (i % 100), '', ${nowMs} + i`,
    ],
  ];
  try {
    for (const [table, rows, columns] of tables) {
      // Both engines know this form, with the list of numbers in front of what is selected.
      const text = `insert into ${table} with recursive g(i) as (select 1 union all select i + 1 from g where i < ${rows})
        select ${columns} from g`;
      await sql.raw(text).execute(store.db);
    }
    const lines = isPostgres ? "string_agg(search, e'\\n')" : "group_concat(search, char(10))";
    await sql
      .raw(`insert into endpoint_texts select api, ${lines} from endpoints group by api`)
      .execute(store.db);
    await sql.raw(isPostgres ? "vacuum analyze" : "analyze").execute(store.db);
  } finally {
    await store.close();
  }
}
