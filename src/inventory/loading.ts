/** What the store has of the nodes that deltas speak of: pieces and figures, of all of them in one query each. */
import { CompiledQuery, type Transaction } from "kysely";
import { FigureSet } from "./figures.ts";
import type { CachedPiece, PieceCache } from "./piececache.ts";
import { unpackPiece } from "./pieces.ts";
import type { Database } from "./schema.ts";
import type { Engine } from "./store.ts";

/** A node, and the earliest hour whose figures are wanted; null where none are. */
export interface Wanted {
  readonly source: string;
  readonly node: string;
  readonly fromMs: number | null;
}

/** The nodes in their order, from the cache or the store. */
export async function loadPieces(
  tx: Transaction<Database>,
  engine: Engine,
  cache: PieceCache,
  wanted: readonly Wanted[],
): Promise<CachedPiece[]> {
  const unknown: Wanted[] = [];
  const late: Wanted[] = [];
  const pieces = wanted.map((each) => {
    const { source, node, fromMs } = each;
    const key = `${source}\n${node}`;
    let piece = cache.get(key);
    if (piece === undefined) {
      unknown.push(each);
      piece = newPiece();
      cache.add(key, piece);
    }
    if (fromMs !== null && fromMs < piece.knownFromMs) late.push(each);
    return piece;
  });
  const found = (row: { readonly source: string; readonly node: string }): CachedPiece =>
    cache.get(`${row.source}\n${row.node}`)!;
  for (const row of await ask<PieceRow>(tx, PIECES[engine], unknown)) {
    const { piece, characters } = unpackPiece(row.data);
    const into = found(row);
    into.piece = piece;
    cache.resize(into, characters);
  }
  const figures = await ask<FiguresRow>(tx, FIGURES[engine], late);
  for (const each of late) found(each).knownFromMs = each.fromMs!;
  for (const row of figures) found(row).figures.set(row.start_ms, FigureSet.read(row.data));
  return pieces;
}

const newPiece = (): CachedPiece => ({
  piece: null,
  characters: 0,
  figures: new Map(),
  knownFromMs: Number.POSITIVE_INFINITY,
});

interface PieceRow {
  readonly source: string;
  readonly node: string;
  readonly data: Uint8Array;
}

interface FiguresRow {
  readonly source: string;
  readonly node: string;
  readonly start_ms: number;
  readonly data: string;
}

interface Query {
  readonly text: string;
  values(wanted: readonly Wanted[]): unknown[];
}

const column = <Name extends keyof Wanted>(wanted: readonly Wanted[], name: Name): Wanted[Name][] =>
  wanted.map((each) => each[name]);
const rowsOf = (wanted: readonly Wanted[]): unknown[] => [
  JSON.stringify(wanted.map(({ source, node, fromMs }) => [source, node, fromMs])),
];

/** In SQLite `cross join` says which table comes first: what is wanted, each of which is looked up in the other by its key. */
const PIECES: Readonly<Record<Engine, Query>> = {
  sqlite: {
    text: `select nodes.source, nodes.node, data from json_each(?) as wanted cross join nodes
      where nodes.source = wanted.value ->> 0 and nodes.node = wanted.value ->> 1`,
    values: rowsOf,
  },
  postgres: {
    text: `select source, node, data from unnest($1::text[], $2::text[]) as wanted (source, node)
      join nodes using (source, node)`,
    values: (wanted) => [column(wanted, "source"), column(wanted, "node")],
  },
};

const FIGURES: Readonly<Record<Engine, Query>> = {
  sqlite: {
    text: `select traffic.source, traffic.node, start_ms, data from json_each(?) as wanted cross join traffic
      where traffic.source = wanted.value ->> 0 and traffic.node = wanted.value ->> 1 and start_ms >= wanted.value ->> 2`,
    values: rowsOf,
  },
  postgres: {
    // The partitions that are looked at are those from the earliest hour of all.
    text: `select source, node, start_ms, data
      from unnest($1::text[], $2::text[], $3::bigint[]) as wanted (source, node, from_ms)
      join traffic using (source, node) where start_ms >= from_ms and start_ms >= $4::bigint`,
    values: (wanted) => {
      const from = column(wanted, "fromMs");
      const earliest = from.reduce((least, each) => Math.min(least!, each!), Number.MAX_VALUE);
      return [column(wanted, "source"), column(wanted, "node"), from, earliest];
    },
  },
};

async function ask<Row>(
  tx: Transaction<Database>,
  query: Query,
  wanted: readonly Wanted[],
): Promise<readonly Row[]> {
  if (wanted.length === 0) return [];
  const answer = await tx.executeQuery<Row>(CompiledQuery.raw(query.text, query.values(wanted)));
  return answer.rows;
}
