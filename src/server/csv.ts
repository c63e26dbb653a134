import type { Apis } from "../inventory/inventory.ts";
import type { ApiQuery, ApiRow } from "../inventory/rows.ts";

const ROWS_MAX = 100_000;
const PAGE = 1000;

/** The list of APIs for a spreadsheet (RFC 4180). */
export async function apisAsCsv(apis: Apis, query: ApiQuery): Promise<string> {
  const lines = [COLUMNS.map(([name]) => name).join(",")];
  let cursor = query.cursor;
  do {
    const page = await apis.list({
      ...query,
      limit: PAGE,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const row of page.items) lines.push(COLUMNS.map(([, of]) => cell(of(row))).join(","));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && lines.length <= ROWS_MAX);
  return `${lines.join("\r\n")}\r\n`;
}

const COLUMNS: readonly (readonly [string, (row: ApiRow) => string | number])[] = [
  ["id", (row) => row.id],
  ["name", (row) => row.name],
  ["status", (row) => row.status],
  ["owner", (row) => row.owner ?? ""],
  ["namespace", (row) => row.namespace ?? ""],
  ["hosts", (row) => row.hosts.join(" ")],
  ["ports", (row) => row.ports.join(" ")],
  ["origin", (row) => row.origin],
  ["endpoints", (row) => row.endpoints],
  ["calls", (row) => row.calls],
  ["error share", (row) => row.errorShare],
  ["first seen", (row) => new Date(row.firstMs).toISOString()],
  ["last seen", (row) => new Date(row.lastMs).toISOString()],
  ["auth", (row) => row.auth.join(" ")],
  ["sensitive", (row) => row.sensitive.join(" ")],
  ["score", (row) => row.score],
  ["findings", (row) => Object.values(row.findings).reduce((sum, count) => sum + count, 0)],
  ["labels", (row) => row.labels.join(" ")],
];

/** Host names come from traffic: a spreadsheet must not take one for a formula. */
function cell(value: string | number): string {
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r\n＝＋－＠]/.test(value) ? `'${value}` : value;
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
