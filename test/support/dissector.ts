/** What an independent dissector saw in captures from outside, and how what nta sees compares with it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Exchange, ExchangeFlag } from "../../src/http/exchange.ts";
import { readCaptures } from "../../src/programs/pipeline.ts";
import { evalFolder } from "./evaldata.ts";

export interface TableRow {
  readonly file: string;
  readonly level: "core" | "hard" | "other";
  readonly traits: readonly string[];
  /** Method, host, target, status; status is null where the dissector showed no response. */
  readonly exchanges: readonly (readonly [string, string, string, number | null])[];
}

export const readTable = (): TableRow[] =>
  readFileSync(join(evalFolder()!, "captures", "truth.ndjson"), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as TableRow);

export interface Comparison {
  readonly expected: number;
  /** The same in both. */
  readonly found: number;
  /**
   * Requests with a response of which only a part was captured: nta tells its status and that it is cut off, the
   * dissector shows a response once it is whole.
   */
  readonly partial: number;
  /** In the table alone, and in nta's output alone: `METHOD target status`. */
  readonly missing: readonly string[];
  readonly extra: readonly string[];
}

interface Seen {
  readonly request: string;
  readonly status: string;
  readonly isPartial: boolean;
}

const PARTIAL = ExchangeFlag.responseTruncated | ExchangeFlag.responseGap;

export const compare = async (row: TableRow): Promise<Comparison> => {
  const left = new Map<string, number>();
  for (const [method, , target, status] of row.exchanges) {
    const key = `${method} ${target} ${status ?? "-"}`;
    left.set(key, (left.get(key) ?? 0) + 1);
  }
  const take = (key: string): boolean => {
    const count = left.get(key) ?? 0;
    left.set(key, count - 1);
    if (count > 0) return true;
    left.set(key, count);
    return false;
  };
  const seen = await exchangesOf(join(evalFolder()!, "captures", row.file));
  const unmatched = seen.filter(({ request, status }) => !take(`${request} ${status}`));
  const extra = unmatched.filter(({ request, isPartial }) => !(isPartial && take(`${request} -`)));
  const missing = [...left].flatMap(([key, count]) => Array<string>(count).fill(key));
  return {
    expected: row.exchanges.length,
    found: seen.length - unmatched.length,
    partial: unmatched.length - extra.length,
    missing,
    extra: extra.map(({ request, status }) => `${request} ${status}`),
  };
};

/** Exchanges of which the request was seen: the table lists no others. */
const exchangesOf = async (path: string): Promise<Seen[]> => {
  const seen: Seen[] = [];
  const exchange = ({ method, target, status, response, flags }: Exchange): void => {
    if (method === "") return;
    const text = response === null ? "-" : String(status);
    seen.push({ request: `${method} ${target}`, status: text, isPartial: (flags & PARTIAL) !== 0 });
  };
  const observer = { requestHead: () => null, responseHead: () => null, exchange };
  const { signal } = new AbortController();
  await readCaptures([path], observer, { signal, onPiece: () => undefined });
  return seen;
};
