/** How a store comes to be, step by step. A step that was released is never changed; new ones are added behind it. */

import { growingIdAt } from "./names.ts";

/** `BLOB` stands for the engine's type of bytes, `REAL` for that of fractions; some are of one engine, and of a time. */
type Engine = "sqlite" | "postgres";
type Statement = string | { readonly engine: Engine; readonly text: (nowMs: number) => string };

const DAY_MS = 86_400_000;

const MIGRATIONS: readonly (readonly Statement[])[] = [
  [
    `create table sources (id text primary key, workload text not null, host text not null, port bigint not null,
      scheme text not null, home text not null, api text not null, calls bigint not null, first_ms REAL not null,
      last_ms REAL not null, node_count bigint not null, addresses text not null, limits text not null)`,
    "create index sources_api on sources (api)",
    `create table nodes (source text not null, node text not null, path text not null, data BLOB not null,
      primary key (source, node)) CLUSTERED`,
    `create table traffic (source text not null, node text not null, start_ms bigint not null, width_ms bigint not null,
      calls bigint not null, errors bigint not null, data text not null, primary key (source, node, start_ms)) CLUSTERED`,
    `create table sequences (id text primary key, sensor text not null, last bigint not null, missing text not null,
      seen_ms REAL not null)`,
    `create table sensors (name text primary key, kind text not null, version text, first_ms REAL not null,
      last_ms REAL not null, calls bigint not null, deltas bigint not null, duplicates bigint not null,
      coverage text not null, status text)`,
    `create table apis (id text primary key, name text, owner text, labels text not null, note text not null,
      confirmed bigint not null, ignored bigint not null, merged_into text, hints text not null,
      created_ms REAL not null, title text not null, status text not null, namespace text, workloads text not null,
      hosts text not null, ports text not null, origin text not null, endpoints bigint not null, calls bigint not null,
      errors bigint not null, error_share REAL not null, first_ms REAL not null, last_ms REAL not null,
      auth text not null, sensitive text not null, score REAL not null, info bigint not null, low bigint not null,
      medium bigint not null, high bigint not null, version bigint not null, changed_ms REAL, recent text not null,
      has_imported bigint not null, search text not null, detail text not null, dirty_ms REAL)`,
    "create index apis_dirty on apis (dirty_ms)",
    `create table endpoints (id text primary key, api text not null, method text not null, path text not null,
      search text not null, calls bigint not null, error_share REAL not null, p95_ms REAL not null,
      first_ms REAL not null, last_ms REAL not null) CLUSTERED`,
    "create table endpoint_facts (id text primary key, api text not null, data text not null, heard text not null)",
    "create index endpoints_api on endpoints (api, path, id)",
    "create index endpoints_path on endpoints (path, id, search)",
    "create index endpoints_calls on endpoints (calls, id)",
    "create index endpoints_errors on endpoints (error_share, id)",
    "create index endpoints_p95 on endpoints (p95_ms, id)",
    "create index endpoints_first on endpoints (first_ms, id)",
    "create index endpoints_last on endpoints (last_ms, id)",
    `create table versions (api text not null, version bigint not null, created_ms REAL not null,
      endpoints bigint not null, hash text not null, changes bigint not null, breaking bigint not null,
      data BLOB not null, primary key (api, version))`,
    `create table changes (id text primary key, at_ms REAL not null, api text not null, kind text not null,
      code text not null, breaking bigint not null, method text, path text, place text not null, message text not null,
      version bigint not null)`,
    "create index changes_api on changes (api, id)",
    `create table findings (id text primary key, rule text not null, title text not null, severity text not null,
      weight bigint not null, api text not null, method text, path text, endpoint text, evidence text not null,
      advice text not null, state text not null, reason text, first_ms REAL not null, last_ms REAL not null)`,
    "create index findings_api on findings (api, state)",
    "create index findings_endpoint on findings (endpoint, state)",
    "create index findings_order on findings (state, weight, id)",
    `create table imports (api text primary key, title text not null, version text not null, imported_ms REAL not null,
      data BLOB not null, documented bigint not null, comparison BLOB)`,
    `create table tokens (id text primary key, name text not null, role text not null, hash text not null,
      created_ms REAL not null, used_ms REAL)`,
    `create table forwarders (id text primary key, name text not null, enabled bigint not null, target text not null,
      last_ms REAL, last_problem text)`,
    `create table deliveries (id text primary key, forwarder text not null, api text not null, subject text not null,
      content text not null, state text not null, attempts bigint not null, at_ms REAL not null, next_ms REAL,
      problem text)`,
    "create index deliveries_due on deliveries (state, next_ms)",
    "create index deliveries_forwarder on deliveries (forwarder, api, state)",
    `create table audit (id text primary key, at_ms REAL not null, who text not null, what text not null,
      message text not null, api text, undo text, undone_ms REAL)`,
    "create index audit_api on audit (api, id)",
  ],
  [
    `create table sessions (id text primary key, name text not null, role text not null, by_what text not null,
      token text, basis text not null, until_ms REAL not null)`,
    "create index sessions_until on sessions (until_ms)",
    "create index sessions_token on sessions (token)",
    `create table sign_ins (id text primary key, verifier text not null, nonce text not null, until_ms REAL not null)`,
    "create index sign_ins_until on sign_ins (until_ms)",
  ],
  [
    // What is there becomes one partition up to a day that is to come, with whatever lies beyond beside it.
    ...partitioned("traffic", "start_ms", "source, node, start_ms", (nowMs) =>
      String((Math.floor(nowMs / DAY_MS) + 3) * DAY_MS),
    ),
    ...partitioned("changes", "id", "id", (nowMs) => {
      const now = new Date(nowMs);
      return `'${growingIdAt(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1))}'`;
    }),
    { engine: "postgres", text: () => "create index changes_api on changes (api, id)" },
    "create index changes_kind on changes (kind, id)",
    "create index changes_breaking on changes (breaking, id)",
    "create index findings_weight on findings (weight, id)",
    "create index findings_rule on findings (rule, weight, id)",
    "create index findings_severity on findings (severity, weight, id)",
  ],
  ["alter table sources add column minutes text not null default '[0]'"],
  ["alter table apis add column cluster text"],
  [
    "create table endpoint_texts (api text primary key, text text not null)",
    // Read as a whole by each search, so it is not packed.
    {
      engine: "postgres",
      text: () => "alter table endpoint_texts alter column text set storage external",
    },
    {
      engine: "postgres",
      text: () =>
        "insert into endpoint_texts select api, string_agg(search, e'\\n' order by search) from endpoints group by api",
    },
    {
      engine: "sqlite",
      text: () =>
        "insert into endpoint_texts select api, group_concat(search, char(10) order by search) from endpoints group by api",
    },
  ],
];

export const SCHEMA = MIGRATIONS.length;

/** What takes a store from one schema to another. */
export function* statementsOf(
  engine: Engine,
  from: number,
  to: number,
  nowMs: number,
): Generator<string> {
  for (const statement of MIGRATIONS.slice(from, to).flat()) {
    if (typeof statement === "string") yield textFor(statement, engine);
    else if (statement.engine === engine) yield statement.text(nowMs);
  }
}

const textFor = (statement: string, engine: Engine): string =>
  statement
    .replaceAll(/\bBLOB\b/g, engine === "sqlite" ? "blob" : "bytea")
    .replaceAll(/\bREAL\b/g, "double precision")
    .replace(/ CLUSTERED$/, engine === "sqlite" ? " without rowid" : "");

/** A table of rows by time becomes one of partitions; `partitions.ts` makes and drops them from then on. */
function partitioned(
  table: string,
  column: string,
  key: string,
  endAt: (nowMs: number) => string,
): Statement[] {
  const texts: ((nowMs: number) => string)[] = [
    () => `alter table ${table} rename to ${table}_before`,
    () => `alter table ${table}_before rename constraint ${table}_pkey to ${table}_before_pkey`,
    () => `alter index if exists ${table}_api rename to ${table}_before_api`,
    () =>
      `create table ${table} (like ${table}_before, primary key (${key})) partition by range (${column})`,
    () => `create table ${table}_other partition of ${table} default`,
    (nowMs) =>
      `insert into ${table}_other select * from ${table}_before where ${column} >= ${endAt(nowMs)}`,
    (nowMs) => `delete from ${table}_before where ${column} >= ${endAt(nowMs)}`,
    (nowMs) => `do $$ begin
      if exists (select from ${table}_before) then
        alter table ${table} attach partition ${table}_before for values from (minvalue) to (${endAt(nowMs)});
      else
        drop table ${table}_before;
      end if; end $$`,
  ];
  return texts.map((text) => ({ engine: "postgres", text }));
}
